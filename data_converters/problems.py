"""Problems in a corpus file: counted, with their places, and fatal or repaired, as the card says."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from ..errors import LmnError
from ..labels import writable_name
from ..sentence import Where
from ..yaml_text import yaml_word
from .tallies import Tally

MAX_KEPT = 10_000
"""Number of problems of one kind whose places are kept; further ones are only counted."""
MOST_LABELS = 20
"""Number of unknown labels that a message names; further ones are only counted."""
SHOWN_PLACES = 3
"""Number of places that a warning names."""

PROBLEM_KINDS: dict[str, str] = {
    "invalid-transition": "a tag that its scheme does not allow at its place",
    "malformed-tag": "a tag that is not written as its scheme writes tags",
    "no-tag-key": "no field has the key that holds the tags on the card, so that nothing is tagged",
    "unknown-label": "a label that the card does not list",
    "untagged": "a line without a tag",
    "columns": "a line with more or fewer columns than the card says",
    "uneven": "a line with more or fewer columns than most",
    "spaced-token": "a token that holds the separator: it takes the columns too many",
    "empty-token": "a line whose token is empty",
    "unequal": "a sentence with more or fewer tokens than tags",
    "malformed-record": "a record, or a part of one, that is not what the card says",
    "empty-record": "a record without tokens, left out",
    "unannotated": "a record without annotation, read as one without entities",
    "not-annotated": "a record that nobody annotated to the end, or that was refused: left out",
    "several-annotations": "a record with several annotations, of which the first one is read, or that by reader.annotator of the card",
    "passed-region": "a region of a kind that is not read, or a span that its annotator refused: left out",
    "unsplit": "a document without sentence boundaries, read as one sentence",
    "unlabelled": "an annotation without a label, left out",
    "outside-text": "a span that is empty or does not lie in the text",
    "cut-span": "a span that begins or ends inside a token",
    "discontinuous": "a span in several parts, left out or read with what lies between, as the card says",
    "cut-share": "a share of cut spans that is too high for chance: another tokenizer, or another unit of the offsets",
    "span-words": "a span whose words in the record are not those at its offsets",
    "double-span": "a span that is listed twice over the same tokens, read once",
    "crossing": "an entity that crosses another, or an inner one that equals an outer one",
    "inner-span": "an entity inside another, left out because the corpus is not nested",
    "long-sentence": "a sentence that may be a whole document",
    "returning-sentence": "a sentence number that comes back after another, read as a new sentence",
    "joined-sentences": "a sentence boundary inside an entity: the two sentences are read as one",
    "line-break": "a token, or a field beside it, that holds a line break",
    "bare-prefix": "a token that consists of the card's token prefix alone, left as it is",
    "duplicate": "a record with the tokens and tags of an earlier one, left out",
    "filtered": "a record that the card's reader.where or reader.annotator leaves out",
    "bracket-token": "a token that holds [, ] or |, which are markup in a bracketed output",
}
"""Meaning of each kind of problem."""

OF_TAGS = frozenset({"invalid-transition", "crossing"})
"""Kinds of which the policy `repair` decides; readers of spans have keys of their own for `crossing`."""

LOSES_LINES = frozenset({"untagged", "empty-token", "line-break", "unequal", "malformed-record"})
"""Kinds for which a reader that keeps going leaves out a line, and with it perhaps a whole sentence."""

NOTES = frozenset(
    {
        "empty-record", "unannotated", "not-annotated", "several-annotations", "passed-region", "unsplit", "bare-prefix", "duplicate",
        "filtered", "cut-share", "bracket-token", "uneven", "spaced-token", "long-sentence", "returning-sentence", "no-tag-key",
    }
)  # fmt: skip
"""Kinds that are worth knowing but not faults: no annotation is mended."""


ADVICE: dict[str, str] = {
    "uneven": "if a token holds spaces, reader.columns: N on the card lets it take the columns too many",
    "long-sentence": "if these are documents, the card says how sentences end: reader.sentence_end, or for spans reader.sentences: split",
    "returning-sentence": "sort the lines by sentence, or number the sentences on if these are others",
}
"""What to do about kinds that are no error but may be a mistake."""

LONG = 256
"""Number of tokens up to which no sentence is reported as long."""
_TIMES_USUAL = 20
_LONG_USUAL = 128
"""Median length from which the sentences of a file are taken for documents."""


class Problem(NamedTuple):
    """One problem.

    Attributes:
        kind: Key of `PROBLEM_KINDS`.
        where: File and line.
        message: Description of what was seen.
        fatal: Whether converting stops there.
    """

    kind: str
    where: Where
    message: str
    fatal: bool


def label_row(name: str, taken: Collection[str] = ()) -> str:
    """Return the row of a card's `labels` for a label of the corpus files: `- {name: GENE}`, with `corpus` if no label can have that name.

    Args:
        name: Label in the corpus files.
        taken: Names of the card's other labels.
    """
    own = writable_name(name, taken)
    row = f"name: {yaml_word(own)}"
    return f"- {{{row}}}" if own == name else f"- {{{row}, corpus: {yaml_word(name)}}}"


@dataclass(slots=True)
class UnknownLabel:
    """A label of the corpus files that the card does not list.

    Attributes:
        count: Number of its entities.
        first: Place of the first.
        remedy: Advice for the user where the label shows what is wrong; None if the card may simply lack it.
    """

    count: int
    first: Where
    remedy: str | None


@dataclass(slots=True)
class ProblemLog:
    """Collects the problems that a reader finds.

    Attributes:
        keep_going: Whether to record fatal problems instead of raising.
        notes: Whether to record tokens with brackets, too.
        counts: Number of problems of each kind.
        kept: First `MAX_KEPT` problems of each kind.
        fatal: Number of problems that would have stopped a conversion.
        unknown: Labels that the card does not list.
        details: For some kinds, the numbers of problems of each sort within the kind.
        lengths: Numbers of tokens of the sentences.
        widths: Numbers of columns of the lines.
    """

    keep_going: bool = False
    notes: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    kept: list[Problem] = field(default_factory=list)
    fatal: int = 0
    unknown: dict[str, UnknownLabel] = field(default_factory=dict)
    details: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    lengths: Tally = field(default_factory=Tally)
    widths: Tally = field(default_factory=Tally)

    def report_unknown(self, label: str, where: Where, message: str, remedy: str | None = None) -> None:
        """Record an entity with a label that the card does not list.

        Args:
            label: Label as the corpus files write it.
            where: File and line.
            message: Description of the entity.
            remedy: Advice for the user where the label shows what is wrong; None if the card may simply lack it.

        Raises:
            LmnError: The log does not keep going.
        """
        found = self.unknown.setdefault(label, UnknownLabel(0, where, remedy))
        found.count += 1
        self.report("unknown-label", where, message, remedy=remedy or f"add to the card's labels: {label_row(label)}")

    def conclude(self) -> None:
        """Report what shows only when a file has been read: very long sentences, and lines with another number of columns."""
        usual, total = self.lengths.median(), self.lengths.counts.total()
        least = LONG if usual > _LONG_USUAL else max(LONG, _TIMES_USUAL * usual)
        long = [number for number in self.lengths.counts if number > least]
        half = f"half of the {total:,} sentences have at most {usual:,}" if total > 1 else "no other sentence is there"
        self._add_all("long-sentence", self.lengths, long, f"{{}} has {{:,}} tokens; {half}")
        most = self.widths.mode()
        uneven = [number for number in self.widths.counts if number != most]
        self._add_all("uneven", self.widths, uneven, f"{{!r}} has {{}} columns; most lines have {most}")
        self.lengths, self.widths = Tally(), Tally()

    def _add_all(self, kind: str, tally: Tally, numbers: list[int], message: str) -> None:
        """Record where some numbers of a tally were seen. Nothing of it is fatal."""
        if numbers:
            self.counts[kind] += sum(tally.counts[number] for number in numbers)
            places = tally.of(numbers)[:MAX_KEPT]
            self.kept += [Problem(kind, where, message.format(name, number), False) for where, name, number in places]

    def report(
        self,
        kind: str,
        where: Where,
        message: str,
        *,
        remedy: str | None = None,
        fatal: bool = True,
        detail: str | None = None,
    ) -> None:
        """Record a problem.

        Args:
            kind: Key of `PROBLEM_KINDS`.
            where: File and line.
            message: Description of what was seen.
            remedy: Advice for the user; None if there is none.
            fatal: Whether converting stops there.
            detail: Sort of the problem within its kind, one of few; None for kinds without sorts.

        Raises:
            LmnError: The problem is fatal and the log does not keep going.
        """
        if fatal and not self.keep_going:
            raise LmnError(message, where, remedy)
        self.counts[kind] += 1
        self.fatal += fatal
        if detail:
            self.details[kind][detail] += 1
        if self.counts[kind] <= MAX_KEPT:
            self.kept.append(Problem(kind, where, message, fatal))

    def unknown_labels(self, known: Collection[str]) -> LmnError:
        """Return the error that names all labels that the card does not list, the most frequent first, with the rows that it lacks.

        Args:
            known: Names of the labels that the card lists.
        """
        first = min((found.first for found in self.unknown.values()), key=lambda where: where.line)
        what = f"labels that the card does not list, with their entities: {self.detail_of('unknown-label')}"
        return LmnError(what, first, self.unknown_remedy(known, "add to the card's labels: {}"))

    def unknown_remedy(self, known: Collection[str], add: str) -> str:
        """Return the remedy for all unknown labels together.

        Args:
            known: Names of the labels that the card lists.
            add: Advice to add rows to the card's labels, with `{}` for the rows.
        """
        odd = list(dict.fromkeys(found.remedy for found in self.unknown.values() if found.remedy))
        lacking = sum(found.remedy is None for found in self.unknown.values())
        if not lacking:
            return "; ".join(odd)
        advice = add.format(_listed(self.rows_to_add(known, MOST_LABELS), lacking))
        advice = f"{advice}; to read one as O, name it in the card's drop, too"
        if len(self.unknown) > MOST_LABELS:
            advice = f"if these are no labels, check the card's tag column; otherwise {advice}"
        return "; ".join([advice, *odd])

    def rows_to_add(self, known: Collection[str], most: int | None = None) -> list[str]:
        """Return the rows that a card's `labels` lack, the most frequent label first, without labels that show what is wrong.

        Args:
            known: Names of the labels that the card lists.
            most: Number of rows to return; None for all.
        """
        taken = {*known}
        rows = []
        for label in [label for label, found in self._ranked() if found.remedy is None][:most]:
            rows.append(label_row(label, taken))
            taken.add(writable_name(label, taken))
        return rows

    def _ranked(self) -> list[tuple[str, UnknownLabel]]:
        """Return the unknown labels, the most frequent first."""
        return sorted(self.unknown.items(), key=lambda item: -item[1].count)

    def of(self, kind: str) -> list[Problem]:
        """Return the kept problems of a kind, in the order of the file."""
        return [problem for problem in self.kept if problem.kind == kind]

    def detail_of(self, kind: str) -> str:
        """Return the sorts within a kind with their numbers, the most frequent first; empty for a kind without sorts."""
        if kind == "unknown-label":
            named = [f"{label!r} ({found.count:,})" for label, found in self._ranked()[:MOST_LABELS]]
            return _listed(named, len(self.unknown))
        sorts = self.details.get(kind) or Counter()
        return ", ".join(f"{number:,} {sort}" for sort, number in sorts.most_common())

    def warnings(self, name: str) -> Iterator[str]:
        """Yield one line for each kind of problem: how many there are, of which sorts, and the first places.

        Args:
            name: Name of what was read, with which each line begins.
        """
        for kind, count in sorted(self.counts.items()):
            sorts = f": {found}" if (found := self.detail_of(kind)) else ""
            first = ", ".join(str(problem.where) for problem in self.of(kind)[:SHOWN_PLACES])
            advice = f"; {ADVICE[kind]}" if kind in ADVICE else ""
            yield f"{name}: {count:,} x {PROBLEM_KINDS[kind]}{sorts} (first at {first}){advice}"


def _listed(names: list[str], count: int) -> str:
    """Return names as a list, and how many of `count` are left."""
    return ", ".join(names) + (f" and {count - len(names):,} more" if len(names) < count else "")
