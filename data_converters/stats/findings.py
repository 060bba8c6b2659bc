"""Annotations that are worth a look, the most suspicious first. None of them is wrong for certain."""

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

FINDING_KINDS: dict[str, str] = {
    "conflicting-sentence": "a sentence that occurs several times with different entities",
    "rare-label": "a mention with one label in over four fifths of its entities, and with another label elsewhere",
    "unmarked": "a mention that is usually annotated, with its unannotated occurrences",
    "boundary": "a mention whose words elsewhere hold one or several shorter entities",
    "punctuation-only": "an entity that is nothing but punctuation",
    "punctuation-edge": "any other entity that begins or ends with punctuation",
    "long": "an entity of six or more tokens, longer than its label's upper quartile plus three interquartile ranges",
}
"""Description of each kind of finding."""

_WORDLIKE = frozenset("%‰&@#§*")
"""Characters that are punctuation in Unicode but words to a reader: `5 %`, `# 1`, `@ home`."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """One of the ways in which the same words are annotated.

    Attributes:
        text: Words with their entities in brackets.
        count: Number of places.
        odd: Whether this annotation is worth a look. The others are what it is compared with.
        places: File and first line of the sentence, for the first `MAX_PLACES` places.
    """

    text: str
    count: int
    odd: bool
    places: tuple[Where, ...]

    @classmethod
    def of(cls, text: str, places: Places, *, odd: bool) -> Annotation:
        """Make an annotation from counted places."""
        return cls(text, places.count, odd, tuple(places.kept))

    @property
    def listed_places(self) -> str:
        """Places in one line, grouped by file, with three dots at the end if not all places are kept."""
        files: dict[str, list[str]] = {}
        for where in self.places:
            files.setdefault(where.file, []).append(str(where.line))
        listed = ", ".join(f"{file}:{', '.join(lines)}" for file, lines in files.items())
        return listed + ", ..." * (self.count > len(self.places))


@dataclass(frozen=True, slots=True)
class Finding:
    """All annotations of the same words, with the odd ones last."""

    annotations: tuple[Annotation, ...]

    @property
    def odd(self) -> int:
        """Number of places to look at."""
        return sum(annotation.count for annotation in self.annotations if annotation.odd)

    @property
    def total(self) -> int:
        """Number of all places."""
        return sum(annotation.count for annotation in self.annotations)

    @property
    def entropy(self) -> float:
        """Entropy of the annotations, in bits."""
        return entropy(annotation.count for annotation in self.annotations)

    @property
    def suspicion(self) -> float:
        """Share of places that are not odd, with one added to either side. The rarer the odd annotations, the higher it is."""
        return (self.total - self.odd + 1) / (self.total + 2)


def find_all(
    splits: Iterable[SplitCounts], mentions: MentionTable, sentences: SentenceTable, occurrences: Occurrences
) -> dict[str, list[Finding]]:
    """Return the findings of each kind, ranked."""
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
    """Return ambiguous mentions, first those with the most entities outside the mention's most frequent label."""
    found = [Finding(tuple(_labelled(mention))) for mention in mentions]
    return sorted(found, key=lambda finding: (-finding.odd, *_by_total(finding)))


def shared_sentences(sentences: SentenceTable) -> list[Finding]:
    """Return sentences that occur in several splits, with one annotation per split: the longest first, equally long ones by their words."""
    shared = [repeated for repeated in sentences.repeated.values() if len(repeated.splits) > 1]
    shared.sort(key=lambda repeated: (-len(repeated.tokens), repeated.tokens))
    return [Finding(tuple(_by_split(repeated))) for repeated in shared]


def _by_split(repeated: Repeated) -> Iterable[Annotation]:
    for number, (split, places) in enumerate(repeated.splits.items()):
        yield Annotation.of(f"{split}: {' '.join(repeated.tokens)}", places, odd=bool(number))


def conflicting_sentences(sentences: SentenceTable) -> list[Finding]:
    """Return sentences that occur with different entities, the longest first. All annotations but the most frequent one are odd."""
    conflicting = [repeated for repeated in sentences.repeated.values() if len(repeated.annotations) > 1]
    conflicting.sort(key=lambda repeated: (-len(repeated.tokens), repeated.tokens))
    found = []
    for repeated in conflicting:
        shown = _sorted((marked(repeated.tokens, spans), places) for spans, places in repeated.annotations.items())
        found.append(
            Finding(tuple(Annotation.of(*annotation, odd=bool(rank)) for rank, annotation in enumerate(shown)))
        )
    return found


def rare_labels(mentions: MentionTable) -> list[Finding]:
    """Return mentions that have one label in over four fifths of their entities. Their other labels are odd."""
    return _most_suspicious(
        Finding(tuple(_labelled(mention)))
        for mention in mentions
        if len(mention.labels) > 1 and mention.ranked[0][1].count * 5 > mention.count * 4
    )


def unmarked(mentions: MentionTable, occurrences: Occurrences) -> list[Finding]:
    """Return mentions that are usually annotated, with their unannotated occurrences, which are odd."""
    found = []
    for words, places in occurrences.unmarked.items():
        mention = mentions.mentions[words]
        if mention.count > places.count:
            usual = (Annotation.of(_show(mention, label), kept, odd=False) for label, kept in mention.ranked)
            found.append(Finding((*usual, Annotation.of(mention.text, places, odd=True))))
    return _most_suspicious(found)


def boundaries(mentions: MentionTable, occurrences: Occurrences) -> list[Finding]:
    """Return mentions whose words elsewhere hold shorter entities. The rarer side is odd; in a tie, the shorter entities."""
    whole: dict[tuple[str, ...], list[tuple[str, Places]]] = {}
    for mention in mentions:
        key = folded(mention.words)
        if key in occurrences.cut:
            whole.setdefault(key, []).extend((_show(mention, label), places) for label, places in mention.ranked)
    found = []
    for key, shown in occurrences.cut.items():
        sides = [_sorted(whole[key]), _sorted(shown.items())]
        sides.sort(
            key=lambda side: -sum(places.count for _, places in side)
        )  # stable: the whole ones come first if both are as frequent
        annotations = [
            Annotation.of(text, places, odd=bool(rank)) for rank, side in enumerate(sides) for text, places in side
        ]
        found.append(Finding(tuple(annotations)))
    return _most_suspicious(found)


def punctuation_only(mentions: MentionTable) -> list[Finding]:
    """Return entities that are nothing but punctuation, the most frequent first."""
    found = [
        Finding((Annotation.of(_show(mention, label), places, odd=True),))
        for mention in mentions
        if all(is_punctuation(word) for word in mention.words)
        for label, places in mention.ranked
    ]
    return sorted(found, key=_by_total)


def punctuation_edges(mentions: MentionTable) -> list[Finding]:
    """Return entities that begin or end with punctuation and hold something else.

    Entities that occur most often without that punctuation, with the same label, come first; then the rarest.
    """
    found = []
    for mention in mentions:
        words = mention.words
        edges = is_punctuation(words[0]) or is_punctuation(words[-1])
        if not edges or all(map(is_punctuation, words)):
            continue
        bare = mentions.get(_without_edges(words))
        for label, places in mention.ranked:
            annotations = [Annotation.of(_show(mention, label), places, odd=True)]
            if bare is not None and label in bare.labels:
                annotations.insert(0, Annotation.of(_show(bare, label), bare.labels[label], odd=False))
            found.append(Finding(tuple(annotations)))
    return sorted(found, key=lambda finding: (finding.odd - finding.total, finding.odd, _by_total(finding)))


def long_entities(splits: Iterable[SplitCounts], mentions: MentionTable) -> list[Finding]:
    """Return entities of six or more tokens that are far longer than others of their label, the longest first.

    Far longer means longer than the label's upper quartile plus three interquartile ranges.
    """
    lengths: dict[str, Counter[int]] = {}
    for counts in splits:
        for label, found_lengths in counts.entities.items():
            lengths.setdefault(label, Counter()).update(found_lengths)
    bounds: dict[str, int] = {}
    for label, counter in lengths.items():
        upper = quantile(counter, 0.75)
        bounds[label] = max(5, upper + 3 * (upper - quantile(counter, 0.25)))
    found = [
        (mention.length, Finding((Annotation.of(_show(mention, label), places, odd=True),)))
        for mention in mentions
        for label, places in mention.ranked
        if mention.length > bounds[label]
    ]
    return [finding for _, finding in sorted(found, key=lambda pair: (-pair[0], *_by_total(pair[1])))]


def is_punctuation(word: str) -> bool:
    """Return whether a word is nothing but punctuation: Unicode's category P without `% ‰ & @ # § *`, which stand for words."""
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


def _labelled(mention: Mention) -> Iterable[Annotation]:
    """Yield one annotation per label. All but the most frequent one are odd."""
    for rank, (label, places) in enumerate(mention.ranked):
        yield Annotation.of(_show(mention, label), places, odd=bool(rank))


def _sorted(shown: Iterable[tuple[str, Places]]) -> list[tuple[str, Places]]:
    return sorted(shown, key=lambda item: (-item[1].count, item[0]))


def _by_total(finding: Finding) -> tuple[int, tuple[str, ...]]:
    return -finding.total, tuple(annotation.text for annotation in finding.annotations)


def _most_suspicious(found: Iterable[Finding]) -> list[Finding]:
    return sorted(found, key=lambda finding: (-finding.suspicion, *_by_total(finding)))
