"""A stranger's `adapter_config.json` imports nothing, hangs nothing and reserves no memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from byte_llama import save_byte_llama
from click.testing import CliRunner
from lora_files import tensor_file
from publishing import save_adapter
from standins import SPEC

from llms_meet_ner import LmnError, load
from llms_meet_ner.cli.predict import main as lmn_predict
from llms_meet_ner.cli.tag import main as lmn_tag
from llms_meet_ner.data_converters.cli.convert import main as lmn_convert
from llms_meet_ner.eval.cli.publish import main as lmn_publish
from llms_meet_ner.eval.publish.weights import write_merged

_HANGS = "(([a-z.0-9_]+)*)*Z"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base model and an adapter on it."""
    folder = tmp_path_factory.mktemp("made")
    save_byte_llama(folder / "base", 0.3)
    save_adapter(folder / "base", folder / "adapter")
    return folder


@pytest.fixture
def adapter(made: Path, workdir: Path) -> Path:
    """The adapter in the working directory, and a module of Python beside it that leaves the file `mark`."""
    import shutil

    for name in ("base", "adapter"):
        shutil.copytree(made / name, workdir / name)
    SPEC.save(workdir / "adapter/prompt_spec.json")
    change(workdir / "adapter", base_model_name_or_path="base")
    (workdir / "evilmod.py").write_text("open('mark', 'w')\n")
    return Path("adapter")


def change(folder: Path, **keys: Any) -> None:
    """Set keys of the adapter's configuration."""
    path = folder / "adapter_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **keys}))


HOSTILE: list[tuple[dict[str, Any], str]] = [
    ({"megatron_config": {"tensor_model_parallel_size": 1}, "megatron_core": "evilmod"}, "megatron_c"),
    ({"megatron_core": "evilmod"}, "megatron_core has to be megatron.core, and is 'evilmod'"),
    (
        {"megatron_config": {"a": 1}},
        "megatron_config is not a key that is taken; if the weights do not need it, set it to null",
    ),
    (
        {"auto_mapping": {"base_model_class": "X", "parent_library": "evilmod"}},
        "auto_mapping has to be a class of transformers",
    ),
    (
        {"peft_type": "PROMPT_TUNING", "tokenizer_kwargs": {"trust_remote_code": True}},
        "peft_type is 'PROMPT_TUNING', and only LORA",
    ),
    ({"peft_type": ["LORA"]}, "peft_type is "),
    ({"corda_config": {"cache_file": "x.pt", "covariance_file": "x.pt"}}, "corda_config is not a key"),
    ({"init_lora_weights": "corda"}, "init_lora_weights has to be"),
    ({"init_lora_weights": "loftq"}, "init_lora_weights has to be"),
    ({"init_lora_weights": "pissa_niter_1000000000"}, "init_lora_weights has to be"),
    ({"init_lora_weights": ["x"]}, "init_lora_weights has to be"),
    ({"loftq_config": {"loftq_bits": 4}}, "loftq_config is not a key"),
    ({"eva_config": {"rho": 2.0}}, "eva_config is not a key"),
    ({"arrow_config": {"top_k": 1}}, "arrow_config is not a key"),
    ({"runtime_config": {"ephemeral_gpu_offload": True}}, "runtime_config has to be off"),
    ({"layer_replication": [[0, 1000000]]}, "layer_replication is not a key"),
    ({"use_qalora": True}, "use_qalora is not a key"),
    ({"alora_invocation_tokens": [1]}, "alora_invocation_tokens is not a key"),
    ({"something_else": 1}, "something_else is not a key"),
    ({"\u202eevil": "x"}, r"\\u202eevil is not a key"),
    (
        {"target_modules": _HANGS},
        "target_modules has to be a list of names, or a regular expression without repeated groups",
    ),
    ({"target_modules": "(a+)+Z"}, "target_modules has to be"),
    ({"target_modules": "(?:a|a)*Z"}, "target_modules has to be"),
    ({"target_modules": "(a?){50}Z"}, "target_modules has to be"),
    ({"target_modules": "(a)(?=(.*))\\2*"}, "target_modules has to be"),
    ({"target_modules": [_HANGS]}, "target_modules has to be"),
    ({"exclude_modules": _HANGS}, "exclude_modules has to be"),
    ({"modules_to_save": [_HANGS]}, "modules_to_save has to be"),
    ({"target_parameters": [_HANGS]}, "target_parameters has to be"),
    ({"layers_to_transform": [0], "layers_pattern": _HANGS}, "layers_pattern has to be"),
    ({"layers_to_transform": "0"}, "layers_to_transform has to be"),
    ({"rank_pattern": {_HANGS: 4}}, "rank_pattern has to be"),
    ({"alpha_pattern": {_HANGS: 4}}, "alpha_pattern has to be"),
    (
        {"alpha_pattern": {f"m{number}": 1 for number in range(2001)}},
        "alpha_pattern has to be numbers by at most 2,000 names",
    ),
    ({"r": 10_000_000}, r"r is 10,000,000, and the largest rank in adapter_model\.safetensors is 4"),
    ({"r": True}, "r has to be a whole number above 0"),
    ({"r": 0}, "r has to be"),
    ({"r": 10**30}, "r has to be"),
    ({"rank_pattern": {"q_proj": 10_000_000}}, "rank_pattern q_proj is 10,000,000"),
    ({"lora_alpha": "16"}, "lora_alpha has to be a number"),
    ({"lora_alpha": float("nan")}, "lora_alpha has to be a number"),
    ({"lora_dropout": 2}, "lora_dropout has to be"),
    ({"bias": ["none"]}, "bias has to be none, all or lora_only"),
    ({"use_dora": "yes"}, "use_dora has to be true or false"),
    ({"task_type": "SEQ_CLS"}, "task_type has to be CAUSAL_LM"),
    ({"trainable_token_indices": [0] * 40_000}, "trainable_token_indices names more tokens than"),
    ({"base_model_name_or_path": 5}, "base_model_name_or_path has to be a text"),
]


@pytest.mark.parametrize(("keys", "message"), HOSTILE, ids=[next(iter(keys)) for keys, _ in HOSTILE])
def test_a_hostile_configuration_is_refused_before_the_base_is_loaded(
    adapter: Path, keys: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*args: object, **options: object) -> None:
        raise AssertionError("the base model was loaded")

    monkeypatch.setattr("transformers.AutoModelForCausalLM.from_pretrained", never)
    change(adapter, **keys)
    with pytest.raises(LmnError, match=rf"^adapter/adapter_config\.json: {message}"):
        load(adapter, language=None)
    assert not Path("mark").exists()


@pytest.mark.parametrize(
    "keys", [{"megatron_config": {"a": 1}, "megatron_core": "evilmod"}, {"r": 10_000_000}, {"target_modules": _HANGS}]
)
def test_every_command_refuses_it(adapter: Path, keys: dict[str, Any]) -> None:
    CliRunner().invoke(lmn_convert, ["demo", "--variant", "short"])
    (adapter / "prompt_spec.json").unlink()
    Path("r.yaml").write_text(
        "model_name_or_path: base\ntemplate: default\ndataset: demo.short_train\ndataset_dir: data/alpaca\noutput_dir: adapter\n"
    )
    change(adapter, **keys)
    for command, words in (
        (lmn_predict, ["--recipe", "r.yaml", "--split", "testb", "--limit", "1"]),
        (lmn_predict, ["serve-command", "--recipe", "r.yaml"]),
        (lmn_publish, ["--recipe", "r.yaml", "--repo", "me/x", "--base-model", "me/base", "--dry-run"]),
        (lmn_publish, ["--recipe", "r.yaml", "--repo", "me/x", "--base-model", "me/base", "--dry-run", "--merged"]),
    ):
        result = CliRunner().invoke(command, words)
        assert (result.exit_code, "Error: adapter/adapter_config.json: " in result.stderr) == (1, True), result.output
    with pytest.raises(LmnError, match=r"adapter_config\.json: "):
        write_merged("base", adapter, Path("merged"))
    assert not Path("mark").exists()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def long_header(path: Path) -> None:
    path.write_bytes((2**62).to_bytes(8, "little") + b"{}")


def pickled(path: Path) -> None:
    import pickle

    path.write_bytes(pickle.dumps({"a": 1}) + b" " * 99)


def other(path: Path) -> None:
    tensor_file(path, {"model.weight": [2, 2]})


@pytest.mark.parametrize("damage", [cut, long_header, pickled, other])
def test_damaged_weights_are_one_error(adapter: Path, damage: Callable[[Path], None]) -> None:
    damage(adapter / "adapter_model.safetensors")
    result = CliRunner().invoke(lmn_tag, ["--adapter", "adapter", "--tokens"], input="Ada left .\n")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[-1].startswith("Error: adapter/adapter_model.safetensors: ")


def test_pickled_weights_are_refused_with_a_command_that_converts_them(adapter: Path) -> None:
    import shlex
    import subprocess
    import sys

    import torch
    from safetensors.torch import load_file

    weights = load_file(adapter / "adapter_model.safetensors")
    torch.save(weights, adapter / "adapter_model.bin")
    (adapter / "adapter_model.safetensors").unlink()
    with pytest.raises(
        LmnError, match=r"^adapter/adapter_model\.bin: a pickle, which can run code and is not read; "
    ) as error:
        load(adapter, language=None)
    _, _, command = str(error.value).partition("in its folder: python ")
    subprocess.run([sys.executable, *shlex.split(command)], cwd=adapter, check=True)
    converted = load_file(adapter / "adapter_model.safetensors")
    assert all(torch.equal(converted[name], tensor) for name, tensor in weights.items())
    load(adapter, language=None)
