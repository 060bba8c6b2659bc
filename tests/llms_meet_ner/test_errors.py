"""An error has fields, and one place composes its line."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.errors import install_command, installing, listed


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (LmnError("no such file"), "no such file"),
        (LmnError("no such file", Path("a/b.txt")), "a/b.txt: no such file"),
        (LmnError("no tag", "a.txt:3", "add one"), "a.txt:3: no tag; add one"),
        (LmnError("no recipe", remedy="name one"), "no recipe; name one"),
    ],
)
def test_the_line_has_the_parts_that_are_given(error: LmnError, line: str) -> None:
    assert str(error) == line


def test_fields_survive_processes_and_a_change_of_place() -> None:
    error = LmnError("no tag", "a.txt:3", "add one")
    for same in (pickle.loads(pickle.dumps(error)), LmnError("no tag", "x", "add one").at("a.txt:3")):
        assert (same.what, same.where, same.remedy) == ("no tag", "a.txt:3", "add one")


def test_long_lists_are_cut_and_counted() -> None:
    assert listed(["a", "b"]) == "a, b"
    assert listed(list("abcdefg"), most=3) == "a, b, c and 4 more"


def test_the_remedy_for_a_missing_package_works_with_and_without_a_checkout() -> None:
    assert install_command("tag") == "pip install 'llms-meet-ner[tag]'"
    assert installing("tag") == "pip install 'llms-meet-ner[tag]', or pip install -e '.[tag]' in a checkout"


def test_a_message_is_short_and_safe_to_print() -> None:
    message = str(LmnError("\x1b[2J" + "x" * 50_000_000, "a\x07.txt", "take \u202e out"))
    assert len(message) < 5_000
    assert message.startswith("a\\x07.txt: \\x1b[2Jxxx")
    assert message.endswith("xxx ... (50,000,004 characters); take \\u202e out")


def test_data_cannot_add_a_line_to_a_message() -> None:
    assert str(LmnError("label 'a\nError: b'", "c\nd", "e:\n  f")) == "c\\nd: label 'a\\nError: b'; e:\n  f"
