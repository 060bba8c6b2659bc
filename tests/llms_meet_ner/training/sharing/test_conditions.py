"""What keeps a training from sharing: every setting that LLaMA-Factory has, and kinds of models."""

import json
from types import SimpleNamespace
from typing import Any

import forked
import pytest

pytest.importorskip("llamafactory")

from llms_meet_ner.training.sharing.conditions import (
    SETTINGS,
    broken_by_keys,
    broken_by_model,
    broken_by_settings,
    evaluated_apart,
    evaluation_apart,
)

BREAKS = {
    "stage": "dpo", "lora_dropout": 0.1, "module_dropout": 0.1, "neftune_noise_alpha": 5.0, "flash_attn": "fa2",
    "mixture_of_depths": "load", "moe_aux_loss_coef": 0.01, "label_smoothing_factor": 0.1, "n_gpu": 2,
    "optim": "galore_adamw_layerwise", "parallelism_config": object(),
}  # fmt: skip


def keys() -> dict[str, dict[str, Any]]:
    """All keys of LLaMA-Factory's arguments with their defaults; it is imported in a process of its own."""
    done = forked.run("sharing_runs:print_keys", ["keys"])
    assert done.returncode == 0, done.stderr
    read: dict[str, dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return read


@pytest.fixture(scope="module")
def defaults() -> dict[str, dict[str, Any]]:
    return keys()


def arguments(defaults: dict[str, dict[str, Any]], **changes: Any) -> dict[str, Any]:
    made = {}
    for group, values in defaults.items():
        made[group] = SimpleNamespace(**(values | {key: value for key, value in changes.items() if key in values}))
    return made


def test_the_defaults_of_llama_factory_share(defaults: dict[str, dict[str, Any]]) -> None:
    assert broken_by_settings(arguments(defaults)) is None
    fine = {
        "flash_attn": "sdpa",
        "quantization_bit": 8,
        "quantization_method": "hqq",
        "optim": "adamw_torch",
        "neftune_noise_alpha": None,
    }
    assert broken_by_settings(arguments(defaults, **fine)) is None


def test_keys_of_a_recipe_say_so_before_they_are_parsed() -> None:
    assert broken_by_keys({"stage": "sft", "lora_rank": 8, "flash_attn": "sdpa", "packing": False}) is None
    assert str(broken_by_keys({"neat_packing": True})).startswith("neat_packing: true has LLaMA-Factory merge")


@pytest.mark.parametrize("key", ["compute_accuracy", "predict_with_generate"])
def test_evaluations_apart_are_named(key: str, defaults: dict[str, dict[str, Any]]) -> None:
    given = arguments(defaults, **{key: True})
    assert broken_by_settings(given) is None
    assert str(evaluation_apart(given["finetuning"], given["training"])).startswith(f"{key}: true ")
    plain = arguments(defaults)
    assert evaluation_apart(plain["finetuning"], plain["training"]) is None
    assert str(evaluated_apart({key: True, "eval_strategy": "steps"})).startswith(f"{key}: true ")
    assert evaluated_apart({key: True}) is evaluated_apart({"eval_strategy": "steps"}) is None


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)
def test_each_setting_falls_back_and_is_named(setting: Any, defaults: dict[str, dict[str, Any]]) -> None:
    given = arguments(defaults)
    assert hasattr(given[setting.group], setting.key), "LLaMA-Factory has no such key"
    value = BREAKS.get(setting.key, True)
    setattr(given[setting.group], setting.key, value)
    reason = broken_by_settings(given)
    shown = "true" if value is True else str(value)
    assert reason == f"{setting.key}: {shown} {setting.why}"


@pytest.mark.parametrize(
    ("stage", "steps", "device", "breaks"),
    [(2, 1, "cpu", True), (2, 2, "cpu", False), (3, 1, "cpu", False), (2, 1, "none", False)],
)
def test_deepspeed_adds_up_rows_on_the_cpu_only_with_accumulation(
    stage: int, steps: int, device: str, breaks: bool, defaults: dict[str, dict[str, Any]]
) -> None:
    given = arguments(defaults, gradient_accumulation_steps=steps)
    config = {"zero_optimization": {"stage": stage, "offload_optimizer": {"device": device}}}
    given["training"].deepspeed_plugin = SimpleNamespace(deepspeed_config=config)
    reason = broken_by_settings(given)
    assert (reason is not None) == breaks
    assert reason is None or "set it to 2 or more" in reason


def model(kind: str = "Llama", **changes: Any) -> Any:
    import transformers

    sizes = {
        "vocab_size": 8,
        "hidden_size": 8,
        "intermediate_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
    }
    attention = changes.pop("attn", "eager")
    config = getattr(transformers, f"{kind}Config")(**sizes, **changes)
    made = getattr(transformers, f"{kind}ForCausalLM")(config)
    made.config._attn_implementation_internal = attention
    return made


def test_a_llama_shares() -> None:
    assert broken_by_model(model()) is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"attention_dropout": 0.1}, "attention_dropout: 0.1 in the configuration of the model draws random numbers"),
        ({"output_router_logits": True}, "adds a loss over all tokens"),
        ({"attn": "flash_attention_2"}, "attention by flash_attention_2 takes no mask of rows"),
        ({"rope_parameters": {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 1e4}, "max_position_embeddings": 64}, "rope_type: dynamic"),
        ({"is_causal": False}, "does not read from left to right"),
        ({"use_bidirectional_attention": True}, "does not read from left to right"),
    ],
)  # fmt: skip
def test_a_model_falls_back_and_says_why(changes: dict[str, Any], reason: str) -> None:
    broken = broken_by_model(model(**changes), longest=65)
    assert broken is not None
    assert reason in broken


def test_embeddings_that_depend_on_the_length_share_below_the_limit() -> None:
    longest = {
        "rope_parameters": {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 1e4},
        "max_position_embeddings": 64,
    }
    assert broken_by_model(model(**longest), longest=64) is None


def test_dropout_in_a_module_falls_back() -> None:
    import torch

    made = model()
    made.model.layers[0].extra = torch.nn.Dropout(0.2)
    assert "the module model.layers.0.extra, with a dropout of 0.2" in str(broken_by_model(made))
    made.model.layers[0].extra.p = 0.0
    assert broken_by_model(made) is None


def test_layers_that_are_not_attention_fall_back() -> None:
    mamba = model("Mamba", state_size=4, expand=1)
    assert "layers that are not attention: mamba" in str(broken_by_model(mamba))
    mixed = model()
    mixed.config.layer_types = ["linear_attention"]
    assert "layers that are not attention: linear_attention" in str(broken_by_model(mixed))


def test_eight_bits_fall_back() -> None:
    made = model()
    made.is_loaded_in_8bit = True
    assert "loaded in 8 bits" in str(broken_by_model(made))


def test_a_processor_falls_back() -> None:
    assert "a mean of the losses of batches" in str(broken_by_model(model(), processor=object()))
