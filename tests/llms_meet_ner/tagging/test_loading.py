"""`load`: a tagger of anything that has a name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fake_openai import Fake, fake_server
from standins import SPEC, CapitalsSystem

from llms_meet_ner import LabelSet, LmnError, PromptSpec
from llms_meet_ner.systems.counting import CountingBaseline
from llms_meet_ner.systems.finding import ModelFiles
from llms_meet_ner.systems.found_model import FoundModel
from llms_meet_ner.systems.options import SystemOptions
from llms_meet_ner.systems.server import ServerOptions
from llms_meet_ner.tagging.loading import load, tagger_of


class FakeLoaded:
    tokenizer, window, remark, dtype = None, None, "computes in bfloat16", "bfloat16"


def patch_found(monkeypatch: pytest.MonkeyPatch, spec: PromptSpec, folder: Path) -> None:
    """Let `load` find a model with a prompt."""

    def system(choice: Any, card: None, format_name: None, variant: None, options: SystemOptions) -> FoundModel:
        return FoundModel(ModelFiles(choice.name, spec, "b", folder, None, folder), options)

    monkeypatch.setattr("llms_meet_ner.tagging.loading.AdapterChoice.system", system)


def test_a_tagger_decodes_as_the_format_allows(listing: None, workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    patch_found(monkeypatch, PromptSpec("listing", "short", "List", LabelSet.of("PER")), workdir)
    with pytest.raises(LmnError, match="the format listing does not; use --decoding free"):
        load("a", decoding="constrained", language=None)
    seen: list[Any] = []
    monkeypatch.setattr("llms_meet_ner.systems.local.load_model", lambda *names: FakeLoaded)
    monkeypatch.setattr(
        "llms_meet_ner.systems.local.make_generator", lambda loaded, spec, decoding, *others: seen.append(decoding)
    )
    tagger = load("a", language=None)
    assert (tagger.remark, tagger.dtype) == ("computes in bfloat16", "bfloat16")
    assert seen == ["free"]
    with pytest.raises(LmnError, match="--min-confidence: a gives no confidences"):
        load("a", language=None, min_confidence=0.5)
    assert seen == ["free"], "nothing is loaded for an error"


def test_load_splits_as_the_prompt_joins(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llms_meet_ner.systems.local.LocalSystem.load", lambda system: FakeLoaded)
    for join, tokens in ((" ", ["昨天A", "B"]), ("", ["昨", "天", "A", "B"])):
        spec = PromptSpec("bracketed", "short", "Mark", LabelSet.of("PER"), join=join)  # type: ignore[arg-type]
        patch_found(monkeypatch, spec, workdir)
        text = "昨天A B"
        assert [text[start:end] for start, end in load("a").splitter(text)[0]] == tokens


@pytest.fixture(scope="module")
def fake() -> Any:
    with fake_server() as found:
        yield found


def test_a_server_tags_with_the_prompt_of_a_file_a_folder_or_a_card(workdir: Path, fake: Fake) -> None:
    SPEC.save(workdir / "adapter/prompt_spec.json")
    for named in (
        {"model": "adapter", "server": fake.url},
        {"prompt": "adapter/prompt_spec.json", "server": ServerOptions(fake.url, concurrency=2)},
        {"corpus": "demo", "variant": "short", "server": fake.url},
    ):
        tagger = load(**named)  # type: ignore[arg-type]
        assert tagger.tag("Kent won. Anna left.").brackets() == "[Kent | PER] won. [Anna | PER] left."
        assert (tagger.dtype, tagger.remark) == (None, None)
    with pytest.raises(LmnError, match="gives no confidences"):
        load("adapter", server=fake.url, min_confidence=0.5)


@pytest.mark.usefixtures("workdir")
def test_what_names_nothing_is_refused() -> None:
    with pytest.raises(LmnError, match=r"^which model\?; name an adapter, a merged model or a student, or a server$"):
        load()
    with pytest.raises(LmnError, match=r"which prompt\?"):
        load(server="http://localhost:1/v1")
    with pytest.raises(LmnError, match="not the http address of a server"):
        load(server="gpu1")


def test_any_system_makes_a_tagger() -> None:
    assert tagger_of(CapitalsSystem(), None).dtype == "none"
    assert tagger_of(CountingBaseline("gazetteer", []), "en").tag("Anna").entities == ()
    with pytest.raises(LmnError, match="min_confidence is 2, and a confidence is from 0 to 1"):
        tagger_of(CapitalsSystem(), None, 2)
