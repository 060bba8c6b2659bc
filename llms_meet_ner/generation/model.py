"""Base model and adapter, loaded for prediction."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import LmnError
from ..prompts import PromptSpec
from ..recipe import Recipe
from .templates import prepare_tokenizer, stop_ids

_INSTALL = "pip install 'llms-meet-ner[train]'"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model ready to generate.

    Attributes:
        model: of transformers, in evaluation mode, the adapter merged into it.
        tokenizer: padding on the left.
        device: `cuda` or `cpu`.
        device_name: the card's name, or `cpu`.
        dtype: of the weights, as torch names it.
        stop_ids: ids that end an answer.
    """

    model: Any
    tokenizer: Any
    device: str
    device_name: str
    dtype: str
    stop_ids: list[int]


def load_model(recipe: Recipe, spec: PromptSpec, adapter: Path | None, dtype: str = "auto") -> Loaded:
    """Load a recipe's base model and, unless None, an adapter; on CUDA if there is one.

    The adapter is merged. Only a base that the recipe quantises keeps it apart, because merging into 4-bit weights rounds them
    again; without CUDA such a base is loaded unquantised.

    Args:
        recipe: names the base model.
        spec: with the template, which says what ends an answer.
        adapter: a folder with `adapter_config.json`.
        dtype: `float32`, `bfloat16`, `float16`, or `auto`: as trained (`bf16: true`, `fp16: true`) on CUDA, float32 on a CPU.

    Raises:
        LmnError: torch, transformers or peft is missing, or the model or the adapter cannot be loaded.
    """
    try:
        import torch
        from peft import PeftModel
        from transformers import AutoModelForCausalLM, AutoTokenizer
    except ImportError as error:
        raise LmnError(f"prediction needs torch, transformers and peft ({error}); {_INSTALL}") from error
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if dtype == "auto":
        dtype = _trained_dtype(recipe) if device == "cuda" else "float32"
    options: dict[str, Any] = {
        "dtype": getattr(torch, dtype),
        "trust_remote_code": bool(recipe.values.get("trust_remote_code")),
    }
    quantised = device == "cuda" and recipe.values.get("quantization_bit") == 4
    if quantised:
        options["quantization_config"] = _four_bit(recipe, dtype)
        options["device_map"] = {"": 0}
    try:
        tokenizer = AutoTokenizer.from_pretrained(recipe.model, trust_remote_code=options["trust_remote_code"])
        model = AutoModelForCausalLM.from_pretrained(recipe.model, **options)
        if adapter is not None:
            model = PeftModel.from_pretrained(model, str(adapter))
            model = model if quantised else model.merge_and_unload()
    except (OSError, ValueError) as error:
        what = str(error).strip().split("\n")[0]
        raise LmnError(f"{recipe.model}{f' with {adapter}' if adapter else ''}: cannot be loaded: {what}") from error
    if not quantised:
        model = model.to(device)
    if spec.template is None:
        raise LmnError("the prompt spec names no chat template")
    prepare_tokenizer(tokenizer, spec.template)
    name = torch.cuda.get_device_name() if device == "cuda" else "cpu"
    return Loaded(model.eval(), tokenizer, device, name, dtype, stop_ids(tokenizer, spec.template))


def _trained_dtype(recipe: Recipe) -> str:
    if recipe.values.get("bf16"):
        return "bfloat16"
    return "float16" if recipe.values.get("fp16") else "float32"


def _four_bit(recipe: Recipe, dtype: str) -> Any:
    import torch
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type=recipe.values.get("quantization_type", "nf4"),
        bnb_4bit_use_double_quant=recipe.values.get("double_quantization", True),
        bnb_4bit_compute_dtype=getattr(torch, dtype),
    )
