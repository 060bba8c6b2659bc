"""What the report says beside its sentences, from `scores.json`: sections of tables, with links from counts to sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from ...rendering.tables import Table
from ..analysis.confusion import OUTSIDE
from ..analysis.pairs import ERRORS, KINDS
from ..analysis.resampling import RATIOS
from ..analysis.tables import confusion_table, error_table, group_tables, interval_table, tag_tables
from ..published.comparison import comparisons
from .terminal import run_facts, trust_tables

Filter = dict[str, str]
"""A state of the error browser, as it stands in a link. All that is set has to hold, `kind` to `length` of one and the same pair:

- `kind`: `error` (any), a kind of pair, `gold` or `predicted` (any pair that has one), or `all`: sentences without a pair too
- `label`: that the pair is counted with; `gold`, `predicted`: its two labels, `O` where there is no such entity
- `confidence`: of the predicted entity, as the reliability curve and the thresholds are called: `0.9-1.0`, `from 0.95`
- `seen`, `ambiguity`: what the training split knows of the gold entity's words, as the groups are called
- `length`: of the gold entity in tokens, as the groups are called: `2`, `5 or more`
- `words`: the same of the sentence; `status`, `reason`: of its alignment
- `goldtag`, `predictedtag`: IOB2 tags of one and the same token
- `q`: text that the sentence or the output holds; `at`: the sentence's id
"""


class LinkedTable(NamedTuple):
    """A table whose counts lead to sentences.

    Attributes:
        table: the cells.
        links: filters by row and column, the first column being 0.
        heat: counts by row and column for a table that is coloured by its rows' shares; empty for others.
    """

    table: Table
    links: dict[tuple[int, int], Filter] = {}  # noqa: RUF012 (never changed)
    heat: Sequence[Sequence[int]] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report under a heading.

    Attributes:
        name: for links.
        title: the heading.
        notes: paragraphs.
        tables: below them.
    """

    name: str
    title: str
    notes: tuple[str, ...] = ()
    tables: list[LinkedTable] = field(default_factory=list)


class Headline(NamedTuple):
    """A headline score.

    Attributes:
        name: what it is called.
        value: from 0 to 1.
        low: lower end of its interval.
        high: upper end.
    """

    name: str
    value: float
    low: float
    high: float


def title_of(document: dict[str, Any]) -> str:
    """Return the report's title."""
    return f"{document['corpus']} {document['split']}: gold and predictions"


def headline(document: dict[str, Any]) -> list[Headline]:
    """Return the micro scores with their intervals."""
    micro, intervals = _strict(document)["micro"], document["analysis"]["intervals"]["scores"]["micro"]
    names = {"precision": "precision", "recall": "recall", "f1": "F1"}
    return [Headline(names[key], micro[key], *intervals[key]) for key in RATIOS]


def interval_note(document: dict[str, Any]) -> str:
    """Return what the intervals of the headline are."""
    found = document["analysis"]["intervals"]
    return (
        f"micro average over entities, {_scorer(document)}; {found['level']:.0%} intervals: percentile bootstrap over sentences, "
        f"{found['resamples']:,} resamples, seed {found['seed']}"
    )


def facts(document: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what a reader needs beside the scores, as pairs of name and value."""
    found = run_facts(document)
    for key in ("model", "recipe", "format"):
        if document[key]:
            found.insert(2, (key, document[key]))
    return [(name or "reasons", value) for name, value in found]


def provenance(document: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what the scores were computed with."""
    versions = ", ".join(f"{name} {version or 'not there'}" for name, version in document["versions"].items())
    hashes = [(f"SHA-256 of the {name}", value or "not known") for name, value in document["sha256"].items()]
    seed = "not known" if document["seed"] is None else str(document["seed"])
    return [("versions", versions), ("commit", document["commit"] or "not known"), ("seed", seed), *hashes]


def sections(document: dict[str, Any]) -> list[Section]:
    """Return the sections, in order; those that the run has nothing for are left out."""
    analysis = document["analysis"]
    kinds = tuple(f"{kind}: {meaning}" for kind, meaning in ERRORS.items())
    found = [
        Section("labels", "Scores by label", tables=list(_score_tables(document))),
        Section("errors", "Errors", kinds, [_error_table(analysis), *_alignment_tables(document["alignment"])]),
        Section("confusion", "Confusion", (_CONFUSION,), list(_confusion_tables(analysis))),
        Section("groups", "Groups of entities", tables=list(_group_tables(analysis))),
    ]
    if analysis["tags"]:
        tables = [LinkedTable(table) for table in tag_tables(analysis["tags"])]
        found.append(Section("tags", "Single tags", ("IOB2, token by token.",), tables))
    if trust := list(_trust_tables(document)):
        found.append(Section("confidence", "Confidence and uncertainty", (), trust))
    if published := list(_published_tables(document)):
        note = "Ours beside theirs; what differs between the two is named, and what a difference means is not."
        found.append(Section("published", "Published results", (note,), published))
    return found


def _trust_tables(document: dict[str, Any]) -> Iterator[LinkedTable]:
    """Yield the tables; bins and thresholds lead to their entities, unless those below a smallest confidence are not there."""
    for table in trust_tables(document):
        links: dict[tuple[int, int], Filter] = {}
        if document["min_confidence"] is None and table.header[1] == "entities":
            links = {(row, 1): {"kind": "predicted", "confidence": name} for row, (name, *_) in enumerate(table.rows)}
        yield LinkedTable(table, links)


def _published_tables(document: dict[str, Any]) -> Iterator[LinkedTable]:
    for compared in comparisons(document) if document.get("references") else ():
        yield LinkedTable(compared)


_CONFUSION = (
    f"Gold in rows, predicted in columns. Of labels: {OUTSIDE} stands for the entity that is not there, and an entity with wrong "
    "boundaries counts as its label. Of tags: token by token."
)


def _strict(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["seqeval"] or document["spans"]
    return found


def _scorer(document: dict[str, Any]) -> str:
    return (
        "seqeval (strict, IOB2)" if document["seqeval"] else "sets of spans (entities nest: seqeval cannot hold them)"
    )


def _score_tables(document: dict[str, Any]) -> Iterator[LinkedTable]:
    strict = _strict(document)
    yield _strict_table(document, strict)
    yield LinkedTable(interval_table(document["analysis"]))
    if published := document["llms4ner"]:
        rows = [_counted(name, row) for name, row in {**published["labels"], "micro avg": published["micro"]}.items()]
        note = f"no positions in {published['forgiven']:,} sentences"
        yield LinkedTable(Table(("llms4ner", *_COUNTS, *RATIOS), rows, (note,)))
    if nervaluate := document["nervaluate"]:
        keys = ("correct", "incorrect", "partial", "missed", "spurious")
        rows = [
            (f"{label} {scenario}".strip(), *(f"{row[key]:,}" for key in keys), *(f"{row[key]:.4f}" for key in RATIOS))
            for label, scenarios in {"": nervaluate["overall"], **nervaluate["labels"]}.items()
            for scenario, row in scenarios.items()
        ]
        yield LinkedTable(Table(("nervaluate", *keys, *RATIOS), rows))


_COUNTS = ("correct", "predicted", "gold")


def _counted(name: str, row: dict[str, Any]) -> tuple[str, ...]:
    return (name, *(f"{row[key]:,}" for key in _COUNTS), *(f"{row[key]:.4f}" for key in RATIOS))


def _strict_table(document: dict[str, Any], strict: dict[str, Any]) -> LinkedTable:
    named = {**strict["labels"], "micro avg": strict["micro"]}
    if strict["micro_with_ungrounded"] != strict["micro"]:
        named["micro avg, ungrounded as false positives"] = strict["micro_with_ungrounded"]
    if baselines := document["baselines"]:
        named |= {f"baseline: {name}": row for name, row in baselines["micro"].items()}
    links: dict[tuple[int, int], Filter] = {}
    for number, label in enumerate([*strict["labels"], None]):
        for column, key in enumerate(_COUNTS, 1):
            field_name = "label" if key == "correct" else key
            links[number, column] = {"kind": key, **({field_name: label} if label else {})}
    return LinkedTable(
        Table((_scorer(document), *_COUNTS, *RATIOS), [_counted(name, row) for name, row in named.items()]), links
    )


def _error_table(analysis: dict[str, Any]) -> LinkedTable:
    table = error_table(analysis)
    labels = [*analysis["errors"]["labels"], None]
    links = {
        (row, column): {"kind": kind, **({"label": label} if label else {})}
        for row, label in enumerate(labels)
        for column, kind in enumerate(KINDS, 1)
    }
    return LinkedTable(replace(table, notes=("spurious entities stand with their predicted label",)), links)


def _alignment_tables(alignment: dict[str, Any]) -> Iterator[LinkedTable]:
    for title, key, counts in (
        ("alignment", "status", {status: alignment[status] for status in ("exact", "repaired", "failed")}),
        ("reasons", "reason", alignment["reasons"]),
    ):
        if counts:
            rows = [(name, f"{count:,}") for name, count in counts.items()]
            links = {(row, 1): {"kind": "all", key: name} for row, name in enumerate(counts)}
            yield LinkedTable(Table((title, "sentences"), rows), links)


def _confusion_tables(analysis: dict[str, Any]) -> Iterator[LinkedTable]:
    yield _confusion_table(analysis["confusion"], "labels", ("gold", "predicted"))
    if tags := analysis["tags"]:
        yield _confusion_table(tags["confusion"], "tags", ("goldtag", "predictedtag"))


def _confusion_table(confusion: dict[str, Any], name: str, keys: tuple[str, str]) -> LinkedTable:
    names, rows = confusion["names"], confusion["rows"]
    links = {
        (row, column): {"kind": "all", keys[0]: one, keys[1]: other}
        for row, one in enumerate(names)
        for column, other in enumerate(names, 1)
    }
    return LinkedTable(replace(confusion_table(confusion, name), notes=()), links, rows)


def _group_tables(analysis: dict[str, Any]) -> Iterator[LinkedTable]:
    keys = {
        "entity length": "length",
        "sentence length": "words",
        "mention in train": "seen",
        "labels in train": "ambiguity",
    }
    for (name, groups), table in zip(analysis["groups"].items(), group_tables(analysis)):
        yield LinkedTable(table, {(row, 4): {"kind": "gold", keys[name]: group} for row, group in enumerate(groups)})


def without_zeros(linked: LinkedTable) -> Iterable[tuple[int, int]]:
    """Yield the cells whose filter finds something."""
    return (place for place in linked.links if linked.table.rows[place[0]][place[1]] != "0")
