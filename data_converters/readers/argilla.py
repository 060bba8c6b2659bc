"""Reader of Argilla's records: those of version 2 as `to_json` and the Hub have them, and those for token classification of version 1.

Submitted responses are read. Suggestions and predictions are no annotations, and a record that nobody annotated, or that was discarded, is
left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ...tagging.splitting import Offsets
from ..problems import ProblemLog
from .annotators import NOBODY, Annotation, chosen, names_of, not_annotated
from .common import CorpusRules
from .texts import AnnotatedText, Fault, TextRecordOptions, TextRecordReader, malformed, mapping_of, spans_of, text_at

_FLAT = ".responses"
_REMEDY = "a span of Argilla has start, end and label"
_DONE = ("submitted", None)
"""Statuses of responses that are read; exports of some versions have none."""


@dataclass(frozen=True, slots=True)
class ArgillaOptions(TextRecordOptions):
    """Layout of a file of Argilla's.

    Attributes:
        text: Name of the field with the text; None for `text`, or the only field.
        question: Name of the question about spans; None for the only one.
        tokens: Whether the record's own tokens are read where it has some (version 1), or those of the tokenizer.
        annotator: User whose response is read; None for the first submitted one.
    """

    text: str | None = None
    question: str | None = None
    tokens: Literal["own", "tokenizer"] = "own"
    annotator: str | int | None = None

    def reader(self, folder: Path, value: str, rules: CorpusRules, log: ProblemLog) -> TextRecordReader:
        """Return the reader of a file."""
        return TextRecordReader(folder / value, self, rules, log, self.text_of)

    def text_of(self, record: Any) -> AnnotatedText | Fault:
        """Read a record of either version."""
        record = mapping_of(record)
        if isinstance(record, Fault):
            return record
        if "annotation" in record or "prediction" in record:
            return self._version_1(record)
        text = self._text(record)
        response = self._response(record)
        if isinstance(text, Fault):
            return text
        if isinstance(response, Fault):
            return response
        value, faults = response
        spans, more = spans_of(_rows(value), _REMEDY)
        return AnnotatedText(text, spans, faults=[*faults, *more])

    def _response(self, record: dict[str, Any]) -> tuple[Any, list[Fault]] | Fault:
        """Return the response that is read, and a fault that reports others; or the fault that keeps the record out."""
        answers = _answers(record)
        if self.question is None:
            names = [name for name in answers if any(_is_spans(answer.get("value")) for answer in answers[name])]
        else:
            names = [self.question]
        if len(names) > 1:
            what = f"the questions about spans are {', '.join(names)}"
            return malformed(what, "the card's reader.question names one")
        given = answers.get(names[0], []) if names else []
        done = [answer for answer in given if answer.get("status") in _DONE]
        if not done:
            statuses = ", ".join(sorted({str(answer.get("status")) for answer in given}))
            question = f" to {self.question}" if self.question else ""
            return not_annotated(f"its responses{question} are {statuses}" if given else f"no response{question}")
        wanted = None if self.annotator is None else str(self.annotator)
        return chosen([Annotation(names_of(answer.get("user_id")), answer.get("value")) for answer in done], wanted)

    def _text(self, record: dict[str, Any]) -> str | Fault:
        fields = record.get("fields")
        if not isinstance(fields, dict):
            return text_at(record, self.text or "text")
        if self.text is None and "text" not in fields and len(fields) == 1:
            return text_at(fields, next(iter(fields)))
        return text_at(fields, (self.text or "text").removeprefix("fields."))

    def _version_1(self, record: dict[str, Any]) -> AnnotatedText | Fault:
        status, values = record.get("status"), record.get("annotation")
        if status in ("Discarded", "Edited") or (values is None and status != "Validated"):
            return not_annotated(f"its status is {status}" if status else NOBODY)
        tokens = record.get("tokens") if isinstance(record.get("tokens"), list) else None
        if self.text is None and tokens and not isinstance(record.get("text"), str):
            record = {**record, "text": " ".join(map(str, tokens))}
        text = text_at(record, self.text or "text")
        if isinstance(text, Fault):
            return text
        offsets = found_in(text, tokens) if tokens and self.tokens == "own" else None
        spans, faults = spans_of(_rows(values or []), _REMEDY)
        if tokens and self.tokens == "own" and offsets is None:
            remedy = "`tokens: tokenizer` in the card's reader takes the tokenizer's tokens instead"
            faults.append(malformed("its tokens are not those of its text", remedy))
        return AnnotatedText(text, spans, offsets, faults)


def _answers(record: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the responses to each question, whether they are nested, flat, or columns of the Hub."""
    nested = record.get("responses")
    if isinstance(nested, dict):
        return {name: _mappings(_rows(values)) for name, values in nested.items()}
    found: dict[str, list[dict[str, Any]]] = {}
    for response in _mappings(nested):  # one of each user, with values by question
        for name, value in response["values"].items() if isinstance(response.get("values"), dict) else ():
            found.setdefault(name, []).append({**response, **(value if isinstance(value, dict) else {"value": value})})
    for key, values in record.items():
        if key.endswith(_FLAT) and isinstance(values, list):
            users, statuses = record.get(f"{key}.users") or [], record.get(f"{key}.status") or []
            found[key.removesuffix(_FLAT)] = [
                {"value": value, "user_id": _at(users, number), "status": _at(statuses, number)}
                for number, value in enumerate(values)
            ]
        elif (rows := _mappings(_rows(values))) and all("value" in row and "user_id" in row for row in rows):
            found[key] = rows
    return found


def _rows(value: Any) -> Any:
    """Return a mapping of lists, as the datasets library writes a list of mappings, as that list; other values as they are."""
    if not isinstance(value, dict) or not value or not all(isinstance(column, list) for column in value.values()):
        return value
    length = max(map(len, value.values()))
    return [{key: _at(column, number) for key, column in value.items()} for number in range(length)]


def _mappings(values: Any) -> list[dict[str, Any]]:
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def _at(values: Any, number: int) -> Any:
    return values[number] if isinstance(values, list) and number < len(values) else None


def _is_spans(value: Any) -> bool:
    """Return whether a response is a list of spans, perhaps empty."""
    rows = _rows(value)
    return isinstance(rows, list) and all(isinstance(row, dict) and "start" in row and "end" in row for row in rows)


def found_in(text: str, tokens: list[Any]) -> list[Offsets] | None:
    """Return the offsets of tokens in their text, or None if they are not all of its text apart from white space."""
    offsets: list[Offsets] = []
    end = 0
    for token in tokens:
        if not isinstance(token, str):
            return None
        if not token.strip():
            continue
        start = text.find(token, end)
        if start < 0 or text[end:start].strip():
            return None
        end = start + len(token)
        offsets.append((start, end))
    return None if text[end:].strip() else offsets
