"""Content of the report apart from its sentences: sections of tables, with links from counts to sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, field, fields, replace
from typing import NamedTuple

from ...counts import RATIOS, Counts
from ...rendering.tables import Table
from ..analysis.confusion import OUTSIDE
from ..published.side_by_side import reference_tables
from ..scored_run.analysis import ERRORS, KINDS, Analysis, Confusion, Interval
from ..scored_run.run import ScoredRun
from ..scored_run.scores import AlignmentSummary, ScenarioCounts
from ..scored_run.tables import ratio_cells
from .tables import (
    confusion_table,
    error_table,
    group_tables,
    interval_table,
    llms4ner_rows,
    strict_rows,
    tag_tables,
    trust_tables,
)
from .terminal import run_facts

Filter = dict[str, str]
"""A state of the error browser, as a link holds it. All conditions must hold, those from `kind` to `length` for the same pair:

- `kind`: `error` (any), a kind of pair, `gold` or `predicted` (any pair with such an entity), or `all`: also sentences without a pair
- `label`: label that the pair is counted with; `gold`, `predicted`: its two labels, `O` for an entity that is not there
- `confidence`: confidence of the predicted entity, by the names of the reliability curve and the thresholds: `0.9-1.0`, `from 0.95`
- `seen`, `ambiguity`: what the training split knows about the gold entity's words, by the names of the groups
- `length`: length of the gold entity in tokens, by the names of the groups: `2`, `5 or more`
- `words`: length of the sentence in tokens; `status`, `reason`: status and reason of its alignment
- `goldtag`, `predictedtag`: IOB2 tags of the same token
- `q`: text that the sentence or the output holds; `at`: sentence id
"""


class LinkedTable(NamedTuple):
    """A table whose counts lead to sentences.

    Attributes:
        table: The cells.
        links: Filters by row and column; the first column is 0.
        heat: Counts by row and column, for a table that is coloured by the shares of its rows; empty for others.
    """

    table: Table
    links: dict[tuple[int, int], Filter] = {}  # noqa: RUF012 (never changed)
    heat: Sequence[Sequence[int]] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report under a heading.

    Attributes:
        name: Name for links.
        title: Heading.
        notes: Paragraphs.
        tables: Tables below the paragraphs.
    """

    name: str
    title: str
    notes: tuple[str, ...] = ()
    tables: list[LinkedTable] = field(default_factory=list)


class Headline(NamedTuple):
    """A headline score.

    Attributes:
        name: Name of the score.
        value: Score, from 0 to 1.
        low: Lower end of its interval.
        high: Upper end of its interval.
    """

    name: str
    value: float
    low: float
    high: float


def title_of(run: ScoredRun) -> str:
    """Return the report's title."""
    return f"{run.corpus} {run.split}: gold and predictions"


def headline(run: ScoredRun) -> list[Headline]:
    """Return the micro scores with their intervals."""
    found = []
    for name in RATIOS:
        interval: Interval = getattr(run.analysis.intervals.micro, name)
        value: float = getattr(run.scores.micro, name)
        found.append(Headline("F1" if name == "f1" else name, value, interval.low, interval.high))
    return found


def interval_note(run: ScoredRun) -> str:
    """Return what the intervals of the headline are."""
    found = run.analysis.intervals
    return f"micro average over entities, {run.scores.scorer_title}; {found.level:.0%} intervals: {found.described}"


def facts(run: ScoredRun) -> list[tuple[str, str]]:
    """Return what a reader needs next to the scores, as pairs of name and value."""
    found = run_facts(run)
    for name, value in (("model", run.model), ("recipe", run.recipe), ("format", run.format)):
        if value:
            found.insert(2, (name, value))
    return [(name or "reasons", value) for name, value in found]


def provenance(run: ScoredRun) -> list[tuple[str, str]]:
    """Return what the scores were computed with."""
    found, unknown = run.provenance, "not known"
    versions = ", ".join(f"{name} {version or 'not there'}" for name, version in found.versions.items())
    hashes = found.sha256
    return [
        ("versions", versions),
        ("commit", found.commit or unknown),
        ("seed", unknown if found.seed is None else str(found.seed)),
        ("SHA-256 of the corpus", hashes.corpus or unknown),
        ("SHA-256 of the predictions", hashes.predictions),
        ("SHA-256 of the adapter", hashes.adapter or unknown),
    ]


def sections(run: ScoredRun) -> list[Section]:
    """Return the sections, in order; those without data are left out."""
    analysis = run.analysis
    kinds = tuple(f"{kind}: {meaning}" for kind, meaning in ERRORS.items())
    found = [
        Section("labels", "Scores by label", tables=list(_score_tables(run))),
        Section("errors", "Errors", kinds, [_error_table(analysis), *_alignment_tables(run.scores.alignment)]),
        Section("confusion", "Confusion", (_CONFUSION,), list(_confusion_tables(analysis))),
        Section("groups", "Groups of entities", tables=list(_group_tables(analysis))),
    ]
    if analysis.tags:
        tables = [LinkedTable(table) for table in tag_tables(analysis.tags)]
        found.append(Section("tags", "Single tags", ("IOB2, token by token.",), tables))
    if trust := list(_trust_tables(run)):
        found.append(Section("confidence", "Confidence and uncertainty", (), trust))
    if published := [LinkedTable(table) for table in reference_tables(run)]:
        note = "Our scores next to published ones. Conditions that differ are named; what a difference means is not."
        found.append(Section("published", "Published results", (note,), published))
    return found


def _trust_tables(run: ScoredRun) -> Iterator[LinkedTable]:
    """Yield the tables; bins and thresholds lead to their entities, unless entities below a minimum confidence were left out."""
    for table in trust_tables(run):
        links: dict[tuple[int, int], Filter] = {}
        if run.min_confidence is None and table.header[1] == "entities":
            links = {(row, 1): {"kind": "predicted", "confidence": name} for row, (name, *_) in enumerate(table.rows)}
        yield LinkedTable(table, links)


_CONFUSION = (
    f"Gold in rows, predicted in columns. Labels: {OUTSIDE} means that an entity is missing, and an entity with wrong "
    "boundaries counts by its label. Tags are counted token by token."
)
_COUNTS = ("correct", "predicted", "gold")


def _score_tables(run: ScoredRun) -> Iterator[LinkedTable]:
    yield _strict_table(run)
    yield LinkedTable(interval_table(run.analysis))
    if run.llms4ner:
        rows = [_counted(name, counts) for name, counts in llms4ner_rows(run).items()]
        note = f"no positions in {run.llms4ner.forgiven:,} sentences"
        yield LinkedTable(Table(("llms4ner", *_COUNTS, *RATIOS), rows, (note,)))
    if nervaluate := run.scores.nervaluate:
        rows = [
            (f"{label} {name}".strip(), *(f"{count:,}" for count in astuple(counts)), *ratio_cells(counts))
            for label, scenarios in {"": nervaluate.overall, **nervaluate.labels}.items()
            for name, counts in scenarios.by_name.items()
        ]
        keys = tuple(field.name for field in fields(ScenarioCounts))
        yield LinkedTable(Table(("nervaluate", *keys, *RATIOS), rows))


def _counted(name: str, counts: Counts) -> tuple[str, ...]:
    return (name, f"{counts.correct:,}", f"{counts.predicted:,}", f"{counts.gold:,}", *ratio_cells(counts))


def _strict_table(run: ScoredRun) -> LinkedTable:
    links: dict[tuple[int, int], Filter] = {}
    for number, label in enumerate([*run.scores.labels, None]):
        for column, key in enumerate(_COUNTS, 1):
            name = "label" if key == "correct" else key
            links[number, column] = {"kind": key, **({name: label} if label else {})}
    rows = [_counted(name, counts) for name, counts in strict_rows(run).items()]
    return LinkedTable(Table((run.scores.scorer_title, *_COUNTS, *RATIOS), rows), links)


def _error_table(analysis: Analysis) -> LinkedTable:
    links = {
        (row, column): {"kind": kind, **({"label": label} if label else {})}
        for row, label in enumerate([*analysis.errors.labels, None])
        for column, kind in enumerate(KINDS, 1)
    }
    note = "spurious entities are counted with their predicted label"
    table = error_table(analysis)
    return LinkedTable(replace(table, notes=(note, *table.notes)), links)


def _alignment_tables(alignment: AlignmentSummary) -> Iterator[LinkedTable]:
    for title, key, counts in (
        ("alignment", "status", dict[str, int](alignment.statuses.items())),
        ("reasons", "reason", alignment.reasons),
    ):
        if counts:
            rows = [(name, f"{count:,}") for name, count in counts.items()]
            links = {(row, 1): {"kind": "all", key: name} for row, name in enumerate(counts)}
            yield LinkedTable(Table((title, "sentences"), rows), links)


def _confusion_tables(analysis: Analysis) -> Iterator[LinkedTable]:
    yield _confusion_table(analysis.confusion, "labels", ("gold", "predicted"))
    if analysis.tags:
        yield _confusion_table(analysis.tags.confusion, "tags", ("goldtag", "predictedtag"))


def _confusion_table(confusion: Confusion, name: str, keys: tuple[str, str]) -> LinkedTable:
    links = {
        (row, column): {"kind": "all", keys[0]: one, keys[1]: other}
        for row, one in enumerate(confusion.names)
        for column, other in enumerate(confusion.names, 1)
    }
    return LinkedTable(confusion_table(confusion, name), links, confusion.rows)


def _group_tables(analysis: Analysis) -> Iterator[LinkedTable]:
    keys = {
        "entity length": "length",
        "sentence length": "words",
        "mention in train": "seen",
        "labels in train": "ambiguity",
    }
    for (name, groups), table in zip(analysis.groups.items(), group_tables(analysis)):
        yield LinkedTable(table, {(row, 4): {"kind": "gold", keys[name]: group} for row, group in enumerate(groups)})


def without_zeros(linked: LinkedTable) -> Iterable[tuple[int, int]]:
    """Yield the cells whose filter finds something."""
    return (place for place in linked.links if linked.table.rows[place[0]][place[1]] != "0")
