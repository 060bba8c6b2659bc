"""`lmn-convert stats`: every count against another way of counting."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from math import log2
from pathlib import Path
from typing import Any

import pytest
from harbour import CARD, SMALL, Annotated, counted, run, sentence, write
from hypothesis import given, settings
from hypothesis import strategies as st
from paths import ROOT
from strict_html import parsed

from llms_meet_ner.data_converters import load_card
from llms_meet_ner.data_converters.cards import SplitFile
from llms_meet_ner.data_converters.stats import KINDS, CorpusStats, Finding, corpus_stats
from llms_meet_ner.data_converters.stats.counts import quantile
from llms_meet_ner.data_converters.stats.document import stats_document
from llms_meet_ner.data_converters.stats.page import LISTED


def shown(found: list[Finding]) -> list[list[tuple[str, int, bool, list[int]]]]:
    """Findings as plain lists: text, count, whether odd, lines."""
    return [[(v.text, v.count, v.odd, [where.line for where in v.places]) for v in one.variants] for one in found]


# what is found, sentence by sentence


def test_findings_name_what_to_look_at_and_where(workdir: Path) -> None:
    train = [
        "-DOCSTART-/O",
        "Vaasa/B-PORT is/O open/O",
        "Vaasa/B-PORT and/O The/B-PORT Hague/I-PORT",
        "off/O the/O Hague/B-PORT",
        "Anna/B-SHIP left/O Vaasa/O",
        "Anna/B-SHIP left/O ,/B-PORT",
        "Vaasa/B-PORT Vaasa/B-PORT Vaasa/B-PORT Vaasa/B-SHIP",
    ]
    test = ["Anna/B-SHIP left/O Vaasa/B-PORT", "Anna/B-SHIP ,/I-SHIP " + "a/I-SHIP " * 4 + "./O"]
    card = write(workdir, {"train": [sentence(text) for text in train], "test": [sentence(text) for text in test]})
    stats = corpus_stats(card, source=workdir)
    vaasa = ("[Vaasa | PORT]", 6, False, [3, 7, 24, 24, 24, 1])
    assert {kind: shown(findings) for kind, findings in stats.findings.items()} == {
        "conflicting-sentence": [
            [("[Anna | SHIP] left Vaasa", 1, False, [16]), ("[Anna | SHIP] left [Vaasa | PORT]", 1, True, [1])]
        ],
        "rare-label": [[vaasa, ("[Vaasa | SHIP]", 1, True, [24])]],
        "unmarked": [[vaasa, ("[Vaasa | SHIP]", 1, False, [24]), ("Vaasa", 1, True, [16])]],
        "boundary": [[("[The Hague | PORT]", 1, False, [7]), ("the [Hague | PORT]", 1, True, [12])]],
        "punctuation-only": [[("[, | PORT]", 1, True, [20])]],
        "punctuation-edge": [],
        "long": [[("[Anna , a a a a | SHIP]", 1, True, [5])]],
    }
    assert shown(stats.ambiguous) == [[vaasa, ("[Vaasa | SHIP]", 1, True, [24])]]
    assert shown(stats.shared) == [
        [("train: Anna left Vaasa", 1, False, [16]), ("test: Anna left Vaasa", 1, True, [1])]
    ]
    counts = stats.splits["train"]
    assert (counts.docstarts, counts.sentences, counts.tokens, counts.without_entities) == (1, 6, 20, 0)


def test_the_most_suspicious_come_first(workdir: Path) -> None:
    mostly, often = ["Oslo/B-PORT"] * 9, ["Bergen/B-PORT"] * 11 + ["Bergen/O"] * 10
    edges = [
        "Rome/B-PORT ./I-PORT",
        "Turku/B-PORT",
        *["Turku/B-PORT ,/I-PORT"] * 2,
        '"/B-SHIP Anna/I-SHIP',
        '"/B-PORT ./I-PORT',
    ]
    lines = [*often, *mostly, "Oslo/O", *edges]
    stats = corpus_stats(write(workdir, {"train": [sentence(text) for text in lines]}), source=workdir)
    assert [found.variants[-1].text for found in stats.findings["unmarked"]] == ["Oslo", "Bergen"]
    assert [found.variants[-1].text for found in stats.findings["punctuation-edge"]] == [
        "[Turku , | PORT]",
        '[" Anna | SHIP]',
        "[Rome . | PORT]",
    ]
    assert [found.variants[-1].text for found in stats.findings["punctuation-only"]] == ['[" . | PORT]']


def test_a_mention_inside_a_longer_entity_is_not_unmarked_and_percent_is_no_punctuation(workdir: Path) -> None:
    lines = ["York/B-PORT", "New/B-PORT York/I-PORT", "5/B-SHIP %/I-SHIP", "New/O York/O City/O"]
    stats = corpus_stats(write(workdir, {"train": [sentence(text) for text in lines]}), source=workdir)
    assert not any(stats.findings.values())  # once an entity, once not: no more often than not


def test_nesting_is_counted_by_depth(workdir: Path) -> None:
    card = CARD.replace("tag: 1", "tag: 1, inner_tags: [2, 3]").replace(
        "docstart: sentence", "docstart: none\nnested: true"
    )
    loaded = write(workdir, {}, card)
    (workdir / "train.conll").write_text(
        "a\tB-SHIP\tB-PORT\tB-SHIP\nb\tI-SHIP\tI-PORT\tO\nc\tI-SHIP\tO\tO\n\nd\tB-PORT\tO\tO\n\na\tB-SHIP\tB-PORT\tO\nb\tI-SHIP\tB-PORT\tO\n"
    )
    counts = corpus_stats(replace(loaded, splits={"train": SplitFile("train.conll")}), source=workdir).splits["train"]
    assert counts.depths == {1: 3, 2: 3, 3: 1}
    assert (counts.nested, counts.covered) == (4, 6)
    assert counts.tags == {"B-SHIP": 2, "I-SHIP": 3, "B-PORT": 1}
    assert counts.entities == {"SHIP": {3: 1, 2: 1, 1: 1}, "PORT": {2: 1, 1: 3}}


def test_quantiles_are_lengths_that_occur() -> None:
    lengths = Counter([1, 1, 2, 9])
    assert [quantile(lengths, at) for at in (0, 0.25, 0.5, 0.51, 0.75, 0.76, 1)] == [1, 1, 1, 2, 2, 9, 9]
    assert quantile(Counter(), 0.5) == 0


# against brute force

TOKENS = st.sampled_from(["a", "A", "b", "the", "The", ".", "("])


@st.composite
def annotated(draw: Any) -> Annotated:
    tokens = draw(st.lists(TOKENS, min_size=1, max_size=7))
    tags: list[str] = []
    while len(tags) < len(tokens):
        length = draw(st.integers(1, len(tokens) - len(tags)))
        label = draw(st.sampled_from(["O", "SHIP", "PORT"]))
        tags += ["O"] * length if label == "O" else ["B-" + label] + ["I-" + label] * (length - 1)
    return list(zip(tokens, tags))


CORPORA = st.dictionaries(
    st.sampled_from(["train", "dev", "test"]), st.lists(annotated(), min_size=1, max_size=8), min_size=1
)


def spans_of(tokens: Annotated) -> list[tuple[int, int, str]]:
    starts = [number for number, (_, tag) in enumerate(tokens) if tag[0] == "B"]
    return [
        (
            start,
            next((n for n in range(start + 1, len(tokens)) if tokens[n][1][0] != "I"), len(tokens)),
            tokens[start][1][2:],
        )
        for start in starts
    ]


def entities_of(corpus: dict[str, list[Annotated]]) -> Iterator[tuple[str, tuple[str, ...], str]]:
    for split, sentences in corpus.items():
        for tokens in sentences:
            for start, end, label in spans_of(tokens):
                yield split, tuple(token for token, _ in tokens[start:end]), label


@settings(max_examples=60, deadline=None)
@given(CORPORA)
def test_ambiguity_and_overlap_are_those_of_brute_force(corpus: dict[str, list[Annotated]]) -> None:
    document = stats_document(counted(corpus))
    entities = list(entities_of(corpus))
    labels = {words: Counter(label for _, other, label in entities if other == words) for _, words, _ in entities}
    ambiguity = document["ambiguity"]
    several = {words for words, found in labels.items() if len(found) > 1}
    assert ambiguity["mentions"] == len(labels)
    assert ambiguity["ambiguous_mentions"] == len(several) == len(ambiguity["ranked"])
    assert ambiguity["ambiguous_entities"] == sum(words in several for _, words, _ in entities)
    assert ambiguity["majority_entities"] == sum(max(found.values()) for found in labels.values())
    bits = sum(log2(labels[words].total() / labels[words][label]) for _, words, label in entities)
    assert ambiguity["conditional_entropy_bits"] == pytest.approx(bits / (len(entities) or 1))
    for label, clarity in ambiguity["labels"].items():
        own = [labels[words] for _, words, found in entities if found == label]
        assert clarity["clear"] == sum(len(found) == 1 for found in own)
        assert clarity["clear"] + clarity["main"] + clarity["other"] == len(own)
    others = sum(clarity["other"] for clarity in ambiguity["labels"].values())
    assert others == ambiguity["entities"] - ambiguity["majority_entities"]
    reference = document["overlap"]["reference"]
    assert reference == ("train" if "train" in corpus else next(iter(corpus)))
    train = {(words, label) for split, words, label in entities if split == reference}
    for split, rows in document["overlap"]["mentions"].items():
        for label, row in rows.items():
            here = [words for other, words, found in entities if (other, found) == (split, label)]
            for kept, words_of in (("entities", here), ("mentions", set(here))):
                known = [words for words in words_of if any(words == other for other, _ in train)]
                same = [words for words in words_of if (words, label) in train]
                expected = {"same": len(same), "other": len(known) - len(same), "unseen": len(words_of) - len(known)}
                assert row[kept] == expected
    texts = {split: [[token for token, _ in tokens] for tokens in sentences] for split, sentences in corpus.items()}
    for split, row in document["overlap"]["sentences"].items():
        assert row["repeats"] == sum(text in texts[split][:number] for number, text in enumerate(texts[split]))
        for other, count in row["found_in"].items():
            assert count == sum(text in texts[other] for text in texts[split])


@settings(max_examples=60, deadline=None)
@given(CORPORA)
def test_unmarked_words_boundaries_and_conflicts_are_those_of_brute_force(corpus: dict[str, list[Annotated]]) -> None:
    stats = counted(corpus)
    marked = Counter(words for _, words, _ in entities_of(corpus))
    whole = {(words[0].casefold(), *words[1:]) for words in marked if len(words) > 1}
    unmarked: Counter[tuple[str, ...]] = Counter()
    cut: Counter[tuple[str, ...]] = Counter()
    annotations = defaultdict(set)
    for tokens in [tokens for sentences in corpus.values() for tokens in sentences]:
        words = tuple(token for token, _ in tokens)
        annotations[words].add(tuple(tokens))
        for start in range(len(words)):
            for end in range(start + 1, len(words) + 1):
                run_of, touching = words[start:end], [s for s in spans_of(tokens) if s[0] < end and start < s[1]]
                unmarked[run_of] += run_of in marked and not touching
                inside = all(start <= s[0] and s[1] <= end and s[:2] != (start, end) for s in touching)
                folded = (run_of[0].casefold(), *run_of[1:])
                cut[folded] += folded in whole and bool(touching) and inside
    expected = {" ".join(words): count for words, count in unmarked.items() if 0 < count < marked[words]}
    assert {found.variants[-1].text: found.odd for found in stats.findings["unmarked"]} == expected
    sides = Counter(
        (sum(n for words, n in marked.items() if (words[0].casefold(), *words[1:]) == key), count)
        for key, count in cut.items() if count
    )  # fmt: skip
    for finding in stats.findings["boundary"]:
        odd, usual = finding.odd, finding.total - finding.odd
        assert odd <= usual
        side = (usual, odd) if sides[usual, odd] else (odd, usual)
        sides[side] -= 1
    assert not +sides
    conflicts = [words for words, found in annotations.items() if len(found) > 1]
    assert len(stats.findings["conflicting-sentence"]) == len(conflicts)


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


# real corpora

BC5CDR = """name: bc5cdr
title: BC5CDR
language: en
licence: public
citation: none
splits: {dev: devel.tsv}
reader: {type: columns, scheme: IOB2, separator: tab, token: 0, tag: 1}
docstart: none
labels: [{name: Chemical}, {name: Disease}]
"""

# card, split, file under LMN_CORPORA, token column, tag columns, separator
REAL = [
    ("wikigold", None, "wikigold/wikigold.conll.txt", 0, [1], " "),
    ("wnut17", "train", "wnut17/wnut17train.conll", 0, [1], "\t"),
    ("germeval2014_nested", "dev", "germeval2014/official_tsv/NER-de-dev.tsv", 1, [2, 3], "\t"),
    ("turkish_wiki_ner", "dev", "turkish_wiki_ner/dev.conll", 0, [1], "\t"),
    ("bc5cdr", "dev", "bc5cdr/devel.tsv", 0, [1], "\t"),
]


@pytest.mark.parametrize(("name", "split", "file", "token", "tags", "separator"), REAL, ids=[row[0] for row in REAL])
def test_counts_of_real_corpora(
    corpora: Path, tmp_path: Path, name: str, split: str | None, file: str, token: int, tags: list[int], separator: str
) -> None:
    (tmp_path / "bc5cdr.yaml").write_text(BC5CDR)
    card = load_card(tmp_path / "bc5cdr.yaml" if name == "bc5cdr" else name)
    stats = corpus_stats(card, [split] if split else None, (corpora / file).parent)
    rows: list[list[str]] = []
    lengths: Counter[int] = Counter()
    entities: Counter[tuple[str, int]] = Counter()
    words: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    inside = 0
    for line in [*(corpora / file).read_text(encoding="utf-8").split("\n"), ""]:
        if token == 1 and line.startswith("#\t"):
            continue
        if line.strip() and not line.startswith("-DOCSTART-"):
            rows.append(line.split(separator))
            continue
        if rows:
            lengths[len(rows)] += 1
            inside += sum(row[tags[0]] != "O" for row in rows)
        for column in tags:
            start = 0
            for number in range(1, len(rows) + 1):
                before = rows[number - 1][column]
                after = rows[number][column] if number < len(rows) else "O"
                if before != "O" and (after[0] in "BO" or after[2:] != before[2:]):
                    entities[before[2:], number - start] += 1
                    words[tuple(row[token] for row in rows[start:number])][before[2:]] += 1
                if after[0] in "BO" or after[2:] != before[2:]:
                    start = number
        rows = []
    splits = stats.splits.values()
    assert sum((counts.lengths for counts in splits), Counter()) == lengths
    assert (
        sum(
            (
                Counter({(label, n): count for label, by in counts.entities.items() for n, count in by.items()})
                for counts in splits
            ),
            Counter(),
        )
        == entities
    )
    assert sum(counts.covered for counts in splits) == inside
    assert {
        mention.words: {label: places.count for label, places in mention.labels.items()} for mention in stats.mentions
    } == words
    assert stats.ambiguity.mentions == len(words)
    assert len(stats.ambiguous) == sum(len(found) > 1 for found in words.values())


def test_what_is_found_in_wikigold_stands_there(corpora: Path) -> None:
    stats = corpus_stats(load_card("wikigold"), source=corpora / "wikigold")
    lines = (corpora / "wikigold/wikigold.conll.txt").read_text(encoding="utf-8").split("\n")
    looked = 0
    for found in [*stats.findings.values(), stats.ambiguous, stats.shared]:
        for variant in [variant for finding in found for variant in finding.variants]:
            text = re.sub(r"^(train|dev|test): ", "", variant.text)
            words = re.sub(r" \| (ORG|PER|LOC|MISC)\]", "", re.sub(r"\[(?=\S)", "", text))
            for where in variant.places:
                end = lines.index("", where.line - 1)
                here = " ".join(line.split(" ")[0] for line in lines[where.line - 1 : end])
                assert f" {words} " in f" {here} "
                looked += 1
    assert looked > 100


# the command


def test_the_whole_output(workdir: Path) -> None:
    write(workdir, SMALL)
    assert run(".").stdout == (ROOT / "tests/fixtures/stats/harbour.txt").read_text(encoding="utf-8")


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
    assert list(document["findings"]) == list(KINDS)
    readme = (ROOT / "data_converters/README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w-]+)`", readme))
    keys = set(document) | set(document["splits"]["train"]) | set(document["ambiguity"]) | set(document["overlap"])
    assert keys | set(KINDS) <= named
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


def test_changed_labels_are_what_is_counted(workdir: Path) -> None:
    card = write(workdir, SMALL)
    stats = corpus_stats(card.with_labels(card.labels.changed(merge={"THING": ["SHIP", "PORT"]})), source=workdir)
    assert stats.splits["train"].labels == {"THING": 2}
    assert not stats.ambiguous


def test_missing_splits_are_named_and_left_out_unless_asked_for(workdir: Path) -> None:
    write(workdir, {"test": SMALL["test"]})
    result = run(".", "--page", "stats.html")
    assert result.stdout.startswith("harbour train: train.conll is not there: not counted\n")
    assert "Not read, because the files are not there: train." in (workdir / "stats.html").read_text()
    assert "train.conll: no such file; --source DIR names the folder" in run(".", "--split", "train", code=1).stderr
    (workdir / "test.conll").unlink()
    assert "train.conll: no such file; --source DIR names the folder" in run(".", code=1).stderr


def test_a_file_that_cannot_be_decoded_is_an_error_with_its_place(workdir: Path) -> None:
    write(workdir, SMALL)
    with (workdir / "test.conll").open("ab") as file:
        file.write(b"\nVaasa\xff\tO\n")
    result = run(".", "--json", "stats.json", code=1)
    assert re.match(r"Error: \S*test\.conll:\d+: ", result.stderr)
    assert not (workdir / "stats.json").exists()


def test_findings_that_converting_refuses_are_named_and_left_out(workdir: Path) -> None:
    write(workdir, {"train": [*SMALL["train"], sentence("Ida/B-CREW Anna/B-SHIP x/I-PORT")], "test": SMALL["test"]})
    result = run(".", "--json", "stats.json", "--page", "stats.html", code=1)
    first = "(first at train.conll:10)"
    assert result.stderr == (
        f"harbour train: 1 x a tag that its scheme does not allow at its place (first at train.conll:12)\n"
        f"harbour train: 1 x a label that the card does not list {first}\n"
        "Error: 2 findings that lmn-convert refuses, counted here as far as they can be read; "
        "lmn-convert check card.yaml lists them\n"
    )
    split = json.loads((workdir / "stats.json").read_text())["splits"]["train"]
    assert split["problems"] == {"invalid-transition": 1, "unknown-label": 1}
    assert split["problems_fatal"] == 2
    assert {label: row["count"] for label, row in split["labels"].items()} == {"SHIP": 2, "PORT": 2}
    assert f"train: 1 x a label that the card does not list</bdi> {first}" in (workdir / "stats.html").read_text()
    mended = run(".", "--repair", "discard", code=1)
    assert "Error: 1 findings that lmn-convert refuses" in mended.stderr


def test_an_empty_corpus_and_one_without_entities_have_stats_too(workdir: Path) -> None:
    write(workdir, {"train": [], "test": [sentence("no/O news/O")]})
    result = run(".", "--page", "stats.html")
    assert re.search(r"^entities +0 +0\n", result.stdout, re.M)
    parsed((workdir / "stats.html").read_text())


def test_only_the_first_findings_are_listed(workdir: Path) -> None:
    write(workdir, {"train": [sentence(f"{number}/B-SHIP ./I-SHIP") for number in range(LISTED + 3)], "test": []})
    result = run(".", "--limit", "2", "--page", "stats.html")
    assert (
        "    train.conll:1: [0 . | SHIP]\n    train.conll:4: [1 . | SHIP]\n    and 51 more (--limit 0 lists all)\n"
        in result.stdout
    )
    assert "[52 . | SHIP]" in run(".", "--limit", "0").stdout
    page = (workdir / "stats.html").read_text()
    assert page.count(" . | SHIP]</bdi>") == LISTED
    assert '<p class="dim">and 3 more</p>' in page
