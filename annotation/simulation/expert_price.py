"""The price of an expert's labels, as a card gives it: YAML with date and source. A price that nobody gave is unknown, and not 0."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...data_converters.yaml_lines import YamlFile, check_schema, load_schema
from ...errors import LmnError

_SCHEMA = Path(__file__).with_name("expert_price.schema.yaml")
_WAYS = (("per_token",), ("per_sentence",), ("per_hour", "tokens_per_hour"))
"""The keys of the three ways to give a price."""


@dataclass(frozen=True, slots=True)
class ExpertPrice:
    """What an expert takes for labels.

    Attributes:
        per_token: Price of a token; 0 if sentences are paid for.
        per_sentence: Price of a sentence; 0 if tokens are paid for.
        currency: Currency, in three letters.
        date: Day on which the price was known.
        source: Where it comes from.
    """

    per_token: float
    per_sentence: float
    currency: str
    date: str
    source: str

    def cost(self, sentences: float, tokens: float) -> float:
        """Return the price of sentences that have so many tokens together."""
        return sentences * self.per_sentence + tokens * self.per_token

    @property
    def origin(self) -> str:
        """The price and where it comes from, for people."""
        of = (
            f"{self.per_token:g} {self.currency} a token"
            if self.per_token
            else f"{self.per_sentence:g} {self.currency} a sentence"
        )
        return f"{of}, {self.source}, {self.date}"


def read_expert_price(path: Path) -> ExpertPrice:
    """Read the card of an expert's price.

    Raises:
        LmnError: The file cannot be read, is not such a card, or gives no price or several; the message names file, line and key.
    """
    file = YamlFile(path)
    check_schema(file.value, load_schema(_SCHEMA), [file], "expert price")
    keys = file.value
    given = tuple(key for way in _WAYS for key in way if key in keys)
    if given not in _WAYS:
        ways = "; or ".join(" and ".join(way) for way in _WAYS)
        raise LmnError(
            f"it gives {' and '.join(given) or 'no price'}", f"{path}:{file.line_of(given[:1]) or 1}", f"give {ways}"
        )
    per_token = keys["per_hour"] / keys["tokens_per_hour"] if "per_hour" in keys else keys.get("per_token", 0.0)
    return ExpertPrice(per_token, keys.get("per_sentence", 0.0), keys["currency"], keys["date"], keys["source"])
