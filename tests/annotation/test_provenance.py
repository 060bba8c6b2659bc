"""A line of provenance."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tool_exports import save_corpus

from llms_meet_ner import LmnError, Sentence
from llms_meet_ner.annotation.provenance import PROVENANCE_FILE, Provenance, handed_on, provenance_of, read_provenance
from llms_meet_ner.data_converters import load_card
from llms_meet_ner.records import Uncertainty
from llms_meet_ner.sentence import Where


def test_a_line_holds_every_fact_under_its_name() -> None:
    line = Provenance(
        None, "a/train/0", "news.txt", 1, 0, 9, "gpt", "xml", "gpt-1", "2026-11-26T10:00:00+00:00", "failed", ("empty",), None,
        Uncertainty(0.5, 1.0), 1, 12, 3, 0.25, "EUR",
    ).json_line()  # fmt: skip
    assert line.endswith("}\n")
    assert json.loads(line) == {
        "id": None, "asked": "a/train/0", "file": "news.txt", "line": 1, "start": 0, "end": 9, "system": "gpt", "template": "xml",
        "model": "gpt-1", "date": "2026-11-26T10:00:00+00:00", "status": "failed", "reasons": ["empty"], "confidences": None,
        "uncertainty": {"mean": 0.5, "max": 1.0}, "requests": 1, "tokens_in": 12, "tokens_out": 3, "cost": 0.25, "currency": "EUR",
        "shared_with": [], "review": None, "earlier": [],
    }  # fmt: skip


def test_lines_are_read_again_and_damage_is_named(tmp_path: Path) -> None:
    row = Provenance(
        "b/train/0", "a/train/0", None, None, None, None, "gpt", None, None, "2026-11-26", "exact", (), (0.5,), None
    )
    (tmp_path / PROVENANCE_FILE).write_text(row.json_line())
    assert list(read_provenance(tmp_path)) == [row]
    (tmp_path / PROVENANCE_FILE).write_text(row.json_line() + row.json_line().replace('"exact"', '"good"'))
    with pytest.raises(LmnError, match=r"provenance.jsonl:2: not as lmn-annotate run writes it \(status"):
        list(read_provenance(tmp_path))


def test_a_sentence_that_is_handed_on_says_where_it_came_from_first() -> None:
    sentence = Sentence("a/train/4", ("w",), (), Where("a.txt", 7))
    first = handed_on("b/train/0", sentence, None, "a")
    assert (first.id, first.asked, first.earlier, first.file, first.line, first.system) == (
        "b/train/0", "a/train/4", (), "a.txt", 7, "a",
    )  # fmt: skip
    second = handed_on("c/train/3", Sentence("b/train/0", ("w",)), replace(first, confidences=(0.5,)), "b")
    assert second == replace(first, id="c/train/3", asked="b/train/0", earlier=("a/train/4",))
    third = handed_on(None, Sentence("c/train/3", ("w",)), second, "c")
    assert (third.id, third.asked, third.earlier) == (None, "c/train/3", ("a/train/4", "b/train/0"))


def test_only_a_corpus_with_provenance_beside_its_card_has_some(tmp_path: Path) -> None:
    assert provenance_of(load_card("demo")) == {}
    row = handed_on("mine/train/0", Sentence("a/train/0", ("w",)), None, "a")
    card = load_card(save_corpus(tmp_path / "mine", [(["w"], [])]))
    assert provenance_of(card) == {}
    (tmp_path / "mine" / PROVENANCE_FILE).write_text(row.json_line() + replace(row, id=None).json_line())
    assert provenance_of(card) == {"mine/train/0": row}
