"""The page: one HTML file that loads nothing; its one script is known to the content security policy by its hash."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import quote, urlencode

from ...data_converters.stats.page import STYLE
from ...rendering.text import visible
from ..analysis.document import Examined
from .charts import Plot, plots
from .content import (
    Filter,
    Headline,
    LinkedTable,
    Section,
    facts,
    headline,
    interval_note,
    provenance,
    sections,
    title_of,
    without_zeros,
)
from .sentences import browser_data

_FOLDER = Path(__file__).parent


def html_report(document: dict[str, Any], sentences: Sequence[Examined]) -> Iterator[str]:
    """Yield the page in parts.

    Args:
        document: what `scores.json` holds.
        sentences: what `sentences.jsonl` beside it holds.
    """
    script = _read("browser.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    title = _text(title_of(document))
    yield Template(_read("page.html")).substitute(
        hash=f"sha256-{digest}", title=title, style=f"{STYLE}\n{_read('page.css')}", body="\n".join(_body(document))
    )
    yield '<script type="application/json" id="data">'
    yield from browser_data(sentences, list(document["analysis"]["errors"]["labels"]))
    yield f"</script>\n<script>{script}</script>\n</body>\n</html>\n"


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _text(text: str) -> str:
    return escape(visible(text))


def _body(document: dict[str, Any]) -> Iterator[str]:
    found, drawn = sections(document), plots(document)
    yield f"<h1>{_text(title_of(document))}</h1>"
    yield '<div class="headline">' + "".join(map(_score, headline(document))) + "</div>"
    yield f'<p class="dim">{_text(interval_note(document))}</p>'
    named = [*((section.name, section.title) for section in found), ("provenance", "Provenance")]
    links = [f'<a href="#{name}">{_text(title)}</a>' for name, title in [("browser", "Sentences"), *named]]
    yield f'<nav aria-label="Parts of the report">{" ".join(links)}</nav>'
    yield _pairs(facts(document))
    if drawn is None:
        yield '<p class="dim">Without plots: matplotlib is not installed; the tables have all their numbers.</p>'
    for section in found:
        yield from _section(section, (drawn or {}).get(section.name, []))
    yield '<h2 id="provenance">Provenance</h2>'
    yield _pairs(provenance(document))
    yield _read("browser.html")


def _score(score: Headline) -> str:
    left, width = 100 * score.low, 100 * (score.high - score.low)
    return (
        f'<div class="score">{score.name}<b>{score.value:.4f}</b>{score.low:.4f} to {score.high:.4f}'
        f'<div class="track"><i style="left:{left:.2f}%;width:{width:.2f}%"></i></div></div>'
    )


def _pairs(pairs: Iterable[tuple[str, str]]) -> str:
    return "<dl>" + "\n".join(f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>" for name, value in pairs) + "</dl>"


def _section(section: Section, drawn: Sequence[Plot]) -> Iterator[str]:
    yield f'<h2 id="{section.name}">{_text(section.title)}</h2>'
    if len(section.notes) > 1:
        yield "<ul>" + "".join(f"<li>{_text(note)}</li>" for note in section.notes) + "</ul>"
    else:
        yield from (f"<p>{_text(note)}</p>" for note in section.notes)
    for title, svg in drawn:
        yield f"<figure><figcaption>{_text(title)}</figcaption>\n{svg}\n</figure>"
    yield from map(_table, section.tables)


def _table(linked: LinkedTable) -> str:
    table, links = linked.table, {place: linked.links[place] for place in without_zeros(linked)}
    head = "".join(f'<th scope="col">{_text(cell)}</th>' for cell in table.header)
    rows = []
    for number, (name, *cells) in enumerate(table.rows):
        heat = linked.heat[number] if linked.heat else ()
        made = "".join(
            _cell(cell, links.get((number, column)), heat, column - 1 == number, column)
            for column, cell in enumerate(cells, 1)
        )
        rows.append(f'<tr><th scope="row">{_text(name)}</th>{made}</tr>')
    body, kind = "\n".join(rows), ' class="heat"' if linked.heat else ""
    note = f"<caption>{'<br>'.join(map(_text, table.note.splitlines()))}</caption>" if table.note else ""
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{_text(table.header[0])}">'
        f"<table{kind}>{note}\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"
    )


def _cell(text: str, link: Filter | None, heat: Sequence[int], diagonal: bool, column: int) -> str:
    style = ""
    if heat and heat[column - 1]:
        share = heat[column - 1] / sum(heat)
        style = f'{" class=" + chr(34) + "right" + chr(34) if diagonal else ""} style="--heat:{share:.3f}"'
    shown = _text(text)
    return f'<td{style}><a href="{address(link)}">{shown}</a></td>' if link else f"<td>{shown}</td>"


def address(filters: Filter) -> str:
    """Return the link, escaped, that sets the error browser so."""
    return escape("#" + urlencode({key: visible(value) for key, value in filters.items()}, quote_via=quote))
