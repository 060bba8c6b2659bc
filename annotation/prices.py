"""Prices of models, as a price card gives them: YAML with date and source. A price that nobody gave is unknown, and not 0."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..data_converters.yaml_lines import YamlFile, check_schema, load_schema
from ..systems.server import Usage

_SCHEMA = Path(__file__).with_name("price.schema.yaml")
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """The price of a model.

    Attributes:
        model: Name of the model.
        input: Price of a million tokens that are sent.
        output: Price of a million tokens that are generated.
        currency: Currency, in three letters.
        date: Day on which the price was looked up.
        source: Where it was looked up.
    """

    model: str
    input: float
    output: float
    currency: str
    date: str
    source: str

    def cost(self, usage: Usage) -> float:
        """Return the cost of some tokens, in the currency."""
        return (usage.tokens_in * self.input + usage.tokens_out * self.output) / _MILLION

    @property
    def origin(self) -> str:
        """The price and where it comes from, for people."""
        return f"{self.input:g} and {self.output:g} {self.currency} a million tokens in and out, {self.source}, {self.date}"


def read_prices(path: Path) -> dict[str, Price]:
    """Read a price card; return the prices by the names of the models.

    Raises:
        LmnError: The file cannot be read, or is not a price card; the message names file, line and key.
    """
    file = YamlFile(path)
    check_schema(file.value, load_schema(_SCHEMA), [file], "price card")
    keys = file.value
    return {
        model: Price(model, row["input"], row["output"], keys["currency"], keys["date"], keys["source"])
        for model, row in keys["models"].items()
    }


def money(amount: float | None, currency: str | None) -> str:
    """Return an amount for people; `unknown` for None."""
    return "unknown" if amount is None or currency is None else f"{amount:.4f} {currency}"
