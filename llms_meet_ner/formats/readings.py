"""Every way to read a marked text whose tokens look like marks themselves, such as `|` and `PER]`.

The search walks over positions. A position is a point in the text right after a token, or after some of the marks that close there.
At each position there are two possible steps: close the innermost open entity, or open some entities and read the next token.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from ..sentence import Span, outer_first

_MAX_STEPS = 200_000


class TooManyReadingsError(Exception):
    """The search gave up: it would take too many steps."""


class MarkPatterns(NamedTuple):
    """The patterns of a format's marks.

    Attributes:
        opener: Pattern of an opening mark; its first group is the label, if it has a group.
        closer: Pattern of a closing mark; its first group is the label.
    """

    opener: re.Pattern[str]
    closer: re.Pattern[str]


class _Position(NamedTuple):
    """A point in the text.

    Attributes:
        token: Index of the last token that was read; -1 before the first.
        at: Offset in the text.
        open: Labels of the open entities, the innermost last; empty where only the closing mark tells the label.
    """

    token: int
    at: int
    open: tuple[str, ...]


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
    text: str,
    tokens: tuple[str, ...],
    marks: MarkPatterns,
    most_open: int,
    join: str = " ",
    likely_ends: Collection[int] = (),
    max_open: int = 64,
    max_positions: int = 200_000,
) -> Iterator[Reading]:
    """Yield every reading of the text; those that close entities early and open them late come first.

    The choices are two: whether what looks like a closing mark after a token is one or the next tokens, and which of the opening
    marks in a row are the next tokens. Choices that lead nowhere are found in advance and never tried.

    Args:
        text: Text in one line.
        tokens: Tokens that must remain of it without marks; none is empty.
        marks: Patterns of the marks.
        most_open: Number of entities that may be open at once: 1 in a flat format.
        join: Text between two tokens; may be empty.
        likely_ends: Offsets where tokens are likely to end. They decide between opening marks and equal tokens.
        max_open: Limit on `most_open`, as a protection against hostile text.
        max_positions: Number of positions after which the search gives up.

    Yields:
        Readings. One with two equal spans under one label is left out.

    Raises:
        TooManyReadingsError: The text consists mostly of marks, and the search would take too many steps.
    """
    search = _Search(text, tokens, marks, min(most_open, max_open), join, likely_ends)
    start = _Position(-1, 0, ())
    steps = search.live_steps(start, max_positions)
    pending: list[tuple[_Position, tuple[int, ...], _Closed | None]] = [(start, (), None)] if start in steps else []
    taken = 0
    while pending:
        position, open_starts, closed = pending.pop()
        taken += 1
        if taken > _MAX_STEPS:
            raise TooManyReadingsError
        if search.is_final(position):
            yield Reading(closed, closed is None or closed.is_written_so)
        for step in reversed(steps[position]):
            if step.label:
                span = Span(open_starts[-1], position.token + 1, step.label)
                if not _closed_here(span, closed):
                    pending.append((step.to, open_starts[:-1], _close(span, closed)))
            else:
                pending.append((step.to, open_starts + (step.to.token,) * step.opening, closed))


class _Search(NamedTuple):
    """The search in one text; `readings` says what the attributes are."""

    text: str
    tokens: tuple[str, ...]
    marks: MarkPatterns
    most_open: int
    join: str
    likely_ends: Collection[int]

    def is_final(self, position: _Position) -> bool:
        """Return whether the text may end at a position."""
        return position.token + 1 == len(self.tokens) and position.at == len(self.text) and not position.open

    def live_steps(self, start: _Position, most: int) -> dict[_Position, list[_Step]]:
        """Return the steps that lead to the end of the text, by position; closing steps come first. Other positions are left out."""
        steps: dict[_Position, list[_Step]] = {}
        sources: dict[_Position, list[_Position]] = {}
        pending = [start]
        live: list[_Position] = []
        found = 0
        while pending:
            position = pending.pop()
            if position in steps:
                continue
            steps[position] = self._steps_from(position)
            found += len(steps[position])
            if len(steps) > most or found > 2 * most:
                raise TooManyReadingsError
            for step in steps[position]:
                sources.setdefault(step.to, []).append(position)
                pending.append(step.to)
            if self.is_final(position):
                live.append(position)
        alive = set(live)
        while live:
            for source in sources.get(live.pop(), ()):
                if source not in alive:
                    alive.add(source)
                    live.append(source)
        return {position: [step for step in steps[position] if step.to in alive] for position in alive}

    def _steps_from(self, position: _Position) -> list[_Step]:
        found: list[_Step] = []
        closing = self.marks.closer.match(self.text, position.at) if position.open else None
        if closing and position.open[-1] in ("", closing[1]):
            found.append(_Step(_Position(position.token, closing.end(), position.open[:-1]), label=closing[1]))
        following = position.token + 1
        if following == len(self.tokens):
            return found
        if following == 0:
            return found + self._reading_steps(0, position.at, position.open)
        if self.text.startswith(self.join, position.at):
            found += self._reading_steps(following, position.at + len(self.join), position.open)
        return found

    def _reading_steps(self, index: int, at: int, opened: tuple[str, ...]) -> list[_Step]:
        """Return the steps that open entities before a token, none or more, and read it."""
        found: list[_Step] = []
        token = self.tokens[index]
        opening = 0
        while True:
            if self.text.startswith(token, at):
                found.append(_Step(_Position(index, at + len(token), opened), opening=opening))
            mark = self.marks.opener.match(self.text, at) if len(opened) < self.most_open else None
            if mark is None:
                return found if len(found) < 2 else sorted(found, key=lambda step: step.to.at not in self.likely_ends)
            opened = (*opened, mark[1] if mark.re.groups else "")
            at = mark.end()
            opening += 1


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
