"""Argilla: records with suggestions, the settings of their data set, and spans that its server refuses."""

from __future__ import annotations

import json

from llms_meet_ner import LabelSet
from llms_meet_ner.annotation.exchange.argilla import Argilla
from llms_meet_ner.annotation.exchange.suggestions import Suggested
from llms_meet_ner.sentence import Sentence, Span

TOOL = Argilla()
ONE = Suggested(
    Sentence("a/0", ("🚀", "Ada", "saw", "Bo"), (Span(1, 2, "PER"), Span(3, 4, "PER"))),
    "🚀 Ada saw Bo",
    (0.5, 0.25),
    "gpt",
)


def test_a_suggestion_has_a_score_for_each_span_and_says_who_made_it() -> None:
    first, second = ONE.marked()
    assert (TOOL.takes(first), TOOL.takes(second)) == (True, False)
    value = {"value": [{"label": "PER", "start": 3, "end": 6}], "agent": "gpt", "score": [0.5]}
    assert TOOL.record(ONE, [first]) == {
        "id": "a/0",
        "fields": {"text": "🚀 Ada saw Bo"},
        "suggestions": {"entities": value},
    }
    assert "score" not in TOOL.record(ONE, [])["suggestions"]["entities"]


def test_the_settings_ask_about_the_spans_of_the_text() -> None:
    settings = json.loads(TOOL.companion(LabelSet.of("PER", "LOC"), nested=True).text)
    (question,), (field,) = settings["questions"], settings["fields"]
    assert (field["name"], question["settings"]["field"], question["settings"]["allow_overlapping"]) == (
        "text",
        "text",
        True,
    )
    assert [option["value"] for option in question["settings"]["options"]] == ["PER", "LOC"]


def test_who_submitted_is_the_one_that_is_asked_for() -> None:
    rows = [
        {"user_id": "ada", "status": "draft"},
        {"user_id": "bob", "status": "submitted"},
        {"user_id": "eve", "status": "submitted"},
    ]
    record = {"id": "a/0", "responses": {"entities": rows}}
    assert TOOL.correction(record, None) == ("a/0", "bob", None)
    assert TOOL.correction(record, "eve") == ("a/0", "eve", None)
    assert TOOL.correction(None, None) == (None, None, None)
