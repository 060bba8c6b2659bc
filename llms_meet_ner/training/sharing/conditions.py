"""What sharing cannot compute exactly: settings of LLaMA-Factory, and kinds of models.

Each of them makes a training fall back to LLaMA-Factory's own way, and is named in the sentence that says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from .masks import KINDS

_RANDOM = "draws random numbers for every token, so a token that is computed once is not one that is computed for each example"
_OWN_LOSS = "is a loss of its own, which needs every example apart"
_OTHER_LOOP = "trains in a loop of its own"
_STEPS_INSIDE = "updates weights while gradients are computed, so the rows of a step cannot add up"


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that breaks exactness.

    Attributes:
        group: Which of LLaMA-Factory's arguments hold it: `model`, `data`, `training` or `finetuning`.
        key: Its name in a recipe.
        why: Reason, which follows on `key: value` in a sentence.
        breaks: Whether a value of it does.
    """

    group: str
    key: str
    why: str
    breaks: Callable[[Any], bool] = bool


def _name(value: Any) -> str:
    """Return a member of an enumeration, or what stands for it, by its name in a recipe."""
    return str(getattr(value, "value", value))


def _is_layerwise(optim: Any) -> bool:
    name = _name(optim)
    return "layerwise" in name or name in ("lomo", "adalomo")


SETTINGS = (
    Setting("finetuning", "stage", "is no supervised training", lambda stage: stage != "sft"),
    Setting("finetuning", "use_mca", _OTHER_LOOP),
    Setting("finetuning", "use_hyper_parallel", _OTHER_LOOP),
    Setting("model", "use_kt", _OTHER_LOOP),
    Setting("training", "use_ray", _OTHER_LOOP),
    Setting("finetuning", "lora_dropout", _RANDOM, lambda share: share > 0),
    Setting("finetuning", "module_dropout", _RANDOM, lambda share: share > 0),
    Setting("training", "neftune_noise_alpha", _RANDOM),
    Setting("data", "packing", "has LLaMA-Factory merge examples in its own way"),
    Setting("data", "neat_packing", "has LLaMA-Factory merge examples in its own way"),
    Setting("data", "train_on_prompt", "labels the instruction, so there is nothing to share"),
    Setting("model", "flash_attn", "takes no mask of rows; use auto or sdpa", lambda kind: _name(kind) in ("fa2", "fa3")),
    Setting("model", "shift_attn", "lets a token see others by its place in the row"),
    Setting("model", "use_unsloth", "brings a model with masks of its own"),
    Setting("model", "enable_liger_kernel", "brings a loss of its own"),
    Setting("model", "mixture_of_depths", "picks tokens from the whole row"),
    Setting("model", "moe_aux_loss_coef", "adds a loss over all tokens, shared ones among them"),
    Setting("finetuning", "use_dft_loss", _OWN_LOSS),
    Setting("finetuning", "use_asft_loss", _OWN_LOSS),
    Setting("finetuning", "use_eaft_loss", _OWN_LOSS),
    Setting("training", "label_smoothing_factor", _OWN_LOSS),
    Setting("training", "use_liger_kernel", "brings a loss of its own"),
    Setting("training", "torch_compile", "compiles the model before the mask of a row is known"),
    Setting("training", "fp8", "scales numbers by the largest of the row"),
    Setting("training", "parallelism_config", "divides sequences over devices"),
    Setting("training", "n_gpu", "trains on several GPUs in one process; start one process for each", lambda number: number > 1),
    Setting("finetuning", "galore_layerwise", _STEPS_INSIDE),
    Setting("finetuning", "apollo_layerwise", _STEPS_INSIDE),
    Setting("training", "optim", _STEPS_INSIDE, _is_layerwise),
)  # fmt: skip

OF_EVALUATION = (
    Setting("finetuning", "compute_accuracy", "looks at the logits of each example"),
    Setting("training", "predict_with_generate", "lets the model write answers"),
)
"""Settings with which examples of an evaluation are computed apart, as LLaMA-Factory does it, while training shares."""

_DROPOUT_ENDS = ("dropout", "_pdrop", "layerdrop", "drop_rate", "drop_path_rate", "jitter_noise", "dropout_rate")
_ATTENTION_LAYERS = frozenset(
    {"full_attention", "sliding_attention", "chunked_attention", "attention", "sparse", "dense", "moe"}
)
"""Kinds of layers, by transformers' names, in which tokens meet in attention alone."""
_RECURRENT_WORDS = (
    "mamba",
    "rwkv",
    "rglru",
    "conv1d",
    "deltanet",
    "linearattention",
    "lightningattention",
    "recurrent",
)
"""Parts of the class names of modules in which a token changes the next ones in another way than attention."""
_LENGTHS_MATTER = ("dynamic", "longrope")
"""Kinds of rotary embeddings that depend on the longest example of a batch."""


def broken_by_settings(arguments: Mapping[str, Any]) -> str | None:
    """Return why settings of LLaMA-Factory keep a training from sharing, or None.

    Args:
        arguments: Arguments as LLaMA-Factory has parsed them, for `model`, `data`, `training` and `finetuning`.
    """
    return _first_broken(SETTINGS, arguments) or _broken_by_offloading(arguments["training"])


def evaluation_apart(finetuning: Any, training: Any) -> str | None:
    """Return why settings of LLaMA-Factory keep evaluations from sharing, or None.

    Args:
        finetuning: LLaMA-Factory's arguments of that group, as it has parsed them.
        training: Those of the other group.
    """
    return _first_broken(OF_EVALUATION, {"finetuning": finetuning, "training": training})


def _first_broken(settings: Sequence[Setting], arguments: Mapping[str, Any]) -> str | None:
    for setting in settings:
        value = getattr(arguments[setting.group], setting.key, None)
        if value is not None and setting.breaks(value):
            shown = str(value).lower() if isinstance(value, bool) else _name(value)
            return f"{setting.key}: {shown} {setting.why}"
    return None


def broken_by_keys(values: Mapping[str, Any]) -> str | None:
    """Return why keys of a recipe keep a training from sharing, before LLaMA-Factory parses them; None if it is not known yet.

    Args:
        values: Values of the recipe by key, of the types that the keys take.
    """
    return broken_by_settings(dict.fromkeys(("model", "data", "training", "finetuning"), SimpleNamespace(**values)))


def evaluated_apart(values: Mapping[str, Any]) -> str | None:
    """Return why keys of a recipe keep its evaluations from sharing; None if they do not, or there are none."""
    if values.get("eval_strategy", "no") in ("no", False) and not values.get("do_eval"):
        return None
    keys = SimpleNamespace(**values)
    return evaluation_apart(keys, keys)


def _broken_by_offloading(training: Any) -> str | None:
    """Return why DeepSpeed cannot add up rows: it keeps no sum on the CPU if it expects one backward pass a step."""
    plugin = getattr(training, "deepspeed_plugin", None)
    zero = (getattr(plugin, "deepspeed_config", None) or {}).get("zero_optimization", {})
    offloads = (zero.get("offload_optimizer") or {}).get("device", "none") != "none"
    if offloads and zero.get("stage") in (1, 2) and training.gradient_accumulation_steps == 1:
        return "DeepSpeed with offload_optimizer adds up no gradients if gradient_accumulation_steps is 1; set it to 2 or more"
    return None


def broken_by_model(model: Any, processor: Any = None, longest: int = 0) -> str | None:
    """Return why a model cannot compute rows exactly, or None.

    Args:
        model: The model that LLaMA-Factory trains.
        processor: LLaMA-Factory's processor of images and sounds; None for a model of texts.
        longest: Most tokens of an example.
    """
    if processor is not None:
        return "the model has a processor of images or sounds, for which LLaMA-Factory takes a mean of the losses of batches"
    config = model.config.get_text_config() if hasattr(model.config, "get_text_config") else model.config
    if getattr(model.config, "_attn_implementation", None) not in KINDS:
        return f"attention by {model.config._attn_implementation} takes no mask of rows"
    if getattr(model, "is_loaded_in_8bit", False):
        return "the model is loaded in 8 bits, where the whole row decides which numbers stay exact"
    bidirectional = getattr(config, "use_bidirectional_attention", False) or not getattr(config, "is_causal", True)
    if getattr(config, "is_encoder_decoder", False) or bidirectional:
        return "the model does not read from left to right"
    return _broken_by_layers(model, config) or _broken_by_chance(model, config) or _broken_by_rows(config, longest)


def _broken_by_layers(model: Any, config: Any) -> str | None:
    kinds = set(getattr(config, "layer_types", None) or ()) | set(getattr(config, "layers_block_type", None) or ())
    others = sorted(kinds - _ATTENTION_LAYERS)
    names = sorted({type(module).__name__ for module in model.modules()} - {"Conv1D"})  # a linear layer of transformers
    others += [name for name in names if any(word in name.lower().replace("_", "") for word in _RECURRENT_WORDS)]
    return f"the model has layers that are not attention: {', '.join(others[:3])}" if others else None


def _broken_by_chance(model: Any, config: Any) -> str | None:
    for key, value in sorted(vars(config).items()):
        if (
            key.endswith(_DROPOUT_ENDS)
            and not key.startswith("classifier")
            and isinstance(value, int | float)
            and value > 0
        ):
            return f"{key}: {value} in the configuration of the model {_RANDOM}"
    for name, rate in _dropouts(model):
        return f"the module {name}, with a dropout of {rate}, {_RANDOM}"
    return None


def _dropouts(model: Any) -> Iterator[tuple[str, float]]:
    for name, module in model.named_modules():
        rate = getattr(module, "p", 0.0) if "dropout" in type(module).__name__.lower() else 0.0
        if isinstance(rate, int | float) and rate > 0:
            yield name, rate


def _broken_by_rows(config: Any, longest: int) -> str | None:
    if getattr(config, "output_router_logits", False):
        return "output_router_logits: true in the configuration of the model adds a loss over all tokens, shared ones among them"
    scaling = getattr(config, "rope_parameters", None) or {}
    layers = scaling.values() if any(isinstance(value, Mapping) for value in scaling.values()) else [scaling]
    for layer in layers:
        limit = layer.get("original_max_position_embeddings") or getattr(config, "max_position_embeddings", None) or 0
        if layer.get("rope_type") in _LENGTHS_MATTER and longest > limit:
            return f"rope_type: {layer['rope_type']} depends on the longest example of a batch if it has more than {limit:,} tokens"
    return None
