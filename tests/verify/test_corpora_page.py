"""docs/corpora.md says what the real files give."""

from __future__ import annotations

from pathlib import Path

import layouts
import pytest
from held_corpora import PACKAGE, PAGE, page


@pytest.mark.verify
@pytest.mark.xdist_group("corpora page")
def test_the_page_is_what_the_files_give(corpora: Path) -> None:
    assert PAGE.read_text(encoding="utf-8") == page(corpora)


def test_every_split_that_is_held_has_its_row_without_a_failure() -> None:
    text = PAGE.read_text(encoding="utf-8").partition(layouts.HEAD)[0]
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")][1:]
    listed = {(row[0].strip("| "), row[1]) for row in rows}
    assert {(card, split) for card, files in PACKAGE.items() for split in files} <= listed
    assert all(cell.strip(" |").split(" ")[0] == "0" for row in rows for cell in row[5:])
