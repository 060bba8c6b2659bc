"""The one table: checked when made, aligned as plain text, folded by a terminal."""

from __future__ import annotations

import pytest
from hostile import TOKENS
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from llms_meet_ner.rendering.tables import Table, aligned, fitted, print_table
from llms_meet_ner.rendering.text import visible

SMALL = Table(("label", "gold", "f1"), [("PER", "1,234", "0.5000"), ("a longer name", "1", "1.0000")], ("a note",))


def test_a_table_is_checked_when_made() -> None:
    with pytest.raises(ValueError, match="needs a column"):
        Table((), [])
    with pytest.raises(ValueError, match=r"1 cells under 2 columns: \('a',\)"):
        Table(("a", "b"), [("a",)])


def test_plain_text_is_aligned() -> None:
    assert list(aligned(SMALL)) == [
        "label           gold      f1",
        "PER            1,234  0.5000",
        "a longer name      1  1.0000",
        "(a note)",
    ]
    titled = Table(("", "F1"), [("ours", "1")], ("differs", "theirs"), title="published: x")
    assert list(aligned(titled, 6)) == ["published: x", "        F1", "ours     1", "  differs", "  theirs"]
    words = Table(("a", "b"), [("x", "long"), ("y", "z")], numbers=False)
    assert list(aligned(words)) == ["a  b   ", "x  long", "y  z   "]


@given(st.lists(st.tuples(st.sampled_from([*TOKENS, "東京", "é"]), st.text(max_size=5)), min_size=1, max_size=4))
def test_every_line_is_as_wide_as_the_others_and_shows_no_hidden_character(rows: list[tuple[str, str]]) -> None:
    lines = list(aligned(Table(("東", "b"), rows)))
    assert len({cell_len(line) for line in lines}) == 1
    assert all(line == visible(line) for line in lines)


def test_a_pipe_gets_the_whole_table(capsys: pytest.CaptureFixture[str]) -> None:
    wide = Table(("name", "[red]number"), [("x" * 120, "1,234"), ("\u202ey", "5")])
    print_table(wide)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines] == [["name", "[red]number"], ["x" * 120, "1,234"], ["\\u202ey", "5"]]
    assert lines[1].rstrip().endswith("      1,234")


def test_a_table_that_has_no_room_is_folded_and_long_names_stand_alone() -> None:
    table = Table(
        ("name", "one", "two", "three"), [("a", "1", "22", "3"), ("a long name", "4", "5", "6")], ("a long note",)
    )
    assert list(fitted(table, 80)) == list(aligned(table))
    assert list(fitted(table, 16)) == [
        "name  one  two",
        "a       1   22",
        "a long name",
        "        4    5",
        "",
        "name  three",
        "a         3",
        "a long name",
        "          6",
        "(a long note)",
    ]
    assert list(fitted(table, 10))[-2:] == ["(a long", " note)"]


@given(st.lists(st.tuples(st.sampled_from([*TOKENS, "東京", "é"]), *[st.text(max_size=4)] * 3), min_size=1, max_size=4))
def test_a_table_fits_the_width_and_loses_no_cell(rows: list[tuple[str, ...]]) -> None:
    lines = list(fitted(Table(("東", "b", "c", "d"), rows), 60))
    assert max(map(cell_len, lines)) <= max(60, *(cell_len(visible(cell)) + 32 for row in rows for cell in row))
    shown = "\n".join(lines)
    assert all(visible(cell) in shown for row in rows for cell in row)
