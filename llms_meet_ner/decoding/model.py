"""Base model and adapter, loaded for prediction."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, get_args

from ..errors import LmnError, installing
from ..prompting.spec import PromptSpec
from ..prompting.templates import prepare_tokenizer, stop_ids

Dtype = Literal["auto", "float32", "bfloat16", "float16"]
AUTO: Final = "auto"
DTYPES: tuple[Dtype, ...] = get_args(Dtype)
_INSTALL = f"{installing('train')}; the extra 'tag' is enough to tag"


class FourBit(NamedTuple):
    """Quantisation of a base model to 4 bits.

    Attributes:
        kind: Data type of the quantised weights: `nf4` or `fp4`.
        double: Whether the quantisation constants are quantised too.
    """

    kind: str
    double: bool


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights to load, and settings for loading them.

    Attributes:
        base: Hub id or folder of the base model, or of a model that is used whole.
        adapter: Folder of the adapter on it, with `adapter_config.json`; None for the model alone.
        revision: Commit of a base that is a Hub id; None for its main branch.
        cuda_dtype: Data type that `auto` stands for on CUDA. There `auto` itself is the data type that the base was saved in.
        four_bit: Quantisation of the base on CUDA; None to load it as it is.
        trust_remote_code: Whether code that comes with the base may run.
        remedy: Advice if the weights cannot be loaded; None if there is none.
    """

    base: str
    adapter: Path | None = None
    revision: str | None = None
    cuda_dtype: Dtype = AUTO
    four_bit: FourBit | None = None
    trust_remote_code: bool = False
    remedy: str | None = None

    def __str__(self) -> str:
        """Return the base model, and its adapter if it has one."""
        return f"{self.base} with {self.adapter}" if self.adapter else self.base


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model ready to generate.

    Attributes:
        model: Model of transformers, in evaluation mode, with the adapter merged into it.
        tokenizer: Tokenizer that pads on the left.
        device: `cuda` or `cpu`.
        device_name: Name of the graphics card, or `cpu`.
        dtype: Data type of the weights, as torch names it.
        stop_ids: Token ids that end an answer.
    """

    model: Any
    tokenizer: Any
    device: str
    device_name: str
    dtype: str
    stop_ids: list[int]

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

    The adapter is merged into the base. Only a quantised base keeps it apart, because merging into 4-bit weights rounds them again.
    Without CUDA, such a base is loaded unquantised. The tokenizer is the base model's.

    Args:
        weights: Weights to load.
        spec: Prompt with its template, which defines the end of an answer.
        dtype: Data type of the weights; `auto` is `weights.cuda_dtype` on CUDA and float32 on a CPU.

    Raises:
        LmnError: torch, transformers or peft is missing, the model or the adapter cannot be loaded, or the data type is unknown.
    """
    check_dtype(dtype)
    cuda = _has_cuda()
    if dtype == AUTO:
        dtype = weights.cuda_dtype if cuda else "float32"
    if spec.template is None:
        raise LmnError(
            "the prompt spec names no chat template", remedy="predict once with the adapter's recipe, which adds it"
        )
    quantised = weights.four_bit if cuda else None
    model, tokenizer = _from_pretrained(weights, dtype, quantised)
    if not quantised:
        model = model.to("cuda" if cuda else "cpu")
    prepare_tokenizer(tokenizer, spec.template)
    device = "cuda" if cuda else "cpu"
    loaded_dtype = str(model.dtype).removeprefix("torch.") if dtype == AUTO else dtype
    return LoadedModel(
        model.eval(), tokenizer, device, _device_name(device), loaded_dtype, stop_ids(tokenizer, spec.template)
    )


def _has_cuda() -> bool:
    """Return whether there is a card, after making sure that the packages can be imported."""
    try:
        import peft  # noqa: F401
        import torch
        import transformers  # noqa: F401
    except ImportError as error:
        raise LmnError(f"prediction needs torch, transformers and peft ({error})", remedy=_INSTALL) from error
    return bool(torch.cuda.is_available())


def _device_name(device: str) -> str:
    import torch

    return str(torch.cuda.get_device_name()) if device == "cuda" else device


def _from_pretrained(weights: Weights, dtype: Dtype, four_bit: FourBit | None) -> tuple[Any, Any]:
    """Return the model and its tokenizer as transformers loads them, the adapter merged unless the base is quantised."""
    from peft import PeftModel
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM, AutoTokenizer

    options: dict[str, Any] = {"trust_remote_code": weights.trust_remote_code}
    if weights.revision:
        options["revision"] = weights.revision
    placed = {"quantization_config": _quantisation(four_bit, dtype), "device_map": {"": 0}} if four_bit else {}
    try:
        tokenizer = AutoTokenizer.from_pretrained(weights.base, **options)
        model = AutoModelForCausalLM.from_pretrained(weights.base, dtype=dtype, **options, **placed)
        if weights.adapter is not None:
            model = PeftModel.from_pretrained(model, str(weights.adapter))
            model = model if four_bit else model.merge_and_unload()
    except (OSError, ValueError, TypeError, KeyError, RuntimeError, SafetensorError) as error:
        what = str(error).strip().split("\n")[0]
        raise LmnError(f"cannot be loaded: {what}", weights, weights.remedy) from error
    return model, tokenizer


def _quantisation(four_bit: FourBit, dtype: Dtype) -> Any:
    import torch
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type=four_bit.kind, bnb_4bit_use_double_quant=four_bit.double,
        bnb_4bit_compute_dtype=getattr(torch, dtype),
    )  # fmt: skip
