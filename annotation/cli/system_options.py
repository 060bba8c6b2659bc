"""The options that choose what labels, and what its answers may cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click
import cloup

from ...cli.predict_options import predict_options
from ...data_converters.cards import load_card
from ...errors import LmnError
from ...systems.adapter_choice import AdapterChoice
from ...systems.options import SystemOptions
from ..choosing import SystemChoice
from ..gold_examples import GoldSplit
from ..labelling import Annotator
from ..prices import read_prices
from ..template import load_template

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Money:
    """What the user says about cost.

    Attributes:
        prices: Price card; None for none.
        max_cost: Most that all answers in the folder may cost; None for no limit.
        yes: Whether text may go to a server on another machine.
    """

    prices: Path | None = None
    max_cost: float | None = None
    yes: bool = False

    def charge(self, annotator: Annotator) -> None:
        """Give the answers of a server their price. The server may be asked for the name of its model.

        Raises:
            LmnError: The price card is wrong, the server does not answer, or there is a limit and no price.
        """
        prices = read_prices(self.prices) if self.prices else {}
        if annotator.ledger:
            annotator.ledger.system = annotator.system.sha256
            annotator.ledger.charge(prices, annotator.served_name, self.max_cost)


def _system_group(*, several: bool) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Return the options that choose what labels; with `several`, templates may be several."""
    more = "May be repeated. " if several else ""
    return cloup.option_group(
        "What labels",
        cloup.option("--adapter", help="Adapter, merged or base model in this process: a folder or a Hub id."),
        cloup.option("--recipe", type=click.Path(path_type=Path), help="Recipe whose model labels, here or behind a server."),
        cloup.option(
            "--template", "templates", multiple=several,
            help=f"{more}Annotation template, for a model that was not trained for the task: bracketed, xml, published or a file; "
            "additions follow: bracketed+definitions+nearest3. [default: bracketed, for a server without --recipe]",
        ),
        cloup.option("--examples-from", metavar="CARD", help="Gold for a template's examples."),
        cloup.option("--examples-split", metavar="SPLIT", help="Split of that card. [default: its first]"),
        cloup.option("--examples-source", type=click.Path(path_type=Path), help="Folder of its files. [default: as for a card]"),
        cloup.option("--revision", help="Branch, tag or commit of the --adapter on the Hub. [default: main]"),
        cloup.option("--base-model", "base", help="Base model of the adapter. [default: the one in adapter_config.json]"),
        cloup.option("--prompt", type=click.Path(path_type=Path), help="Prompt file. [default: prompt_spec.json next to the weights]"),
        cloup.option("--chat-template", help="LLaMA-Factory's name of the chat template, for --adapter with --template."),
    )  # fmt: skip


_money_options = cloup.option_group(
    "Cost",
    cloup.option("--prices", type=click.Path(path_type=Path), help="Price card: YAML with currency, date, source and models."),
    cloup.option(
        "--max-cost", type=click.FloatRange(min=0, min_open=True),
        help="Most that the answers in the folder may cost together, in the currency of the price card. The run stops before that.",
    ),
    cloup.option("--yes", is_flag=True, help="Send text to a server on another machine without asking."),
)  # fmt: skip


def system_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add the options, handed over as `chosen` (SystemChoice), `money` (Money), `limit` and `restart`."""

    @wraps(command)
    def wrapped(*args: Any, chosen: Sequence[SystemChoice], **kwargs: Any) -> R:
        return command(*args, chosen=chosen[0], **kwargs)

    return _system_group(several=False)(_money_options(predict_options(_choosing(wrapped))))


def several_systems_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add the options, handed over as `chosen` (a SystemChoice for each template), `money` (Money), `limit` and `restart`."""
    return _system_group(several=True)(_money_options(predict_options(_choosing(command))))


def _choosing(command: Callable[..., R]) -> Callable[..., R]:
    """Turn the values of the options into choices."""

    @wraps(command)
    def wrapped(
        *args: Any, options: SystemOptions, adapter: str | None, recipe: Path | None, templates: str | tuple[str, ...] | None,
        examples_from: str | None, examples_split: str | None, examples_source: Path | None, revision: str | None, base: str | None,
        prompt: Path | None, chat_template: str | None, prices: Path | None, max_cost: float | None, yes: bool, **kwargs: Any,
    ) -> R:  # fmt: skip
        gold = None
        if examples_from:
            card = load_card(examples_from)
            gold = GoldSplit(card, examples_split or next(iter(card.splits)), examples_source)
        else:
            _need("--examples-from CARD", {"--examples-split": examples_split, "--examples-source": examples_source})
        of_adapter = {
            "--revision": revision,
            "--base-model": base,
            "--prompt": prompt,
            "--chat-template": chat_template,
        }
        if adapter is None:
            _need("--adapter NAME", of_adapter)
        if options.server is None:
            _need("--engine openai", {"--prices": prices, "--max-cost": max_cost, "--yes": yes or None})
        choice = AdapterChoice(adapter, revision, base, prompt, chat_template) if adapter else None
        names: tuple[str | None, ...] = (templates if isinstance(templates, tuple) else (templates,)) or (None,)
        shown = [name for name in names if name and load_template(name).shots] if len(names) > 1 else names
        if gold and not shown:
            raise LmnError("none of the templates shows examples", "--examples-from", f"write {names[0]}+nearest3")
        chosen = [SystemChoice(options, choice, recipe, name, gold if name in shown else None) for name in names]
        return command(*args, chosen=chosen, money=Money(prices, max_cost, yes), **kwargs)

    return wrapped


def _need(missing: str, options: Mapping[str, object]) -> None:
    """Refuse options that say nothing without another one.

    Args:
        missing: The other option, as it is written.
        options: Values of the options by their names; None for one that was not given.

    Raises:
        LmnError: One of them was given.
    """
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise LmnError(f"says nothing without {missing}", ", ".join(given), f"add {missing}, or leave it out")
