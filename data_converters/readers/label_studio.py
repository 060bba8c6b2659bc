"""Reader of Label Studio's exports: JSON (tasks with annotations) and JSON-MIN (one flat record for each annotation).

Regions of text are read by their type. Choices, text areas, ratings and relations pass by, and predictions are no annotations. A task that
nobody annotated, or whose annotation was cancelled, is left out; an annotation without regions says that its text has no entities.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from ..problems import ProblemLog
from .annotators import NOBODY, Annotation, chosen, names_of, not_annotated
from .common import CorpusRules
from .records import MISSING, pick
from .texts import AnnotatedText, Fault, TextRecordOptions, TextRecordReader, malformed, spans_of, text_at

_TYPES = ("labels", "hypertextlabels")
"""Types of the regions that are spans of a text, which are also the keys of their labels."""
_OWN_KEYS = frozenset({"id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time", "agreement"})
_REMEDY = "a region of Label Studio has start, end and labels"


@dataclass(frozen=True, slots=True)
class LabelStudioOptions(TextRecordOptions):
    """Layout of an export of Label Studio.

    Attributes:
        text: Key of the text among the data of a task; None for `text`, or the only text there.
        tag: Name of the tag whose regions are read; None for all.
        annotator: Annotator (`completed_by`, or `annotator` in JSON-MIN) whose annotation is read; None for the first completed one.
    """

    text: str | None = None
    tag: str | None = None
    annotator: str | int | None = None

    def reader(self, folder: Path, value: str, rules: CorpusRules, log: ProblemLog) -> LabelStudioReader:
        """Return the reader of a file."""
        return LabelStudioReader(folder / value, self, rules, log)


class LabelStudioReader(TextRecordReader):
    """Reads the sentences of one file.

    Args:
        path: The file; errors quote it as given.
        options: Layout of the file.
        rules: Rules of the corpus.
        log: Log that takes the problems.
    """

    def __init__(self, path: Path, options: LabelStudioOptions, rules: CorpusRules, log: ProblemLog) -> None:
        super().__init__(path, options, rules, log, self._text_of)
        self._layout = options
        self._wanted = None if options.annotator is None else str(options.annotator)

    def _records(self, progress: bool) -> Iterator[tuple[int, Any]]:
        """Yield the tasks. The records that JSON-MIN has for the annotations of one task, one after the other, become one task."""
        for key, group in groupby(super()._records(progress), key=_task_of):
            if key is None:
                yield from group
            else:
                versions = list(group)
                number, first = versions[0]
                yield (
                    number,
                    {**first, "data": first, "annotations": [_annotation_of(record) for _, record in versions]},
                )

    def _text_of(self, record: Any) -> AnnotatedText | Fault:
        if isinstance(record, dict) and isinstance(record.get("task"), dict) and "result" in record:
            record = {**record["task"], "annotations": [record]}  # as Label Studio saves annotations in cloud storage
        text = self._text(record)
        if isinstance(text, Fault):
            return text
        listed = record.get("annotations", record.get("completions"))
        annotations = [value for value in listed if isinstance(value, dict)] if isinstance(listed, list) else []
        done = [value for value in annotations if not value.get("was_cancelled") and not value.get("skipped")]
        if not done:
            return not_annotated("its annotation was cancelled" if annotations else NOBODY)
        if all(isinstance(value.get("created_at"), str) for value in done):
            done.sort(key=lambda value: str(value["created_at"]))
        choice = chosen([Annotation(names_of(value.get("completed_by")), value) for value in done], self._wanted)
        if isinstance(choice, Fault):
            return choice
        annotation, faults = choice
        regions, more = self._regions(annotation.get("result"))
        spans, wrong = spans_of(regions, _REMEDY)
        return AnnotatedText(text, spans, faults=[*faults, *more, *wrong])

    def _text(self, record: Any) -> str | Fault:
        data = pick(record, "data")
        if not isinstance(data, dict):
            has = f"it has {', '.join(record)}" if isinstance(record, dict) else f"it is {type(record).__name__}"
            return malformed("no task of Label Studio", f"a task has data and annotations; {has}")
        if self._layout.text is not None:
            return text_at(data, self._layout.text.removeprefix("data."))
        texts = [key for key, value in data.items() if isinstance(value, str) and key not in _OWN_KEYS]
        if "text" not in data and len(texts) != 1:
            what = f"the texts of the task are {', '.join(texts)}" if texts else "the task has no text"
            return malformed(what, "the card's reader.text names the key of the text")
        return text_at(data, "text" if "text" in data else texts[0])

    def _regions(self, result: Any) -> tuple[list[Any], list[Fault]]:
        """Return the regions of an annotation that are spans of the text, as `spans_of` reads them."""
        found: list[Any] = []
        faults: list[Fault] = []
        for item in result if isinstance(result, list) else []:
            kind, value = pick(item, "type"), pick(item, "value")
            if self._layout.tag is not None and pick(item, "from_name") != self._layout.tag:
                continue
            if kind in _TYPES and isinstance(value, dict):
                span = _as_span(value, kind)
                if span["labels"]:
                    found.append(span)
                else:
                    faults.append(Fault("passed-region", f"the region {span['text']!r:.200} has no label", fatal=False))
            elif kind in _TYPES or (isinstance(kind, str) and kind.endswith("labels")):
                faults.append(Fault("passed-region", f"a region of the type {kind} is no span of a text", fatal=False))
        return found, faults


def _task_of(numbered: tuple[int, Any]) -> Any:
    """Return the task of a record of JSON-MIN; None for a task that is a record of its own."""
    number, record = numbered
    if not isinstance(record, dict) or "annotation_id" not in record or pick(record, "data") is not MISSING:
        return None
    task = record.get("id")
    return task if isinstance(task, (int, str)) else f"line {number}"


def _annotation_of(record: dict[str, Any]) -> dict[str, Any]:
    """Return the annotation in a record of JSON-MIN, as JSON has annotations."""
    result = [
        {"from_name": name, "type": kind, "value": region}
        for name, regions in record.items()
        if isinstance(regions, list)
        for region in regions
        for kind in _TYPES
        if isinstance(region, dict) and kind in region and "start" in region
    ]
    dates = {key: record.get(key) for key in ("created_at", "updated_at")}
    return {"result": result, "completed_by": record.get("annotator"), **dates}


def _as_span(value: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return a region with its offsets and labels where `spans_of` looks for them. Regions of hypertext have offsets in `globalOffsets`."""
    where = value.get("globalOffsets")
    offsets = where if isinstance(where, dict) else value
    return {
        "start": offsets.get("start"),
        "end": offsets.get("end"),
        "labels": value.get(kind, value.get("labels")),
        "text": value.get("text"),
    }
