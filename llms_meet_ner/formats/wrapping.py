"""Finds the answer in an output that wraps it: in thinking, an introduction, a code block, quotes, tokens of a chat template.

What is left out is named by words of `alignment.REASONS`. A sentence may itself look like wrapping (``` as its first token, a colon
as its last), so an inline answer is compared with its sentence, and nothing is left out unless the rest is more like it. The time
grows linearly with the output.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from .json_text import Number

_THOUGHT = r"(?:seed:)?(?:think(?:ing)?|thoughts?|reason(?:ing)?|reflection|analysis|scratchpad)"
_OPENS = re.compile(
    rf"<{_THOUGHT}>|\[THINK\]|◁think▷|<\|begin_of_thought\|>|<\|channel\|>(?:analysis|commentary)<\|message\|>", re.I
)
_TAG_CLOSES = re.compile(rf"</{_THOUGHT}>|\[/THINK\]|◁/think▷|<\|end_of_thought\|>", re.I)
_CLOSES = re.compile(rf"{_TAG_CLOSES.pattern}|<\|end\|>", re.I)
_TURN = re.compile(
    r"<\|[a-z0-9_]{1,40}\|>|<｜[^\s｜]{1,40}｜>|</?s>|<(?:end|start)_of_turn>|<(?:eos|bos|pad)>|\[/?INST\]", re.I
)
_ROLE = re.compile(r"[ \t]*(?:(?:assistant|model|final)\b:?)?", re.I)
_BLANKS = re.compile(r"\s*")
_FENCE = re.compile(r"(?:```|~~~)[\w+-]*")
_TAG = re.compile(r"</?[A-Za-z][\w-]{0,40}>")
_INTRODUCTION = re.compile(r"[^:：]{1,200}[:：][\s*_]*")
_BULLET = re.compile(r"(?:[-*>•#]+|\d{1,2}[.)])\s+")
_QUOTES = (
    ("```", "```"), ("**", "**"), ("``", "``"), ("`", "`"), ('"', '"'), ("'", "'"), ("“", "”"), ("„", "“"), ("«", "»"),
    ("‘", "’"), ("「", "」"), ("『", "』"), ("*", "*"), ("\\boxed{", "}"),
)  # fmt: skip
_ALIKE = 0.5
"""Likeness from which a line is the sentence and not an introduction to it."""
_LAYERS = 4
"""Number of things that may be wrapped around one line, one inside the other."""
_MOST = 2_000
"""Lines, or parts in brackets, of an output among which the answer is looked for."""
_decoder = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=Number)
_JSON = re.compile(r'"(?:[^"\\\n]|\\.)*"?|[\[\]{}]|\n\s*')
_JSON_LIKE = re.compile(r'"\s*[:,]|[}\]]\s*,')
_QUOTED = re.compile(r"[\"':]")
_BETWEEN = re.compile(r"[-*•]?|\d{1,2}[.)]")
_LIST_CLOSES = re.compile(r"[\s,]*\]")
_JSON_OPENS = re.compile(r"[\[{]")
_JSON_GOES_ON = re.compile(r"""["'\[\]{},:\d-]|(?:true|false|null|True|False|None)\b""")


class Unwrapped(NamedTuple):
    """An output without its wrapping.

    Attributes:
        line: Line to parse.
        reasons: Wrapping that was left out, as words of `alignment.REASONS`; empty if the line is the output's first.
    """

    line: str
    reasons: frozenset[str] = frozenset()


def first_line(text: str) -> str:
    """Return a text up to its first newline."""
    return text.partition("\n")[0]


class _Rest(NamedTuple):
    """An output behind its thinking and before the end of its turn.

    Attributes:
        text: The output up to the end of its turn.
        start: Position of the first character behind thinking and the beginning of the turn.
        reasons: Words for what was left out.
        thinks: Whether a block of thinking is still open at the end.
    """

    text: str
    start: int
    reasons: set[str]
    thinks: bool = False


def _rest(text: str, marks: Sequence[str] = ()) -> _Rest:
    """Leave out thinking, and the tokens that begin and end a turn, unless they are marks of entities."""
    reasons: set[str] = set()
    at = _begun(text, 0, marks, reasons)
    closes = _TAG_CLOSES.search(text)
    opens = _OPENS.search(text)
    if closes and closes[0] not in marks and (not opens or closes.start() < opens.start()):
        at = closes.end()  # the template has opened the block in the prompt
        reasons.add("thought")
    while (found := _OPENS.match(text, _blanks_end(text, at))) and found[0] not in marks:
        end = _CLOSES.search(text, found.end())
        if end is None:
            return _Rest(text, found.end(), reasons | {"unended-thought"}, True)
        at = end.end()
        reasons.add("thought")
    at = _begun(text, at, marks, reasons)
    ends = next((found.start() for found in _TURN.finditer(text, at) if found[0] not in marks), None)
    if ends is not None:
        reasons.add("turn-token")
    return _Rest(text if ends is None else text[:ends], at, reasons)


def _begun(text: str, at: int, marks: Sequence[str], reasons: set[str]) -> int:
    """Return the position behind tokens that begin a turn, such as `<|im_start|>assistant`."""
    while (found := _TURN.match(text, _blanks_end(text, at))) and found[0] not in marks:
        if _OPENS.match(text, found.start()):
            break
        role = _ROLE.match(text, found.end())
        at = role.end() if role else found.end()
        reasons.add("turn-token")
    return at


def _blanks_end(text: str, at: int) -> int:
    found = _BLANKS.match(text, at)
    return found.end() if found else at


class _Line(NamedTuple):
    """A line of an output: its text, and the position of the newline that ends it, None for the last line."""

    text: str
    end: int | None


def _lines(text: str, at: int) -> Iterator[_Line]:
    while (end := text.find("\n", at)) >= 0:
        yield _Line(text[at:end], end)
        at = end + 1
    yield _Line(text[at:], None)


class _Found(NamedTuple):
    """A line that may be the answer.

    Attributes:
        line: The line without what is around it.
        reasons: Words for what was left out before and around it.
        likeness: Likeness to the sentence.
        end: Position of the newline that ends it; None for the last line of the output.
    """

    line: str
    reasons: frozenset[str]
    likeness: float
    end: int | None


class SentenceWrapping:
    """Wrapping around a sentence that an inline format has written again.

    Args:
        tokens: Tokens of the sentence.
        marks: Opening and closing marks of the format, for all labels.
    """

    def __init__(self, tokens: Sequence[str], marks: Sequence[str]) -> None:
        self._marks = marks
        self._bare_marks = ["".join(mark.split()).casefold() for mark in marks]
        self._key = self._keyed("".join(tokens))
        self._pairs = _pairs(self._key)
        self._most = 8 * sum(map(len, tokens)) + 1000

    def unwrapped(self, text: str) -> Unwrapped:
        """Return the line of an output that holds the sentence."""
        first = first_line(text)
        if self._is_sentence(first):
            return Unwrapped(first)
        rest = _rest(text, self._marks)
        found = self._answer(rest)
        likeness = self._likeness(first)
        if found is None and rest.thinks and likeness < _ALIKE:
            return Unwrapped("", frozenset(rest.reasons))
        if found is None or not found.reasons or (first.strip() and likeness >= found.likeness):
            return Unwrapped(first)
        return Unwrapped(found.line, found.reasons)

    def end(self, text: str) -> int | None:
        """Return the position of the newline that ends the answer, whatever follows; None if the answer may go on."""
        end = text.find("\n")
        if end < 0:
            return None
        if self._is_sentence(text[:end]) or (_OPENS.search(self._key) and self._likeness(text[:end]) >= _ALIKE):
            return end
        rest = _rest(text, self._marks)
        found = None if rest.thinks else self._answer(rest, only_alike=True)
        return found.end if found else None

    def _answer(self, rest: _Rest, *, only_alike: bool = False) -> _Found | None:
        """Return the first line that is like the sentence; else, unless it has to be, the one that is most like it.

        An introduced line without marks may repeat the question: it is the answer only if no line like the sentence has marks.
        """
        unmarked: _Found | None = None
        reasons = set(rest.reasons)
        best: _Found | None = None
        for line, end in islice(_lines(rest.text, rest.start), _MOST):
            bare = line.strip()
            if not bare:
                reasons |= set() if reasons else {"blank-line"}
            elif _FENCE.fullmatch(bare) and not self._is_sentence(bare):
                reasons.add("fenced")
            elif _TAG.fullmatch(bare) and bare not in self._marks and not self._is_sentence(bare):
                reasons.add("quoted")
            else:
                found = self._peeled(line, frozenset(reasons), end)
                if found.likeness >= _ALIKE and not self._introduces(bare):
                    if "introduced" not in found.reasons or self._has_marks(found.line):
                        return found
                    unmarked = unmarked or found
                if rest.thinks:
                    return None
                if best is None or found.likeness > max(best.likeness, _ALIKE / 2):
                    best = found
                reasons.add("introduced")
        return None if only_alike else unmarked or best

    def _peeled(self, line: str, reasons: frozenset[str], end: int | None) -> _Found:
        """Leave out quotes, bullets and introductions on the line of the sentence, as long as the rest is more like it."""
        found = _Found(line, reasons, self._likeness(line), end)
        for _ in range(_LAYERS):
            if found.likeness == 1:
                break
            inner = max(
                (_Found(text, found.reasons | {reason}, self._likeness(text), end) for text, reason in _layers(found.line)),
                key=lambda one: one.likeness, default=found,
            )  # fmt: skip
            if inner.likeness <= found.likeness:
                break
            found = inner
        return found

    def _introduces(self, line: str) -> bool:
        """Return whether a line ends with a colon, though the sentence does not."""
        return line.rstrip(" *_").endswith((":", "：")) and not self._key.endswith((":", "："))

    def _is_sentence(self, line: str) -> bool:
        return len(line) <= self._most and self._keyed(line) == self._key

    def _has_marks(self, line: str) -> bool:
        bare = "".join(line.split()).casefold()
        return any(mark in bare for mark in self._bare_marks)

    def _likeness(self, line: str) -> float:
        """Return how alike a line and the sentence are, from 0 to 1: Dice's coefficient of their pairs of characters."""
        pairs = _pairs(self._keyed(line[: self._most]))
        return 2 * (pairs & self._pairs).total() / (pairs.total() + self._pairs.total())

    def _keyed(self, text: str) -> str:
        """Return a text without white space, case and marks."""
        key = "".join(text.split()).casefold()
        for mark in self._bare_marks:
            key = key.replace(mark, "")
        return key


def _pairs(key: str) -> Counter[tuple[str, str]]:
    return Counter(zip(f"\n{key}", f"{key}\n"))


def _layers(line: str) -> Iterator[tuple[str, str]]:
    """Yield what is inside each thing that may be wrapped around a line, and the word for it."""
    bare = line.strip()
    for before, after in _QUOTES:
        if len(bare) > len(before) + len(after) and bare.startswith(before) and bare.endswith(after):
            yield bare[len(before) : -len(after)].strip(), "fenced" if before == "```" else "quoted"
    opens = _TAG.match(bare)
    if opens and bare.endswith(f"</{opens[0][1:]}"):
        yield bare[opens.end() : -len(opens[0]) - 1].strip(), "quoted"
    for pattern in (_INTRODUCTION, _BULLET):
        if found := pattern.match(bare):
            yield bare[found.end() :], "introduced"


class _Group(NamedTuple):
    """A bracketed part of an output.

    Attributes:
        start: Position of its first character.
        end: Position after its last character.
        whole: Whether all that it opens is closed.
        parts: Objects that it is made of, if they have no list around them; else empty.
    """

    start: int
    end: int
    whole: bool
    parts: tuple[_Group, ...] = ()


def unwrapped_json(text: str) -> Unwrapped:
    """Return the JSON value in an output, as one line."""
    rest = _json_rest(text)
    group = _value(rest)
    if group is None:
        return Unwrapped("", frozenset(rest.reasons)) if rest.thinks else Unwrapped(first_line(text))
    if group.end <= len(first_line(text)) and not _is_well_formed(rest.text[group.start : group.end]):
        return Unwrapped(first_line(text))
    line = _one_line(rest.text[group.start : group.end])
    if len(group.parts) > 1:
        line = f"[{', '.join(_one_line(rest.text[part.start : part.end]) for part in group.parts)}]"
    return Unwrapped(line, frozenset(_json_reasons(rest, group)))


def json_end(text: str) -> int | None:
    """Return the position of the newline that ends the JSON value in an output, whatever follows; None if it may go on."""
    if "\n" not in text:
        return None
    rest = _json_rest(text)
    group = None if rest.thinks else _value(rest)
    if group is None or (not group.whole and group.end == len(rest.text)):
        return None
    after = rest.text[group.end :]
    first = group.parts[0] if group.parts else group
    is_listed = rest.text[group.end - 1] == "]"
    if not is_listed and not after.strip(" \t\r\n,") and _is_entity(_decoded(rest.text[first.start : first.end])):
        return None  # another entity may follow
    end = text.find("\n", group.end)
    return end if end >= 0 else None


def _json_rest(text: str) -> _Rest:
    """Leave out thinking; a text that begins with JSON does not think, whatever its values hold."""
    begins = _JSON_OPENS.match(text, _blanks_end(text, 0))
    return _Rest(text, 0, set()) if begins and not _OPENS.match(text, begins.start()) else _rest(text)


def _value(rest: _Rest) -> _Group | None:
    """Return the first part that is JSON of entities, or looks like it at the beginning of a line.

    A part behind other JSON on its line is not the answer but the rest of damaged JSON. In thinking that does not end, only what it
    begins with is an answer.
    """
    at = rest.start
    line_is_json = False
    for group in islice(_groups(rest.text, rest.start), _MOST):
        inside = rest.text[group.start : group.end]
        _, newline, before = rest.text[at : group.start].rpartition("\n")
        line_is_json = bool(_JSON_LIKE.search(before)) or (line_is_json and not newline)
        if rest.thinks and rest.text[rest.start : group.start].strip():
            return None
        if not line_is_json and _is_well_formed(inside):
            return _with_following(rest.text, group)
        begins_line = not before.strip() and (newline or at == rest.start)
        if begins_line and _QUOTED.search(inside):
            return group
        line_is_json = line_is_json or bool(_JSON_LIKE.search(inside))
        at = group.end
    return None


def _with_following(text: str, group: _Group) -> _Group:
    """Return an object with those that follow it: entities that are written without the list around them.

    Objects belong together if the first is an entity, or if only a comma is between them on one line.
    """
    first = _decoded(text[group.start : group.end])
    if not isinstance(first, dict):
        return group
    is_entity = _is_entity(first)
    parts = [group]
    for following in islice(_groups(text, group.end), _MOST):
        between = text[parts[-1].end : following.start]
        is_next = text[following.start] == "{" and _BETWEEN.fullmatch(between.strip(" \t\r\n,"))
        if not is_next or not (is_entity or ("," in between and "\n" not in between)):
            break
        parts.append(following)
    closes = _LIST_CLOSES.match(text, parts[-1].end) if is_entity else None
    return _Group(group.start, closes.end() if closes else parts[-1].end, parts[-1].whole, tuple(parts))


def _is_entity(value: Any) -> bool:
    """Return whether a JSON value is an object of plain values, as that of one entity."""
    return isinstance(value, dict) and bool(value) and not any(isinstance(part, dict | list) for part in value.values())


def _decoded(text: str) -> Any:
    """Return a JSON value, which may go over several lines; None if the text is not JSON."""
    try:
        return _decoder.decode(_one_line(text))
    except (ValueError, RecursionError):
        return None


def _is_well_formed(text: str) -> bool:
    """Return whether a text is JSON that may hold entities: an object, or a list of objects or lists."""
    value = _decoded(text)
    return isinstance(value, dict) or (isinstance(value, list) and all(isinstance(row, dict | list) for row in value))


def _groups(text: str, at: int) -> Iterator[_Group]:
    """Yield the outermost parts in brackets or braces. One that is not closed ends where a line begins unlike JSON."""
    while opens := _JSON_OPENS.search(text, at):
        depth, at = 0, len(text)
        whole = False
        for found in _JSON.finditer(text, opens.start()):
            token = found[0]
            if token[0] == "\n" and found.end() < len(text) and not _JSON_GOES_ON.match(text, found.end()):
                at = found.start()
                break
            depth += (token in ("[", "{")) - (token in ("]", "}"))
            if not depth:
                at, whole = found.end(), True
                break
        yield _Group(opens.start(), at, whole)


def _one_line(text: str) -> str:
    return text.replace("\r", " ").replace("\n", " ")


def _json_reasons(rest: _Rest, group: _Group) -> Iterator[str]:
    """Yield the words for what is around a JSON value."""
    yield from rest.reasons
    before = rest.text[rest.start : group.start]
    after = first_line(rest.text[group.end :])
    without_fences = _FENCE.sub("", before)
    if without_fences != before:
        yield "fenced"
    if without_fences.strip():
        yield "introduced"
    elif "\n" in before and without_fences == before and not rest.reasons:
        yield "blank-line"
    if "\n" in rest.text[group.start : group.end]:
        yield "several-lines"
    without_tokens = _TURN.sub("", after)
    if without_tokens != after:
        yield "turn-token"
    if _FENCE.sub("", without_tokens).strip():
        yield "closing-remark"
