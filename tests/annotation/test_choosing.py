"""What labels, by the options."""

from __future__ import annotations

from pathlib import Path

import pytest
from byte_llama import save_byte_llama
from fake_openai import Fake
from served_project import save_mini_project

from llms_meet_ner import LmnError
from llms_meet_ner.annotation.choosing import SystemChoice
from llms_meet_ner.annotation.gold_examples import GoldSplit
from llms_meet_ner.annotation.template_server import TemplateServer
from llms_meet_ner.annotation.texts import texts_of_split
from llms_meet_ner.data_converters.cards import load_card
from llms_meet_ner.systems.adapter_choice import AdapterChoice
from llms_meet_ner.systems.examples import Shots
from llms_meet_ner.systems.found_model import FoundModel
from llms_meet_ner.systems.options import SystemOptions
from llms_meet_ner.systems.served_model import ServedModel
from llms_meet_ner.systems.server import ServerOptions

CARD = load_card("demo")
GOLD = GoldSplit(CARD, "train")


def served(url: str = "http://localhost:1/v1", **more: object) -> SystemOptions:
    return SystemOptions(server=ServerOptions(url), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"options": SystemOptions()}, "which system labels.; name one with --adapter, --recipe, or --engine openai"),
        (
            {"options": served(), "adapter": AdapterChoice("a")},
            "--adapter runs in this process, without recipe and server",
        ),
        (
            {"options": served(), "recipe": Path("r"), "template": "xml"},
            "a recipe's model answers to the prompt of its data",
        ),
        ({"options": served(shots=Shots(3))}, r"--shots is for --recipe; write --template bracketed\+nearest3"),
    ],
)
def test_one_thing_labels(choice: dict[str, object], message: str) -> None:
    with pytest.raises(LmnError, match=message):
        SystemChoice(**choice)  # type: ignore[arg-type]


def test_a_server_without_a_recipe_is_asked_by_a_template_for_the_labels_of_a_card(fake: Fake, tmp_path: Path) -> None:
    chosen = SystemChoice(served(fake.url), template="xml+nearest1", examples=GOLD).annotator(CARD, tmp_path)
    assert isinstance(chosen.system, TemplateServer)
    assert (chosen.template, chosen.system.prompt.format) == ("xml+nearest1", "xml")
    chosen.system.answer(texts_of_split(CARD, "testb").first(1).sentences)
    assert (chosen.ledger and chosen.ledger.path) == tmp_path / "answers.jsonl"
    assert (tmp_path / "answers.jsonl").is_file()
    assert SystemChoice(served()).annotator(CARD, tmp_path).template == "bracketed"


@pytest.mark.parametrize(
    ("choice", "card", "message"),
    [
        (SystemChoice(served()), None, "which labels.*--labels CARD"),
        (
            SystemChoice(served(), template="xml+nearest1"),
            CARD,
            "shows examples, and none are named; .*--examples-from",
        ),
        (SystemChoice(served(), template="xml", examples=GOLD), CARD, r"shows no examples; write xml\+nearest3"),
        (
            SystemChoice(SystemOptions(), AdapterChoice("a"), template="xml"),
            CARD,
            "a: an annotation template needs the chat template",
        ),
        (SystemChoice(SystemOptions(), AdapterChoice("nowhere/at all")), None, "nowhere/at all"),
    ],
)
def test_what_is_missing_is_an_error_with_the_option(
    tmp_path: Path, choice: SystemChoice, card: object, message: str
) -> None:
    with pytest.raises(LmnError, match=message):
        choice.annotator(card, tmp_path)  # type: ignore[arg-type]


def test_a_recipe_s_model_behind_a_server_is_metered_too(
    fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_mini_project(tmp_path, "nothing")
    monkeypatch.chdir(tmp_path)
    chosen = SystemChoice(served(fake.url), recipe=Path("recipe.yaml")).annotator(None, tmp_path)
    assert isinstance(chosen.system, ServedModel)
    assert chosen.system.prompt.variant == "short"
    chosen.system.answer(texts_of_split(CARD, "testb").first(2).sentences)
    assert len((tmp_path / "answers.jsonl").read_text().splitlines()) == 2
    here = SystemChoice(SystemOptions(shots=Shots(0)), recipe=Path("recipe.yaml")).annotator(None, tmp_path)
    assert (here.ledger, here.system.name) == (None, "nothing")


@pytest.mark.slow
def test_a_base_model_here_answers_a_template_with_examples(tmp_path: Path) -> None:
    save_byte_llama(tmp_path / "base", 0.3)
    adapter = AdapterChoice(str(tmp_path / "base"), template="alpaca")
    chosen = SystemChoice(SystemOptions(), adapter, template="bracketed+nearest1", examples=GOLD)
    annotator = chosen.annotator(CARD, tmp_path)
    assert isinstance(annotator.system, FoundModel)
    asked = texts_of_split(CARD, "testb").first(2).sentences
    answers = annotator.system.answer(asked)
    assert {annotator.system.read(answer, one).status for answer, one in zip(answers, asked)} == {"exact"}
    stamp = annotator.system.stamp(asked)
    assert (stamp["shots"]["rule"], stamp["shots"]["dataset"]) == ("nearest", "demo train")
