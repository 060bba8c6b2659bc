"""The sentences of the error browser, as JSON that a page can embed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice, repeat
from typing import Any

from markupsafe import Markup

from ...alignment import EXACT, STATUSES
from ...rendering.text import visible
from ..scored_run.analysis import KINDS, ExaminedSentence

_ESCAPES = {
    character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"
}  # none of them is a part of JSON's own syntax


def embedded(value: Any) -> str:
    """Return JSON that is never read as markup wherever a page embeds it: it closes no element and opens no comment."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character, code in _ESCAPES.items():
        text = text.replace(character, code)
    return text


def browser_data(sentences: Sequence[ExaminedSentence], labels: Sequence[str]) -> Iterator[Markup]:
    r"""Yield the parts of a JSON object that needs no escaping.

    `kinds`, `labels`, `statuses` and `reasons` are names; rows refer to them by number. Each of `rows` is an array: id, place (file
    name and line), tokens joined by `\n`, pairs, status, reasons, ungrounded entities as [text, label], and the output, 0 if it
    was read exactly. A pair is [kind, gold start, end, label, predicted start, end, label, known], with -1 for a missing
    entity, then the confidence of the predicted entity if it has one. `known` is an index into the names' `known`, which lists the
    labels of the gold entity's words in the training split, or -1. Hidden characters are codes.
    """
    known = sorted({found for row in sentences for found in row.known or ()})
    there = {span.label for row in sentences for pair in row.pairs for span in (pair.gold, pair.predicted) if span}
    there |= {label for found in known for label in found}
    order = [label for label in labels if label in there] + sorted(there - set(labels))
    reasons = sorted({reason for row in sentences for reason in row.reasons})
    numbers = {label: number for number, label in enumerate(order)}
    names = {
        "kinds": KINDS, "labels": [visible(label) for label in order], "statuses": STATUSES, "reasons": reasons,
        "known": [[numbers[label] for label in found] for found in known],
    }  # fmt: skip
    places = {found: place for place, found in enumerate(known)}
    yield Markup(embedded(names)[:-1] + ',"rows":[')
    for at, row in enumerate(sentences):
        yield Markup((",\n" if at else "\n") + embedded(_row(row, numbers, reasons, places)))
    yield Markup("\n]}")


def _row(
    row: ExaminedSentence, labels: dict[str, int], reasons: list[str], places: dict[tuple[str, ...], int]
) -> list[Any]:
    confidences = iter(row.confidences or ())
    known = repeat(-1) if row.known is None else map(places.__getitem__, row.known)
    pairs = [
        [KINDS.index(pair.kind), *(
            number
            for span in (pair.gold, pair.predicted)
            for number in ((span.start, span.end, labels[span.label]) if span else (-1, -1, -1))
        ), next(known) if pair.gold else -1, *(islice(confidences, 1) if pair.predicted else ())]
        for pair in row.pairs
    ]  # fmt: skip
    return [
        visible(row.id), visible(row.where.rpartition("/")[2]), "\n".join(map(visible, row.tokens)), pairs, STATUSES.index(row.status),
        [reasons.index(reason) for reason in row.reasons],
        [[visible(text), visible(label)] for text, label in row.ungrounded],
        0 if row.status == EXACT else visible(row.output),
    ]  # fmt: skip
