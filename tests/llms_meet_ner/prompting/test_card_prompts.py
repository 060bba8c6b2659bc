"""Prompts by the names of cards and published adapters, which upper rooms register."""

from __future__ import annotations

from configparser import ConfigParser

import pytest
from paths import ROOT

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters import load_card, prompt_spec_of
from llms_meet_ner.prompting import card_prompts as module
from llms_meet_ner.prompting.card_prompts import GROUP, card_prompts, published_prompt


def test_a_card_gives_its_prompts_by_name() -> None:
    found = card_prompts("demo")
    assert found.name == "demo"
    assert found.prompt() == prompt_spec_of(load_card("demo"), "bracketed")
    assert found.prompt("xml", "short") == prompt_spec_of(load_card("demo"), "xml", "short")
    with pytest.raises(LmnError, match="shipz"):
        card_prompts("shipz")


def test_a_published_adapter_has_its_prompt() -> None:
    found = published_prompt("stefan-it/Qwen2.5-7B-CoNLL-2003")
    assert found is not None
    assert (found.card, found.format, found.variant, found.template) == ("conll2003", "bracketed", "full", "qwen")
    assert published_prompt("nobody/nothing") is None


def test_what_is_registered_is_what_setup_cfg_says(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = ConfigParser()
    settings.read(ROOT / "setup.cfg", encoding="utf-8")
    assert "cards = llms_meet_ner.data_converters.alpaca:prompts_of" in settings["options.entry_points"][GROUP]
    monkeypatch.setattr(module, "GROUP", "llms_meet_ner.gone")
    with pytest.raises(LmnError, match=r"registers no llms_meet_ner\.gone: cards; install the package again"):
        card_prompts("demo")
