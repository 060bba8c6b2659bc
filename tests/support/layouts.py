"""The small file of each layout, next to its card. Run as a script, it writes the section about layouts in docs/corpora.md."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from paths import FIXTURES, ROOT

PAGE = ROOT / "docs" / "corpora.md"
FOLDER = FIXTURES / "layouts"
HEAD = "## Layouts"
_TEXT = """
Each layout has a small file of our own in `tests/fixtures/layouts/`, written as the documentation of its tool describes it, next to the card
that reads it. The last column counts the sentences that do not come back from an output format, over all five formats.

| layout | `reader` on the card | file | sentences | tokens | entities | problems reported | not restored |
|---|---|---|---|---|---|---|---|
"""


def folders() -> list[Path]:
    """Return the folders of the layouts, sorted by name."""
    return sorted(path.parent for path in FOLDER.glob("*/card.yaml"))


def table() -> str:
    """Return the section about layouts, from its heading on."""
    return f"{HEAD}\n{_TEXT}" + "".join(f"{row}\n" for folder in folders() for row in rows(folder))


def rows(folder: Path) -> Iterator[str]:
    """Yield the row of each split of a layout, as the files give it."""
    from llms_meet_ner.data_converters import load_card
    from llms_meet_ner.data_converters.check import check_split
    from llms_meet_ner.formats import format_names

    card = load_card(folder)
    reader = _inline(yaml.safe_load((folder / "card.yaml").read_text(encoding="utf-8"))["reader"])
    for split, data in card.splits.items():
        results = [check_split(card, split, format_name=name) for name in format_names()]
        first = results[0]
        found = ", ".join(f"{kind} {count:,}" for kind, count in sorted(first.log.counts.items())) or "none"
        cells = (
            folder.name, f"`{reader}`", f"`{data.file}`", f"{first.sentences:,}", f"{first.tokens:,}", f"{first.entities.total():,}",
            found, f"{sum(len(result.not_restored) for result in results):,}",
        )  # fmt: skip
        yield f"| {' | '.join(cells)} |"


def _inline(reader: dict[str, Any]) -> str:
    """Return the keys of a reader on one line, as a table can hold them."""
    text = yaml.safe_dump(reader, default_flow_style=True, sort_keys=False, width=10**6, allow_unicode=True)
    return text.strip().replace("|", "\\|")


def write() -> None:
    """Write the section about layouts in docs/corpora.md again; it is the last one."""
    before = PAGE.read_text(encoding="utf-8").partition(HEAD)[0].rstrip("\n")
    PAGE.write_text(f"{before}\n\n{table()}", encoding="utf-8")


if __name__ == "__main__":
    write()
