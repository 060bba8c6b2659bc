"""Label Studio: tasks with predictions, and the labelling configuration beside them. Its offsets count code points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import quoteattr

from ...data_converters.readers.annotators import names_of
from ...data_converters.readers.label_studio import LabelStudioOptions
from ...data_converters.readers.offsets import Unit
from ...labels import LabelSet
from .suggestions import ID_KEY, Marked, Suggested
from .tools import Companion, Correction, smallest, text_in

_FROM, _TO = "label", "text"


class LabelStudio:
    """Label Studio, by its JSON import and its exports JSON and JSON-MIN."""

    name = "label-studio"
    unit: Unit = "code-points"
    is_list = True
    hint = "make a project with the labelling interface of {companion}, import {file}, and export JSON"
    unannotated = "submit an annotation in Label Studio, and export again"

    def takes(self, marked: Marked) -> bool:
        """Return True: every entity has a place."""
        return True

    def record(self, one: Suggested, marked: Sequence[Marked]) -> dict[str, Any]:
        """Return a task whose suggestions are a prediction."""
        result = []
        for number, entity in enumerate(marked):
            start, end = entity.counted(self.unit)
            value = {"start": start, "end": end, "text": entity.words, "labels": [entity.span.label]}
            region: dict[str, Any] = {
                "id": f"e{number}",
                "from_name": _FROM,
                "to_name": _TO,
                "type": "labels",
                "value": value,
            }
            result.append(region | ({} if entity.confidence is None else {"score": entity.confidence}))
        prediction: dict[str, Any] = {"model_version": one.agent, "result": result}
        score = smallest(marked)
        prediction |= {} if score is None else {"score": score}
        return {"data": {"text": one.text, ID_KEY: one.sentence.id}, "predictions": [prediction]}

    def companion(self, labels: LabelSet, *, nested: bool) -> Companion:
        """Return the labelling configuration."""
        rows = "".join(f"    <Label value={quoteattr(name)}/>\n" for name in labels.names)
        head = f'<View>\n  <Labels name="{_FROM}" toName="{_TO}">\n'
        return Companion(".xml", f'{head}{rows}  </Labels>\n  <Text name="{_TO}" value="$text"/>\n</View>\n')

    def options(self, annotator: str | None, *, reviewed: bool, keys: dict[str, Any]) -> LabelStudioOptions:
        """Return the options of the reader."""
        return LabelStudioOptions(**{"text": "text", "offsets": self.unit, **keys}, annotator=annotator)

    def correction(self, record: Any, annotator: str | None) -> Correction:
        """Return who completed an annotation, and when it was last changed."""
        if not isinstance(record, dict):
            return Correction(None)
        if isinstance(record.get("task"), dict) and "result" in record:
            record = {**record["task"], "annotations": [record]}
        data = record.get("data")
        found = text_in(data.get(ID_KEY)) if isinstance(data, dict) else None
        listed = record.get("annotations") or record.get("completions")
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, dict) and not one.get("was_cancelled") and not one.get("skipped"):
                names = names_of(one.get("completed_by"))
                if annotator is None or annotator in names:
                    dates = (one.get("updated_at"), one.get("created_at"), record.get("updated_at"))
                    return Correction(
                        found, names[-1] if names else None, next(filter(None, map(text_in, dates)), None)
                    )
        return Correction(found)
