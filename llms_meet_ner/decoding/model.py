"""Base model and adapter, loaded for prediction."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import LmnError
from ..prompting.spec import PromptSpec
from ..prompting.templates import prepare_tokenizer, stop_ids
from ..training.recipe import Recipe

DTYPES = ("auto", "float32", "bfloat16", "float16")
_INSTALL = "pip install 'llms-meet-ner[train]', or 'llms-meet-ner[tag]' to tag only"


@dataclass(frozen=True, slots=True)
class LoadedModel:
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

    @property
    def window(self) -> int | None:
        """The most token ids that the model can read and write at once, None where its configuration does not say."""
        window: int | None = getattr(self.model.config.get_text_config(), "max_position_embeddings", None)
        return window


def load_model(recipe: Recipe, spec: PromptSpec, adapter: Path | None, dtype: str = "auto") -> LoadedModel:
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
    device = _device()
    if dtype == "auto":
        dtype = _trained_dtype(recipe) if device == "cuda" else "float32"
    options: dict[str, Any] = {"trust_remote_code": bool(recipe.values.get("trust_remote_code"))}
    if device == "cuda" and recipe.values.get("quantization_bit") == 4:
        options["quantization_config"] = _four_bit(recipe, dtype)
        options["device_map"] = {"": 0}
    return _load(recipe.model, spec, adapter, dtype, options)


def load_adapter(base: str, spec: PromptSpec, adapter: Path | None, dtype: str = "auto") -> LoadedModel:
    """Load a base model and an adapter without a recipe, unquantised, the adapter merged; on CUDA if there is one.

    The tokenizer is the base model's, as in a prediction run.

    Args:
        base: Hub id or folder of the base model.
        spec: with the template, which says what ends an answer.
        adapter: a folder with `adapter_config.json`.
        dtype: one of `DTYPES`; `auto` is as the base model was saved on CUDA, float32 on a CPU.

    Raises:
        LmnError: as `load_model`, or the data type is none of these.
    """
    if dtype not in DTYPES:
        raise LmnError(f"no data type {dtype!r}; there are: {', '.join(DTYPES)}")
    if dtype == "auto" and _device() == "cpu":
        dtype = "float32"
    return _load(base, spec, adapter, dtype, {}, remedy="; --base MODEL names the base model")


def _device() -> str:
    """Return the device to load on, and make sure that all there is to import can be."""
    try:
        import peft  # noqa: F401
        import torch
        import transformers  # noqa: F401
    except ImportError as error:
        raise LmnError(f"prediction needs torch, transformers and peft ({error}); {_INSTALL}") from error
    return "cuda" if torch.cuda.is_available() else "cpu"


def _load(
    base: str, spec: PromptSpec, adapter: Path | None, dtype: str, options: dict[str, Any], remedy: str = ""
) -> LoadedModel:
    """Load base model and adapter with options of transformers; an error ends with the remedy."""
    import torch
    from peft import PeftModel
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM, AutoTokenizer

    device = _device()
    quantised = "quantization_config" in options
    if spec.template is None:
        raise LmnError("the prompt spec names no chat template; predict with a recipe once, which adds it")
    try:
        tokenizer = AutoTokenizer.from_pretrained(base, trust_remote_code=options.get("trust_remote_code", False))
        model = AutoModelForCausalLM.from_pretrained(base, dtype=dtype, **options)
        if adapter is not None:
            model = PeftModel.from_pretrained(model, str(adapter))
            model = model if quantised else model.merge_and_unload()
    except (OSError, ValueError, TypeError, KeyError, RuntimeError, SafetensorError) as error:
        what = str(error).strip().split("\n")[0]
        raise LmnError(f"{base}{f' with {adapter}' if adapter else ''}: cannot be loaded: {what}{remedy}") from error
    if not quantised:
        model = model.to(device)
    prepare_tokenizer(tokenizer, spec.template)
    name = torch.cuda.get_device_name() if device == "cuda" else "cpu"
    loaded_dtype = str(model.dtype).removeprefix("torch.") if dtype == "auto" else dtype
    return LoadedModel(model.eval(), tokenizer, device, name, loaded_dtype, stop_ids(tokenizer, spec.template))


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
