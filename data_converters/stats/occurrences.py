"""The second reading: the words of an entity where they are not annotated as one.

Wherever the words of a known entity occur as whole tokens, they are an entity; part of a longer one; cut (they hold one or several shorter
entities); crossed (by an entity that begins inside and ends outside them, or the other way round); or unmarked (no token is in an entity).
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from itertools import accumulate

from ...formats import get_format
from ...sentence import Sentence, Span, without_nested
from .mentions import MentionTable, Places, Words

LONGEST = 40
"""Number of tokens of the longest mention whose words are looked for."""

_FORMAT = get_format(nested=True)


def marked(tokens: Words, spans: tuple[Span, ...]) -> str:
    """Return words with their entities in brackets: `the [Hague | LOC]`."""
    return _FORMAT.render(Sentence("", tokens, spans))


def folded(words: Words) -> Words:
    """Return words with the first one in lower case, because its case depends on where a sentence begins."""
    return (words[0].casefold(), *words[1:])


class Occurrences:
    """Finds the words of known entities of at most `LONGEST` tokens.

    Args:
        table: All mentions of the corpus.

    Attributes:
        unmarked: Places where the words of a mention, in exact case, are unmarked.
        cut: Places where the words of a mention of two or more words are cut, by folded words and by how they are marked there.
    """

    def __init__(self, table: MentionTable) -> None:
        self.unmarked: dict[Words, Places] = {}
        self.cut: dict[Words, dict[str, Places]] = {}
        self._known = table.mentions
        known = [words for words in table.mentions if len(words) <= LONGEST]
        self._folded = {folded(words) for words in known if len(words) > 1}
        lengths: dict[str, set[int]] = {}
        for words in known:
            lengths.setdefault(words[0].casefold(), set()).add(len(words))
        self._lengths = {first: sorted(found) for first, found in lengths.items()}

    def add(self, sentence: Sentence) -> None:
        """Find known words in a sentence."""
        tokens = sentence.tokens
        layout = _Layout(sentence)
        for start, token in enumerate(tokens):
            for length in self._lengths.get(token.casefold(), ()):
                end = start + length
                if end > len(tokens):
                    break
                words = tokens[start:end]
                if not any(layout.inside[start:end]):
                    if words in self._known:
                        self.unmarked.setdefault(words, Places()).add(sentence.where)
                elif length > 1 and (key := folded(words)) in self._folded:
                    spans = layout.spans_within(start, end)
                    if spans:
                        self.cut.setdefault(key, {}).setdefault(marked(words, spans), Places()).add(sentence.where)


class _Layout:
    """Where the entities of a sentence lie.

    Attributes:
        inside: For each token, whether it is in an entity.
    """

    def __init__(self, sentence: Sentence) -> None:
        self.inside = bytearray(len(sentence.tokens))
        for span in without_nested(sentence.spans):
            self.inside[span.start : span.end] = b"\1" * (span.end - span.start)
        self._spans = sentence.spans
        self._starts = [span.start for span in sentence.spans]
        self._reaches = list(accumulate((span.end for span in sentence.spans), max))

    def spans_within(self, start: int, end: int) -> tuple[Span, ...]:
        """Return the entities inside some tokens, counted from the first of these; none if one is larger, crosses, or is these tokens."""
        first, last = bisect_left(self._starts, start), bisect_left(self._starts, end)
        if first and self._reaches[first - 1] > start:
            return ()
        touching = self._spans[first:last]
        if any(end < span.end or span.end - span.start == end - start for span in touching):
            return ()
        return tuple(replace(span, start=span.start - start, end=span.end - start) for span in touching)
