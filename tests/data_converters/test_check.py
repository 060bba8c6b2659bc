"""Counts of a checked split, on a small corpus with every kind of sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters import load_card
from llms_meet_ner.data_converters.check import check_split

CARD = """\
name: small
title: Small
language: en
licence: CC0
citation: me
docstart: sentence
nested: true
splits: {train: a.conll}
reader: {type: columns, scheme: IOB2, separator: tab, tag: 1, inner_tags: [2]}
labels: [{name: ORG}, {name: LOC}]
"""
TEXT = "-DOCSTART-\tO\tO\n\nFC\tB-ORG\tO\nBonn\tI-ORG\tB-LOC\n\nno\tO\tO\n\n[\tB-LOC\tO\n\nRom\tB-LOC\tO\nRom\tO\tO\n\nx\tB-GPE\tO\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "card.yaml").write_text(CARD)
    (tmp_path / "a.conll").write_text(TEXT)
    return tmp_path


def test_the_counts_of_a_split(folder: Path) -> None:
    found = check_split(load_card(folder), "train")
    assert (found.sentences, found.tokens, found.docstarts, found.without_entities) == (6, 8, 1, 3)
    assert (found.entities, found.nested) == ({"ORG": 1, "LOC": 3}, 1)
    assert (found.ambiguous, found.moved, found.not_restored) == ([], 0, [])
    assert (found.log.counts, found.log.fatal) == ({"bracket-token": 1, "unknown-label": 1}, 1)


def test_what_a_format_cannot_hold_is_counted_with_its_line(folder: Path) -> None:
    (folder / "a.conll").write_text("Rom\tO\tO\nRom\tB-LOC\tO\n")
    found = check_split(load_card(folder), "train", format_name="grouped")
    assert [where.line for where in found.ambiguous] == [1]
    assert (found.moved, found.not_restored) == (1, [])


def test_a_format_that_does_not_exist_is_an_error(folder: Path) -> None:
    with pytest.raises(LmnError, match="no output format is called 'json'"):
        check_split(load_card(folder), "train", format_name="json")
