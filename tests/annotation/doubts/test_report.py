"""Tables and files of doubts; `tests/annotation/cli/test_doubts.py` looks at the whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from annotating import rows

from llms_meet_ner import LmnError, Sentence, Span
from llms_meet_ner.annotation.doubts.judging import Judgement
from llms_meet_ner.annotation.doubts.ranking import Doubt, Support
from llms_meet_ner.annotation.doubts.report import Found, counts_table, doubts_table, write_found
from llms_meet_ner.data_converters import load_card, read_corpus
from llms_meet_ner.eval.evaluate import Gold
from llms_meet_ner.files import read_json
from llms_meet_ner.records import Uncertainty


def found() -> Found:
    card = load_card("demo")
    sentences = [one for one in read_corpus(card, "testa") if one.spans][:2]
    gold = Gold(card, "testa", card.data_of("testa", None), sentences)
    said = [
        Judgement(one.id, (Span(0, 1, "MISC"),), (0.9,), (0.05,), (0.2,) * len(one.spans), (0.1,) * len(one.spans), Uncertainty(0.1, 0.2), ())
        for one in sentences
    ]  # fmt: skip
    doubts = [
        _doubt(1, "label", sentences[1], sentences[1].spans[0], Span(0, 1, "MISC")),
        _doubt(2, "surplus", sentences[0], sentences[0].spans[0], None),
        _doubt(3, "agreed", sentences[0], sentences[0].spans[0], None),
    ]
    return Found(gold, doubts, said, {"folds": 2})


def _doubt(rank: int, kind: str, sentence: Sentence, gold: Span, suggested: Span | None) -> Doubt:
    return Doubt(
        rank, 1 - rank / 4, kind, sentence.id, "f:1", gold, suggested, "w", Support(0.1, 0.8), 0.2, rank == 1, {"a": Support(0.4, 0.2)}  # type: ignore[arg-type]
    )  # fmt: skip


def test_tables_say_what_is_said_instead_and_what_others_say() -> None:
    one = found()
    table = doubts_table(one.doubts)
    assert table.header[-1] == "a"
    assert [row[6] for row in table.rows] == ["MISC 0-1", "no entity", "something else"]
    assert [row[-2:] for row in table.rows] == [("yes", "0.4000"), ("no", "0.4500"), ("no", "0.4000")]
    silent = replace(one.doubts[0], others={})
    assert [row[-1] for row in doubts_table([silent, *one.doubts[1:]]).rows] == ["-", "0.4500", "0.4000"]
    counts = {row[0]: row[1:4] for row in counts_table(one).rows}
    assert counts["label"] == ("1", "1", "1")
    assert counts["surplus"] == ("1", "0", "0")
    assert counts["missing"] == ("0", "0", "0")


def test_the_sentences_of_the_page_stand_in_the_order_of_their_doubts(tmp_path: Path) -> None:
    one = found()
    write_found(one, tmp_path)
    assert [row["rank"] for row in rows(tmp_path / "doubts.jsonl")] == [1, 2, 3]
    summary = read_json(tmp_path / "doubts.json")
    assert summary["doubts"] == {"label": 1, "boundary": 0, "both": 0, "missing": 0, "surplus": 1, "agreed": 1}
    data = (tmp_path / "doubts.html").read_text().partition('id="data"')[2]
    places = [data.index(f'["{sentence.id}"') for sentence in one.gold.sentences]
    assert places[1] < places[0]
    assert [row["id"] for row in rows(tmp_path / "predictions.jsonl")] == [
        sentence.id for sentence in one.gold.sentences
    ]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "predictions.jsonl").mkdir()
    with pytest.raises(LmnError, match=r"predictions\.jsonl"):
        write_found(found(), tmp_path)
