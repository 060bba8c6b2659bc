"""Every layout has a small file, a card that reads it, and its row in docs/corpora.md."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from layouts import FOLDER, HEAD, PAGE, folders, rows

from llms_meet_ner.data_converters.readers import READERS


def listed() -> list[str]:
    """Return the rows of the page's table of layouts."""
    section = PAGE.read_text(encoding="utf-8").partition(HEAD)[2]
    return [line for line in section.splitlines() if line.startswith("| ")][1:]


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_the_page_says_what_the_file_gives_and_every_sentence_comes_back(folder: Path) -> None:
    found = list(rows(folder))
    assert [row for row in listed() if row.startswith(f"| {folder.name} |")] == found
    assert all(row.endswith(" 0 |") for row in found)


def test_the_page_lists_no_layout_that_is_gone() -> None:
    assert {row.split(" | ")[0].strip("| ") for row in listed()} == {folder.name for folder in folders()}


def test_every_reader_has_a_layout() -> None:
    types = {
        yaml.safe_load((folder / "card.yaml").read_text(encoding="utf-8"))["reader"]["type"] for folder in folders()
    }
    assert types == set(READERS), f"a file and a card are missing in {FOLDER}"
