"""Base model and adapter, loaded for prediction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, get_args

from ..collector import collector_paused
from ..errors import LmnError, installing
from ..prompting.spec import PromptSpec
from ..prompting.templates import prepare_tokenizer, stop_ids
from .cpu import bfloat16_instructions
from .pretrained import Dtype, Weights, is_quantised, load_pretrained, load_tokenizer

AUTO: Final = "auto"
DTYPES: tuple[Dtype, ...] = get_args(Dtype)
_INSTALL = f"{installing('train')}; the extra 'tag' is enough to tag"


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model ready to generate.

    Attributes:
        model: Model of transformers, in evaluation mode, with the adapter merged into it; on a CPU perhaps with packed linear layers.
        tokenizer: Tokenizer that pads on the left.
        device: `cuda` or `cpu`.
        device_name: Name of the graphics card, or `cpu`.
        dtype: Data type of the weights, as torch names it, and the quantisation that was asked for.
        stop_ids: Token ids that end an answer.
        instructions: Instructions of the CPU for which `auto` has chosen bfloat16; None if it has not.
    """

    model: Any
    tokenizer: Any
    device: str
    device_name: str
    dtype: str
    stop_ids: list[int]
    instructions: str | None = None

    @property
    def remark(self) -> str | None:
        """What people should know about the data type: that another CPU may compute in another one. None if there is nothing."""
        if self.instructions is None:
            return None
        return (
            f"computes in {self.dtype}, for which this CPU has instructions ({self.instructions}); "
            "--dtype float32 is the same on every CPU"
        )

    @property
    def window(self) -> int | None:
        """Number of token ids that the model can read and write at once; None if its configuration does not say."""
        window: int | None = getattr(self.model.config.get_text_config(), "max_position_embeddings", None)
        return window


def check_dtype(dtype: str) -> None:
    """Make sure that a data type has one of the names in `DTYPES`.

    Raises:
        LmnError: The data type is unknown.
    """
    if dtype not in DTYPES:
        raise LmnError(f"no data type {dtype!r}; there are: {', '.join(DTYPES)}")


def load_model(weights: Weights, spec: PromptSpec, dtype: Dtype = AUTO) -> LoadedModel:
    """Load weights; on CUDA if there is a card.

    The adapter is merged into the base. Only a quantised base keeps it apart, because merging into 4-bit weights rounds them again. A base
    that was quantised for its training alone is loaded as it is without CUDA. The tokenizer is the base model's. On a CPU, linear layers
    may get another layout of their weights (`linear_layers.py`), so that the model cannot be trained.

    Args:
        weights: Weights to load.
        spec: Prompt with its template, which defines the end of an answer.
        dtype: Data type of the weights. `auto` is `weights.cuda_dtype` on CUDA. On a CPU it is bfloat16 if the CPU has instructions for
            it and the base is not saved in a quantised form, otherwise float32.

    Raises:
        LmnError: torch, transformers or peft is missing, the model or the adapter cannot be loaded, or the data type is unknown.
    """
    check_dtype(dtype)
    cuda = _has_cuda()
    if spec.template is None:
        raise LmnError(
            "the prompt spec names no chat template", remedy="predict once with the adapter's recipe, which adds it"
        )
    quantised = weights.quantisation(cuda=cuda)
    tokenizer = load_tokenizer(weights)
    instructions = _instructions(weights) if dtype == AUTO and not cuda else None
    if dtype == AUTO:
        dtype = weights.cuda_dtype if cuda else "bfloat16" if instructions else "float32"
    model = load_pretrained(weights, dtype, quantised)
    if quantised is None:
        model = model.to("cuda" if cuda else "cpu")
    if quantised is None and not cuda:
        _pack(model)
    prepare_tokenizer(tokenizer, spec.template)
    device = "cuda" if cuda else "cpu"
    loaded_dtype = str(model.dtype).removeprefix("torch.") if dtype == AUTO else dtype
    loaded_dtype += f", {weights.quantise}" if weights.quantise else ""
    ends = stop_ids(tokenizer, spec.template)
    return LoadedModel(model.eval(), tokenizer, device, device_name(device), loaded_dtype, ends, instructions)


def _instructions(weights: Weights) -> str | None:
    """Return the instructions of the CPU with which weights are to be computed in bfloat16; None if they are not to be."""
    found = bfloat16_instructions()
    return None if found and is_quantised(weights) else found


@collector_paused()
def _has_cuda() -> bool:
    """Return whether there is a card, after making sure that the packages can be imported."""
    try:
        import peft  # noqa: F401
        import torch
        import transformers  # noqa: F401
    except ImportError as error:
        raise LmnError(f"prediction needs torch, transformers and peft ({error})", remedy=_INSTALL) from error
    return bool(torch.cuda.is_available())


def _pack(model: Any) -> None:
    """Lay out the linear layers as this processor computes them fastest."""
    from .linear_layers import pack_linear_layers

    pack_linear_layers(model)


def device_name(device: str) -> str:
    """Return the name of the graphics card for `cuda`, and otherwise that of the device."""
    import torch

    return str(torch.cuda.get_device_name()) if device == "cuda" else device
