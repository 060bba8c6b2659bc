"""doccano: JSON Lines with labels. Its offsets count UTF-16 units, as its annotators' browsers do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...data_converters.readers.doccano import DoccanoOptions
from ...data_converters.readers.offsets import Unit
from ...labels import LabelSet
from .suggestions import ID_KEY, Marked, Suggested
from .tools import Companion, Correction, smallest, text_in


class Doccano:
    """doccano, by its import and export of JSON Lines. Suggestions are labels there, and other keys become metadata."""

    name = "doccano"
    unit: Unit = "utf-16"
    is_list = False
    hint = (
        "make a project for sequence labelling, import {file} as JSONL, and export JSONL with approved documents only"
    )
    unannotated = "approve the documents in doccano, or say with --reviewed that somebody looked at every record"

    def takes(self, marked: Marked) -> bool:
        """Return True: every entity has a place."""
        return True

    def record(self, one: Suggested, marked: Sequence[Marked]) -> dict[str, Any]:
        """Return a document with labels."""
        row: dict[str, Any] = {"text": one.text}
        row["label"] = [[*entity.counted(self.unit), entity.span.label] for entity in marked]
        row |= {ID_KEY: one.sentence.id, "suggested_by": one.agent}
        score = smallest(marked)
        return row | ({} if score is None else {"score": score})

    def companion(self, labels: LabelSet, *, nested: bool) -> Companion | None:
        """Return None: doccano takes the labels from the file."""
        return None

    def options(self, annotator: str | None, *, reviewed: bool, keys: dict[str, Any]) -> DoccanoOptions:
        """Return the options of the reader, which takes approved documents only unless all were looked at."""
        return DoccanoOptions(**{"offsets": self.unit, **keys}, approved=not reviewed)

    def correction(self, record: Any, annotator: str | None) -> Correction:
        """Return who approved a document; doccano does not say who labelled it, or when."""
        if not isinstance(record, dict):
            return Correction(None)
        inner = record.get("meta", record.get("metadata"))
        found = text_in(record.get(ID_KEY)) or (text_in(inner.get(ID_KEY)) if isinstance(inner, dict) else None)
        return Correction(found, annotator or text_in(record.get("annotation_approver")))
