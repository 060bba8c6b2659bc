"""The sentences in doubt as a corpus: which, in which order, with which entities, and where each stands in the corpus in doubt."""

from __future__ import annotations

from pathlib import Path

import pytest
import tool_exports
from annotating import annotate, rows
from tool_exports import save_corpus

from llms_meet_ner import LmnError, Sentence, Span
from llms_meet_ner.annotation.doubts.ranking import Doubt, Kind, Support
from llms_meet_ner.annotation.doubts.review_corpus import (
    JUDGES,
    ReviewCorpus,
    Suggest,
    check_review,
    in_doubt,
    preferred,
    read_review,
    write_review,
)
from llms_meet_ner.annotation.provenance import read_provenance
from llms_meet_ner.data_converters import load_card, read_corpus
from llms_meet_ner.eval.evaluate import Gold, read_gold

TOKENS = tuple("abcdefgh")


def doubt(score: float, kind: Kind, gold: Span | None, instead: Span | None, name: str = "mine/train/0") -> Doubt:
    return Doubt(1, score, kind, name, "f:1", gold, instead, "w", Support(0.1, 0.8), 0.2, False)


def written(folder: Path, doubts: list[Doubt], suggest: Suggest = "gold", number: int | None = None) -> ReviewCorpus:
    return write_review(mine(folder), doubts, folder / "out", number=number, suggest=suggest)


def mine(folder: Path) -> Gold:
    if not (folder / "mine").is_dir():
        row = [(0, 3, "PER"), (1, 2, "LOC"), (5, 6, "LOC")]
        save_corpus(folder / "mine", [(list(TOKENS), row), (["Ada", "left"], []), (["Rome", "won"], [(0, 1, "LOC")])])
    return read_gold(load_card(folder / "mine"), "train")


DOUBTS = [
    doubt(0.9, "label", Span(0, 1, "LOC"), Span(0, 1, "PER"), "mine/train/2"),
    doubt(0.8, "surplus", Span(5, 6, "LOC"), None),
    doubt(0.7, "missing", None, Span(0, 1, "PER"), "mine/train/1"),
    doubt(0.6, "boundary", Span(0, 3, "PER"), Span(0, 4, "PER")),
]


def test_a_sentence_is_in_doubt_once_by_its_worst_doubt() -> None:
    there = [*DOUBTS, doubt(0.5, "agreed", Span(0, 1, "PER"), None, "even"), doubt(0.4, "agreed", Span(0, 1, "PER"), None, "sure")]  # fmt: skip
    assert {name: len(one) for name, one in in_doubt(there).items()} == {
        "mine/train/2": 1, "mine/train/0": 2, "mine/train/1": 1,
    }  # fmt: skip
    assert list(in_doubt(there, 2)) == ["mine/train/2", "mine/train/0"]
    assert list(in_doubt(there, 9))[-2:] == ["even", "sure"], "those that are asked for, and no more than there are"


def test_the_gold_is_suggested_and_each_sentence_says_where_it_stands(tmp_path: Path) -> None:
    found = written(tmp_path, DOUBTS)
    folder = tmp_path / "out" / "review"
    assert read_review(folder) == found
    assert (found.texts, found.sentences, found.changed, found.clashes) == ("mine train", 3, 0, 0)
    assert found.entities == {"LOC": 3, "PER": 1}
    review = list(read_corpus(folder, "train"))
    assert [one.tokens[0] for one in review] == ["Rome", "a", "Ada"]
    assert review[1].spans == (Span(0, 3, "PER"), Span(1, 2, "LOC"), Span(5, 6, "LOC")), "the inner entity, too"
    assert [(row.id, row.asked, row.file, row.line, row.system) for row in read_provenance(folder)] == [
        (f"mine-doubts/train/{at}", f"mine/train/{number}", str(tmp_path / "mine/train.jsonl"), number + 1, "mine")
        for at, number in enumerate((2, 0, 1))
    ]


def test_what_the_judges_prefer_is_suggested_on_demand(tmp_path: Path) -> None:
    found = written(tmp_path, [*DOUBTS, doubt(0.4, "label", Span(1, 2, "LOC"), Span(1, 2, "PER"))], "judges")
    assert (found.changed, found.clashes) == (3, 0)
    review = list(read_corpus(tmp_path / "out" / "review", "train"))
    assert [one.spans for one in review] == [
        (Span(0, 1, "PER"),), (Span(0, 4, "PER"), Span(1, 2, "LOC")), (Span(0, 1, "PER"),),
    ]  # fmt: skip
    assert {row.system for row in read_provenance(tmp_path / "out" / "review")} == {JUDGES}


def test_what_would_overlap_gold_that_stays_is_left_out_and_counted() -> None:
    two, one = (Span(0, 2, "PER"), Span(2, 4, "LOC")), Span(1, 4, "PER")
    sentence = Sentence("a/train/0", TOKENS, two)
    wider = doubt(0.9, "boundary", two[0], one)
    assert preferred(sentence, [wider], nested=False) == (two, 1)
    assert preferred(sentence, [wider, doubt(0.8, "surplus", two[1], None)], nested=False) == ((one,), 0)
    assert preferred(sentence, [wider], nested=True) == ((one, two[1]), 0)
    stays = [doubt(0.7, "both", two[1], Span(3, 6, "ORG")), doubt(0.6, "missing", None, Span(1, 3, "ORG"))]
    crossed = Sentence("a/train/0", TOKENS, (*two, Span(5, 7, "PER")))
    assert preferred(crossed, [wider, *stays], nested=False) == (crossed.spans, 3), "one that stays keeps another out"
    even = [doubt(0.5, "label", two[0], Span(0, 2, "ORG")), doubt(0.9, "agreed", two[1], None)]
    assert preferred(sentence, even, nested=False) == (two, 0)


def test_a_corpus_without_doubts_holds_no_sentence(tmp_path: Path) -> None:
    assert written(tmp_path, DOUBTS).sentences == 3
    assert written(tmp_path, [doubt(0.4, "agreed", Span(5, 6, "LOC"), None)]).sentences == 0
    assert list(read_corpus(tmp_path / "out" / "review", "train")) == []


def test_corrections_come_back_with_the_place_in_the_corpus_in_doubt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written(Path(), DOUBTS, number=2)
    annotate("export", "out/review", "--tool", "label-studio", "--out", "tasks.json")
    tasks = tool_exports.imported("label-studio", Path("tasks.json"))
    assert [one["data"]["text"] for one in tasks] == ["Rome won", "a b c d e f g h"]  # type: ignore[index]
    done = [tool_exports.finished("label-studio", tasks[0], [(0, 4, "PER")])]
    tool_exports.write("label-studio", Path("done.json"), done)
    annotate("import", "done.json", "--tool", "label-studio", "--from", "out/review", "--out", "corrected")
    assert [one.spans for one in read_corpus(Path("corrected"), "train")] == [(Span(0, 1, "PER"),)]
    back = rows(Path("corrected/provenance.jsonl"))
    assert [(one["id"], one["asked"], one["earlier"], one["file"], one["line"]) for one in back] == [
        ("corrected/train/0", "mine-doubts/train/0", ["mine/train/2"], "mine/train.jsonl", 3),
        (None, "mine-doubts/train/1", ["mine/train/0"], "mine/train.jsonl", 1),
    ]
    again = [doubt(0.9, "label", Span(0, 1, "PER"), Span(0, 1, "LOC"), "corrected/train/0")]
    write_review(read_gold(load_card(Path("corrected")), "train"), again, Path("second"))
    (row,) = read_provenance(Path("second/review"))
    assert (row.asked, row.earlier, row.line) == ("corrected/train/0", ("mine/train/2", "mine-doubts/train/0"), 3), (
        "doubts about corrections"
    )


def test_nothing_of_somebody_else_is_written_over(tmp_path: Path) -> None:
    written(tmp_path, DOUBTS)
    out, card = tmp_path / "out", load_card(tmp_path / "mine")
    check_review(out, card, "train", None)
    with pytest.raises(LmnError, match="take the place of the corpus that is in doubt; name another folder with --out"):
        check_review(out, load_card(out / "review"), "train", None)
    path = out / "review" / "train.jsonl"
    path.write_text(path.read_text().replace("LOC", "PER"))
    with pytest.raises(LmnError, match=r"train.jsonl: was changed after it was written"):
        check_review(out, card, "train", None)
    (out / "review" / "card.yaml").write_text("name: theirs\n")
    with pytest.raises(LmnError, match=r"review: holds a card.yaml that this command did not write"):
        check_review(out, card, "train", None)
    (out / "review" / "annotation.json").write_text("{}")
    with pytest.raises(LmnError, match="name a folder that lmn-annotate doubts has written"):
        read_review(out / "review")
