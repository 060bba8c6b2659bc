"""What is worth a look in the annotations, the most suspicious first. None of it is wrong for certain."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from ...sentence import Span, Where
from .counts import SplitCounts, quantile
from .mentions import Mention, MentionTable, Places, entropy
from .occurrences import Occurrences, folded, marked
from .sentences import Repeated, SentenceTable

KINDS: dict[str, str] = {
    "conflicting-sentence": "the same sentence with different entities",
    "rare-label": "the same mention with one label in over four fifths of its entities, and with another elsewhere",
    "unmarked": "words that are an entity more often than not, and elsewhere no part of one",
    "boundary": "words that are an entity, and elsewhere only some of them are, or they are several",
    "punctuation-only": "an entity of nothing but punctuation",
    "punctuation-edge": "an entity that begins or ends with punctuation",
    "long": "an entity of six or more tokens, more than three quartile ranges above its label's upper quartile",
}

_WORDLIKE = frozenset("%‰&@#§*")
"""Punctuation by Unicode that is read as a word: `5 %`, `# 1`, `@ home`."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One of the ways in which the same words stand.

    Attributes:
        text: the words with their entities in brackets.
        count: how often.
        odd: whether this is what is worth a look, not what it is compared with.
        places: file and first line of the sentence, of the first `MAX_PLACES`.
    """

    text: str
    count: int
    odd: bool
    places: tuple[Where, ...]

    @classmethod
    def of(cls, text: str, places: Places, *, odd: bool) -> Variant:
        """Make a variant of what was counted."""
        return cls(text, places.count, odd, tuple(places.kept))

    @property
    def places_told(self) -> str:
        """The places in one line, those of one file together; three dots at the end stand for others."""
        files: dict[str, list[str]] = {}
        for where in self.places:
            files.setdefault(where.file, []).append(str(where.line))
        told = ", ".join(f"{file}:{', '.join(lines)}" for file, lines in files.items())
        return told + ", ..." * (self.count > len(self.places))


@dataclass(frozen=True, slots=True)
class Finding:
    """The same words with all the ways in which they stand, those to look at last."""

    variants: tuple[Variant, ...]

    @property
    def odd(self) -> int:
        """Number of places to look at."""
        return sum(variant.count for variant in self.variants if variant.odd)

    @property
    def total(self) -> int:
        """Number of all places."""
        return sum(variant.count for variant in self.variants)

    @property
    def entropy(self) -> float:
        """Of the variants, in bits."""
        return entropy(variant.count for variant in self.variants)

    @property
    def suspicion(self) -> float:
        """The share of places that are not odd, one added to either side: the rarer the odd way beside the usual one, the higher."""
        return (self.total - self.odd + 1) / (self.total + 2)


def find_all(
    splits: Iterable[SplitCounts], mentions: MentionTable, sentences: SentenceTable, occurrences: Occurrences
) -> dict[str, list[Finding]]:
    """Return the findings of each of `KINDS`, ranked."""
    return {
        "conflicting-sentence": conflicting_sentences(sentences),
        "rare-label": rare_labels(mentions),
        "unmarked": unmarked(mentions, occurrences),
        "boundary": boundaries(mentions, occurrences),
        "punctuation-only": punctuation_only(mentions),
        "punctuation-edge": punctuation_edges(mentions),
        "long": long_entities(splits, mentions),
    }


def ambiguous_mentions(mentions: Iterable[Mention]) -> list[Finding]:
    """Return ambiguous mentions; first those with the most entities that have not the mention's most frequent label."""
    found = [Finding(tuple(_labelled(mention))) for mention in mentions]
    return sorted(found, key=lambda finding: (-finding.odd, *_by_total(finding)))


def shared_sentences(sentences: SentenceTable) -> list[Finding]:
    """Return sentences that stand in several splits, one variant a split, the longest sentence first, then by its words."""
    shared = [repeated for repeated in sentences.repeated.values() if len(repeated.splits) > 1]
    shared.sort(key=lambda repeated: (-len(repeated.tokens), repeated.tokens))
    return [Finding(tuple(_by_split(repeated))) for repeated in shared]


def _by_split(repeated: Repeated) -> Iterable[Variant]:
    for number, (split, places) in enumerate(repeated.splits.items()):
        yield Variant.of(f"{split}: {' '.join(repeated.tokens)}", places, odd=bool(number))


def conflicting_sentences(sentences: SentenceTable) -> list[Finding]:
    """Return sentences that stand with different entities, the longest first; odd is each annotation but the most frequent."""
    conflicting = [repeated for repeated in sentences.repeated.values() if len(repeated.annotations) > 1]
    conflicting.sort(key=lambda repeated: (-len(repeated.tokens), repeated.tokens))
    found = []
    for repeated in conflicting:
        shown = _sorted((marked(repeated.tokens, spans), places) for spans, places in repeated.annotations.items())
        found.append(Finding(tuple(Variant.of(*variant, odd=bool(rank)) for rank, variant in enumerate(shown))))
    return found


def rare_labels(mentions: MentionTable) -> list[Finding]:
    """Return mentions that have one label in over four fifths of their entities, and another elsewhere; odd are the others."""
    return _most_suspicious(
        Finding(tuple(_labelled(mention)))
        for mention in mentions
        if len(mention.labels) > 1 and mention.ranked[0][1].count * 5 > mention.count * 4
    )


def unmarked(mentions: MentionTable, occurrences: Occurrences) -> list[Finding]:
    """Return words that are an entity more often than they are no part of one; odd is where they are none."""
    found = []
    for words, places in occurrences.unmarked.items():
        mention = mentions.mentions[words]
        if mention.count > places.count:
            usual = (Variant.of(_show(mention, label), kept, odd=False) for label, kept in mention.ranked)
            found.append(Finding((*usual, Variant.of(mention.text, places, odd=True))))
    return _most_suspicious(found)


def boundaries(mentions: MentionTable, occurrences: Occurrences) -> list[Finding]:
    """Return words that are an entity, and elsewhere only some of them are, or they are several; odd is the rarer way, else the latter."""
    whole: dict[tuple[str, ...], list[tuple[str, Places]]] = {}
    for mention in mentions:
        key = folded(mention.words)
        if key in occurrences.cut:
            whole.setdefault(key, []).extend((_show(mention, label), places) for label, places in mention.ranked)
    found = []
    for key, shown in occurrences.cut.items():
        sides = [_sorted(whole[key]), _sorted(shown.items())]
        sides.sort(key=lambda side: -sum(places.count for _, places in side))  # stable: whole ones first if as many
        variants = [
            Variant.of(text, places, odd=bool(rank)) for rank, side in enumerate(sides) for text, places in side
        ]
        found.append(Finding(tuple(variants)))
    return _most_suspicious(found)


def punctuation_only(mentions: MentionTable) -> list[Finding]:
    """Return entities of nothing but punctuation, the most frequent mention first."""
    found = [
        Finding((Variant.of(_show(mention, label), places, odd=True),))
        for mention in mentions
        if all(is_punctuation(word) for word in mention.words)
        for label, places in mention.ranked
    ]
    return sorted(found, key=_by_total)


def punctuation_edges(mentions: MentionTable) -> list[Finding]:
    """Return entities that begin or end with punctuation and hold something else.

    First those that stand most often without it, as an entity of the same label; then the rarest.
    """
    found = []
    for mention in mentions:
        words = mention.words
        edges = is_punctuation(words[0]) or is_punctuation(words[-1])
        if not edges or all(map(is_punctuation, words)):
            continue
        bare = mentions.get(_without_edges(words))
        for label, places in mention.ranked:
            variants = [Variant.of(_show(mention, label), places, odd=True)]
            if bare is not None and label in bare.labels:
                variants.insert(0, Variant.of(_show(bare, label), bare.labels[label], odd=False))
            found.append(Finding(tuple(variants)))
    return sorted(found, key=lambda finding: (finding.odd - finding.total, finding.odd, _by_total(finding)))


def long_entities(splits: Iterable[SplitCounts], mentions: MentionTable) -> list[Finding]:
    """Return entities of six or more tokens, more than three quartile ranges above their label's upper quartile; the longest first."""
    lengths: dict[str, Counter[int]] = {}
    for counts in splits:
        for label, found_lengths in counts.entities.items():
            lengths.setdefault(label, Counter()).update(found_lengths)
    bounds: dict[str, int] = {}
    for label, counter in lengths.items():
        upper = quantile(counter, 0.75)
        bounds[label] = max(5, upper + 3 * (upper - quantile(counter, 0.25)))
    found = [
        (len(mention.words), Finding((Variant.of(_show(mention, label), places, odd=True),)))
        for mention in mentions
        for label, places in mention.ranked
        if len(mention.words) > bounds[label]
    ]
    return [finding for _, finding in sorted(found, key=lambda pair: (-pair[0], *_by_total(pair[1])))]


def is_punctuation(word: str) -> bool:
    """Whether a word has only characters of Unicode's punctuation (category P) other than `% ‰ & @ # § *`, which stand for words."""
    return all(unicodedata.category(character)[0] == "P" and character not in _WORDLIKE for character in word)


def _without_edges(words: tuple[str, ...]) -> tuple[str, ...]:
    start, end = 0, len(words)
    while is_punctuation(words[start]):
        start += 1
    while is_punctuation(words[end - 1]):
        end -= 1
    return words[start:end]


def _show(mention: Mention, label: str) -> str:
    return marked(mention.words, (Span(0, len(mention.words), label),))


def _labelled(mention: Mention) -> Iterable[Variant]:
    """Yield one variant a label; odd is each but the most frequent."""
    for rank, (label, places) in enumerate(mention.ranked):
        yield Variant.of(_show(mention, label), places, odd=bool(rank))


def _sorted(shown: Iterable[tuple[str, Places]]) -> list[tuple[str, Places]]:
    return sorted(shown, key=lambda item: (-item[1].count, item[0]))


def _by_total(finding: Finding) -> tuple[int, tuple[str, ...]]:
    return -finding.total, tuple(variant.text for variant in finding.variants)


def _most_suspicious(found: Iterable[Finding]) -> list[Finding]:
    return sorted(found, key=lambda finding: (-finding.suspicion, *_by_total(finding)))
