"""What a labelling will take."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fake_openai import Fake
from small_tokenizers import byte_level

from llms_meet_ner import LmnError
from llms_meet_ner.annotation.ledger import Ledger
from llms_meet_ner.annotation.planning import plan
from llms_meet_ner.annotation.prices import Price
from llms_meet_ner.annotation.template import load_template
from llms_meet_ner.annotation.template_server import TemplateServer
from llms_meet_ner.annotation.texts import texts_of_split
from llms_meet_ner.data_converters.cards import load_card
from llms_meet_ner.systems.options import SystemOptions
from llms_meet_ner.systems.server import ServerOptions

CARD = load_card("demo")
ASKED = texts_of_split(CARD, "testb").first(3).sentences
PRICE = Price("tuned", 1_000_000, 2_000_000, "EUR", "2026-11-26", "a list")


def served(fake: Fake, ledger: Ledger | None = None) -> TemplateServer:
    server = ServerOptions(fake.url)
    spec = load_template("bracketed").prompt(CARD)
    return TemplateServer("bracketed", spec, SystemOptions(server=server), server, meter=ledger)


def test_tokens_are_counted_from_the_requests_themselves_and_nothing_is_sent(fake: Fake, tmp_path: Path) -> None:
    byte_level().save_pretrained(tmp_path)
    found = plan(served(fake), ASKED, None, PRICE, str(tmp_path))
    system = served(fake)
    bodies = [body for _, body in system.bodies(ASKED)]
    encode = byte_level().encode
    assert found.tokens_in == sum(len(encode(body["messages"][0]["content"])) for body in bodies)
    assert found.least_out == sum(len(encode(sentence.text)) for sentence in ASKED)
    assert found.most_out == sum(body["max_tokens"] for body in bodies)
    assert found.costs == (found.tokens_in + 2 * found.least_out, found.tokens_in + 2 * found.most_out)
    assert f"counted with the tokenizer of {tmp_path}" in found.lines()[1]
    assert not fake.requests


def test_an_estimate_is_called_one_and_an_unknown_price_unknown(fake: Fake) -> None:
    found = plan(served(fake), ASKED, None, None)
    sent = [len(body["messages"][0]["content"].encode()) for _, body in served(fake).bodies(ASKED)]
    assert found.tokens_in == sum(-(-size // 4) for size in sent)
    assert found.lines()[0] == "sentences: 3; requests: 3"
    assert "an estimate of 4 bytes a token (--tokenizer FOLDER counts)" in found.lines()[1]
    assert found.lines()[2].startswith("cost: unknown")
    assert found.costs is None


def test_answers_that_are_there_cost_nothing_more(fake: Fake, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "answers.jsonl", fake.url)
    system = served(fake, ledger)
    system.answer(ASKED[:2])
    found = plan(system, ASKED, ledger, PRICE)
    assert (found.requests, found.known) == (1, 2)
    assert found.lines()[0] == "sentences: 3; requests: 1; answers that are there already, and cost nothing more: 2"


def test_equal_requests_are_counted_once(fake: Fake, tmp_path: Path) -> None:
    twice = (*ASKED, replace(ASKED[0], id="again"))
    once, found = plan(served(fake), ASKED, None, PRICE), plan(served(fake), twice, None, PRICE)
    assert (found.requests, found.tokens_in, found.costs) == (once.requests, once.tokens_in, once.costs)
    assert found.lines()[0] == "sentences: 4; requests: 3; equal to an earlier one, and sent once: 1"
    ledger = Ledger(tmp_path / "answers.jsonl", fake.url)
    served(fake, ledger).answer(twice)
    assert ledger.new == found.requests


@pytest.mark.parametrize("name", ["missing", ""])
def test_a_folder_without_a_tokenizer_is_an_error(fake: Fake, tmp_path: Path, name: str) -> None:
    with pytest.raises(
        LmnError, match=r"(no such folder|holds no tokenizer.*); name the folder of a model with --tokenizer"
    ):
        plan(served(fake), ASKED, None, None, str(tmp_path / name))
