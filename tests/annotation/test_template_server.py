"""A served model that is asked by a template, without a recipe."""

from __future__ import annotations

import pytest
from fake_openai import Fake

from llms_meet_ner.annotation.gold_examples import GoldExamples, GoldSplit
from llms_meet_ner.annotation.template import load_template
from llms_meet_ner.annotation.template_server import TemplateServer
from llms_meet_ner.annotation.texts import texts_of_split
from llms_meet_ner.data_converters.cards import load_card
from llms_meet_ner.systems.choosing import answer_kind
from llms_meet_ner.systems.options import SystemOptions
from llms_meet_ner.systems.server import ServerOptions

CARD = load_card("demo")
ASKED = texts_of_split(CARD, "testb").first(3).sentences


def served(fake: Fake, name: str = "bracketed", model: str | None = None) -> TemplateServer:
    template, server = load_template(name), ServerOptions(fake.url, model)
    spec = template.prompt(CARD)
    chooser = GoldExamples(GoldSplit(CARD, "train"), spec, template.shots) if template.shots else None
    return TemplateServer(name, spec, SystemOptions(server=server), server, chooser)


def test_the_template_s_prompt_and_its_examples_are_sent(fake: Fake) -> None:
    system = served(fake, "bracketed+definitions+nearest2")
    answers = system.answer(ASKED)
    assert [system.read(answer, one).spans[0].end for answer, one in zip(answers, ASKED)] == [1, 1, 1]
    messages = next(body["messages"] for body in fake.requests if body["messages"][-1]["content"] == ASKED[0].text)
    assert [message["role"] for message in messages] == ["user", "assistant"] * 2 + ["user"]
    assert messages[0]["content"].startswith(system.prompt.instruction + "\n")
    assert CARD.labels.labels[0].definition in messages[0]["content"]
    assert messages[1]["content"].count(" | ") >= 1
    assert next(body for _, body in system.bodies(ASKED))["messages"] == messages


def test_the_stamp_names_everything_and_the_name_is_the_model_s(fake: Fake) -> None:
    system = served(fake)
    assert system.name == fake.url
    assert not fake.requests
    stamp = system.stamp(ASKED)
    assert (stamp["engine"], stamp["template"], stamp["served_model"], stamp["recipe"]) == (
        "openai",
        "bracketed",
        "tuned",
        None,
    )
    assert (system.served_name, system.address, system.run_name) == ("tuned", fake.url, "free-openai-bracketed")
    assert system.differences(stamp, ASKED) == []
    assert served(fake, "xml").differences(stamp, ASKED) == ["format", "instruction"]
    assert served(fake, "bracketed+nearest1").differences(stamp, ASKED) == ["shots"]
    assert served(fake, model="other").differences(stamp, ASKED) == ["served_model"]


@pytest.mark.parametrize("name", ["bracketed", "xml"])
def test_a_system_with_another_template_has_another_hash(fake: Fake, name: str) -> None:
    hashes = {served(fake, f"{name}{addition}").sha256 for addition in ("", "+definitions", "+covering1", "+nearest1")}
    assert len(hashes) == 4


def test_a_prompt_says_what_is_answered() -> None:
    spec, server = load_template("bracketed").prompt(CARD), ServerOptions("http://localhost:1/v1")
    system = TemplateServer("bracketed", spec, SystemOptions(server=server), server)
    assert answer_kind(system) == (spec.labels, spec.nested, spec.join)
