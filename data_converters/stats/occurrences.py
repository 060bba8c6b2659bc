"""The second reading: the words of an entity where they are not annotated as one.

Wherever the words of a known entity occur as whole tokens, they are an entity; part of a longer one; cut (they hold one or several shorter
entities); crossed (by an entity that begins inside and ends outside them, or the other way round); or unmarked (no token is in an entity).
"""

from __future__ import annotations

from dataclasses import replace

from ...formats import get_format
from ...sentence import Sentence, Span
from .mentions import MentionTable, Places, Words

_FORMAT = get_format(nested=True)


def marked(tokens: Words, spans: tuple[Span, ...]) -> str:
    """Return words with their entities in brackets: `the [Hague | LOC]`."""
    return _FORMAT.render(Sentence("", tokens, spans))


def folded(words: Words) -> Words:
    """Return words with the first one in lower case, because its case depends on where a sentence begins."""
    return (words[0].casefold(), *words[1:])


class Occurrences:
    """Finds the words of known entities.

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
        self._folded = {folded(words) for words in table.mentions if len(words) > 1}
        lengths: dict[str, set[int]] = {}
        for words in table.mentions:
            lengths.setdefault(words[0].casefold(), set()).add(len(words))
        self._lengths = {first: sorted(found) for first, found in lengths.items()}

    def add(self, sentence: Sentence) -> None:
        """Find known words in a sentence."""
        tokens = sentence.tokens
        inside = bytearray(len(tokens))
        for span in sentence.spans:
            inside[span.start : span.end] = b"\1" * (span.end - span.start)
        for start, token in enumerate(tokens):
            for length in self._lengths.get(token.casefold(), ()):
                end = start + length
                if end > len(tokens):
                    break
                words = tokens[start:end]
                if not any(inside[start:end]):
                    if words in self._known:
                        self.unmarked.setdefault(words, Places()).add(sentence.where)
                elif length > 1 and (key := folded(words)) in self._folded:
                    self._look_at_marked(key, sentence, start, end)

    def _look_at_marked(self, key: Words, sentence: Sentence, start: int, end: int) -> None:
        touching = [span for span in sentence.spans if span.start < end and start < span.end]
        if any(span.start < start or end < span.end or span.end - span.start == end - start for span in touching):
            return
        spans = tuple(replace(span, start=span.start - start, end=span.end - start) for span in touching)
        shown = marked(sentence.tokens[start:end], spans)
        self.cut.setdefault(key, {}).setdefault(shown, Places()).add(sentence.where)
