"""Reader of Prodigy's records, as `prodigy db-out` writes them: JSON Lines with a text, its tokens, spans and an answer.

Only accepted records are read. Rejected and ignored ones say nothing about the entities of their text, and neither does the answer to a
question about one span (`_is_binary`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ...tagging.splitting import Offsets
from ..problems import ProblemLog
from .annotators import Annotation, chosen, names_of, not_annotated
from .common import CorpusRules
from .span_values import whole
from .texts import (
    AnnotatedText,
    Fault,
    MarkedSpan,
    TextRecordOptions,
    TextRecordReader,
    malformed,
    mapping_of,
    spans_of,
    text_at,
)

_TOKENIZER = "`tokens: tokenizer` in the card's reader takes the tokenizer's tokens instead"
_SPAN_VIEWS = (None, "ner", "ner_manual", "spans", "spans_manual", "relations", "review", "blocks")
"""Interfaces in which spans are marked; without any, a record has perhaps no key for them."""
_SPAN = "a span of Prodigy has start, end and label, or token_start, token_end and label"


@dataclass(frozen=True, slots=True)
class ProdigyOptions(TextRecordOptions):
    """Layout of a file of Prodigy's.

    Attributes:
        text: Key of the text.
        tokens: Whether the record's own tokens are read where it has some, or those of the tokenizer.
        binary: Whether accepted answers to questions about one span are left out, or read as if all entities were marked.
        annotator: Session or annotator whose answers are read; None for the first to answer about a text.
    """

    text: str = "text"
    tokens: Literal["own", "tokenizer"] = "own"
    binary: Literal["drop", "read"] = "drop"
    annotator: str | int | None = None

    def reader(self, folder: Path, value: str, rules: CorpusRules, log: ProblemLog) -> ProdigyReader:
        """Return the reader of a file."""
        return ProdigyReader(folder / value, self, rules, log)


class ProdigyReader(TextRecordReader):
    """Reads the sentences of one file.

    Args:
        path: The file; errors quote it as given.
        options: Layout of the file.
        rules: Rules of the corpus.
        log: Log that takes the problems.
    """

    def __init__(self, path: Path, options: ProdigyOptions, rules: CorpusRules, log: ProblemLog) -> None:
        super().__init__(path, options, rules, log, self._text_of)
        self._layout = options
        self._wanted = None if options.annotator is None else str(options.annotator)
        self._first_annotators: dict[Any, tuple[str, ...]] = {}

    def _text_of(self, record: Any) -> AnnotatedText | Fault:
        record = mapping_of(record)
        text = text_at(record, self._layout.text) if isinstance(record, dict) else record
        if isinstance(text, Fault):
            return text
        refusal = self._refusal(record) or self._repeated(record)
        if refusal:
            return refusal
        tokens: list[Offsets] | None = None
        faults: list[Fault] = []
        if self._layout.tokens == "own" and record.get("tokens"):
            tokens, faults = _tokens(record["tokens"], text)
        spans, more = _spans(record.get("spans") or [], record.get("tokens"))
        if record.get("spans") and not spans and not faults and all(not fault.fatal for fault in more):
            return not_annotated("all of its spans are refused, and nothing says that it has no entities")
        return AnnotatedText(text, spans, tokens, [*faults, *more])

    def _refusal(self, record: dict[str, Any]) -> Fault | None:
        """Return why a record is no example, whatever its spans; None if it is one."""
        answer = record.get("answer")
        if answer is None:
            return Fault(
                "not-annotated", "it has no answer", "`type: spans` reads records without answers", fatal=False
            )
        if answer != "accept":
            return not_annotated(f"its answer is {answer}")
        view = record.get("_view_id")
        if record.get("_is_binary", view == "ner") and self._layout.binary == "drop":
            what = "its answer is about one span, not all entities; `binary: read` in the card's reader reads it all the same"
            return not_annotated(what)
        if "spans" not in record and view not in _SPAN_VIEWS:
            return not_annotated(f"its answer in the interface {view!r:.200} is not about spans")
        return None

    def _repeated(self, record: dict[str, Any]) -> Fault | None:
        """Return the fault of an answer by another annotator than the wanted one, or the first to answer about this text."""
        names = names_of(record.get("_annotator_id")) + names_of(record.get("_session_id"))
        if self._wanted is not None:
            choice = chosen([Annotation(names, None)], self._wanted)
            return choice if isinstance(choice, Fault) else None
        key = record.get("_input_hash")
        if key is None or not names or not isinstance(key, (int, str)):
            return None
        first = self._first_annotators.setdefault(key, names)
        if first == names:
            return None
        message = f"by {' / '.join(names)}: the answer of {' / '.join(first)} about the same text is read"
        return Fault("several-annotations", f"{message}; the card's reader.annotator names another", fatal=False)


def _tokens(values: Any, text: str) -> tuple[list[Offsets] | None, list[Fault]]:
    """Read a record's own tokens. If they are not those of its text, the tokenizer's count, and a fault says so."""
    offsets: list[Offsets] = []
    end = 0
    for value in values if isinstance(values, list) else [values]:
        if not isinstance(value, dict) or type(value.get("start")) is not int or type(value.get("end")) is not int:
            return None, [malformed(f"a token has start, end and text, not {value!r:.200}", _TOKENIZER)]
        lost, start = text[end : value["start"]].strip(), value["start"]
        words = value.get("text", text[start : value["end"]])
        if start < end or lost or value["end"] <= start or words != text[start : value["end"]]:
            what = f"the token {words!r:.200} from {start} to {value['end']} does not follow the text at {end}"
            return None, [malformed(what, _TOKENIZER)]
        end = value["end"]
        offsets.append((start, end))
    if text[end:].strip():
        return None, [malformed(f"no token holds {text[end:].strip()!r:.200}", _TOKENIZER)]
    return offsets, []


def _spans(values: Any, tokens: Any) -> tuple[list[MarkedSpan], list[Fault]]:
    """Read spans, by characters or by the positions of tokens, whose end is inclusive. Refused ones are left out."""
    if not isinstance(values, list):
        return spans_of(values, _SPAN)
    kept: list[Any] = []
    faults: list[Fault] = []
    for value in values:
        answer = value.get("answer", "accept") if isinstance(value, dict) else "accept"
        if answer == "accept":
            kept.append(_by_characters(value, tokens))
        else:
            words = value.get("text") or f"from {value.get('start')} to {value.get('end')}"
            message = f"the answer about the {value.get('label')} {words!r:.200} is {answer}"
            faults.append(Fault("passed-region", message, fatal=False))
    spans, more = spans_of(kept, _SPAN)
    return spans, [*faults, *more]


def _by_characters(value: Any, tokens: Any) -> Any:
    """Return a span that has only positions of tokens with offsets of characters; others as they are."""
    if not isinstance(value, dict) or "start" in value or not isinstance(tokens, list):
        return value
    first, last = whole(value.get("token_start")), whole(value.get("token_end"))
    if first is None or last is None or not 0 <= first <= last < len(tokens):
        return value
    start, end = (
        tokens[at].get(key) if isinstance(tokens[at], dict) else None for at, key in ((first, "start"), (last, "end"))
    )
    return {**value, "start": start, "end": end}
