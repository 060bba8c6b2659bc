"""The configuration of an adapter: what people's adapters hold is taken, and reaches peft unchanged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from byte_llama import save_byte_llama
from lora_files import lora_files
from publishing import save_adapter

from llms_meet_ner import LmnError
from llms_meet_ner.decoding.pretrained import Weights, load_pretrained
from llms_meet_ner.training.adapter_config import read_adapter_config

_PEFT_0_5 = {
    "auto_mapping": None, "base_model_name_or_path": "meta-llama/Llama-2-7b-hf", "bias": "none", "fan_in_fan_out": False,
    "inference_mode": True, "init_lora_weights": True, "layers_pattern": None, "layers_to_transform": None, "lora_alpha": 16,
    "lora_dropout": 0.05, "modules_to_save": None, "peft_type": "LORA", "r": 8, "revision": None, "target_modules": ["q_proj", "v_proj"],
    "task_type": "CAUSAL_LM",
}  # fmt: skip
_PEFT_0_2 = {**_PEFT_0_5, "enable_lora": None, "merge_weights": False, "layers_pattern": "", "modules_to_save": []}
_PEFT_0_10 = {
    **_PEFT_0_5, "alpha_pattern": {}, "rank_pattern": {}, "loftq_config": {}, "megatron_config": None, "megatron_core": "megatron.core",
    "use_rslora": True, "use_dora": False, "layer_replication": None,
}  # fmt: skip
_UNSLOTH = {
    **_PEFT_0_10, "corda_config": None, "eva_config": None, "exclude_modules": None, "lora_bias": False, "qalora_group_size": 16,
    "target_parameters": None, "trainable_token_indices": None, "use_qalora": False, "arrow_config": None, "ensure_weight_tying": False,
    "alora_invocation_tokens": None, "peft_version": "0.18.1", "task_type": None,
    "auto_mapping": {
        "base_model_class": "Gemma3ForConditionalGeneration", "parent_library": "transformers.models.gemma3.modeling_gemma3",
        "unsloth_fixed": True,
    },
    "target_modules": r"(?:.*?(?:vision|image|visual|patch|embed|tower|language|text).*?(?:self_attn|attention|attn|mlp|feed_forward|ffn|"
    r"dense).*?(?:k_proj|v_proj|q_proj|out_proj|fc1|fc2|o_proj|gate_proj|up_proj|down_proj|linear_q|linear_k|linear_v).*?)|(?:\bmodel\."
    r"layers\.[\d]{1,}\.(?:self_attn|attention|attn|mlp|feed_forward|ffn|dense)\.(?:(?:k_proj|v_proj|q_proj|out_proj|fc1|fc2)))",
}  # fmt: skip
_LATER = {**_UNSLOTH, "a_key_of_tomorrow": None, "another": False, "third": [], "fourth": {}}


@pytest.mark.parametrize("config", [_PEFT_0_5, _PEFT_0_2, _PEFT_0_10, _UNSLOTH, _LATER])
def test_configurations_that_people_have_are_taken(workdir: Path, config: dict[str, Any]) -> None:
    from peft import LoraConfig

    folder = lora_files(workdir / "a", **config)
    found = read_adapter_config(folder)
    assert found.base == "meta-llama/Llama-2-7b-hf"
    made = LoraConfig(**found.arguments())
    assert (made.r, made.lora_alpha, made.use_rslora) == (8, 16, config.get("use_rslora", False))


@pytest.mark.parametrize(
    "keys",
    [
        {}, {"use_rslora": True}, {"use_dora": True}, {"init_lora_weights": "pissa"}, {"init_lora_weights": "pissa_niter_16"},
        {"init_lora_weights": "olora"}, {"modules_to_save": ["embed_tokens", "lm_head"]}, {"target_modules": "all-linear"},
        {"layers_to_transform": [0, 1], "layers_pattern": "layers"}, {"rank_pattern": {"q_proj": 4}, "alpha_pattern": {"^a.q_proj": 3}},
        {"trainable_token_indices": {"embed_tokens": [1]}}, {"target_parameters": ["mlp.experts.gate_up_proj"]}, {"lora_bias": True},
        {"exclude_modules": ["v_proj"]}, {"bias": "all"},
    ],
)  # fmt: skip
def test_all_that_peft_writes_is_taken(workdir: Path, keys: dict[str, Any]) -> None:
    from peft import LoraConfig

    folder = lora_files(workdir / "a")
    LoraConfig(**{"r": 8, "target_modules": ["q_proj"], **keys}).save_pretrained(str(folder))
    read_adapter_config(folder)


def test_a_pattern_stands_for_the_modules_in_the_file(workdir: Path) -> None:
    import torch

    save_byte_llama(workdir / "base", 0.3)
    save_adapter(workdir / "base", workdir / "a")
    config = Path("a/adapter_config.json")
    expected = load_pretrained(Weights("base", Path("a")), "float32").state_dict()
    plain = load_pretrained(Weights("base"), "float32").state_dict()
    assert not all(torch.equal(plain[name], weight) for name, weight in expected.items())
    for keys in (
        {"target_modules": r"^(?!.*(?:k_proj)).*(?:q_proj|v_proj).*"}, {"target_modules": "all-linear"},
        {"exclude_modules": r".*\.k_proj"}, {"target_modules": ["self_attn.q_proj", "v_proj"]},
    ):  # fmt: skip
        config.write_text(json.dumps({**json.loads(config.read_text()), **keys}))
        loaded = load_pretrained(Weights("base", Path("a")), "float32").state_dict()
        assert all(torch.equal(loaded[name], weight) for name, weight in expected.items())


def test_modules_of_target_parameters_are_left_out(workdir: Path) -> None:
    keys = {"target_modules": "all-linear", "target_parameters": ["self_attn.weight"]}
    assert read_adapter_config(lora_files(workdir / "a", **keys)).arguments()["target_modules"] == []


def test_a_base_may_be_missing_and_the_rank_be_the_default(workdir: Path) -> None:
    found = read_adapter_config(lora_files(workdir / "a", base_model_name_or_path="", rank_pattern={"q_proj": 6}))
    assert (found.base, found.rank) == (None, 8)
    Path("a/adapter_config.json").write_text('{"peft_type": "LORA"}')
    assert read_adapter_config(Path("a")).rank == 8


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "not a JSON mapping; copy the adapter again"), ("{", "not JSON"), ("{}", "peft_type is None, and only LORA is taken"),
        (" " * 4_000_001, "has 4,000,001 bytes, and 4,000,000 are read"),
        ('{"peft_type": "LORA", "r": "8"}', "r has to be a whole number above 0, and is '8'"),
    ],
)  # fmt: skip
def test_what_is_no_configuration_is_one_error(workdir: Path, text: str, message: str) -> None:
    folder = lora_files(workdir / "a")
    (folder / "adapter_config.json").write_text(text)
    with pytest.raises(LmnError, match=f"^{folder}/adapter_config.json(:1)?: {message}"):
        read_adapter_config(folder)
    (folder / "adapter_config.json").unlink()
    with pytest.raises(LmnError, match="no such file; training writes it next to the adapter"):
        read_adapter_config(folder)
