"""The table of cards in the README."""

from __future__ import annotations

from dataclasses import replace

from click.testing import CliRunner
from paths import ROOT

from llms_meet_ner.data_converters import card_names, load_card
from llms_meet_ner.data_converters.card_table import CardRow, markdown_table
from llms_meet_ner.data_converters.cli.convert import main


def test_the_table_in_the_readme_is_the_one_that_the_cards_make() -> None:
    text = (ROOT / "data_converters" / "README.md").read_text(encoding="utf-8")
    table = text.partition("<!-- cards: begin -->\n")[2].partition("\n<!-- cards: end -->")[0]
    printed = CliRunner().invoke(main, ["cards", "--markdown"])
    assert printed.exit_code == 0
    assert table == printed.output.rstrip("\n"), "write it again: lmn-convert cards --markdown"
    assert len(table.split("\n")) == 2 + len(card_names())


def test_a_stroke_in_a_cell_does_not_end_it() -> None:
    row = replace(CardRow.of(load_card("wikigold")), title="a|b", homepage="", labels=tuple("ABCDEFG"))
    assert markdown_table([row]).split("\n")[2] == (
        "| `wikigold` | a\\|b | en | 7: A, B, C, D, E, F, ... | `columns` | no | train, dev, test | CC BY 4.0 | comes with the package |"
    )
