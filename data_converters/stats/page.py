"""The page that `lmn-convert stats --page` writes: one HTML file without scripts that loads nothing; light and dark."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from html import escape
from math import ceil
from string import Template

from ...rendering.text import visible
from ..problems import KINDS as PROBLEMS
from .charts import Series, bars, columns, stacked
from .collect import CorpusStats
from .counts import quantile
from .document import share
from .findings import KINDS, Finding, Variant
from .mentions import Clarity, Seen
from .tables import (
    Table,
    ambiguity_table,
    label_table,
    pair_table,
    percent,
    seen_table,
    sentence_table,
    size_table,
)

LISTED = 50
"""Findings of a kind, and rows of a table of pairs, that the page lists; of the others it says how many there are."""

_BINS = 20
_ENTITY_LENGTHS = 5

_PAGE = Template("""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>$title</title>
<style>
$style
</style>
</head>
<body>
<main>
$body
</main>
</body>
</html>
""")

STYLE = """\
:root { --ink: #1c1f23; --dim: #5c6570; --line: #d5dae0; --paper: #ffffff; --odd: #b3261e;
  --c0: #0072b2; --c1: #e69f00; --c2: #009e73; --c3: #cc79a7; --c4: #56b4e9; --c5: #d55e00; --c6: #8c8c8c; --c7: #a39d00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --dim: #9aa4af; --line: #3a4149; --paper: #14171a; --odd: #ff8a80; } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.45 system-ui, sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 1rem 1.25rem 4rem; }
h1 { font-size: 1.6rem; margin-bottom: 0; }
h2 { font-size: 1.25rem; margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: 1rem; }
h3 { font-size: 1rem; margin-bottom: 0; } p { max-width: 48rem; } .dim, nav, figcaption { color: var(--dim); } a { color: inherit; }
.wide { overflow-x: auto; } table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: .15rem .5rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; white-space: pre; padding-left: 0; } th { font-weight: 600; }
figure { margin: 1.5rem 0; } figcaption { font-weight: 600; }
svg { width: 100%; max-width: 60rem; height: auto; display: block; overflow: visible; }
svg text { fill: var(--ink); font: 12px system-ui, sans-serif; } .row { text-anchor: end; } .tick { text-anchor: middle; }
svg .note { fill: var(--dim); font-size: 11px; } .axis { stroke: var(--line); }
.legend { margin: .3rem 0 .6rem; } .legend span { margin-right: 1.2rem; white-space: nowrap; }
.legend i { display: inline-block; width: .8em; height: .8em; margin-right: .4em; border-radius: 2px; }
ol { padding-left: 2.6rem; } li { margin: .35rem 0; overflow-wrap: anywhere; } li div { padding-left: 1.5rem; text-indent: -1.5rem; }
.odd bdi { color: var(--odd); } .place { color: var(--dim); font-size: .85em; } summary { cursor: pointer; }
""" + "\n".join(f".c{number} {{ fill: var(--c{number}); background: var(--c{number}); }}" for number in range(8))  # fmt: skip


def stats_page(stats: CorpusStats, missing: Sequence[str] = ()) -> str:
    """Return the page.

    Args:
        stats: what to show.
        missing: splits of the card that were not read because their files are not there.
    """
    title = f"{stats.card.title}: what is in it"
    body = [
        f"<h1>{_text(stats.card.title)}</h1>",
        f'<p class="dim">{_text(stats.card.name)}, language {_text(stats.card.language)}, {_text(stats.card.licence)}. '
        f"{_text(stats.card.citation)}</p>",
        '<nav><a href="#sizes">Sizes</a> · <a href="#labels">Labels</a> · <a href="#overlap">Overlap of splits</a> · '
        '<a href="#ambiguity">Ambiguous labels</a> · <a href="#findings">Worth a look</a></nav>',
        *_sizes(stats, missing),
        *_labels(stats),
        *_overlap(stats),
        *_ambiguity(stats),
        *_findings(stats),
    ]
    return _PAGE.substitute(title=_text(title), style=STYLE, body="\n".join(body))


def _text(text: str) -> str:
    return escape(visible(text))


def _sizes(stats: CorpusStats, missing: Sequence[str]) -> Iterable[str]:
    yield '<h2 id="sizes">Sizes</h2>'
    if missing:
        yield f"<p>Not read, because the files are not there: {_text(', '.join(missing))}.</p>"
    for split, counts in stats.splits.items():
        for kind, count in sorted(counts.log.counts.items()):
            first = counts.log.of(kind)[0]
            yield f'<p class="odd"><bdi>{_text(split)}: {count:,} x {PROBLEMS[kind]}</bdi> (first at {_text(str(first.where))})</p>'
    yield _table(size_table(stats))
    yield _sentence_lengths(stats)


def _sentence_lengths(stats: CorpusStats) -> str:
    """Draw about `_BINS` bins up to the length that all but a hundredth of sentences keep to, and one for the rest."""
    usual = max(quantile(counts.lengths, 0.99) for counts in stats.splits.values())
    width = ceil(max(usual, 1) / _BINS)
    last = ceil(max(usual, 1) / width)
    series = []
    for split, counts in stats.splits.items():
        binned = [0] * (last + 1)
        for length, count in counts.lengths.items():
            binned[min((length - 1) // width, last)] += count
        series.append(_shares(split, binned, [counts.sentences] * len(binned)))
    names = [f"{at * width + 1}-{(at + 1) * width}" if width > 1 else str(at + 1) for at in range(last)]
    title = "Sentences by length: share of their split"
    return columns(title, [*names, f"{last * width + 1}+"], series, "tokens")


def _shares(name: str, counts: Sequence[int], wholes: Sequence[int]) -> Series:
    """Make a series of shares, noted with their counts."""
    pairs = list(zip(counts, wholes))
    return Series(name, [share(*pair) for pair in pairs], [percent(*pair) for pair in pairs])


def _labels(stats: CorpusStats) -> Iterable[str]:
    yield '<h2 id="labels">Labels</h2>'
    names = stats.card.labels.names
    counted = {split: counts.labels for split, counts in stats.splits.items()}
    yield bars(
        "Entities by label: share of their split",
        names,
        [_shares(split, [of[name] for name in names], [of.total()] * len(names)) for split, of in counted.items()],
    )
    yield _table(label_table(stats))
    yield _entity_lengths(stats)
    tags = sorted({tag for counts in stats.splits.values() for tag in counts.tags} - {"O"}, key=_tag_order)
    yield "<details><summary>Tags</summary>"
    yield bars(
        "Tags as IOB2, outermost entities, without O: share of their split's tokens",
        tags,
        [
            _shares(split, [counts.tags[tag] for tag in tags], [counts.tokens] * len(tags))
            for split, counts in stats.splits.items()
        ],
    )
    yield "</details>"


def _tag_order(tag: str) -> tuple[str, str]:
    return tag[2:], tag


def _entity_lengths(stats: CorpusStats) -> str:
    names = stats.card.labels.names
    binned = []
    for name in names:
        lengths: Counter[int] = Counter()
        for counts in stats.splits.values():
            for length, count in counts.entities.get(name, Counter()).items():
                lengths[min(length, _ENTITY_LENGTHS)] += count
        binned.append(lengths)
    wholes = [lengths.total() for lengths in binned]
    series = [
        _shares(f"{at} token{'s' * (at > 1)}{' or more' * (at == _ENTITY_LENGTHS)}", [of[at] for of in binned], wholes)
        for at in range(1, _ENTITY_LENGTHS + 1)
    ]
    return stacked("Length of entities by label, all splits", names, series)


def _overlap(stats: CorpusStats) -> Iterable[str]:
    yield '<h2 id="overlap">Overlap of splits</h2>'
    yield _table(sentence_table(stats))
    if stats.others:
        yield (
            f"<p>Entities of the other splits: <b>seen</b>: {_text(stats.reference)} has an entity of the same words with the same "
            "label; <b>other label</b>: only with another one; <b>unseen</b>: none of the same words.</p>"
        )
        rows, found = [], []
        for split in stats.others:
            entities, _ = stats.mentions.seen(stats.reference, split)
            rows += [f"{split} {label}" for label in stats.card.labels.names if label in entities]
            found += [entities[label] for label in stats.card.labels.names if label in entities]
        yield stacked(f"Entities that {stats.reference} knows", rows, _parts(found, ("seen", "other label", "unseen")))
        yield _table(seen_table(stats))
    if stats.shared:
        yield f"<h3>Sentences that stand in several splits, the longest first: {len(stats.shared):,}</h3>"
        yield _listed(stats.shared)


def _parts(found: Sequence[Seen] | Sequence[Clarity], names: Sequence[str]) -> list[Series]:
    """Make one series of each number of some counts of three."""
    numbers = [astuple(one) for one in found]
    wholes = [sum(row) for row in numbers]
    return [_shares(name, [row[at] for row in numbers], wholes) for at, name in enumerate(names)]


def _ambiguity(stats: CorpusStats) -> Iterable[str]:
    yield '<h2 id="ambiguity">Ambiguous labels</h2>'
    yield "<p>A mention is the words of an entity. It is ambiguous if it stands with several labels.</p>"
    yield _table(ambiguity_table(stats))
    labels = [label for label in stats.card.labels.names if label in stats.ambiguity.labels]
    found = [stats.ambiguity.labels[label] for label in labels]
    names = ("mention has this label only", "this one most often", "another one most often")
    yield stacked("Entities by the labels of their mention, all splits", labels, _parts(found, names))
    if stats.ambiguous:
        pairs = pair_table(stats)
        yield _table(pairs._replace(rows=pairs.rows[:LISTED])) + _more(len(pairs.rows))
        yield f"<h3>Ambiguous mentions: {len(stats.ambiguous):,}</h3>"
        yield '<p class="dim">first those with the most entities that have not the most frequent label of their mention</p>'
        yield _listed(stats.ambiguous)


def _findings(stats: CorpusStats) -> Iterable[str]:
    yield '<h2 id="findings">Worth a look</h2>'
    yield "<p>None of this is wrong for certain. The most suspicious comes first; what to look at is in colour, with its places.</p>"
    for kind, found in stats.findings.items():
        yield f"<h3>{kind}: {len(found):,}</h3>"
        yield f'<p class="dim">{KINDS[kind]}</p>'
        yield _listed(found)


def _table(table: Table) -> str:
    rows = [f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in row)}</tr>" for row in table.rows]
    head = "".join(f"<th>{_text(cell)}</th>" for cell in table.header)
    body = "\n".join(rows)
    return f'<div class="wide"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>'


def _listed(found: Sequence[Finding]) -> str:
    items = [f"<li>{''.join(map(_variant, finding.variants))}</li>" for finding in found[:LISTED]]
    return ("<ol>\n" + "\n".join(items) + "\n</ol>" if items else "") + _more(len(found))


def _more(count: int) -> str:
    return f'<p class="dim">and {count - LISTED:,} more</p>' if count > LISTED else ""


def _variant(variant: Variant) -> str:
    files: dict[str, list[str]] = {}
    for where in variant.places:
        files.setdefault(where.file, []).append(str(where.line))
    places = ", ".join(f"{file}:{', '.join(lines)}" for file, lines in files.items())
    places += ", ..." if variant.count > len(variant.places) else ""
    style = ' class="odd"' if variant.odd else ""
    text = f"<bdi>{_text(variant.text)}</bdi>"
    return f'<div{style}>{variant.count:,} x {text} <span class="place">{_text(places)}</span></div>'
