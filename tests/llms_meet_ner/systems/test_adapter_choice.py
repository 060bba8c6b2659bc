"""Adapters by name, with the prompt of a file, of their folder or of a card; here or behind a server."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from lora_files import lora_files
from standins import SPEC

from llms_meet_ner import LmnError, PromptSpec
from llms_meet_ner.prompting.card_prompts import card_prompts
from llms_meet_ner.prompting.templates import pieces_of
from llms_meet_ner.systems.adapter_choice import AdapterChoice, served_by_prompt
from llms_meet_ner.systems.found_model import FoundModel
from llms_meet_ner.systems.options import SystemOptions
from llms_meet_ner.systems.prompted import prompt_of
from llms_meet_ner.systems.served_prompt import ServedPrompt
from llms_meet_ner.systems.server import ServerOptions

HERE = SystemOptions()
THERE = SystemOptions(server=ServerOptions("http://localhost:1/v1"))


@pytest.fixture
def adapter(workdir: Path) -> Path:
    """Folder of an adapter without a prompt, and its base model beside it."""
    lora_files(workdir / "adapter", base_model_name_or_path="base")
    (workdir / "base").mkdir()
    (workdir / "base/config.json").write_text("{}")
    return workdir / "adapter"


def demo(template: str | None = None) -> PromptSpec:
    spec = card_prompts("demo").prompt(None, "short")
    return replace(spec, template=pieces_of(template)) if template else spec


def test_the_prompt_of_a_folder_comes_before_that_of_a_card(adapter: Path) -> None:
    SPEC.save(adapter / "prompt_spec.json")
    card = card_prompts("demo")
    system = AdapterChoice("adapter").system(card, None, None, HERE)
    assert isinstance(system, FoundModel)
    assert prompt_of(system) == SPEC
    served = AdapterChoice("adapter").system(card, None, None, THERE)
    assert isinstance(served, ServedPrompt)
    assert prompt_of(served) == SPEC.without_template()
    demo("default").save(adapter / "other.json")
    for options in (HERE, THERE):
        other = AdapterChoice("adapter", prompt=adapter / "other.json").system(card, None, None, options)
        assert prompt_of(other).instruction == demo().instruction  # type: ignore[union-attr]
        with pytest.raises(LmnError, match="its prompt has variant short, and not full; leave --variant out"):
            AdapterChoice("adapter").system(card, None, "full", options)


@pytest.mark.usefixtures("adapter")
def test_without_one_the_card_is_asked_and_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    card = card_prompts("demo")
    here = AdapterChoice("adapter", template="default").system(card, None, "short", HERE)
    assert prompt_of(here) == demo("default")
    said = "adapter: the prompt is that of card demo, bracketed, short, template default (the adapter itself does not say)\n"
    assert capsys.readouterr().err == said
    there = AdapterChoice("adapter").system(card, None, "short", THERE)
    assert prompt_of(there) == demo()
    assert capsys.readouterr().err == said.replace(", template default", "")


def test_what_has_no_prompt_is_refused_with_what_names_one(adapter: Path) -> None:
    card = card_prompts("demo")
    named = "name a prompt with --prompt FILE, or the card of its corpus with --corpus CARD"
    for options, remedy in ((HERE, f"{named} and its chat template with --template NAME"), (THERE, named)):
        with pytest.raises(LmnError, match=f"^adapter: it has no prompt_spec.json; {remedy}$"):
            AdapterChoice("adapter").system(None, None, None, options)
    with pytest.raises(LmnError, match="its chat template is unknown; name it with --template NAME"):
        AdapterChoice("adapter").system(card, None, None, HERE)
    with pytest.raises(LmnError, match=r"^gone\.json: no such file"):
        AdapterChoice("adapter", prompt=Path("gone.json")).system(card, None, None, THERE)
    (adapter / "student.json").write_text("{}")
    with pytest.raises(LmnError, match="adapter is a student"):
        AdapterChoice("adapter").system(None, None, None, THERE)


def test_a_server_is_asked_by_a_prompt_alone(workdir: Path) -> None:
    SPEC.save(workdir / "p.json")
    assert served_by_prompt(Path("p.json"), None, None, THERE).prompt == SPEC.without_template()
    assert served_by_prompt(None, card_prompts("demo"), "short", THERE).prompt == demo()
    with pytest.raises(LmnError, match=r"which prompt\?; name a prompt with --prompt FILE, or the card of its corpus"):
        served_by_prompt(None, None, None, THERE)


@pytest.mark.usefixtures("workdir")
def test_a_served_published_adapter_is_asked_in_its_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("llms_meet_ner.systems.adapter_choice.hub_folder", lambda *names, **options: tmp_path)
    system = AdapterChoice("stefan-it/Qwen2.5-7B-CoNLL-2003").system(card_prompts("demo"), None, None, THERE)
    assert prompt_of(system) == card_prompts("conll2003").prompt("bracketed", "full")
