"""A served model that is asked with a prompt, without a recipe."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from fake_openai import Fake
from standins import SPEC

from llms_meet_ner import PromptSpec, Sentence
from llms_meet_ner.systems.options import SystemOptions
from llms_meet_ner.systems.served_prompt import ServedPrompt
from llms_meet_ner.systems.server import ServerOptions
from llms_meet_ner.systems.system import Facts, NamedModel

ASKED = [Sentence("s/0", ("Anna", "left", "."))]


def served(fake: Fake, spec: PromptSpec = SPEC, adapter: str | None = None, model: str | None = None) -> ServedPrompt:
    server = ServerOptions(fake.url, model)
    named = NamedModel(adapter, None) if adapter else None
    folder = Path(adapter) if adapter else None
    return ServedPrompt(spec, SystemOptions(server=server), server, adapter=named, results=folder)


def test_the_prompt_is_sent_without_a_template(fake: Fake) -> None:
    system = served(fake)
    assert [system.read(answer, one).spans[0].label for answer, one in zip(system.answer(ASKED), ASKED)] == ["PER"]
    assert fake.requests[0]["messages"] == [{"role": "user", "content": "Mark\nAnna left ."}]
    assert system.prompt.template is None


def test_the_stamp_names_server_prompt_and_adapter(fake: Fake) -> None:
    system = served(fake, adapter="outputs/demo")
    assert (system.name, system.run_name) == (fake.url, "free-openai")
    assert (system.results_folder, served(fake).results_folder) == (Path("outputs/demo"), Path("outputs/openai"))
    assert system.facts == Facts(adapter=NamedModel("outputs/demo", None))
    assert not fake.requests
    stamp = system.stamp()
    assert (stamp["engine"], stamp["recipe"], stamp["served_model"]) == ("openai", None, "tuned")
    assert stamp["adapter"] == {"name": "outputs/demo", "revision": None}
    assert "adapter" not in served(fake).stamp()
    assert system.differences(stamp, ASKED) == []
    assert served(fake, replace(SPEC, instruction="Find")).differences(stamp, ASKED) == ["instruction"]
    assert served(fake, model="other").differences(stamp, ASKED) == ["served_model"]
    assert len({system.sha256, served(fake).sha256, served(fake, replace(SPEC, instruction="Find")).sha256}) == 3
