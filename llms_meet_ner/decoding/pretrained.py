"""Loading with transformers and peft: no code of the model's files runs unless the user says so, and no library asks for it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from ..collector import collector_paused
from ..errors import LmnError, installing
from ..hub_client import guard_hub
from ..standard_input import kept_from_libraries
from ..training.adapter_config import read_adapter_config
from .model_files import CAUSAL, check_base, how_to_convert

Dtype = Literal["auto", "float32", "bfloat16", "float16"]
_ITS_CODE = (
    "read that code first; if you trust it, say --trust-remote-code, or load(..., trust_remote_code=True) in Python; "
    "the key trust_remote_code of a recipe is for LLaMA-Factory alone"
)


class FourBit(NamedTuple):
    """Quantisation of a base model to 4 bits.

    Attributes:
        kind: Data type of the quantised weights: `nf4` or `fp4`.
        double: Whether the quantisation constants are quantised too.
    """

    kind: str
    double: bool


class EightBit(NamedTuple):
    """Quantisation of a base model to 8 bits (LLM.int8)."""


Quantisation = FourBit | EightBit
Quantise = Literal["4bit", "8bit"]
QUANTISE: tuple[Quantise, ...] = get_args(Quantise)
"""Quantisations that a user can ask for."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights to load, and settings for loading them.

    Attributes:
        base: Hub id or folder of the base model, or of a model that is used whole.
        adapter: Folder of the adapter on it, with `adapter_config.json`; None for the model alone.
        revision: Commit of a base that is a Hub id; None for its main branch.
        cuda_dtype: Data type that `auto` stands for on CUDA. There `auto` itself is the data type that the base was saved in.
        four_bit: Quantisation of the base on CUDA, as it was trained; None to load it as it is.
        quantise: Quantisation of the base that the user asks for, on any device; None for that of the training.
        remedy: Advice if the weights cannot be loaded; None if there is none.
        trust_remote_code: Whether code that comes with the base may run, which only the user of a command can say.
        kind: Class of transformers that loads the base.
    """

    base: str
    adapter: Path | None = None
    revision: str | None = None
    cuda_dtype: Dtype = "auto"
    four_bit: FourBit | None = None
    remedy: str | None = None
    trust_remote_code: bool = False
    kind: str = CAUSAL
    quantise: Quantise | None = None

    def quantisation(self, *, cuda: bool) -> Quantisation | None:
        """Return the quantisation of the base; None to load it as it is."""
        if self.quantise == "8bit":
            return EightBit()
        if self.quantise == "4bit":
            return self.four_bit or FourBit("nf4", True)
        return self.four_bit if cuda else None

    def __str__(self) -> str:
        """Return the base model, and its adapter if it has one."""
        return f"{self.base} with {self.adapter}" if self.adapter else self.base


@collector_paused()
def load_tokenizer(weights: Weights) -> Any:
    """Return the base model's tokenizer.

    Raises:
        LmnError: It cannot be loaded, or needs code that the user has not trusted.
    """
    with loading(weights):
        from transformers import AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(weights.base, **options_of(weights))
        tokenizer.decode(tokenizer.encode("a b"))  # settings of a wrong type come to light when it is used
        return tokenizer


def load_pretrained(weights: Weights, dtype: Dtype, quantisation: Quantisation | None = None) -> Any:
    """Return the model, its adapter merged into it unless the base is quantised.

    Weights in 16 bits are rounded once, with the adapter in them: the base is loaded in float32, unless it was saved in the data type
    asked for, and rounded after the merge.

    Args:
        weights: Base model and adapter.
        dtype: Data type of the weights.
        quantisation: Quantisation of the base, by bitsandbytes; None for none.

    Raises:
        LmnError: The adapter's configuration is refused, base or adapter cannot be loaded, the base needs code that the user has
            not trusted, or it cannot be quantised.
    """
    lora = read_adapter_config(weights.adapter).arguments() if weights.adapter else {}
    with loading(weights):
        from peft import LoraConfig, PeftModel
        from transformers import AutoModelForCausalLM

        options = options_of(weights)
        quantised = quantisation is not None
        wide = bool(weights.adapter) and not quantised and _loses_digits(weights, dtype, options)
        placed = _quantised(weights, quantisation, dtype, options) if quantisation is not None else {}
        model = AutoModelForCausalLM.from_pretrained(
            weights.base, dtype="float32" if wide else dtype, use_safetensors=True, **options, **placed
        )
        if weights.adapter is not None:
            model = PeftModel.from_pretrained(model, str(weights.adapter), config=LoraConfig(**lora))
            model = model if quantised else model.merge_and_unload()
        return _rounded(model, dtype) if wide else model


def is_quantised(weights: Weights) -> bool:
    """Return whether a base model is saved in a quantised form.

    Raises:
        LmnError: Its configuration cannot be read, or needs code that the user has not trusted.
    """
    with loading(weights):
        return _is_quantised(_config(weights, options_of(weights)))


def _config(weights: Weights, options: dict[str, Any]) -> Any:
    from transformers import AutoConfig

    return AutoConfig.from_pretrained(weights.base, **options)


def _is_quantised(config: Any) -> bool:
    return any(getattr(part, "quantization_config", None) for part in (config, config.get_text_config()))


def _loses_digits(weights: Weights, dtype: Dtype, options: dict[str, Any]) -> bool:
    """Return whether a base loses digits when it is loaded in a data type, so that an adapter should be merged before."""
    if dtype in ("auto", "float32"):
        return False
    config = _config(weights, options)
    if _is_quantised(config):
        return False
    saved = config.get_text_config().dtype or config.dtype
    return str(saved).removeprefix("torch.") != dtype


def _rounded(model: Any, dtype: Dtype) -> Any:
    """Round the weights of a model in place as transformers does when it loads them: those that it keeps in float32 stay, and buffers."""
    import torch

    names = ("_keep_in_fp32_modules_strict", "_keep_in_fp32_modules")[: 2 if dtype == "float16" else 1]
    kept = [part for name in names for part in getattr(model, name, None) or ()]
    for name, weight in model.named_parameters():
        if weight.is_floating_point() and not any(part in name for part in kept):
            weight.data = weight.data.to(getattr(torch, dtype))
    model.config.dtype = getattr(torch, dtype)
    return model


def options_of(weights: Weights) -> dict[str, Any]:
    """Return the options for loading a base model with transformers, after checking its files.

    Raises:
        LmnError: A file of it is refused.
    """
    commit = check_base(weights.base, weights.revision, weights.kind)
    options: dict[str, Any] = {"trust_remote_code": weights.trust_remote_code}
    return {**options, "revision": commit} if commit else options


def _quantised(weights: Weights, quantisation: Quantisation, dtype: Dtype, options: dict[str, Any]) -> dict[str, Any]:
    """Return the options for loading a base model quantised, on CUDA if there is a card.

    Raises:
        LmnError: bitsandbytes is missing, or the user asks for it and the base is saved in a quantised form already.
    """
    import torch
    from transformers import BitsAndBytesConfig

    try:
        import bitsandbytes  # noqa: F401
    except ImportError as error:
        raise LmnError(f"quantising needs bitsandbytes ({error})", weights.base, installing("quantize")) from error
    config = _config(weights, options)
    if weights.quantise and _is_quantised(config):
        raise LmnError("is saved in a quantised form already", weights.base, "leave --quantize out")
    place = {"device_map": {"": 0 if torch.cuda.is_available() else "cpu"}}
    if isinstance(quantisation, EightBit):
        return {"quantization_config": BitsAndBytesConfig(load_in_8bit=True), **place}
    saved = str(config.get_text_config().dtype or config.dtype or "float32").removeprefix("torch.")
    four_bit = BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type=quantisation.kind, bnb_4bit_use_double_quant=quantisation.double,
        bnb_4bit_compute_dtype=getattr(torch, saved if dtype == "auto" else dtype),
    )  # fmt: skip
    return {"quantization_config": four_bit, **place}


@contextmanager
def loading(weights: Weights) -> Iterator[None]:
    """Keep standard input from the libraries, and turn whatever they raise at damaged or hostile files into one error.

    Raises:
        LmnError: There was one.
    """
    try:
        with kept_from_libraries(), panics_as_errors(weights):
            _never_ask()
            _no_hints()
            guard_hub()
            yield
    except LmnError:
        raise
    except Exception as error:  # files of others make the libraries raise whatever there is
        if "trust_remote_code" in str(error):
            raise LmnError(
                "needs Python code of its own, and code of others does not run", weights.base, _ITS_CODE
            ) from error
        if "cannot be loaded with `safetensors`" in str(error):
            raise LmnError(
                "has no weights as safetensors, and others are not read: a pickle can run code",
                weights.base,
                how_to_convert(weights.base, weights.kind),
            ) from error
        what = str(error).strip().split("\n")[0] or type(error).__name__
        raise LmnError(f"cannot be loaded: {what}", weights, weights.remedy) from error


@contextmanager
def panics_as_errors(where: object) -> Iterator[None]:
    """Turn a panic of the tokenizers library, which is no `Exception`, into an error.

    Its regular expressions stop by themselves when they backtrack too often, and panic.

    Raises:
        LmnError: There was one.
    """
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise LmnError(f"its tokenizer fails: {error}", where, "copy the model again, or use another") from error


def _never_ask() -> None:
    """Let transformers refuse code where it would ask. Parts of a model are loaded without a word about trust, and ask otherwise."""
    from transformers import dynamic_module_utils

    dynamic_module_utils.TIME_OUT_REMOTE_CODE = 0


def _no_hints() -> None:
    """Silence a hint of bitsandbytes, which PEFT imports: on CPUs with AVX-512 BF16 it misses a package that runs code from the Hub."""
    logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)
