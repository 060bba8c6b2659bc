"""Argilla 2: records with suggestions, and the settings of their data set. Its offsets count UTF-16 units, as browsers do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ...data_converters.readers.annotators import names_of
from ...data_converters.readers.argilla import ArgillaOptions
from ...data_converters.readers.offsets import Unit
from ...labels import LabelSet
from .suggestions import Marked, Suggested
from .tools import Companion, Correction, text_in

_FIELD, _QUESTION = "text", "entities"


class Argilla:
    """Argilla 2, by the JSON that `dataset.records.to_json` and `from_json` write and read."""

    name = "argilla"
    unit: Unit = "utf-16"
    is_list = True
    hint = (
        'make a data set with rg.Settings.from_json("{companion}"), add dataset.records.from_json("{file}"), '
        'and export dataset.records(with_responses=True).to_json("corrected.json")'
    )
    unannotated = "submit responses in Argilla, and export again"

    def takes(self, marked: Marked) -> bool:
        """Return whether the server takes a span: it refuses ends beyond the text, which it counts in code points."""
        return marked.counted(self.unit)[1] <= len(marked.text)

    def record(self, one: Suggested, marked: Sequence[Marked]) -> dict[str, Any]:
        """Return a record whose suggestion answers the question about spans."""
        value = []
        for entity in marked:
            start, end = entity.counted(self.unit)
            value.append({"label": entity.span.label, "start": start, "end": end})
        sure = [entity.confidence for entity in marked]
        suggestion: dict[str, Any] = {"value": value, "agent": one.agent}
        suggestion |= {"score": sure} if sure and None not in sure else {}
        return {"id": one.sentence.id, "fields": {_FIELD: one.text}, "suggestions": {_QUESTION: suggestion}}

    def companion(self, labels: LabelSet, *, nested: bool) -> Companion:
        """Return the settings of a data set with one text and one question about spans."""
        options = [
            {"value": label.name, "text": label.name, "description": label.definition or None} for label in labels
        ]
        of_question = {
            "type": "span", "field": _FIELD, "options": options, "allow_overlapping": nested,
            "visible_options": max(3, len(options)) if len(options) > 2 else None,
        }  # fmt: skip
        question = {"name": _QUESTION, "title": _QUESTION, "required": True, "settings": of_question}
        settings = {"type": "text", "use_markdown": False}
        field = {"name": _FIELD, "title": _FIELD, "required": True, "settings": settings}
        value = {
            "guidelines": None, "questions": [question], "fields": [field], "vectors": [], "metadata": [],
            "allow_extra_metadata": True, "distribution": {"strategy": "overlap", "min_submitted": 1}, "mapping": None,
        }  # fmt: skip
        return Companion(".settings.json", json.dumps(value, ensure_ascii=False, indent=2) + "\n")

    def options(self, annotator: str | None, *, reviewed: bool, keys: dict[str, Any]) -> ArgillaOptions:
        """Return the options of the reader."""
        keys = {"text": _FIELD, "question": _QUESTION, "offsets": self.unit, **keys}
        return ArgillaOptions(**keys, annotator=annotator)

    def correction(self, record: Any, annotator: str | None) -> Correction:
        """Return who submitted a response; Argilla's export does not say when."""
        if not isinstance(record, dict):
            return Correction(None)
        found = text_in(record.get("id")) or text_in(record.get("external_id"))
        responses = record.get("responses")
        rows = responses.get(_QUESTION) if isinstance(responses, dict) else None
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict) and row.get("status") in ("submitted", None):
                names = names_of(row.get("user_id"))
                if annotator is None or annotator in names:
                    return Correction(found, names[-1] if names else None)
        return Correction(found)
