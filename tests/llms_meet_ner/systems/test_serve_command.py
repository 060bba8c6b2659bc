"""What is written for servers: a chat template that gives the prompts of training, and vLLM's command line."""

from __future__ import annotations

import dataclasses
import shlex
from itertools import cycle, pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from lora_files import lora_files
from paths import ROOT

from llms_meet_ner import LmnError, PromptSpec
from llms_meet_ner.cli.predict import main as lmn_predict
from llms_meet_ner.data_converters import load_card, prompt_spec_of
from llms_meet_ner.prompting.spec import Example
from llms_meet_ner.prompting.templates import pieces_of
from llms_meet_ner.systems.serve_command import chat_template, vllm_command
from llms_meet_ner.training.recipe import load_recipe

RECIPES = sorted((ROOT / "recipes").rglob("*.yaml"))
TEMPLATES = sorted(
    {recipe["template"] for recipe in map(yaml.safe_load, map(Path.read_text, RECIPES)) if "template" in recipe}
    | {"alpaca", "smollm2", "llama2", "gemma"}
)


def prompt_of(spec: PromptSpec, source: str, examples: tuple[Example, ...] = ()) -> str:
    """Return the text of LLaMA-Factory's prompt, by its own template."""
    from llamafactory.data.template import TEMPLATES as THEIRS

    template = THEIRS[spec.template.name]  # type: ignore[union-attr]
    system, contents = spec.conversation(source, examples)
    turns = [{"role": role, "content": text} for role, text in zip(cycle(("user", "assistant")), [*contents, "x"])]

    class Words:
        bos_token_id, eos_token_id = "<BOS>", "<EOS>"

        def encode(self, text: str, add_special_tokens: bool) -> list[str]:
            return [text]

        def convert_tokens_to_ids(self, token: str) -> str:
            return token

    prompt, _ = template.encode_oneturn(Words(), turns, system or None)
    return "".join(prompt)


@pytest.mark.parametrize("instruction_as", ["user", "system"])
@pytest.mark.parametrize("template", TEMPLATES)
def test_the_chat_template_gives_the_prompts_of_training(template: str, instruction_as: Any) -> None:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    spec = prompt_spec_of(load_card("conll2003"), "bracketed", "full", instruction_as)
    spec = PromptSpec.from_dict(dataclasses.replace(spec, template=pieces_of(template)).to_dict(), "test")
    # as transformers and vLLM set it up
    compiled = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True).from_string(
        chat_template(spec.template)  # type: ignore[arg-type]
    )
    for source in ["Ida Holm left Oslo .", "'\"\\n {{ x }} {% y %} 😀", " a ", "İstanbul {{content}}"]:
        for examples in ((), (Example("a", "'Ada'", "[Ada | PER]"), Example("b", "{{content}}", "[x | LOC] {{idx}}"))):
            system, contents = spec.conversation(source, examples)
            messages = [{"role": "system", "content": system}] * bool(system)
            messages += [{"role": role, "content": text} for role, text in zip(cycle(("user", "assistant")), contents)]
            text = compiled.render(messages=messages, bos_token="<BOS>", eos_token="<EOS>", add_generation_prompt=True)
            assert text == prompt_of(spec, source, examples)


def test_a_chat_template_without_the_slot_of_answers_refuses_further_turns() -> None:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def refuse(message: str) -> None:
        raise ValueError(message)

    pieces = dataclasses.replace(pieces_of("default"), assistant=None)
    compiled = ImmutableSandboxedEnvironment().from_string(chat_template(pieces))
    messages = [{"role": "user", "content": "a"}]
    more = [*messages, {"role": "assistant", "content": "b"}, *messages]
    assert "a" in compiled.render(messages=messages, bos_token="", eos_token="", raise_exception=refuse)
    with pytest.raises(ValueError, match="written for one turn"):
        compiled.render(messages=more, bos_token="", eos_token="", raise_exception=refuse)


@pytest.fixture
def trained(workdir: Path) -> Path:
    """A working directory with a recipe and what training left, as far as serving looks at it."""
    recipe = {
        "model_name_or_path": "Qwen/Qwen2.5-7B",
        "template": "qwen",
        "dataset": "d",
        "output_dir": "outputs/my run",
    }
    (workdir / "recipe.yaml").write_text(yaml.safe_dump({**recipe, "bf16": True}))
    folder = lora_files(workdir / "outputs/my run", rank=256)
    spec = prompt_spec_of(load_card("conll2003"), "bracketed")
    dataclasses.replace(spec, template=pieces_of("qwen")).save(folder / "prompt_spec.json")
    return folder


def test_the_command_for_vllm(trained: Path) -> None:
    result = CliRunner().invoke(lmn_predict, ["serve-command", "--recipe", "recipe.yaml", "--name", "ner"])
    assert result.exit_code == 0, result.output
    words = shlex.split(result.stdout.replace("\\\n", " "))
    assert words[:3] == ["vllm", "serve", "Qwen/Qwen2.5-7B"]
    options = dict(pairwise(words))
    assert options["--lora-modules"] == "ner=outputs/my run"
    assert options["--max-lora-rank"] == "256"
    assert options["--dtype"] == "bfloat16"
    assert options["--tokenizer"] == "outputs/my run"
    assert "<|im_start|>" in Path(options["--chat-template"]).read_text()


@pytest.mark.parametrize(
    ("trains", "asked", "served"),
    [
        ({"bf16": True}, [], "bfloat16"),
        ({"bf16": True}, ["--dtype", "float32"], "float32"),
        ({}, [], "auto"),
        ({"fp16": True}, ["--dtype", "auto"], "float16"),
    ],
)
def test_the_data_type_is_that_of_the_training_unless_it_is_given(
    trained: Path, trains: dict[str, bool], asked: list[str], served: str
) -> None:
    recipe = yaml.safe_load(Path("recipe.yaml").read_text())
    del recipe["bf16"]
    Path("recipe.yaml").write_text(yaml.safe_dump({**recipe, **trains}))
    result = CliRunner().invoke(lmn_predict, ["serve-command", "--recipe", "recipe.yaml", *asked])
    assert dict(pairwise(shlex.split(result.stdout.replace("\\\n", " "))))["--dtype"] == served


@pytest.mark.parametrize(
    ("config", "rank"),
    [
        ({"r": 4}, "8"),
        ({"r": 64}, "64"),
        ({"r": 65}, "128"),
        ({"r": 8, "rank": 257, "rank_pattern": {"q_proj": 257}}, "320"),
    ],
)
def test_the_rank_is_rounded_up_to_one_that_vllm_takes(trained: Path, config: dict[str, Any], rank: str) -> None:
    lora_files(trained, **{"rank": config["r"], **config})
    words = vllm_command(load_recipe(Path("recipe.yaml")), "x")
    assert words[words.index("--max-lora-rank") + 1] == rank


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"rank": 513}, "above 512"), ({"use_dora": True}, "no adapter with DoRA; merge it"),
        ({"modules_to_save": ["lm_head"]}, "whole modules"), ({"r": 9}, "r is 9, and the largest rank in .* is 8"),
    ],
)  # fmt: skip
def test_an_adapter_that_vllm_cannot_serve_is_one_error(trained: Path, config: dict[str, Any], message: str) -> None:
    lora_files(trained, **config)
    with pytest.raises(LmnError, match=message):
        vllm_command(load_recipe(Path("recipe.yaml")), "x")


def test_no_adapter_is_one_error(trained: Path) -> None:
    (trained / "adapter_model.safetensors").unlink()
    result = CliRunner().invoke(lmn_predict, ["serve-command", "--recipe", "recipe.yaml"])
    assert result.exit_code == 1
    assert "no adapter there; train it with lmn-train recipe.yaml" in result.stderr
