"""The mapping that `--json` writes: totals that add up, and the keys of the README."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from harbour import CORPORA, SMALL, Annotated, counted, entities_of, run, write
from hypothesis import given, settings
from hypothesis import strategies as st
from paths import ROOT

from llms_meet_ner.data_converters.stats import FINDING_KINDS, CorpusStats
from llms_meet_ner.data_converters.stats.document import stats_document


def totals(stats: CorpusStats) -> dict[str, Any]:
    """Everything that was counted, without places."""
    document = stats_document(stats)
    text = json.dumps(document)
    for place in re.findall(r'"places": (\[.*?\])', text):
        text = text.replace(f'"places": {place}', '"places": []')
    counts: dict[str, Any] = json.loads(text)
    return counts


@settings(max_examples=40, deadline=None)
@given(CORPORA, st.randoms(use_true_random=False))
def test_totals_sum_up_and_the_order_of_sentences_does_not_matter(
    corpus: dict[str, list[Annotated]], random: Any
) -> None:
    stats = counted(corpus)
    document = totals(stats)
    entities = Counter(split for split, _, _ in entities_of(corpus))
    for split, row in document["splits"].items():
        labels = row["labels"].values()
        assert sum(label["count"] for label in labels) == row["entities"] == entities[split]
        assert sum(row["tags"].values()) == row["tokens"]["all"] == sum(map(len, corpus[split]))
        assert sum(row["depths"].values()) == row["entities"]
        lengths = sum(int(n) * count for label in labels for n, count in label["lengths"]["histogram"].items())
        assert lengths == row["covered_tokens"] == row["tokens"]["all"] - row["tags"].get("O", 0)
        assert sum(row["sentence_lengths"]["histogram"].values()) == row["sentences"]["all"] == len(corpus[split])
    shuffled = {split: random.sample(sentences, len(sentences)) for split, sentences in corpus.items()}
    assert totals(counted(shuffled)) == document


@settings(max_examples=25, deadline=None)
@given(CORPORA)
def test_names_of_splits_do_not_matter(corpus: dict[str, list[Annotated]]) -> None:
    if "train" not in corpus:
        corpus = {"train": corpus.pop(next(iter(corpus))), **corpus}
    corpus = {"train": corpus.pop("train"), **corpus}
    renamed = {f"{number}-part": sentences for number, sentences in enumerate(corpus.values())}
    names = dict(zip(renamed, corpus))
    text = json.dumps(totals(counted(renamed)))
    for new, old in names.items():
        text = text.replace(f'"{new}', f'"{old}')
    assert json.loads(text) == totals(counted(corpus))


def test_json_holds_what_the_readme_says(workdir: Path) -> None:
    write(workdir, SMALL)
    result = run(".", "--json", "out/stats.json", "--page", "out/stats.html")
    assert result.stdout.endswith("JSON: out/stats.json\npage: out/stats.html\n")
    document = json.loads((workdir / "out/stats.json").read_text(encoding="utf-8"))
    assert document["schema"] == 1
    assert document["splits"]["train"]["labels"]["SHIP"] == {
        "count": 1,
        "share": 0.5,
        "lengths": {
            "mean": 1.0,
            "quantiles": {"0.05": 1, "0.25": 1, "0.5": 1, "0.75": 1, "0.95": 1, "1.0": 1},
            "histogram": {"1": 1},
        },
    }
    assert document["overlap"]["mentions"]["test"] == {
        "SHIP": {"entities": {"same": 0, "other": 1, "unseen": 0}, "mentions": {"same": 0, "other": 1, "unseen": 0}},
        "PORT": {"entities": {"same": 1, "other": 0, "unseen": 0}, "mentions": {"same": 1, "other": 0, "unseen": 0}},
    }
    assert list(document["findings"]) == list(FINDING_KINDS)
    readme = (ROOT / "data_converters/README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w-]+)`", readme))
    keys = set(document) | set(document["splits"]["train"]) | set(document["ambiguity"]) | set(document["overlap"])
    assert keys | set(FINDING_KINDS) <= named
    label_and_finding = {
        "count",
        "share",
        "lengths",
        "mean",
        "quantiles",
        "histogram",
        "variants",
        "text",
        "odd",
        "places",
    }
    assert label_and_finding | {"repeats", "found_in", "same", "other", "unseen", "meaning", "ranked"} <= named
