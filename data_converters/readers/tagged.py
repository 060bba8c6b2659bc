"""Base of the readers of tagged tokens, whatever the layout: it decodes tags and reports those that are wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

from ...sentence import Sentence, Span, Where, find_crossing, outer_first
from ...tagging.splitting import Splitter
from ...tags import Scheme, decode
from ..problems import ProblemLog
from .common import CorpusRules
from .sentence_ends import SentenceEnds, cut_document, split_tokens, splitter_of

SCHEME_NAMES: dict[str, Scheme] = {
    "IOB1": "IOB1", "IOB2": "IOB2", "BIO": "IOB2", "IOBES": "IOBES", "BILOU": "BILOU", "IO": "IO",
}  # fmt: skip
"""Schemes by their names on cards."""


class TaggedOptions(Protocol):
    """Options of every layout with tags."""

    @property
    def scheme(self) -> Scheme:
        """Scheme of the tags."""

    @property
    def tag_names(self) -> tuple[str, ...]:
        """Names of the tags by number, from 0, if tags are numbers; otherwise ()."""

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
        self._tag_names = {str(number): name for number, name in enumerate(options.tag_names)}
        self._token_prefix = options.token_prefix
        self._ends = options.ends
        self._lines: Sequence[int] = ()  # of the tokens of the sentence that was made last

    def _where(self, number: int) -> Where:
        return Where(self._file, number)

    def _cut(self, documents: Iterator[Sentence], id_prefix: str) -> Iterator[Sentence]:
        """Return the sentences of documents. Where a splitter cuts them, the number in an id counts the sentences from 0."""
        splitter = splitter_of(self._ends)
        return documents if splitter is None else self._split_documents(documents, splitter, id_prefix)

    def _split_documents(self, documents: Iterator[Sentence], splitter: Splitter, id_prefix: str) -> Iterator[Sentence]:
        count = 0
        for document in documents:
            ends = [1] if document.is_docstart else split_tokens(document.tokens, splitter)
            for tokens, spans, line in cut_document(document, ends, self._lines, self.log):
                yield Sentence(f"{id_prefix}/{count}", tokens, spans, self._where(line))
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
        elif any("\n" in token or "\r" in token for token in tokens):
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
            tags = [self._tag_names.get(tag, tag) for tag in level] if self._tag_names else level
            if tags.count("O") != len(tags):
                spans += self._decode(tags, tokens, numbers)
        if count > 1 and len(spans) > 1:
            spans = self._settle(spans, numbers)
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

    def _decode(self, tags: Sequence[str], tokens: Sequence[str], numbers: Sequence[int]) -> list[Span]:
        """Decode one level of tags and report invalid ones."""
        spans, invalid = decode(tags, self.scheme, self.repair)
        if not self._known_labels.issuperset([span.label for span in spans]):
            for span in spans:
                if span.label not in self._known_labels:
                    self._report_unknown(span, tokens, numbers)
            spans = [span for span in spans if span.label in self._known_labels]
        for bad in invalid:
            place = f"token {tokens[bad.position]!r} is tagged {bad.tag!r}"
            if bad.expected is None:
                self._report_malformed(bad.tag, place, self._where(numbers[bad.position]))
            else:
                self.log.report(
                    "invalid-transition",
                    self._where(numbers[bad.position]),
                    f"{place} where {self.scheme} has {bad.expected!r}",
                    remedy="--repair conlleval reads such chunks as that script does, --repair discard makes them O",
                    fatal=self.repair == "error",
                    detail=self._repaired(bad.tag, bad.expected),
                )
        return spans

    def _repaired(self, tag: str, expected: str) -> str:
        """Return what became of a tag that its scheme does not allow, in words that are the same for all labels."""
        written, wanted = tag[:2], expected[:2]
        if self.repair == "conlleval":
            return f"{written} read as {wanted}"
        return f"{written} where {self.scheme} has {wanted}" + (", made O" if self.repair == "discard" else "")

    def _report_malformed(self, tag: str, place: str, where: Where) -> None:
        remedy = "check the card's scheme and tag column"
        if tag.isdecimal():
            remedy = _number_remedy(self._tag_names)
        self.log.report("malformed-tag", where, f"{place}, which is not a tag of {self.scheme}", remedy=remedy)

    def _report_unknown(self, span: Span, tokens: Sequence[str], numbers: Sequence[int]) -> None:
        where = self._where(numbers[span.start])
        place = f"token {tokens[span.start]!r} has the label {span.label!r}"
        remedy = None
        if "," in span.label:
            remedy = (
                "that looks like several tags in one: this file holds raw annotations, take the one with the final ones"
            )
        elif span.label.isdecimal():
            remedy = _number_remedy(self._tag_names)
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


def _begin(tokens: list[str]) -> str:
    """Quote the tokens of a sentence, or the first ones of a long sentence."""
    return repr(" ".join(tokens if len(tokens) <= 8 else [*tokens[:8], "..."]))


def _number_remedy(names: dict[str, str]) -> str:
    """Return the remedy for a tag that is a number without a name."""
    if names:
        return f"the card's reader.tag_names has {len(names)} names, for the numbers from 0 to {len(names) - 1}"
    return "the card's reader.tag_names lists the tags that the numbers stand for"


def tag_options(reader: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that the options of all tagged layouts have, from the keys of a card's `reader`."""
    return {
        "scheme": SCHEME_NAMES[reader["scheme"]],
        "tag_names": tuple(reader.get("tag_names", ())),
        "token_prefix": reader.get("token_prefix", ""),
        "ends": SentenceEnds.of(reader),
    }
