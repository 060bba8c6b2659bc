"""Put the entities of a damaged text on the tokens of its sentence.

Both sides are cut into fragments (words and single punctuation marks), normalised and aligned monotonically with rapidfuzz;
stretches without equal fragments are compared character by character. A format that marks text inline hands over its text
pieces with the marks between them; nothing here knows what those look like.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from rapidfuzz.distance import LCSseq, Levenshtein

from ..alignment import FAILED, REPAIRED, Alignment, WrittenEntity
from ..labels import LabelSet
from ..sentence import Span
from .overlaps import resolve_overlaps

_FRAGMENT = re.compile(r"\w+|[^\w\s]")
_MIN_SHARED = 0.3
"""Share of the shorter side's characters that must be found on the other, or the text is unrelated to the sentence."""
_MIN_SIMILARITY = 0.5
"""Normalised Levenshtein similarity from which two differing stretches are read as one changed into the other."""
_MAX_STRETCH = 2_000
"""Characters of a differing stretch that are compared with each other."""
_MAX_MENTION = 100
"""Fragments of a mention that are quoted."""


class Mark(NamedTuple):
    """A mark in the text.

    Attributes:
        text: as it is written.
        label: that it gives, known or not; empty where it gives none.
        opens: whether it begins an entity; else it ends one.
        literal: whether it may be text: the same characters stand in the source.
    """

    text: str
    label: str
    opens: bool
    literal: bool


class _Entity(NamedTuple):
    """A marked range of output fragments, `end` exclusive; `opened` is the number of its opening mark, for ordering."""

    start: int
    end: int
    label: str
    opened: int


class _Placed(NamedTuple):
    """A mark and the number of fragments before it; an opening one that may be text is itself the next fragment."""

    at: int
    mark: Mark

    @property
    def is_fragment(self) -> bool:
        return self.mark.opens and self.mark.literal


@dataclass(slots=True)
class _Output:
    """The generated side: fragments as keys, and the marks between and among them."""

    keys: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    marks: list[_Placed] = field(default_factory=list)


@dataclass(slots=True)
class _Openers:
    """Opening marks, by their numbers, that wait for a closing one."""

    waiting: set[int] = field(default_factory=set)
    _all: list[int] = field(default_factory=list)
    _by_label: dict[str, list[int]] = field(default_factory=dict)

    def add(self, number: int, label: str) -> None:
        self.waiting.add(number)
        self._all.append(number)
        self._by_label.setdefault(label, []).append(number)

    def take(self, label: str, *, any_label: bool) -> int | None:
        """Take the last one with a label or, if there is none, the last one without; else None or, if `any_label`, the last."""
        stacks = [self._by_label.get(label, []), self._by_label.get("", [])]
        for stack in [*stacks, self._all] if any_label else stacks:
            while stack and stack[-1] not in self.waiting:
                stack.pop()
            if stack:
                self.waiting.remove(stack[-1])
                return stack.pop()
        return None


def ground(
    pieces: Sequence[str | Mark], tokens: tuple[str, ...], labels: LabelSet, *, nested: bool, loose_markup: bool
) -> Alignment:
    """Align generated pieces with a sentence and map the entities in them to its tokens.

    Args:
        pieces: text and marks in order.
        tokens: the sentence.
        labels: entities with other labels are counted and left out.
        nested: whether entities may lie inside entities; else the outer one stays.
        loose_markup: the format saw a mark that it would have written otherwise.

    Returns:
        An alignment that is `repaired` or `failed`, never `exact`.
    """
    limit = 8 * sum(map(len, tokens)) + 1000
    output, overlong = _output_fragments(pieces, limit)
    if not output.keys:
        return Alignment((), FAILED, ("empty",))
    source_keys, source_tokens = _source_fragments(
        tokens, {output.keys[placed.at] for placed in output.marks if placed.is_fragment}
    )
    blocks = _equal_blocks(source_keys, output.keys)
    matched = dict(
        pair for source, out, size in blocks for pair in zip(range(out, out + size), range(source, source + size))
    )
    openers, entities, reasons = _pair_marks(output, matched)
    mapping = _fill_stretches(source_keys, output.keys, blocks, openers, matched)
    if overlong:
        reasons.add("overlong")
    if loose_markup:
        reasons.add("loose-markup")
    reasons |= _text_differences(source_keys, output.keys, openers, mapping)
    if not _is_related(source_keys, output.keys, openers, mapping):
        return Alignment((), FAILED, tuple(sorted({"unrelated", *reasons})))
    return _place(entities, output, mapping, source_tokens, labels, nested, reasons)


def _fragments(text: str, pattern: re.Pattern[str] = _FRAGMENT) -> list[str]:
    """Cut a text into words and single punctuation marks, in compatibility form; case is folded later, because it can add marks."""
    return pattern.findall(unicodedata.normalize("NFKC", text))


def squeezed(text: str) -> str:
    """Return a text without white space, in the form in which texts are compared."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _source_fragments(tokens: tuple[str, ...], whole: set[str]) -> tuple[list[str], list[int]]:
    """Return the keys of a sentence's fragments and the token that each belongs to.

    Args:
        tokens: of the sentence.
        whole: keys of marks, which are one fragment each.
    """
    longer = [re.escape(key) for key in sorted(whole) if len(key) > 1]
    pattern = re.compile("|".join([*longer, _FRAGMENT.pattern]), re.IGNORECASE) if longer else _FRAGMENT
    keys: list[str] = []
    owners: list[int] = []
    for index, token in enumerate(tokens):
        found = [fragment.casefold() for fragment in _fragments(token, pattern)]
        keys += found
        owners += [index] * len(found)
    return keys, owners


def _output_fragments(pieces: Sequence[str | Mark], limit: int) -> tuple[_Output, bool]:
    """Cut the generated pieces into fragments, reading no more than `limit` characters of text and opening marks."""
    output = _Output()
    for piece in pieces:
        if isinstance(piece, str):
            found = _fragments(piece[: max(limit, 0)])
            output.texts += found
            output.keys += [fragment.casefold() for fragment in found]
            limit -= len(piece)
        else:
            output.marks.append(_Placed(len(output.keys), piece))
            if output.marks[-1].is_fragment:
                output.texts.append(piece.text)
                output.keys.append(squeezed(piece.text))
            limit -= len(piece.text) if piece.opens else 0
        if limit < 0:
            return output, True
    return output, False


def _equal_blocks(source: list[str], output: list[str]) -> list[tuple[int, int, int]]:
    """Return the longest common subsequence as blocks (source start, output start, size), in order."""
    return [
        (code.src_start, code.dest_start, code.src_end - code.src_start)
        for code in LCSseq.opcodes(source, output)
        if code.tag == "equal"
    ]


def _pair_marks(output: _Output, matched: dict[int, int]) -> tuple[set[int], list[_Entity], set[str]]:
    """Pair every closing mark with the nearest opening one before it that is free and gives no other label.

    Where each of those that are free gives another label the nearest is taken, and its label: the entity was written in its
    sight. An opening mark that stands for the source's own text is taken only where no other is left. What turns out to be
    markup is taken out of `matched`.

    Returns:
        Fragment positions of the opening marks that are markup, the entities in the order in which they open, and reasons.
    """
    entities: list[_Entity] = []
    reasons: set[str] = set()
    free, literal = _Openers(), _Openers()
    markup: list[int] = []
    for number, placed in enumerate(output.marks):
        mark = placed.mark
        if mark.opens:
            (literal if placed.is_fragment and placed.at in matched else free).add(number, mark.label)
            continue
        opener = free.take(mark.label, any_label=not mark.literal)
        if opener is None and not mark.literal:
            opener = literal.take(mark.label, any_label=False)
        if opener is None:
            if not mark.literal:
                reasons.add("unopened")
            continue
        markup.append(opener)
        opened = output.marks[opener]
        if opened.mark.label and mark.label not in ("", opened.mark.label):
            reasons.add("mismatched")
        entities.append(_Entity(opened.at + opened.is_fragment, placed.at, opened.mark.label or mark.label, opener))
    if free.waiting:
        reasons.add("unclosed")
    placed_openers = [output.marks[number] for number in (*markup, *free.waiting)]
    openers = {opener.at for opener in placed_openers if opener.is_fragment}
    for place in openers:
        matched.pop(place, None)
    entities.sort(key=lambda entity: entity.opened)
    return openers, entities, reasons


def _fill_stretches(
    source: list[str],
    output: list[str],
    blocks: list[tuple[int, int, int]],
    openers: set[int],
    matched: dict[int, int],
) -> dict[int, list[int]]:
    """Map output fragments to source fragments: equal ones, and changed ones between them where they are alike enough."""
    mapping = {place: [index] for place, index in matched.items()}
    source_at = output_at = 0
    for source_start, output_start, size in [*blocks, (len(source), len(output), 0)]:
        if source_at < source_start and output_at < output_start:
            places = [place for place in range(output_at, output_start) if place not in openers]
            _map_stretch(source, range(source_at, source_start), output, places, mapping)
        source_at, output_at = source_start + size, output_start + size
    return mapping


def _map_stretch(
    source: list[str], indices: range, output: list[str], places: list[int], mapping: dict[int, list[int]]
) -> None:
    """Map one stretch without equal fragments, character by character."""
    source_text, source_owner = _joined(source, indices)
    output_text, output_owner = _joined(output, places)
    if not output_text or max(len(source_text), len(output_text)) > _MAX_STRETCH:
        return
    if Levenshtein.normalized_similarity(source_text, output_text) < _MIN_SIMILARITY:
        _map_alike_words(source, indices, output, places, mapping)
        return
    for code in Levenshtein.opcodes(source_text, output_text):
        if code.tag in ("equal", "replace"):
            for source_char, output_char in zip(
                range(code.src_start, code.src_end), range(code.dest_start, code.dest_end)
            ):
                owners = mapping.setdefault(output_owner[output_char], [])
                if source_owner[source_char] not in owners:
                    owners.append(source_owner[source_char])


def _map_alike_words(
    source: list[str], indices: range, output: list[str], places: list[int], mapping: dict[int, list[int]]
) -> None:
    """Map single changed words in a stretch that differs as a whole: each to the first alike one after the last."""
    next_index = indices.start
    for place in places:
        for index in range(next_index, min(indices.stop, next_index + 20)):
            if Levenshtein.normalized_similarity(source[index], output[place]) >= _MIN_SIMILARITY:
                mapping.setdefault(place, []).append(index)
                next_index = index + 1
                break


def _joined(keys: list[str], places: Sequence[int]) -> tuple[str, list[int]]:
    """Return fragments written together, and for each character the fragment it belongs to."""
    return "".join(keys[place] for place in places), [place for place in places for _ in keys[place]]


def _text_differences(
    source: list[str], output: list[str], openers: set[int], mapping: dict[int, list[int]]
) -> set[str]:
    text = "".join(key for place, key in enumerate(output) if place not in openers)
    if text == "".join(source):
        return set()
    found: set[str] = set()
    if len({index for indices in mapping.values() for index in indices}) < len(source):
        found.add("lost")
    if any(place not in mapping and place not in openers for place in range(len(output))):
        found.add("added")
    return found or {"changed"}


def _is_related(source: list[str], output: list[str], openers: set[int], mapping: dict[int, list[int]]) -> bool:
    """Whether enough of the shorter side is found on the other."""
    reached = {index for indices in mapping.values() for index in indices}
    shared = sum(len(source[index]) for index in reached)
    output_length = sum(len(key) for place, key in enumerate(output) if place not in openers)
    return shared >= _MIN_SHARED * max(1, min(sum(map(len, source)), output_length))


def _place(
    entities: list[_Entity],
    output: _Output,
    mapping: dict[int, list[int]],
    source_tokens: list[int],
    labels: LabelSet,
    nested: bool,
    reasons: set[str],
) -> Alignment:
    """Turn entities into spans on tokens and resolve_overlaps those that nest or cross."""
    ungrounded: list[WrittenEntity] = []
    unknown: list[WrittenEntity] = []
    claimed: list[tuple[Span, WrittenEntity]] = []
    places = sorted(mapping)  # the mapping is monotone: earlier places, earlier fragments of the source
    for entity in entities:
        if entity.label not in labels:
            unknown.append(_mention(entity, output))
            continue
        first, end = bisect_left(places, entity.start), bisect_left(places, entity.end)
        if first == end:
            ungrounded.append(_mention(entity, output))
            continue
        span = Span(
            source_tokens[mapping[places[first]][0]], source_tokens[mapping[places[end - 1]][-1]] + 1, entity.label
        )
        cuts_first = first > 0 and source_tokens[mapping[places[first - 1]][-1]] == span.start
        cuts_last = end < len(places) and source_tokens[mapping[places[end]][0]] == span.end - 1
        if cuts_first or cuts_last:
            reasons.add("snapped")
        claimed.append((span, _mention(entity, output)))
    spans, dropped, conflicts = resolve_overlaps(claimed, nested)
    reasons |= conflicts
    if ungrounded:
        reasons.add("ungrounded")
    if unknown:
        reasons.add("unknown-label")
    return Alignment(
        spans=spans,
        status=REPAIRED,
        reasons=tuple(sorted(reasons)) or ("respaced",),
        ungrounded=tuple(ungrounded),
        unknown_labels=tuple(unknown),
        dropped=dropped,
    )


def _mention(entity: _Entity, output: _Output) -> WrittenEntity:
    """Return an entity as generated; of a very long one the beginning."""
    return WrittenEntity(
        " ".join(output.texts[entity.start : min(entity.end, entity.start + _MAX_MENTION)]), entity.label
    )
