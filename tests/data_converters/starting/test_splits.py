"""Splits by names and by draws."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llms_meet_ner import Sentence, Span
from llms_meet_ner.data_converters.mixing.join import sentence_key
from llms_meet_ner.data_converters.starting.splits import FEWEST, as_ranges, data_files, drawn_splits, named_splits


@pytest.mark.parametrize(
    ("files", "splits"),
    [
        (["eng.testb", "eng.testa", "eng.train"], ["train", "testa", "testb"]),
        (["wnut17train.conll", "emerging.dev.conll"], ["train", "dev"]),
        (["hf_valid.json", "hf_train.json", "hf_test.json"], ["train", "valid", "test"]),
        (["en_ewt-ud-dev.iob2", "en_ewt-ud-training.iob2"], ["train", "dev"]),
        (["a/train/seq.in", "a/test/seq.in"], ["train", "test"]),
    ],
)
def test_names_of_files_tell_splits(files: list[str], splits: list[str]) -> None:
    found, named = named_splits(files)
    assert (list(found), named) == (splits, True)


def test_names_that_tell_nothing() -> None:
    assert named_splits(["export.json"]) == ({"train": "export.json"}, False)
    assert named_splits(["latest.txt", "contest.txt"]) == ({"latest": "latest.txt", "contest": "contest.txt"}, False)
    assert named_splits(["a b.x", "a_b.y"]) == ({"a-b": "a b.x", "a-b-1": "a_b.y"}, False)


def made(texts: list[tuple[str, tuple[str, ...]]]) -> list[Sentence]:
    return [
        Sentence(str(number), tuple(text.split()) or ("x",), tuple(Span(0, 1, label) for label in labels[:1]))
        for number, (text, labels) in enumerate(texts)
    ]


_CORPORA = st.lists(
    st.tuples(st.text("ab ", min_size=1, max_size=8), st.sampled_from([(), ("PER",), ("LOC",), ("RARE",)])),
    max_size=80,
)


@given(_CORPORA, st.lists(st.none() | st.integers(0, 5), min_size=80, max_size=80), st.integers(0, 3))
def test_no_sentence_and_no_document_is_in_two_splits(
    texts: list[tuple[str, tuple[str, ...]]], documents: list[int | None], seed: int
) -> None:
    sentences = made(texts)
    pairs = list(zip(sentences, documents))
    drawn = drawn_splits(pairs, seed)
    if drawn is None:
        assert len({sentence_key(sentence) for sentence in sentences}) < FEWEST or any(d is not None for d in documents)
        return
    assert sorted(position for positions in drawn.values() for position in positions) == list(range(len(sentences)))
    split_of = {position: split for split, positions in drawn.items() for position in positions}
    for key in [lambda p: sentence_key(sentences[p]), lambda p: documents[p]]:
        where: dict[object, str] = {}
        for position, split in split_of.items():
            if key(position) is not None:
                assert where.setdefault(key(position), split) == split
    assert drawn_splits(pairs, seed) == drawn


def test_each_label_has_its_share_in_each_split() -> None:
    labels = ["A"] * 500 + ["B"] * 100 + ["C"] * 20 + [""] * 380
    sentences = made([(f"w{n}", (label,) if label else ()) for n, label in enumerate(labels)])
    drawn = drawn_splits([(sentence, None) for sentence in sentences], 7)
    assert drawn is not None
    counts = {split: Counter(labels[position] for position in positions) for split, positions in drawn.items()}
    assert {split: dict(count) for split, count in counts.items()} == {
        "train": {"A": 400, "B": 80, "C": 16, "": 304},
        "dev": {"A": 50, "B": 10, "C": 2, "": 38},
        "test": {"A": 50, "B": 10, "C": 2, "": 38},
    }
    other = drawn_splits([(sentence, None) for sentence in sentences], 8)
    assert other is not None
    assert other["dev"] != drawn["dev"]


@given(st.sets(st.integers(0, 200), min_size=1))
def test_ranges_hold_the_positions(positions: set[int]) -> None:
    found: list[int] = []
    for part in as_ranges(sorted(positions)).split(", "):
        first, _, end = part.partition(":")
        found += range(int(first), int(end) if end else int(first) + 1)
    assert found == sorted(positions)


def test_files_that_only_describe_are_left_out(tmp_path: Path) -> None:
    for name in ("README.md", "LICENSE.txt", ".hidden", "card.yaml", "load.py", "b.conll", "a.json"):
        (tmp_path / name).write_text("")
    assert [path.name for path in data_files(tmp_path)] == ["a.json", "b.conll"]
