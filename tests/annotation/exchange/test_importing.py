"""What is an annotation and what is none, who made it and when, and what is an error with its line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tool_exports
from tool_exports import Row, save_corpus

from llms_meet_ner import LmnError
from llms_meet_ner.annotation.exchange.exporting import write_export
from llms_meet_ner.annotation.exchange.importing import Imported, read_export
from llms_meet_ner.annotation.exchange.registry import TOOLS
from llms_meet_ner.annotation.exchange.suggestions import Suggestions, read_suggestions
from llms_meet_ner.data_converters.cards import load_card

ROWS: list[Row] = [
    (["Ada", "left", "Rome"], [(0, 1, "PER"), (2, 3, "LOC")]),
    (["Bob", "stayed"], [(0, 1, "PER")]),
    (["Nobody", "came"], [(0, 1, "PER")]),
    (["It", "rained"], []),
]
MARKS = [[(0, 3, "PER"), (9, 13, "LOC")], [(0, 3, "LOC")], [], []]
Corpus = Callable[..., Path]
all_tools = pytest.mark.parametrize("tool", TOOLS)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return lambda rows, **more: save_corpus(tmp_path / "mine", rows, **more)


def exported(corpus: Corpus, tool: str, tmp_path: Path, **more: Any) -> tuple[Suggestions, list[dict[str, Any]]]:
    found = read_suggestions(load_card(corpus(ROWS, **more)), "train")
    write_export(found, TOOLS[tool], tmp_path / "out.json")
    return found, tool_exports.imported(tool, tmp_path / "out.json")


def back(
    tool: str,
    found: Suggestions,
    records: list[dict[str, Any]],
    tmp_path: Path,
    annotator: str | None = None,
    **keys: Any,
) -> Imported:
    path = tool_exports.write(tool, tmp_path / "in.json", records)
    return read_export(path, TOOLS[tool], found, annotator, keys=keys)


@all_tools
def test_who_when_and_what_became_of_the_suggestions(corpus: Corpus, tmp_path: Path, tool: str) -> None:
    found, records = exported(corpus, tool, tmp_path)
    done = [
        tool_exports.finished(tool, record, marks, number=at + 1)
        for at, (record, marks) in enumerate(zip(records, MARKS))
    ]
    imported = back(tool, found, done, tmp_path)
    reviews = [one.review for one in imported.sentences]
    assert [review.verdict for review in reviews] == ["accepted", "rejected", "rejected", "accepted"]
    assert [(review.kept, review.added, review.removed) for review in reviews] == [
        (2, 0, 0),
        (0, 1, 1),
        (0, 0, 1),
        (0, 0, 0),
    ]
    assert {review.annotator for review in reviews} == {"ada"}
    dates = {"label-studio": tool_exports.DATE, "prodigy": "2026-03-04T05:06:07+00:00"}
    assert {review.date for review in reviews} == {dates.get(tool)}
    assert imported.sentences[2].sentence.spans == (), "an empty annotation says that there is no entity"


@all_tools
@pytest.mark.parametrize("state", ["skipped", "untouched"])
def test_what_was_skipped_or_never_annotated_is_left_out_and_named(
    corpus: Corpus, tmp_path: Path, tool: str, state: str
) -> None:
    found, records = exported(corpus, tool, tmp_path)
    done = [
        tool_exports.finished(tool, record, [], state="done" if at else state, number=at + 1)
        for at, record in enumerate(records[:3])
    ]
    imported = back(tool, found, done, tmp_path)
    assert [one.review.verdict for one in imported.sentences] == ["left out", "rejected", "rejected", "left out"]
    assert imported.sentences[3].review.why == "not in the export"
    assert imported.sentences[0].review.why
    assert imported.left_out.total() == 2


@all_tools
def test_an_export_that_nobody_annotated_is_an_error_with_a_remedy(corpus: Corpus, tmp_path: Path, tool: str) -> None:
    found, records = exported(corpus, tool, tmp_path)
    done = [
        tool_exports.finished(tool, record, [], state="untouched", number=at + 1) for at, record in enumerate(records)
    ]
    with pytest.raises(LmnError, match=r"in\.json: no record is annotated: ") as caught:
        back(tool, found, done, tmp_path)
    assert caught.value.remedy == TOOLS[tool].unannotated


@all_tools
def test_a_sentence_with_two_annotators_is_an_error_until_one_is_chosen(
    corpus: Corpus, tmp_path: Path, tool: str
) -> None:
    found, records = exported(corpus, tool, tmp_path)
    ada, bob = (
        tool_exports.finished(tool, records[0], marks, who=who) for marks, who in ((MARKS[0], "ada"), ([], "bob"))
    )
    if tool == "label-studio":
        done = [ada | {"annotations": ada["annotations"] + bob["annotations"]}]
    elif tool == "argilla":
        done = [ada | {"responses": {"entities": ada["responses"]["entities"] + bob["responses"]["entities"]}}]
    else:
        done = [ada, bob]
    with pytest.raises(LmnError, match=r"in\.json:\d+: annotated more than once: .*; --annotator NAME says whose"):
        back(tool, found, done, tmp_path)
    if tool != "doccano":  # whose file may hold a document once
        for who, count in (("ada", 2), ("bob", 0)):
            chosen = back(tool, found, done, tmp_path, who).sentences[0]
            assert (chosen.review.annotator, len(chosen.sentence.spans)) == (who, count)
        with pytest.raises(LmnError, match=r"no record is annotated: annotated by|no record is annotated: (by|its)"):
            back(tool, found, done, tmp_path, "eve")


@all_tools
def test_a_text_that_the_tool_changed_is_an_error_with_the_place(corpus: Corpus, tmp_path: Path, tool: str) -> None:
    found, records = exported(corpus, tool, tmp_path)
    holder = {"label-studio": lambda row: row["data"], "argilla": lambda row: row["fields"]}.get(tool, lambda row: row)(
        records[1]
    )
    assert holder["text"] == "Bob stayed"
    holder["text"] = "Bob strayed"
    if tool == "prodigy":
        records[1]["tokens"] = []
    done = [tool_exports.finished(tool, record, [], number=at + 1) for at, record in enumerate(records)]
    with pytest.raises(
        LmnError, match=r"in\.json:\d+: the text of mine/train/1 was changed: 'Bob strayed' is not 'Bob stayed'"
    ):
        back(tool, found, done, tmp_path)


@all_tools
def test_white_space_that_a_tool_takes_away_changes_nothing(corpus: Corpus, tmp_path: Path, tool: str) -> None:
    found, records = exported(corpus, tool, tmp_path)
    done = tool_exports.finished(tool, records[1], [(0, 3, "LOC")])
    holder = {"label-studio": lambda row: row["data"], "argilla": lambda row: row["fields"]}.get(tool, lambda row: row)(
        done
    )
    holder["text"] = "Bob stayed  "
    assert [span.label for span in back(tool, found, [done], tmp_path).sentences[1].sentence.spans] == ["LOC"]


@all_tools
def test_labels_that_the_card_lacks_are_named_with_their_counts(corpus: Corpus, tmp_path: Path, tool: str) -> None:
    found, records = exported(corpus, tool, tmp_path)
    marks = [[(0, 3, "ORG")], [(0, 3, "ORG")], [(0, 6, "ANIM")], []]
    done = [
        tool_exports.finished(tool, record, one, number=at + 1) for at, (record, one) in enumerate(zip(records, marks))
    ]
    with pytest.raises(
        LmnError, match=r"labels that the card does not list, with their entities: 'ORG' \(2\), 'ANIM' \(1\); add"
    ):
        back(tool, found, done, tmp_path)
    card = found.card.path
    card.write_text(card.read_text().replace("labels: [", "labels: [{name: ORG}, {name: ANIM}, "))
    more = read_suggestions(load_card(card), "train")
    assert sum(len(one.sentence.spans) for one in back(tool, more, done, tmp_path).sentences) == 3, "the remedy works"


@all_tools
def test_a_span_that_cuts_a_token_is_widened_and_counted_or_refused(corpus: Corpus, tmp_path: Path, tool: str) -> None:
    found, records = exported(corpus, tool, tmp_path)
    done = [tool_exports.finished(tool, records[1], [(1, 3, "PER")])]
    imported = back(tool, found, done, tmp_path)
    assert [(span.start, span.end) for span in imported.sentences[1].sentence.spans] == [(0, 1)]
    assert imported.log.counts["cut-span"] == 1
    with pytest.raises(LmnError, match="begins or ends inside a token of 'Bob'"):
        back(tool, found, done, tmp_path, cut="error")


@all_tools
def test_a_record_of_no_sentence_is_an_error(corpus: Corpus, tmp_path: Path, tool: str) -> None:
    found, records = exported(corpus, tool, tmp_path)
    done = tool_exports.finished(tool, records[0], [])
    holder = {"label-studio": "data", "prodigy": "meta"}.get(tool)
    ids, key = (done[holder] if holder else done), ("id" if tool == "argilla" else "lmn_id")
    ids[key] = "other/train/0"
    with pytest.raises(LmnError, match=r"its sentence 'other/train/0' is not in the corpus; --from and --split name"):
        back(tool, found, [done], tmp_path)
    del ids[key]
    with pytest.raises(
        LmnError, match="no lmn_id, by which a record finds its sentence; label the records that lmn-annotate"
    ):
        back(tool, found, [done], tmp_path)


def damaged(value: Any) -> Iterator[Any]:
    """Yield a JSON value with another type at each place in it."""
    for other in (3, "x", None, True, [], [3], {}, {"id": []}):
        if other != value:
            yield other
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    for key in keys:
        for inner in damaged(value[key]):
            copy = value.copy()
            copy[key] = inner
            yield copy


@all_tools
def test_a_damaged_record_is_an_error_with_its_line_or_read(corpus: Corpus, tmp_path: Path, tool: str) -> None:
    found, records = exported(corpus, tool, tmp_path)
    done = tool_exports.finished(tool, records[0], [(0, 3, "PER")])
    done.pop("predictions", None)
    done.pop("suggestions", None)
    said = []
    for record in damaged(done):
        try:
            back(tool, found, [record], tmp_path)
        except LmnError as error:
            said.append(str(error))
    assert said
    assert [message for message in said if "in.json" not in message] == []
