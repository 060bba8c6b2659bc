"""The price of an expert's labels."""

from __future__ import annotations

from pathlib import Path

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.annotation.simulation.expert_price import read_expert_price

HEAD = "currency: EUR\ndate: 2026-11-26\nsource: contract 7\n"


@pytest.mark.parametrize(
    ("lines", "cost", "origin"),
    [
        ("per_token: 0.01\n", 1.0, "0.01 EUR a token, contract 7, 2026-11-26"),
        ("per_sentence: 0.2\n", 2.0, "0.2 EUR a sentence, contract 7, 2026-11-26"),
        ("per_hour: 30\ntokens_per_hour: 1000\n", 3.0, "0.03 EUR a token, contract 7, 2026-11-26"),
    ],
)
def test_a_price_is_for_tokens_sentences_or_hours(tmp_path: Path, lines: str, cost: float, origin: str) -> None:
    (tmp_path / "expert.yaml").write_text(HEAD + lines)
    price = read_expert_price(tmp_path / "expert.yaml")
    assert price.cost(10, 100) == pytest.approx(cost)
    assert price.origin == origin


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD, "it gives no price"),
        (HEAD + "per_token: 1\nper_sentence: 1\n", r"expert.yaml:4: it gives per_token and per_sentence"),
        (HEAD + "per_hour: 1\n", "it gives per_hour"),
        (HEAD + "per_hour: 1\ntokens_per_hour: 0\n", r"expert.yaml:5: tokens_per_hour"),
        (HEAD + "per_token: -1\n", r"expert.yaml:4: per_token"),
        (HEAD.replace("source: contract 7\n", ""), "source"),
    ],
)
def test_a_card_without_one_clear_price_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "expert.yaml").write_text(text)
    with pytest.raises(LmnError, match=message):
        read_expert_price(tmp_path / "expert.yaml")
