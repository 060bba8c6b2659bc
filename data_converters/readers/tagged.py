"""Base of the readers of tagged tokens, whatever the layout: it decodes tags and reports those that are wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

from ...errors import listed
from ...labels import OUTSIDE
from ...sentence import Sentence, Span, Where, find_crossing, outer_first, without_nested
from ...tagging.splitting import Splitter
from ...tags import PREFIXES, InvalidTag, Scheme, decode
from ..problems import ProblemLog
from .common import CorpusRules
from .sentence_ends import SentenceEnds, cut_document, split_tokens, splitter_of
from .tag_notation import AS_THE_SCHEME, TagNotation, WrittenTags, fits

SCHEME_NAMES: dict[str, Scheme] = {
    "IOB1": "IOB1", "IOB2": "IOB2", "BIO": "IOB2", "IOBES": "IOBES", "BIOES": "IOBES", "BILOU": "BILOU", "BILUO": "BILOU",
    "BIOUL": "BILOU", "BMES": "BMES", "BMEWO": "BMEWO", "IO": "IO", "brackets": "brackets",
}  # fmt: skip
"""Schemes by their names on cards."""
_KEPT = 1000
"""Number of sentences with tags that are kept, to try other schemes with them if one cannot be read."""


class TaggedOptions(Protocol):
    """Options of every layout with tags."""

    @property
    def scheme(self) -> Scheme:
        """Scheme of the tags."""

    @property
    def tag_names(self) -> tuple[str, ...]:
        """Names of the tags by number, from 0, if tags are numbers; otherwise ()."""

    @property
    def notation(self) -> TagNotation:
        """How the tags are written."""

    @property
    def token_prefix(self) -> str:
        """Prefix taken off the tokens that begin with it; a token that is the prefix alone keeps it."""

    @property
    def ends(self) -> SentenceEnds | None:
        """What ends a sentence within a document; None if each document is one sentence."""


class TaggedReader:
    """Makes sentences of tokens and tags.

    Args:
        file: Name of the file or data set, for places.
        options: Layout of the tags.
        rules: Rules of the corpus.
        log: Log that takes the problems.
    """

    def __init__(self, file: str, options: TaggedOptions, rules: CorpusRules, log: ProblemLog) -> None:
        self.scheme = options.scheme
        self.labels = rules.labels
        self.repair = rules.repair
        self.log = log
        self._file = file
        self._known_labels = frozenset(rules.labels.corpus_names)
        self._token_prefix = options.token_prefix
        self._ends = options.ends
        self._lines: Sequence[int] = ()  # of the tokens of the sentence that was made last
        self._notation = options.notation
        self._nested = rules.nested
        self._may_be_bare = len(self._known_labels) == 1 and bool(PREFIXES[self.scheme])
        self._is_hinted = False
        self._with_tags: list[Sequence[str]] = []
        self._written: WrittenTags | None = None
        self._name_tags(options.tag_names)

    def _name_tags(self, names: Iterable[str]) -> None:
        """Set the names that numbers among the tags stand for."""
        self._tag_names = {str(number): name for number, name in enumerate(names)}
        if self._tag_names or self._notation != AS_THE_SCHEME:
            self._written = self._reading()

    def _reading(self) -> WrittenTags:
        only = self.labels.corpus_names[0] if len(self._known_labels) == 1 else None
        return WrittenTags(self._notation, self.scheme, self._tag_names, only)

    def _of_scheme(self, level: Sequence[str]) -> Sequence[str]:
        """Return tags, which are as the file writes them, as the scheme writes them."""
        return level if self._written is None else [self._written[tag] for tag in level]

    def _where(self, number: int) -> Where:
        return Where(self._file, number)

    def _cut(self, documents: Iterator[Sentence], id_prefix: str) -> Iterator[Sentence]:
        """Return the sentences of documents. Where a splitter cuts them, the number in an id counts the sentences from 0."""
        splitter = splitter_of(self._ends)
        return documents if splitter is None else self._split_documents(documents, splitter, id_prefix)

    def _split_documents(self, documents: Iterator[Sentence], splitter: Splitter, id_prefix: str) -> Iterator[Sentence]:
        count = 0

        def where(position: int) -> Where:
            return self._where(self._lines[position])

        for document in documents:
            ends = [1] if document.is_docstart else split_tokens(document.tokens, splitter)
            for start, tokens, inside in cut_document(
                document.tokens, ends, document.spans, document.spans, self.log, where
            ):
                yield Sentence(f"{id_prefix}/{count}", tuple(tokens), tuple(inside), where(start))
                count += 1

    def _tagged(self, sentence_id: str, tokens: list[str], tags: list[str], number: int) -> Sentence | None:
        """Make a sentence of the tokens and tags of one line. Report a problem and return None if that fails."""
        where = self._where(number)
        if len(tokens) != len(tags):
            message = f"{len(tokens)} tokens and {len(tags)} tags: {_begin(tokens)}"
            self.log.report("unequal", where, message, remedy="mend the line; every token has one tag")
        elif not tokens:
            self.log.report("empty-record", where, "no tokens", fatal=False)
        elif "" in tokens:
            message = f"token {tokens.index('')} of {_begin(tokens)} is empty"
            self.log.report("empty-token", where, message, remedy="mend the line; every token has a character")
        elif "\n" in (joined := "".join(tokens)) or "\r" in joined:
            token = next(token for token in tokens if "\n" in token or "\r" in token)
            self.log.report("line-break", where, f"the token {token!r} holds a line break", remedy="take it out")
        else:
            return self._build(sentence_id, tokens, [tags], [number] * len(tokens))
        return None

    def _build(
        self, sentence_id: str, tokens: Sequence[str], levels: Iterable[Sequence[str]], numbers: Sequence[int]
    ) -> Sentence:
        """Decode the tags of each level and make the sentence.

        Args:
            sentence_id: Id of the sentence.
            tokens: Tokens, at least one, none empty or with a line break.
            levels: Tags of each level, the outer level first, one tag for each token.
            numbers: Line of each token, from 1.
        """
        self._lines = numbers
        if self._token_prefix:
            tokens = self._without_prefix(tokens, numbers)
        if self.log.notes:
            self._note_brackets(tokens, numbers)
        spans: list[Span] = []
        count = 0
        for level in levels:
            count += 1
            tags = self._of_scheme(level)
            if tags.count("O") != len(tags):
                spans += self._decode(tags, level, tokens, numbers)
        if len(spans) > 1 and (count > 1 or self.scheme == "brackets"):
            spans = self._settle(spans, numbers)
            spans = spans if self._nested else self._outer(spans, numbers)
        return Sentence(sentence_id, tuple(tokens), tuple(spans), Where(self._file, numbers[0]))

    def _without_prefix(self, tokens: Sequence[str], numbers: Sequence[int]) -> list[str]:
        for token, number in zip(tokens, numbers):
            if token == self._token_prefix:
                message = f"the token {token!r} is the prefix alone: it stays as it is"
                self.log.report("bare-prefix", self._where(number), message, fatal=False)
        return [token.removeprefix(self._token_prefix) or token for token in tokens]

    def _note_brackets(self, tokens: Sequence[str], numbers: Sequence[int]) -> None:
        for token, number in zip(tokens, numbers):
            if any(bracket in token for bracket in "[]|"):
                self.log.report("bracket-token", self._where(number), repr(token), fatal=False)

    def _decode(
        self, tags: Sequence[str], written: Sequence[str], tokens: Sequence[str], numbers: Sequence[int]
    ) -> list[Span]:
        """Decode one level of tags and report invalid ones.

        Args:
            tags: Tags as the scheme writes them.
            written: The same as the file writes them.
            tokens: Tokens of the sentence.
            numbers: Line of each token.
        """
        spans, invalid = decode(tags, self.scheme, self.repair)
        if self._written is None and self._may_be_bare and any(bad.expected is None for bad in invalid):
            self._written = self._reading()  # a bare prefix stands for the only label
            return self._decode(self._of_scheme(written), written, tokens, numbers)
        if len(self._with_tags) < _KEPT:
            self._with_tags.append(written)
        else:
            self._with_tags[-1] = written
        if not self._known_labels.issuperset([span.label for span in spans]):
            for span in spans:
                if span.label not in self._known_labels:
                    self._report_unknown(span, written[span.start], tokens, numbers)
            spans = [span for span in spans if span.label in self._known_labels]
        for bad in sorted(invalid, key=lambda bad: bad.expected is not None):  # others may follow from malformed ones
            text = self._tag_names.get(written[bad.position], written[bad.position])
            self._report_invalid(bad, text, f"token {tokens[bad.position]!r}", self._where(numbers[bad.position]))
        return spans

    def _report_invalid(self, bad: InvalidTag, text: str, token: str, where: Where) -> None:
        """Report a tag that cannot be read, or that its scheme does not allow at its place."""
        place = f"{token} is tagged {text!r}"
        if bad.expected is None:
            what = f"{place}, which {bad.why or f'is not a tag of {self.scheme}'}"
            remedy = self._remedy(bad)
            if self.log.keep_going and not self._is_hinted:
                self._is_hinted = True
                what = f"{what}; {remedy}"
            self.log.report("malformed-tag", where, what, remedy=remedy)
            return
        is_fatal = self.repair == "error"
        expected = self._notation.write(bad.expected)
        remedy = "--repair conlleval reads such chunks as that script does, --repair discard makes them O"
        if is_fatal and not self.log.keep_going and (fitting := self._fitting()):
            remedy = f"{fitting}; or {remedy}"
        self.log.report(
            "invalid-transition",
            where,
            f"{place} where {self.scheme} has {expected!r}",
            remedy=remedy,
            fatal=is_fatal,
            detail=self._repaired(bad.tag, bad.expected),
        )

    def _repaired(self, tag: str, expected: str) -> str:
        """Return what became of a tag that its scheme does not allow, in words that are the same for all labels."""
        written, wanted = tag[:2], expected[:2]
        if self.repair == "conlleval":
            return f"{written} read as {wanted}"
        return f"{written} where {self.scheme} has {wanted}" + (", made O" if self.repair == "discard" else "")

    def _remedy(self, bad: InvalidTag) -> str:
        """Return the remedy for a tag that cannot be read."""
        if bad.why:
            return "mend the column: every bracket that opens an entity has one that closes it, in the same sentence"
        if bad.tag.isdecimal():
            return _number_remedy(self._tag_names)
        if fitting := self._fitting():
            return fitting
        if bad.tag in tuple(PREFIXES[self.scheme]):
            return "it names no label: a tag without one needs a card with a single label"
        return "check the card's scheme and tag column"

    def _fitting(self) -> str:
        """Return which keys of the card's reader read all tags so far; empty if none are found, or it was said before."""
        if self._is_hinted:
            return ""
        outside = [tag for tag, read in (self._written or {}).items() if read == OUTSIDE]
        for fit in fits(self._with_tags, self.labels.corpus_names, self._tag_names, outside):
            keys = fit.keys(self.scheme, self._notation)
            if keys and not fit.repairs and (not fit.unknown or (list(keys) == ["scheme"] and fit.scheme != "IO")):
                whole = len(self._with_tags) < _KEPT
                what = (
                    "all tags of the file so far" if whole else f"this sentence and the first {_KEPT - 1:,} with tags"
                )
                return f"{', '.join(f'{key}: {value}' for key, value in keys.items())} in the card's reader fits {what}"
        return ""

    def _check_tag_key(self) -> None:
        """Report at the end of a file that no field of it has the card's key for tags."""
        reading = self._written
        if reading is not None and not reading.has_key and (reading or reading.keys_seen):
            there = f"the fields have {listed(list(reading.keys_seen))}" if reading.keys_seen else "no field has a key"
            message = f"no field has the key {self._notation.key!r}, which holds the tags: {there}"
            self.log.report("no-tag-key", self._where(1), message, fatal=False)

    def _report_unknown(self, span: Span, tag: str, tokens: Sequence[str], numbers: Sequence[int]) -> None:
        where = self._where(numbers[span.start])
        if span.label == OUTSIDE:
            what = f"token {tokens[span.start]!r} is tagged {tag!r}, and {OUTSIDE} is the tag of tokens outside of entities, no label"
            self.log.report("malformed-tag", where, what, remedy=f"mend the tag: {OUTSIDE}, or a label of the card")
            return
        place = f"token {tokens[span.start]!r} has the label {span.label!r}"
        remedy = None
        if "," in span.label:
            remedy = (
                "that looks like several tags in one: this file holds raw annotations, take the one with the final ones"
            )
        elif span.label.isdecimal() and tag == span.label:
            remedy = _number_remedy(self._tag_names)
        elif self.scheme == "IO" and span.label[1:2] == "-" and span.label not in self.log.unknown:
            remedy = self._fitting() or None  # a prefix, and no part of the label
        self.log.report_unknown(span.label, where, f"{place}, which the card does not list", remedy)

    def _settle(self, spans: list[Span], numbers: Sequence[int]) -> list[Span]:
        """Return the spans of several levels without those that cross or equal one of a level further out."""
        kept: list[Span] = []
        for span in spans:
            if self.labels.target_of(span.label) is None:
                continue  # a span that counts as O keeps no other span out
            ordered = sorted([*kept, span], key=outer_first)
            crossing = find_crossing(tuple(ordered))
            if crossing is None and span not in kept:
                kept = ordered
                continue
            other = next(s for s in kept if s.start < span.end and span.start < s.end)
            self.log.report(
                "crossing",
                self._where(numbers[span.start]),
                f"the {span.label} over tokens {span.start}-{span.end - 1} of the sentence crosses or equals the {other.label} "
                f"over {other.start}-{other.end - 1}",
                remedy="--repair conlleval keeps the outer one",
                fatal=self.repair == "error",
            )
        return kept

    def _outer(self, spans: list[Span], numbers: Sequence[int]) -> list[Span]:
        """Return the outer spans of a corpus that is not nested, and report the others."""
        outer = list(without_nested(tuple(spans)))
        for span in spans:
            if span not in outer:
                what = f"the {span.label} over tokens {span.start}-{span.end - 1} of the sentence lies inside another entity"
                self.log.report("inner-span", self._where(numbers[span.start]), what, fatal=False)
        return outer


def _begin(tokens: list[str]) -> str:
    """Quote the tokens of a sentence, or the first ones of a long sentence."""
    return repr(" ".join(tokens if len(tokens) <= 8 else [*tokens[:8], "..."]))


def _number_remedy(names: dict[str, str]) -> str:
    """Return the remedy for a tag that is a number without a name."""
    if names:
        return f"the card's reader.tag_names has {len(names)} names, for the numbers from 0 to {len(names) - 1}"
    return "the card's reader.tag_names lists the tags that the numbers stand for"


def tag_options(reader: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that the options of all tagged layouts have, from the keys of a card's `reader`.

    Raises:
        ValueError: Two keys contradict each other.
    """
    scheme = SCHEME_NAMES[reader["scheme"]]
    return {
        "scheme": scheme,
        "notation": TagNotation.of(reader, scheme),
        "tag_names": tuple(reader.get("tag_names", ())),
        "token_prefix": reader.get("token_prefix", ""),
        "ends": SentenceEnds.of(reader),
    }
