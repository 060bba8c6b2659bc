"""What labels, and what it may cost, by the options."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from annotating import PRICES
from click.testing import CliRunner
from fake_openai import Fake

from llms_meet_ner import LmnError
from llms_meet_ner.annotation.choosing import SystemChoice
from llms_meet_ner.annotation.cli.system_options import Money, system_options
from llms_meet_ner.data_converters.cards import load_card
from llms_meet_ner.systems.options import SystemOptions
from llms_meet_ner.systems.server import ServerOptions


def chosen(*words: str) -> tuple[SystemChoice, Money]:
    found: list[tuple[SystemChoice, Money]] = []

    @click.command()
    @system_options
    def command(chosen: SystemChoice, money: Money, limit: int | None, restart: bool) -> None:
        found.append((chosen, money))

    result = CliRunner().invoke(command, words)
    assert result.exit_code == 0, result.output
    return found[0]


def test_options_become_a_choice_and_money() -> None:
    choice, money = chosen(
        "--engine", "openai", "--served-model", "m", "--template", "xml+nearest2", "--examples-from", "demo", "--examples-split", "testa",
        "--prices", "p.yaml", "--max-cost", "2.5", "--yes",
    )  # fmt: skip
    assert (choice.template, choice.options.server and choice.options.server.model) == ("xml+nearest2", "m")
    assert choice.examples
    assert (choice.examples.card.name, choice.examples.split) == ("demo", "testa")
    assert money == Money(Path("p.yaml"), 2.5, True)
    adapter = chosen(
        "--adapter", "a", "--base-model", "b", "--prompt", "p", "--chat-template", "qwen", "--revision", "r"
    )[0].adapter
    assert adapter
    assert (adapter.name, adapter.revision, adapter.base, adapter.prompt, adapter.template) == (
        "a",
        "r",
        "b",
        Path("p"),
        "qwen",
    )
    assert chosen("--engine", "openai", "--examples-from", "demo")[0].examples.split == "train"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            "--adapter a --examples-split x",
            "--examples-split: says nothing without --examples-from CARD; add --examples-from",
        ),
        ("--adapter a --examples-source x", "--examples-source: says nothing without --examples-from CARD"),
        (
            "--engine openai --revision r",
            "--revision: says nothing without --adapter NAME; add --adapter NAME, or leave it out",
        ),
        ("--engine openai --base-model b --prompt p", "--base-model, --prompt: says nothing without --adapter NAME"),
        ("--recipe r --chat-template c", "--chat-template: says nothing without --adapter NAME"),
        (
            "--adapter a --prices p",
            "--prices: says nothing without --engine openai; add --engine openai, or leave it out",
        ),
        ("--adapter a --max-cost 1 --yes", "--max-cost, --yes: says nothing without --engine openai"),
        (
            "--adapter a --examples-from demo",
            "--examples-from: examples are for an annotation template; leave it out, or add",
        ),
        ("--recipe r --examples-from demo", "--examples-from: examples are for an annotation template"),
        (
            "--adapter a --template xml --prompt p --chat-template c",
            "--prompt p: an annotation template is the prompt; leave",
        ),
    ],
)
def test_an_option_that_would_say_nothing_is_refused(words: str, message: str) -> None:
    @click.command()
    @system_options
    def command(**values: object) -> None:
        raise AssertionError(values)

    result = CliRunner().invoke(command, words.split())
    assert (result.exit_code, message in result.output) == (1, True), result.output


def test_the_price_is_that_of_the_served_model(fake: Fake, tmp_path: Path) -> None:
    (tmp_path / "prices.yaml").write_text(PRICES)
    money = Money(tmp_path / "prices.yaml", 1.0)
    choice = SystemChoice(SystemOptions(server=ServerOptions(fake.url)))
    annotator = choice.annotator(load_card("demo"), tmp_path)
    money.charge(annotator)
    assert annotator.price
    assert annotator.price.input == 100
    fake.models = ["another"]
    with pytest.raises(LmnError, match="the price of the model is unknown"):
        money.charge(choice.annotator(load_card("demo"), tmp_path))
