"""No Python code that comes with a model runs, and no library reads the text that is to be tagged."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from byte_llama import save_byte_llama
from click.testing import CliRunner, Result
from publishing import TEMPLATE, save_adapter

from llms_meet_ner import LmnError, load
from llms_meet_ner.cli.predict import main as lmn_predict
from llms_meet_ner.cli.tag import main as lmn_tag
from llms_meet_ner.data_converters import load_card, prompt_spec_of
from llms_meet_ner.data_converters.cli.convert import main as lmn_convert
from llms_meet_ner.eval.cli.publish import main as lmn_publish
from llms_meet_ner.eval.cli.score import main as lmn_eval
from llms_meet_ner.eval.publish.weights import write_merged

_CODE = """
from pathlib import Path
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

Path({mark!r}).touch()

class Config(LlamaConfig):
    model_type = "stranger"

class Model(LlamaForCausalLM):
    config_class = Config

class Tokens(PreTrainedTokenizerFast):
    pass

def generate(model, *args, **kwargs):
    return model._sample(*args, **kwargs)
"""
_ITS_CODE = "needs Python code of its own, and code of others does not run; read that code first; if you trust it, say --trust-remote-code"


@pytest.fixture
def base(workdir: Path) -> Path:
    """A base model with Python files beside it, and an adapter on it; whatever runs them leaves the file `mark`."""
    save_byte_llama(workdir / "base", 0.3)
    save_adapter(workdir / "base", workdir / "adapter")
    spec = replace(prompt_spec_of(load_card("demo"), "bracketed", "short"), template=TEMPLATE)
    spec.save(workdir / "adapter/prompt_spec.json")
    change(workdir / "adapter/adapter_config.json", base_model_name_or_path="base")
    (workdir / "base/custom_generate").mkdir()
    for name in ("stranger.py", "custom_generate/generate.py"):
        (workdir / "base" / name).write_text(_CODE.format(mark=str(workdir / "mark")))
    return workdir / "base"


def change(path: Path, **keys: Any) -> None:
    """Set keys of a JSON file."""
    path.write_text(json.dumps({**json.loads(path.read_text()), **keys}))


def unknown_type(base: Path) -> None:
    """A model type that transformers does not have, with its code."""
    classes = {"AutoConfig": "stranger.Config", "AutoModelForCausalLM": "stranger.Model"}
    change(base / "config.json", model_type="stranger", auto_map=classes)


def unknown_part(base: Path) -> None:
    """A known type with a part that needs code, which transformers loads without a word about trust."""
    part = {"model_type": "aimv2_text_model", "auto_map": {"AutoModel": "stranger.Model"}, "name_or_path": str(base)}
    change(base / "config.json", model_type="fuyu", text_config=part)


def unknown_tokenizer(base: Path) -> None:
    """A tokenizer class that transformers does not have, of an unknown model."""
    unknown_type(base)
    change(
        base / "tokenizer_config.json", tokenizer_class="Tokens", auto_map={"AutoTokenizer": [None, "stranger.Tokens"]}
    )


def tag(*words: str, text: str = "y\nAda left Oslo .\n") -> Result:
    """Call lmn-tag with a standard input that says yes to whoever asks."""
    return CliRunner().invoke(lmn_tag, ["--adapter", "adapter", "--tokens", "--format", "json", *words], input=text)


NEEDS_CODE = [unknown_type, unknown_part, unknown_tokenizer]


@pytest.mark.parametrize("attack", NEEDS_CODE)
def test_code_of_a_base_does_not_run_and_nobody_is_asked(base: Path, attack: Callable[[Path], None]) -> None:
    attack(base)
    result = tag()
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"Error: base: {_ITS_CODE}" in result.stderr
    with pytest.raises(LmnError, match="say --trust-remote-code"):
        load("adapter", language=None)
    with pytest.raises(LmnError, match="say --trust-remote-code"):
        write_merged("base", Path("adapter"), Path("merged"))
    assert not Path("mark").exists()


def test_code_runs_if_the_user_says_so(base: Path) -> None:
    unknown_type(base)
    result = tag("--trust-remote-code")
    assert result.exit_code == 0, result.output
    assert [json.loads(line)["text"] for line in result.stdout.splitlines()] == ["y", "Ada left Oslo ."]
    assert Path("mark").exists()


def test_a_known_type_is_loaded_as_the_class_of_transformers(base: Path) -> None:
    plain = tag()
    change(base / "config.json", auto_map={"AutoConfig": "stranger.Config", "AutoModelForCausalLM": "stranger.Model"})
    change(base / "tokenizer_config.json", auto_map={"AutoTokenizer": [None, "stranger.Tokens"]})
    change(base / "generation_config.json", custom_generate="base", trust_remote_code=True)
    for words in ((), ("--decoding", "free")):
        assert tag(*words).exit_code == 0
    assert tag().stdout == plain.stdout
    assert not Path("mark").exists()


def test_a_pipe_keeps_its_text(base: Path) -> None:
    change(base / "config.json", auto_map={"AutoModelForCausalLM": "stranger.Model"})
    command = [
        sys.executable,
        "-c",
        "from llms_meet_ner.cli.tag import main; main()",
        "--adapter",
        "adapter",
        "--tokens",
    ]
    text = "".join(f"yes {number}\n" for number in range(30))
    result = subprocess.run([*command, "--format", "json"], input=text, capture_output=True, text=True, check=True)
    assert "".join(json.loads(line)["text"] + "\n" for line in result.stdout.splitlines()) == text
    assert not Path("mark").exists()


def test_the_key_of_a_recipe_no_longer_suffices(base: Path) -> None:
    unknown_type(base)
    CliRunner().invoke(lmn_convert, ["demo", "--variant", "short"])
    Path("r.yaml").write_text(
        "model_name_or_path: base\ntemplate: plain\ndataset: demo.short_train\ndataset_dir: data/alpaca\noutput_dir: adapter\n"
        "trust_remote_code: true\n"
    )
    calls = [
        (lmn_predict, ["--recipe", "r.yaml", "--split", "testb", "--limit", "1"]),
        (lmn_eval, ["--recipe", "r.yaml", "--split", "testb", "--limit", "1"]),
        (lmn_publish, ["--recipe", "r.yaml", "--repo", "me/x", "--base-model", "me/base", "--dry-run", "--merged"]),
    ]
    for command, words in calls:
        refused = CliRunner().invoke(command, words, input="y\n" * 9)
        assert refused.exit_code == 1
        assert f"Error: base: {_ITS_CODE}" in refused.stderr
        assert "the key trust_remote_code of a recipe is for LLaMA-Factory alone" in refused.stderr
    assert not Path("mark").exists()
    for command, words in calls:
        trusted = CliRunner().invoke(command, [*words, "--trust-remote-code"])
        assert trusted.exit_code == 0, trusted.output
    assert Path("mark").exists()


HOSTILE: list[tuple[str, dict[str, Any], str]] = [
    ("config.json", {"_attn_implementation": "stranger/kernel"}, "a kernel from the Hub is code of others"),
    ("config.json", {"attn_implementation": "kernels-community/flash-attn2@main:f"}, "a kernel from the Hub"),
    ("config.json", {"attn_implementation": {"": "sdpa", "text_config": "stranger/kernel"}}, "a kernel from the Hub"),
    ("config.json", {"experts_implementation": "stranger/kernel"}, "a kernel from the Hub"),
    ("config.json", {"text_config": {"_attn_implementation": "stranger/kernel"}}, "a kernel from the Hub"),
    ("config.json", {"quantization_config": {"quant_method": "quark"}}, "quant_method is 'quark', and these are taken: bits"),
    ("config.json", {"quantization_config": ["x"]}, "quant_method is None"),
    ("config.json", {"transformers_weights": "adapter_model.bin"}, "transformers_weights is 'adapter_model.bin'"),
    ("config.json", {"transformers_weights": "../adapter/adapter_model.safetensors"}, "not a safetensors file beside it"),
    ("config.json", {"num_hidden_layers": 10**9}, "num_hidden_layers is 1,000,000,000, and no model has more than 10,000"),
    ("config.json", {"intermediate_size": 10_000_000}, "intermediate_size is 10,000,000, and no model has more"),
    ("adapter_config.json", {"megatron_config": {"a": 1}, "megatron_core": "stranger"}, ""),
    ("model.safetensors.index.json", {"weight_map": {"a": "pytorch_model.bin"}}, "weight_map names something else"),
    ("model.safetensors.index.json", {"weight_map": {"a": "../x.safetensors"}}, "weight_map names something else"),
    ("model.safetensors.index.json", {"weight_map": {"a": ["x"]}}, "weight_map names something else"),
    ("model.safetensors.index.json", {"weight_map": 5}, "weight_map names something else"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "keys", "message"), HOSTILE, ids=[f"{file}-{keys}" for file, keys, _ in HOSTILE])
def test_a_configuration_that_would_run_or_fetch_something_is_refused(
    base: Path, file: str, keys: dict[str, Any], message: str
) -> None:
    path = base / file
    if not path.exists():
        path.write_text("{}")
    change(path, **keys)
    words = ["--trust-remote-code"] if file == "adapter_config.json" else []
    result = tag(*words)
    place = (
        f"base/{file}: " if message else "base: holds adapter_config.json, so it is an adapter, and not a base model"
    )
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"Error: {place}" in result.stderr
    assert message in result.stderr
    assert not Path("mark").exists()


@pytest.mark.parametrize("file", ["config.json", "generation_config.json", "tokenizer_config.json"])
@pytest.mark.parametrize(
    "text", ["[]", "{", "[" * 100_000, '{"a": ' + "9" * 10_000 + "}", " " * 20_000_001, '{"auto_map": 5}']
)
def test_a_damaged_configuration_is_one_error(base: Path, file: str, text: str) -> None:
    (base / file).write_text(text)
    result = tag()
    if result.exit_code == 0:
        assert text == '{"auto_map": 5}'
    else:
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.splitlines()[-1].startswith("Error: base")


@pytest.mark.parametrize("value", [{"a": 1}, "x", [1]])
def test_a_setting_of_a_tokenizer_with_a_wrong_type_is_one_error(base: Path, value: object) -> None:
    change(base / "tokenizer_config.json", model_max_length=value)
    result = tag()
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Error: base with adapter: cannot be loaded: '>' not supported between instances of 'int'" in result.stderr


def test_pickled_weights_are_refused_with_a_command_that_converts_them(base: Path) -> None:
    import shlex

    import torch
    from safetensors.torch import load_file

    expected = tag()
    torch.save(load_file(base / "model.safetensors"), base / "pytorch_model.bin")
    (base / "model.safetensors").unlink()
    result = tag()
    assert (result.exit_code, result.stdout) == (1, "")
    assert (
        "Error: base: holds no *.safetensors, and pytorch_model.bin is not read: a pickle can run code; python -c"
        in result.stderr
    )
    command = result.stderr[result.stderr.index("python -c") :].partition(" writes the model")[0]
    subprocess.run([sys.executable, *shlex.split(command.replace("FOLDER", "converted"))[1:]], check=True)
    assert tag("--base", "converted").stdout == expected.stdout


def test_a_chat_template_of_a_model_does_not_run(base: Path) -> None:
    expected = tag()
    endless = "{% for a in range(100000) %}{% for b in range(100000) %}{% for c in range(100000) %}{% endfor %}{% endfor %}{% endfor %}"
    (base / "chat_template.jinja").write_text(endless)
    change(base / "tokenizer_config.json", chat_template=endless)
    assert tag().stdout == expected.stdout


def test_a_regular_expression_of_a_tokenizer_does_not_hang(base: Path) -> None:
    split = {"type": "Split", "pattern": {"Regex": r"(\w+\s?)*[.]$"}, "behavior": "Isolated", "invert": False}
    change(base / "tokenizer.json", pre_tokenizer={"type": "Sequence", "pretokenizers": [split]})
    result = tag(text=f"{'a' * 60} . q\n")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Error: adapter: its tokenizer fails: Onig: Regex search error: retry-limit-in-match over;" in result.stderr
