"""Puts the entities of a damaged inline output on the tokens of its sentence.

The format splits the output into pieces of text and marks; nothing here depends on what the marks look like. If the
text is that of the sentence but for white space, its characters lead to the tokens (`unspaced.py`). Otherwise:

1. Cut the source and the output into fragments: words and single punctuation marks, in a normal form.
2. Align equal fragments (longest common subsequence), so that both sides keep their order.
3. Pair opening and closing marks. An opening mark may turn out to be text of the sentence.
4. Align the stretches between equal fragments character by character.
5. Map each entity to the tokens of its fragments, and resolve overlaps.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from ..alignment import FAILED, REPAIRED, Alignment, WrittenEntity
from ..labels import LabelSet
from ..sentence import Span
from .markup import Mark
from .normal import nfkc, squeezed
from .overlaps import resolve_overlaps
from .subsequence import equal_blocks
from .unspaced import UnspacedText, read_unspaced

_FRAGMENT = re.compile(r"\w+|[^\w\s]")
_MIN_SHARED = 0.3
"""Share of the shorter side's characters that the other side must have; with less, the text is unrelated to the sentence."""
_MIN_SIMILARITY = 0.5
"""Normalised Levenshtein similarity from which one stretch counts as a changed form of the other."""
_MAX_STRETCH = 2_000
"""Characters of the longest stretch that is compared character by character."""
_MAX_QUOTED = 100
"""Fragments of an entity that are kept if it is not on the tokens."""


class _MarkedEntity(NamedTuple):
    """An entity of the output.

    Attributes:
        start: Number of its first output fragment.
        end: Number after its last output fragment.
        label: Label, inside the label set or not.
        opened: Number of its opening mark, by which entities are ordered.
    """

    start: int
    end: int
    label: str
    opened: int


class _Placed(NamedTuple):
    """A mark and its position.

    Attributes:
        at: Number of fragments before it.
        mark: The mark. An opening mark that may be text is also a fragment itself, the next one.
    """

    at: int
    mark: Mark

    @property
    def is_fragment(self) -> bool:
        return self.mark.opens and self.mark.literal


@dataclass(slots=True)
class _Output:
    """The output, cut into fragments.

    Attributes:
        keys: Fragments in the form in which they are compared.
        texts: Fragments as they are written, in Unicode form NFKC.
        marks: Marks between and among the fragments, in order.
        space: Text between two fragments of an entity that is quoted.
    """

    keys: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    marks: list[_Placed] = field(default_factory=list)
    space: str = " "


@dataclass(slots=True)
class _Openers:
    """Opening marks that are not closed yet, by their numbers.

    Attributes:
        waiting: Numbers of the opening marks that are not closed yet.
    """

    waiting: set[int] = field(default_factory=set)
    _all: list[int] = field(default_factory=list)
    _by_label: dict[str, list[int]] = field(default_factory=dict)

    def add(self, number: int, label: str) -> None:
        self.waiting.add(number)
        self._all.append(number)
        self._by_label.setdefault(label, []).append(number)

    def take(self, label: str, *, any_label: bool) -> int | None:
        """Close and return an opening mark: the last one with this label, or else the last one without a label.

        If there is neither, return None, or with `any_label` the last opening mark of all.
        """
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
    """Align an output with its sentence and map the entities in it to tokens.

    Args:
        pieces: Pieces of text and marks in order.
        tokens: Tokens of the sentence.
        labels: Label set. Entities with other labels go into `unknown_labels`.
        nested: Whether entities may lie inside entities; otherwise the outer one of two stays.
        loose_markup: Whether the format saw a mark that is not written exactly as asked for.

    Returns:
        An alignment that is `repaired` or `failed`, never `exact`.
    """
    limit = 8 * sum(map(len, tokens)) + 1000
    if unspaced := read_unspaced(pieces, tokens, 2 * limit):
        return _ground_unspaced(unspaced, labels, nested, loose_markup)
    output, overlong = _output_fragments(pieces, limit)
    if not output.keys:
        return Alignment((), FAILED, ("empty",))
    source_keys, source_tokens = _source_fragments(
        tokens, {output.keys[placed.at] for placed in output.marks if placed.is_fragment}
    )
    blocks, is_longest = equal_blocks(source_keys, output.keys)
    matched = dict(
        pair for source, out, size in blocks for pair in zip(range(out, out + size), range(source, source + size))
    )
    openers, entities, reasons = _pair_marks(output, matched)
    mapping = _fill_stretches(source_keys, output.keys, blocks, openers, matched)
    if overlong:
        reasons.add("overlong")
    if not is_longest:
        reasons.add("approximate")
    if loose_markup:
        reasons.add("loose-markup")
    reasons |= _text_differences(source_keys, output.keys, openers, mapping)
    if not _is_related(source_keys, output.keys, openers, mapping):
        return Alignment((), FAILED, tuple(sorted({"unrelated", *reasons})))
    return _place(entities, output, mapping, source_tokens, labels, nested, reasons)


def _ground_unspaced(unspaced: UnspacedText, labels: LabelSet, nested: bool, loose_markup: bool) -> Alignment:
    """Map entities to tokens in an output whose text is that of its sentence: its characters take the place of fragments."""
    output = _Output(
        list(unspaced.source),
        unspaced.texts,
        [_Placed(placed.at, placed.mark._replace(literal=False)) for placed in unspaced.marks],
        space="",
    )
    _, entities, reasons = _pair_marks(output, {})
    mapping = {index: [index] for index in range(len(unspaced.source))}
    if loose_markup:
        reasons.add("loose-markup")
    return _place(entities, output, mapping, unspaced.owners, labels, nested, reasons)


def _fragments(text: str, pattern: re.Pattern[str] = _FRAGMENT) -> list[str]:
    """Cut a text into words and single punctuation marks, in Unicode form NFKC.

    Case is folded later, because folding can add characters that are not part of a word.
    """
    return pattern.findall(nfkc(text))


def _source_fragments(tokens: tuple[str, ...], whole: set[str]) -> tuple[list[str], list[int]]:
    """Return the fragments of a sentence, in the form in which they are compared, and the token of each.

    Args:
        tokens: Tokens of the sentence.
        whole: Marks that may be text of the sentence; each is one fragment.
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
    """Cut the pieces of an output into fragments.

    Args:
        pieces: Pieces of text and marks in order.
        limit: Number of characters of text and opening marks to read at most.

    Returns:
        The fragments and marks, and whether the output is longer than the limit.
    """
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


def _pair_marks(output: _Output, matched: dict[int, int]) -> tuple[set[int], list[_MarkedEntity], set[str]]:
    """Pair each closing mark with the nearest open opening mark before it that has no other label.

    If all open ones have another label, the nearest is taken, and its label counts, because the model saw it when it wrote the
    entity. An opening mark that is matched with text of the source is taken only if no other one is left. It is then markup,
    and is removed from `matched`.

    Args:
        output: Fragments and marks of the output.
        matched: Source fragment of each output fragment that has an equal one.

    Returns:
        Numbers of the fragments that are opening marks; the entities, in the order in which they open; and reasons.
    """
    entities: list[_MarkedEntity] = []
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
        entities.append(
            _MarkedEntity(opened.at + opened.is_fragment, placed.at, opened.mark.label or mark.label, opener)
        )
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
    """Map output fragments to source fragments: equal ones, and between them changed ones that are similar enough."""
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
    """Map the fragments of one stretch without equal fragments, character by character."""
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
    """Map single changed words in a stretch that is not similar as a whole: each to the first similar one after the previous."""
    next_index = indices.start
    for place in places:
        for index in range(next_index, min(indices.stop, next_index + 20)):
            if Levenshtein.normalized_similarity(source[index], output[place]) >= _MIN_SIMILARITY:
                mapping.setdefault(place, []).append(index)
                next_index = index + 1
                break


def _joined(keys: list[str], places: Sequence[int]) -> tuple[str, list[int]]:
    """Return fragments joined without spaces, and for each character the number of its fragment."""
    return "".join(keys[place] for place in places), [place for place in places for _ in keys[place]]


def _text_differences(
    source: list[str], output: list[str], openers: set[int], mapping: dict[int, list[int]]
) -> set[str]:
    """Return the reasons for which the text of the output differs from the source: `lost`, `added` or `changed`."""
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
    """Return whether the other side has enough of the shorter side's characters."""
    reached = {index for indices in mapping.values() for index in indices}
    shared = sum(len(source[index]) for index in reached)
    output_length = sum(len(key) for place, key in enumerate(output) if place not in openers)
    return shared >= _MIN_SHARED * max(1, min(sum(map(len, source)), output_length))


def _place(
    entities: list[_MarkedEntity],
    output: _Output,
    mapping: dict[int, list[int]],
    source_tokens: list[int],
    labels: LabelSet,
    nested: bool,
    reasons: set[str],
) -> Alignment:
    """Put the entities on tokens, and resolve overlaps."""
    ungrounded: list[WrittenEntity] = []
    unknown: list[WrittenEntity] = []
    candidates: list[tuple[Span, WrittenEntity]] = []
    places = sorted(mapping)  # the mapping keeps the order, so neighbours here are neighbours in the source
    for entity in entities:
        if entity.label not in labels:
            unknown.append(_written(entity, output))
            continue
        first, end = bisect_left(places, entity.start), bisect_left(places, entity.end)
        if first == end:
            ungrounded.append(_written(entity, output))
            continue
        span = Span(
            source_tokens[mapping[places[first]][0]], source_tokens[mapping[places[end - 1]][-1]] + 1, entity.label
        )
        cuts_first = first > 0 and source_tokens[mapping[places[first - 1]][-1]] == span.start
        cuts_last = end < len(places) and source_tokens[mapping[places[end]][0]] == span.end - 1
        if cuts_first or cuts_last:
            reasons.add("snapped")
        candidates.append((span, _written(entity, output)))
    spans, dropped, conflicts = resolve_overlaps(candidates, nested)
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


def _written(entity: _MarkedEntity, output: _Output) -> WrittenEntity:
    """Return an entity as the output writes it; only the beginning of a very long one."""
    texts = output.texts[entity.start : min(entity.end, entity.start + _MAX_QUOTED)]
    return WrittenEntity(nfkc(output.space.join(texts)).strip(), entity.label)
