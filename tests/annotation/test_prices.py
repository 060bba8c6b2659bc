"""Price cards."""

from __future__ import annotations

from pathlib import Path

import pytest
from annotating import PRICES

from llms_meet_ner import LmnError
from llms_meet_ner.annotation.prices import money, read_prices
from llms_meet_ner.systems.server import Usage


def test_a_price_is_for_a_million_tokens_and_knows_where_it_is_from(tmp_path: Path) -> None:
    (tmp_path / "prices.yaml").write_text(PRICES)
    price = read_prices(tmp_path / "prices.yaml")["tuned"]
    assert price.cost(Usage(1_000_000, 0)) == 100
    assert price.cost(Usage(3, 2)) == pytest.approx(0.0023)
    assert price.origin == "100 and 1000 EUR a million tokens in and out, https://example.org/prices, 2026-11-26"


def test_an_unknown_amount_is_not_zero() -> None:
    assert (money(None, "EUR"), money(1.0, None), money(0.0, "EUR")) == ("unknown", "unknown", "0.0000 EUR")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("EUR", "euros", r"prices.yaml:1: currency"),
        ("date: 2026-11-26\n", "", r"prices.yaml:1: .*date"),
        ("input: 100, ", "", r"prices.yaml:5: .*input"),
        ("input: 100", "input: -1", r"prices.yaml:5: models.tuned.input"),
        ("input: 100", "input: .nan", r"prices.yaml:5: models.tuned.input"),
    ],
)
def test_a_wrong_price_card_is_an_error_with_its_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    (tmp_path / "prices.yaml").write_text(PRICES.replace(old, new))
    with pytest.raises(LmnError, match=message):
        read_prices(tmp_path / "prices.yaml")
