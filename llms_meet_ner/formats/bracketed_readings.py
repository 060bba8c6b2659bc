"""Every way to read a bracketed text whose tokens look like marks themselves, such as `|` and `PER]`.

The search walks over positions. A position is a point in the text right after a token, or after some of the brackets that close there.
At each position there are two possible steps: close the innermost open entity, or read the next token.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ..sentence import Span, outer_first

_MAX_POSITIONS = 200_000
_MAX_STEPS = 200_000


class TooManyReadingsError(Exception):
    """The search gave up: it would take too many steps."""


class _Position(NamedTuple):
    """A point in the text.

    Attributes:
        token: Index of the last token that was read.
        at: Offset in the text.
        depth: Number of entities that are open.
    """

    token: int
    at: int
    depth: int


class _Step(NamedTuple):
    """A step to another position. It closes the innermost entity, or opens entities and reads a token.

    Attributes:
        to: Position after the step.
        label: Label of the closed entity; empty if the step reads a token.
        opening: Number of entities that open before the token.
    """

    to: _Position
    label: str = ""
    opening: int = 0


class _Closed(NamedTuple):
    """The entities that are closed so far; readings share their beginnings.

    Attributes:
        span: Span that closed last.
        before: Those that closed before it.
        is_written_so: Whether the format writes equal spans in the order in which these close: by falling label.
    """

    span: Span
    before: _Closed | None
    is_written_so: bool


class Reading(NamedTuple):
    """One way to read a text.

    Attributes:
        closed: Its entities.
        renders_again: Whether the format writes the same text for it. It does not if equal spans close in another order.
    """

    closed: _Closed | None
    renders_again: bool

    def spans(self) -> tuple[Span, ...]:
        """Return the spans in the order of `outer_first`."""
        found: list[Span] = []
        closed = self.closed
        while closed is not None:
            found.append(closed.span)
            closed = closed.before
        return tuple(sorted(found, key=outer_first))


def readings(
    text: str, tokens: tuple[str, ...], closer: re.Pattern[str], most_open: int, max_open: int = 64
) -> Iterator[Reading]:
    """Yield every reading of the text; those that close entities early come first.

    How many brackets open before a token follows from the token. The only choice is whether a ` | LABEL]` after a token is a
    mark or the next tokens. Choices that lead nowhere are found in advance and never tried.

    Args:
        text: Text in one line.
        tokens: Tokens that must remain of it without marks.
        closer: Pattern of a closing mark, ` | LABEL]`; its first group is the label.
        most_open: Number of entities that may be open at once: 1 in a flat format.
        max_open: Limit on `most_open`, as a protection against hostile text.

    Yields:
        Readings. One with two equal spans under one label is left out.

    Raises:
        TooManyReadingsError: The text consists mostly of marks, and the search would take too many steps.
    """
    most_open = min(most_open, max_open)
    first = _read_token(text, tokens, 0, 0, 0, most_open)
    if first is None:
        return
    steps = _live_steps(text, tokens, closer, most_open, first.to)
    pending: list[tuple[_Position, tuple[int, ...], _Closed | None]] = []
    if first.to in steps:
        pending.append((first.to, (0,) * first.opening, None))
    taken = 0
    while pending:
        position, open_starts, closed = pending.pop()
        taken += 1
        if taken > _MAX_STEPS:
            raise TooManyReadingsError
        if _is_final(position, text, tokens):
            yield Reading(closed, closed is None or closed.is_written_so)
        for step in reversed(steps[position]):
            if step.label:
                span = Span(open_starts[-1], position.token + 1, step.label)
                if not _closed_here(span, closed):
                    pending.append((step.to, open_starts[:-1], _close(span, closed)))
            else:
                pending.append((step.to, open_starts + (step.to.token,) * step.opening, closed))


def _close(span: Span, before: _Closed | None) -> _Closed:
    """Add the span that closes next."""
    if before is None:
        return _Closed(span, None, True)
    last = before.span
    is_in_order = (last.start, last.end) != (span.start, span.end) or span.label < last.label
    return _Closed(span, before, before.is_written_so and is_in_order)


def _closed_here(span: Span, closed: _Closed | None) -> bool:
    """Return whether a span is closed already; only the last ones have its end."""
    while closed is not None and closed.span.end == span.end:
        if closed.span == span:
            return True
        closed = closed.before
    return False


def _is_final(position: _Position, text: str, tokens: tuple[str, ...]) -> bool:
    return position.token + 1 == len(tokens) and position.at == len(text) and position.depth == 0


def _read_token(text: str, tokens: tuple[str, ...], index: int, at: int, depth: int, most_open: int) -> _Step | None:
    """Return the step that opens what must open before a token and reads it; None if the text has something else there."""
    token = tokens[index]
    literal = len(token) - len(token.lstrip("["))
    run = at
    while text.startswith("[", run):
        run += 1
    opening = run - at - literal
    if opening < 0 or depth + opening > most_open or not text.startswith(token, at + opening):
        return None
    return _Step(_Position(index, at + opening + len(token), depth + opening), opening=opening)


def _live_steps(
    text: str, tokens: tuple[str, ...], closer: re.Pattern[str], most_open: int, start: _Position
) -> dict[_Position, list[_Step]]:
    """Return the steps that lead to the end of the text, by position; closing steps come first. Other positions are left out."""
    steps: dict[_Position, list[_Step]] = {}
    sources: dict[_Position, list[_Position]] = {}
    pending = [start]
    live: list[_Position] = []
    while pending:
        position = pending.pop()
        if position in steps:
            continue
        if len(steps) == _MAX_POSITIONS:
            raise TooManyReadingsError
        steps[position] = _steps_from(position, text, tokens, closer, most_open)
        for step in steps[position]:
            sources.setdefault(step.to, []).append(position)
            pending.append(step.to)
        if _is_final(position, text, tokens):
            live.append(position)
    alive = set(live)
    while live:
        for source in sources.get(live.pop(), ()):
            if source not in alive:
                alive.add(source)
                live.append(source)
    return {position: [step for step in steps[position] if step.to in alive] for position in alive}


def _steps_from(
    position: _Position, text: str, tokens: tuple[str, ...], closer: re.Pattern[str], most_open: int
) -> list[_Step]:
    found: list[_Step] = []
    closing = closer.match(text, position.at) if position.depth else None
    if closing:
        found.append(_Step(_Position(position.token, closing.end(), position.depth - 1), label=closing[1]))
    if position.token + 1 < len(tokens) and text.startswith(" ", position.at):
        step = _read_token(text, tokens, position.token + 1, position.at + 1, position.depth, most_open)
        if step:
            found.append(step)
    return found
