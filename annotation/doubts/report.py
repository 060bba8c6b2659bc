"""Doubts for people and programs: the ranked list, a summary, tables, and a page with the error browser."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...alignment import EXACT, Alignment
from ...eval.evaluate import Gold, evaluate
from ...eval.report.content import Filter, LinkedTable, Section
from ...eval.report.page import html_report
from ...eval.scored_run.run import Evaluation
from ...eval.scoring.predictions import NO_DECODING
from ...files import atomic_write
from ...generation import Generation
from ...locking import locked
from ...records import PREDICTIONS_FILE, Answer, PredictionRecord
from ...rendering.tables import Table
from ...sentence import Sentence, Span, tokens_sha1
from ...typed_json import to_json
from .judging import Judgement
from .ranking import EVEN, KINDS, MEANINGS, Doubt

DOUBTS_FILE, SUMMARY_FILE, PAGE_FILE = "doubts.jsonl", "doubts.json", "doubts.html"
_ON_PAGE = 500
"""Doubts in the table of the page; the list has all."""


@dataclass(frozen=True, slots=True)
class Found:
    """The doubts about a split.

    Attributes:
        gold: Gold of the split, without separators and with flat entities.
        doubts: The doubts, most doubtful first.
        judgements: What the students say of each sentence.
        facts: What the doubts follow from, for JSON.
    """

    gold: Gold
    doubts: Sequence[Doubt]
    judgements: Sequence[Judgement]
    facts: Mapping[str, Any]

    @property
    def title(self) -> str:
        """Title of tables and page."""
        return f"{self.gold.card.name} {self.gold.split}: doubts about the gold"


def counts_table(found: Found) -> Table:
    """Return the numbers of doubts by kind: all, those where the gold is the less probable side, and those that cleanlab shares."""
    rows = []
    for kind in KINDS:
        there = [one for one in found.doubts if one.kind == kind]
        above = [one for one in there if one.score > EVEN]
        rows.append(
            (kind, f"{len(there):,}", f"{len(above):,}", f"{sum(one.token_issue for one in there):,}", MEANINGS[kind])
        )
    return Table(("kind", "entities", f"above {EVEN}", "by cleanlab", "meaning"), rows, numbers=False)


def doubts_table(doubts: Sequence[Doubt]) -> Table:
    """Return the table of some doubts."""
    others = list(dict.fromkeys(name for one in doubts for name in one.others))

    def by_others(one: Doubt) -> list[str]:
        return [f"{one.others[name].doubt(one.kind):.4f}" if name in one.others else "-" for name in others]

    header = ("rank", "score", "kind", "sentence", "words", "gold", "instead", "p(gold)", "p(instead)", "by cleanlab")
    rows = [
        (
            str(one.rank), f"{one.score:.4f}", one.kind, one.id, one.words, _shown(one.gold), _instead(one), f"{one.students.gold:.4f}",
            f"{one.students.suggested:.4f}", "yes" if one.token_issue else "no", *by_others(one),
        )
        for one in doubts
    ]  # fmt: skip
    return Table((*header, *others), rows, numbers=False)


def _shown(span: Span | None) -> str:
    return f"{span.label} {span.start}-{span.end}" if span else "no entity"


def _instead(doubt: Doubt) -> str:
    return "something else" if doubt.kind == "agreed" else _shown(doubt.suggested)


def write_found(found: Found, out: Path) -> None:
    """Write the list, the summary and the page into a folder; the summary is last, and is missing while the others change.

    Args:
        found: The doubts.
        out: Folder that holds the judgements.

    Raises:
        LmnError: A file cannot be written.
    """
    evaluation = _evaluation(found, out / PREDICTIONS_FILE)
    with locked(out / SUMMARY_FILE), Generation() as files:
        with files.write(out / DOUBTS_FILE) as file:
            file.writelines(json.dumps(to_json(one), ensure_ascii=False) + "\n" for one in found.doubts)
        with files.write(out / PAGE_FILE) as file:
            file.writelines(_page(found, evaluation))
        kinds = Counter(one.kind for one in found.doubts)
        summary = {
            **found.facts,
            "doubts": {kind: kinds[kind] for kind in KINDS},
            "sha256": files.sha256(out / DOUBTS_FILE),
        }
        files.write_json(out / SUMMARY_FILE, summary, gone_first=True)
        files.put()


def _evaluation(found: Found, path: Path) -> Evaluation:
    """Write what the students say as predictions, and score it against the gold."""
    with atomic_write(path) as file:
        for sentence, one in zip(found.gold.sentences, found.judgements, strict=True):
            answer = Answer(spans=one.spans, confidences=one.confidences, uncertainty=one.uncertainty)
            sha1, aligned = tokens_sha1(sentence.tokens), Alignment(one.spans, EXACT)
            file.write(PredictionRecord.of(one.id, answer, sha1, NO_DECODING, aligned).line() + "\n")
    return evaluate(found.gold, path)


def _page(found: Found, evaluation: Evaluation) -> Iterator[str]:
    """Yield the page: the doubts with links to their sentences, and the report of the students, most doubtful sentences first."""
    first: dict[str, int] = {}
    for one in found.doubts:
        first.setdefault(one.id, one.rank)
    order = sorted(evaluation.sentences, key=lambda row: first.get(row.id, len(found.doubts) + 1))
    shown = found.doubts[:_ON_PAGE]
    links: dict[tuple[int, int], Filter] = {(at, 3): {"kind": "all", "at": one.id} for at, one in enumerate(shown)}
    notes = (
        f"The first {len(shown):,} of {len(found.doubts):,} doubts; the sentences below stand in the same order.",
        "Predictions are those of students that were not trained on the sentence. Score: half of one plus the probability of what is said "
        "instead less that of the gold, half of that distance where no entity is suggested; another system counts a quarter of "
        "the students.",
    )  # fmt: skip
    section = Section(
        "doubts", "Doubts", notes, [LinkedTable(counts_table(found)), LinkedTable(doubts_table(shown), links)]
    )
    yield from html_report(replace(evaluation, sentences=tuple(order)), title=found.title, first=[section])


def gold_without_separators(gold: Gold, sentences: Sequence[Sentence]) -> Gold:
    """Return a gold with these of its sentences, which are no document separators."""
    return replace(gold, sentences=[one for one in sentences if not one.is_docstart])
