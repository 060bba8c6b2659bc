"""Prodigy: JSON Lines with tokens and spans. Its offsets count code points, as spaCy does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ...data_converters.readers.offsets import Unit
from ...data_converters.readers.prodigy import ProdigyOptions
from ...labels import LabelSet
from .suggestions import ID_KEY, Marked, Suggested
from .tools import Companion, Correction, smallest, text_in


class Prodigy:
    """Prodigy, by the records that its recipes read and `prodigy db-out` writes."""

    name = "prodigy"
    unit: Unit = "code-points"
    is_list = False
    hint = "prodigy ner.manual DATASET blank:xx {file} --label {labels} (spans.manual where entities nest), then prodigy db-out DATASET"
    unannotated = "accept answers in Prodigy, and export again"

    def takes(self, marked: Marked) -> bool:
        """Return True: every entity has a place."""
        return True

    def record(self, one: Suggested, marked: Sequence[Marked]) -> dict[str, Any]:
        """Return a record; `token_end` is inclusive there."""
        tokens = [
            {
                "text": one.text[start:end],
                "start": start,
                "end": end,
                "id": number,
                "ws": one.text[end : end + 1].isspace(),
            }
            for number, (start, end) in enumerate(one.offsets)
        ]
        spans = []
        for entity in marked:
            span = {"start": entity.start, "end": entity.end, "token_start": entity.first, "token_end": entity.last}
            spans.append(span | {"label": entity.span.label, "text": entity.words})
        meta: dict[str, Any] = {ID_KEY: one.sentence.id, "source": one.agent}
        score = smallest(marked)
        meta |= {} if score is None else {"score": score}
        return {"text": one.text, "tokens": tokens, "spans": spans, "meta": meta}

    def companion(self, labels: LabelSet, *, nested: bool) -> Companion | None:
        """Return None: its recipes are told the labels."""
        return None

    def options(self, annotator: str | None, *, reviewed: bool, keys: dict[str, Any]) -> ProdigyOptions:
        """Return the options of the reader."""
        return ProdigyOptions(**{"offsets": self.unit, **keys}, annotator=annotator)

    def correction(self, record: Any, annotator: str | None) -> Correction:
        """Return whose session answered, and when."""
        if not isinstance(record, dict):
            return Correction(None)
        meta, stamp = record.get("meta"), record.get("_timestamp")
        found = text_in(meta.get(ID_KEY)) if isinstance(meta, dict) else None
        who = text_in(record.get("_annotator_id")) or text_in(record.get("_session_id"))
        return Correction(found, who, _date_of(stamp))


def _date_of(stamp: Any) -> str | None:
    """Return the time of a number of seconds since 1970, in UTC; None for anything else."""
    if not isinstance(stamp, (int, float)) or isinstance(stamp, bool) or not 0 <= stamp < 2**33:
        return None
    return datetime.fromtimestamp(stamp, UTC).isoformat(timespec="seconds")
