"""The command `lmn-convert cards`."""

from __future__ import annotations

from click.testing import CliRunner

from llms_meet_ner.data_converters import card_names
from llms_meet_ner.data_converters.cli.convert import main


def test_the_list_of_cards_has_a_line_each() -> None:
    printed = CliRunner().invoke(main, ["cards"])
    assert printed.exit_code == 0
    heading, *lines = (line.rstrip() for line in printed.output.splitlines())
    assert heading.split() == ["card", "language", "splits", "labels", "layout", "title"]
    assert [line.split()[0] for line in lines] == card_names()
    line = next(line for line in lines if line.startswith("genia "))
    assert line.split(maxsplit=7) == ["genia", "en", "train", "dev", "test", "5", "columns,", "nested  GENIA (nested)"]
