"""The gold of every sentence of the real corpora can be written token by token under the constraint."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from paths import ROOT
from reachability import CORPORA, unreachable, unreachable_of

from llms_meet_ner import LabelSet, Sentence, Span
from llms_meet_ner.files import read_json, write_json
from llms_meet_ner.sentence import find_crossing, outer_first
from llms_meet_ner.tags import decode

RESULTS = ROOT / "tests/verify/verified"


@pytest.mark.verify
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in ("smollm2", "gemma3_tokenizer")]
)
@pytest.mark.parametrize(("card", "splits", "folder"), CORPORA, ids=[Path(card).stem for card, *_ in CORPORA])
def test_every_gold_rendering_can_be_written(
    corpora: Path, request: pytest.FixtureRequest, name: str, card: str, splits: list[str], folder: str
) -> None:
    counts = {}
    for split in splits:
        sentences, failed = unreachable(request.getfixturevalue(name), card, split, corpora / folder)
        assert failed == []
        counts[split] = {"sentences": sentences, "unreachable": 0}
    keep(name, Path(card).stem, counts)


def keep(name: str, corpus: str, counts: dict[str, dict[str, int]]) -> None:
    path = RESULTS / f"reachable_{name.removesuffix('_tokenizer')}.json"
    results = read_json(path) if path.is_file() else {}
    results[corpus] = counts
    write_json(path, results)


# Corpora without a card, read just well enough to get their texts and entities
COLUMNS = [
    "nakbatr/AA_section-Nakba_narratives.txt",
    "nakbatr/TRTHaber_section-Nakba_narratives.txt",
    "turkish_shrinked_ner/train_sample.txt",
]
SPANS = [
    ("vitamins_supplements_ner/hf_train.json", "spans"),
    ("vitamins_supplements_ner/hf_valid.json", "spans"),
    ("vitamins_supplements_ner/hf_test.json", "spans"),
    ("doccano/doccano/data_export_pipeline_examples_sequence_labeling_example.jsonl", "label"),
]


def column_sentences(path: Path) -> Iterator[tuple[list[str], list[str]]]:
    for block in re.split(r"\n[ \t]*\n", path.read_text(encoding="utf-8-sig").replace("\r\n", "\n")):
        rows = [line.rpartition(" ") for line in block.split("\n") if " " in line and not line.startswith("#")]
        if rows:
            yield [token for token, _, _ in rows], [tag for *_, tag in rows]


def dump_sentences(path: Path) -> Iterator[tuple[list[str], list[str]]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        _, tags, tokens = line.split("\t")
        yield tokens.split(), tags.split()


def triple(span: Any) -> tuple[int, int, str]:
    start, end, label = (span["start"], span["end"], span["label"]) if isinstance(span, dict) else span
    return start, end, label


def span_sentence(text: str, spans: list[tuple[int, int, str]]) -> tuple[list[str], tuple[Span, ...]]:
    pieces = list(re.finditer(r"\w+|[^\w\s]", text))
    kept: list[Span] = []
    for start, end, label in spans:
        inside = [at for at, piece in enumerate(pieces) if piece.start() < end and start < piece.end()]
        if inside:
            candidate = tuple(sorted({*kept, Span(inside[0], inside[-1] + 1, label)}, key=outer_first))
            kept = kept if find_crossing(candidate) else list(candidate)
    return [piece[0] for piece in pieces], tuple(sorted(kept, key=outer_first))


@pytest.mark.verify
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in ("smollm2", "gemma3_tokenizer")]
)
def test_every_gold_rendering_of_corpora_without_a_card(
    corpora: Path, request: pytest.FixtureRequest, name: str
) -> None:
    readers = [(file, column_sentences) for file in COLUMNS] + [("turkish_ner_twnertc/sample.DUMP", dump_sentences)]
    found: dict[str, list[tuple[list[str], tuple[Span, ...]]]] = {
        file: [(tokens, tuple(decode(tags, "IOB2", "conlleval")[0])) for tokens, tags in read(corpora / file)]
        for file, read in readers
    }
    for file, key in SPANS:
        rows = [json.loads(line) for line in (corpora / file).read_text(encoding="utf-8").splitlines() if line.strip()]
        found[file] = [span_sentence(row["text"], [triple(span) for span in row[key]]) for row in rows]
    for file, read_sentences in found.items():
        sentences = [
            Sentence(f"{file}/{at}", tuple(tokens), spans)
            for at, (tokens, spans) in enumerate(read_sentences)
            if tokens
        ]
        labels = LabelSet.of(*sorted({span.label for sentence in sentences for span in sentence.spans} or {"NONE"}))
        assert unreachable_of(request.getfixturevalue(name), sentences, labels, nested=True) == []
        keep(name, file, {"all": {"sentences": len(sentences), "unreachable": 0}})
