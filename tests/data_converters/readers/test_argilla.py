"""The reader of Argilla's records: version 2 as written by to_json and on the Hub, and token classification of version 1."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from reading import read, seen

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters.problems import ProblemLog

ARGILLA = {"type": "argilla", "language": "spaces"}
TEXT = "Ann left Rome"
FOUND = [(TEXT, [(0, 1, "PER"), (2, 3, "LOC")])]
SPANS = [{"start": 0, "end": 3, "label": "PER"}, {"start": 9, "end": 13, "label": "LOC"}]
COLUMNS = {"start": [0, 9], "end": [3, 13], "label": ["PER", "LOC"]}


def record(*responses: Any, **more: Any) -> dict[str, Any]:
    suggestions = {"ner": {"value": [{"start": 4, "end": 8, "label": "ORG"}], "score": 0.5, "agent": "x"}}
    return {"id": "1", "fields": {"text": TEXT}, "suggestions": suggestions, "responses": {"ner": [*responses]}, **more}


def response(value: Any = SPANS, user: str = "u1", **more: Any) -> dict[str, Any]:
    return {"value": value, "user_id": user, **more}


def classified(**more: Any) -> dict[str, Any]:
    first = {"text": TEXT, "tokens": TEXT.split(), "prediction": [["ORG", 4, 8, 0.5]], "status": "Validated"}
    return {**first, "annotation": [["PER", 0, 3], ["LOC", 9, 13]], **more}


@pytest.mark.parametrize(
    "value",
    [
        record(response()),
        record(response(status="submitted")),
        record(response(), clear=1, fields={"letter": TEXT}),
        {**record(), "responses": {"ner": [response()], "clear": [{"value": "yes", "user_id": "u1"}], "stars": [{"value": 3, "user_id": "u1"}]}},
        {**record(), "responses": [{"user_id": "u1", "status": "submitted", "values": {"ner": {"value": SPANS}, "clear": {"value": "yes"}}}]},
        {"text": TEXT, "ner.responses": [SPANS], "ner.responses.users": ["u1"], "ner.responses.status": ["submitted"], "ner.suggestion": []},
        {"text": TEXT, "ner.responses": [COLUMNS], "ner.responses.users": ["u1"], "ner.responses.status": None},
        {"text": TEXT, "ner": [response(status="submitted")], "ner-suggestion": [SPANS[0]], "metadata": "{}", "external_id": None},
        {"text": TEXT, "ner": {"value": [SPANS], "user_id": ["u1"], "status": ["submitted"]}},
        classified(),
        classified(text=None),
        classified(annotation=SPANS),
        classified(status="Default"),
        {key: value for key, value in classified().items() if key not in ("status", "prediction", "tokens")},
    ],
    ids=["json", "status", "one-field", "questions", "users", "hub", "hub-columns", "hub-1", "hub-1-columns", "1", "1-tokens", "1-hub", "1-default", "1-short"],
)  # fmt: skip
def test_records_of_every_form(tmp_path: Path, value: dict[str, Any]) -> None:
    log = ProblemLog()
    assert seen(read(tmp_path, json.dumps([value]), ARGILLA, log=log)) == FOUND
    assert log.counts == {}


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (record(), "no response"),
        ({**record(), "responses": {}}, "no response"),
        (record(response(status="discarded")), "its responses are discarded"),
        (record(response(status="draft"), response(status="discarded")), "its responses are discarded, draft"),
        ({"text": TEXT, "ner.responses": None, "ner.responses.users": None, "ner.suggestion": SPANS}, "no response"),
        (classified(annotation=None, status="Default"), "its status is Default"),
        (classified(status="Discarded"), "its status is Discarded"),
        (classified(status="Edited"), "its status is Edited"),
    ],
)
def test_records_that_are_no_negatives(tmp_path: Path, value: dict[str, Any], why: str) -> None:
    log = ProblemLog()
    negative = record(response([]), fields={"text": "b"})
    found = read(tmp_path, json.dumps([value, negative]), ARGILLA, log=log)
    assert ([(s.id, s.text) for s in found], log.counts) == ([("c/s/1", "b")], {"not-annotated": 1})
    assert log.kept[0].message == why
    with pytest.raises(LmnError, match=f"file: no record is annotated: {why}"):
        read(tmp_path, json.dumps([value]), ARGILLA)


@pytest.mark.parametrize("value", [record(response([])), classified(annotation=[]), classified(annotation=None)])
def test_an_empty_annotation_is_a_negative(tmp_path: Path, value: dict[str, Any]) -> None:
    assert seen(read(tmp_path, json.dumps([value]), ARGILLA)) == [(TEXT, [])]


def test_the_first_submitted_response_is_read_or_that_of_the_user_on_the_card(tmp_path: Path) -> None:
    content = json.dumps([record(response([], "u0", status="draft"), response(), response([SPANS[0]], "u2"))])
    log = ProblemLog()
    assert seen(read(tmp_path, content, ARGILLA, log=log)) == FOUND
    assert log.counts == {"several-annotations": 1}
    assert seen(read(tmp_path, content, {**ARGILLA, "annotator": "u2"}))[0][1] == [(0, 1, "PER")]
    with pytest.raises(LmnError, match="no record is annotated: annotated by u1, u2, not by u3"):
        read(tmp_path, content, {**ARGILLA, "annotator": "u3"})


def test_a_card_can_name_the_question_and_the_field(tmp_path: Path) -> None:
    value = {
        "fields": {"title": "A title", "body": TEXT},
        "responses": {"ner": [response()], "pos": [response([SPANS[0]])]},
    }
    with pytest.raises(
        LmnError, match=r"the questions about spans are ner, pos; the card's reader\.question names one"
    ):
        read(tmp_path, json.dumps([value]), {**ARGILLA, "text": "body"})
    with pytest.raises(
        LmnError, match=r"no 'text' in the record; it has title, body; the card's reader\.text names the key"
    ):
        read(tmp_path, json.dumps([value]), {**ARGILLA, "question": "ner"})
    assert seen(read(tmp_path, json.dumps([value]), {**ARGILLA, "text": "body", "question": "ner"})) == FOUND
    with pytest.raises(LmnError, match="no record is annotated: no response to other"):
        read(tmp_path, json.dumps([value]), {**ARGILLA, "text": "body", "question": "other"})


def test_a_record_s_own_tokens(tmp_path: Path) -> None:
    value = classified(text="in-Rome", tokens=["in-", "Rome"], annotation=[["LOC", 3, 7]])
    assert seen(read(tmp_path, json.dumps([value]), ARGILLA)) == [("in- Rome", [(1, 2, "LOC")])]
    other = classified(text="in-Rome", tokens=["in", "Rome"], annotation=[["LOC", 3, 7]])
    with pytest.raises(
        LmnError, match="file:1: its tokens are not those of its text; `tokens: tokenizer` in the card's reader"
    ):
        read(tmp_path, json.dumps([other]), ARGILLA)
    words = read(tmp_path, json.dumps([other]), {**ARGILLA, "tokens": "tokenizer", "language": "spaces"})
    assert seen(words) == [("in-Rome", [(0, 1, "LOC")])]


@pytest.mark.parametrize(
    "value", [1, "a", [], {}, {"text": 3}, record(response("PER"), fields={}), classified(text=None, tokens=None)]
)
def test_what_is_no_record(tmp_path: Path, value: Any) -> None:
    with pytest.raises(LmnError, match="file:1: "):
        read(tmp_path, f"{json.dumps(value)}\n{json.dumps(record(response([])))}", ARGILLA)
