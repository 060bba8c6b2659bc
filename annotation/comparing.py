"""Several ways to label, scored on the same gold sentences: quality, unreadable answers, tokens, cost and time side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..alignment import FAILED
from ..counts import Counts
from ..errors import LmnError, listed
from ..eval.analysis.resampling import LEVEL, differences, intervals
from ..eval.scored_run.analysis import Interval
from ..eval.scoring.counts import strict_counts
from ..records import PREDICTIONS_FILE, PredictionRecord, read_records
from ..rendering.tables import Table
from ..sentence import Sentence, tokens_sha1
from ..typed_json import Count, to_json
from .labelled_corpus import RUN_FOLDER, read_summary
from .ledger import Bill
from .prices import money
from .provenance import LabellingSystem, read_provenance

_FIRST = "labelled by"
"""Head of the first column of the tables."""


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to label, with its answers to the gold sentences.

    Attributes:
        name: Name in the tables: a template, or a folder.
        system: What answered.
        records: Its answers, in the order of the gold.
        bill: Requests and their cost; None for a model in this process.
        seconds: Mean seconds for a sentence, of the requests or of the run; None if they were not measured.
    """

    name: str
    system: LabellingSystem
    records: Sequence[PredictionRecord]
    bill: Bill | None
    seconds: float | None


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """Scores of one way to label.

    Attributes:
        name: Name in the tables.
        system: What answered.
        micro: Strict counts over all labels.
        f1: Bootstrap interval of the F1.
        statuses: Number of answers by how well they could be read.
        unreadable: Number of answers that could not be read, by reason; an answer may have several.
        repaired: Number of answers that were repaired, by reason.
        bill: Requests and their cost; None for a model in this process.
        seconds: Mean seconds for a sentence; None if they were not measured.
        difference: F1 less that of the first way, its interval and p-value; None for the first one.
    """

    name: str
    system: LabellingSystem
    micro: Counts
    f1: Interval
    statuses: dict[str, int]
    unreadable: dict[str, int]
    repaired: dict[str, int]
    bill: Bill | None
    seconds: float | None
    difference: tuple[float, tuple[float, float], float] | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Several ways to label, compared on one sample.

    Attributes:
        corpus: Name of the gold's corpus.
        split: Name of its split.
        sentences: Number of sentences of the sample.
        entities: Number of their gold entities.
        rows: The ways, in the order in which they were named.
    """

    corpus: str
    split: str
    sentences: Count
    entities: Count
    rows: tuple[ComparedRow, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return a mapping for JSON."""
        row: dict[str, Any] = to_json(self)
        return row

    def tables(self) -> list[Table]:
        """Return the comparison as tables: scores and cost, what could not be read, and differences from the first way."""
        tables = [self._scores(), self._reasons()]
        return tables + ([self._differences()] if len(self.rows) > 1 else [])

    def _scores(self) -> Table:
        header = (
            _FIRST,
            "F1",
            f"{LEVEL:.0%} interval",
            "precision",
            "recall",
            "unreadable",
            "tokens in",
            "out",
            "cost",
            "s a sentence",
        )
        rows = []
        for row in self.rows:
            failed = row.statuses.get(FAILED, 0) / max(1, sum(row.statuses.values()))
            counted = row.bill if row.bill and not row.bill.uncounted else None
            rows.append((
                row.name, f"{row.micro.f1:.4f}", f"{row.f1.low:.4f} to {row.f1.high:.4f}", f"{row.micro.precision:.4f}",
                f"{row.micro.recall:.4f}", f"{failed:.1%}", f"{counted.tokens_in:,}" if counted else "-",
                f"{counted.tokens_out:,}" if counted else "-", money(row.bill.cost, row.bill.currency) if row.bill else "-",
                "-" if row.seconds is None else f"{row.seconds:.2f}",
            ))  # fmt: skip
        systems = tuple(f"{row.name}: {_described(row.system)}" for row in self.rows)
        sample = f"{self.sentences:,} sentences of {self.corpus} {self.split} with {self.entities:,} entities; strict matching"
        return Table(header, rows, (sample, *systems), "Scores and cost")

    def _reasons(self) -> Table:
        names = sorted({reason for row in self.rows for reason in row.unreadable})
        rows = [
            (row.name, f"{row.statuses.get(FAILED, 0):,}", *(f"{row.unreadable.get(name, 0):,}" for name in names))
            for row in self.rows
        ]
        return Table((_FIRST, "all", *names), rows, title="Answers that could not be read, by reason")

    def _differences(self) -> Table:
        rows = []
        for row in self.rows[1:]:
            assert row.difference is not None  # only the first one has none
            value, (low, high), p_value = row.difference
            rows.append((row.name, f"{value:+.4f}", f"{low:+.4f} to {high:+.4f}", f"{p_value:.4f}"))
        header = (_FIRST, "F1", f"{LEVEL:.0%} interval", "p-value")
        return Table(header, rows, title=f"Difference from {self.rows[0].name}")


def _described(system: LabellingSystem) -> str:
    """Return the name of a system, and the model that it is made of if that has another name."""
    return system.name if system.model in (None, system.name) else f"{system.name} on {system.model}"


def labelled_earlier(folder: Path, sentences: Sequence[Sentence]) -> Contender:
    """Return the answers of a labelled corpus to some sentences.

    Args:
        folder: Folder of the labelled corpus.
        sentences: The sentences.

    Raises:
        LmnError: The folder holds no labelled corpus, or one without an answer to one of the sentences.
    """
    summary = read_summary(folder)
    records = {record.id: record for record in read_records(folder / RUN_FOLDER / PREDICTIONS_FILE)}
    found = [records.get(sentence.id) for sentence in sentences]
    for sentence, record in zip(sentences, found, strict=True):
        if record is None or record.tokens_sha1 != tokens_sha1(sentence.tokens):
            raise LmnError(f"has no answer to {sentence.id}", folder, "label a corpus that holds the whole sample")
    wanted = {sentence.id for sentence in sentences}
    rows = list(read_provenance(folder))
    wanted |= {payer for row in rows if row.asked in wanted for payer in row.shared_with}
    asked = [row for row in rows if row.asked in wanted and row.requests]
    costs = [row.cost for row in asked]
    bill = Bill(
        sum(row.requests for row in asked), sum(row.tokens_in or 0 for row in asked), sum(row.tokens_out or 0 for row in asked),
        sum(row.tokens_in is None for row in asked), 0.0,
        None if None in costs else sum(cost for cost in costs if cost is not None), next((row.currency for row in asked), None),
    )  # fmt: skip
    kept = [record for record in found if record is not None]
    return Contender(str(folder), summary.system, kept, bill if asked else None, None)


def compare(corpus: str, split: str, gold: Sequence[Sentence], contenders: Sequence[Contender]) -> Comparison:
    """Score several ways to label against the same gold.

    Args:
        corpus: Name of the gold's corpus.
        split: Name of its split.
        gold: Gold sentences.
        contenders: The ways, each with an answer to every sentence.

    Raises:
        LmnError: The answers of one are to other sentences.
    """
    counts = [_counts(gold, one) for one in contenders]
    rows = tuple(
        _row(one, own, counts[0] if number else None)
        for number, (one, own) in enumerate(zip(contenders, counts, strict=True))
    )
    return Comparison(corpus, split, len(gold), sum(len(sentence.spans) for sentence in gold), rows)


def _counts(gold: Sequence[Sentence], contender: Contender) -> list[Counts]:
    """Return the strict counts of each sentence."""
    if [record.id for record in contender.records] != [sentence.id for sentence in gold]:
        raise LmnError("has answers to other sentences", contender.name, "label the same sample again")
    return [
        strict_counts(sentence.spans, record.spans)
        for sentence, record in zip(gold, contender.records, strict=True)
    ]  # fmt: skip


def _row(contender: Contender, counts: Sequence[Counts], first: Sequence[Counts] | None) -> ComparedRow:
    records = contender.records
    statuses = Counter(record.status for record in records)
    by_reason = {
        is_failed: Counter(reason for record in records if (record.status == FAILED) == is_failed for reason in record.reasons)
        for is_failed in (True, False)
    }  # fmt: skip
    found = intervals(counts, [0] * len(counts), ()).micro.f1
    difference = None
    if first is not None:
        f1 = next(one for one in differences(first, counts) if one.name == "f1")
        difference = (f1.value, f1.interval, f1.p_value)
    return ComparedRow(
        contender.name, contender.system, sum(counts, Counts()), found, dict(sorted(statuses.items())),
        dict(sorted(by_reason[True].items())), dict(sorted(by_reason[False].items())), contender.bill, contender.seconds,
        difference,
    )  # fmt: skip


def check_labels(name: str, asked: Sequence[str], gold: Sequence[str]) -> None:
    """Make sure that a system was asked for the labels of the gold.

    Raises:
        LmnError: It was asked for others, so that scores would mean nothing.
    """
    if set(asked) != set(gold):
        raise LmnError(
            f"was asked for {listed(list(asked), 20)}, and the gold has {listed(list(gold), 20)}: scores would mean nothing", name,
            "compare on a corpus with the same labels",
        )  # fmt: skip
