"""Encoders of transformers: one to be trained as a student, and a student that was trained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..collector import collector_paused
from ..decoding.model import device_name
from ..decoding.pretrained import Dtype, Weights, loading, options_of
from ..errors import LmnError
from ..training.recipe import MODEL_FILE
from .onnx_model import load_onnx
from .student_file import BILSTM, BILSTM_TYPE, LINEAR, Head, StudentFile, weights_of, without_places
from .subwords import Subwords

_KIND = "AutoModel"
_WITH_HEAD = ("Classification", "Tagger")
"""Ends of the names of classes whose last layer has a row for each label: transformers', and ours with a BiLSTM."""
_LARGEST_WINDOW = 512
"""Window of an encoder that reads more, unless its recipe says otherwise: memory grows with the square of it."""


@dataclass(frozen=True, slots=True)
class LoadedStudent:
    """A student ready to answer.

    Attributes:
        model: Model of transformers, in evaluation mode, or an `OnnxModel`.
        subwords: Reader of its tokens.
        file: What it answers and how it reads.
        device: `cuda` or `cpu`.
        device_name: Name of the graphics card, or `cpu`; of an exported student, with what runs it.
        dtype: Data type of the weights, as torch names it; or `int8`.
    """

    model: Any
    subwords: Subwords
    file: StudentFile
    device: str
    device_name: str
    dtype: str


@collector_paused()
def new_tokenizer(model: str) -> Any:
    """Return the tokenizer of an encoder.

    Raises:
        LmnError: It cannot be loaded, or needs code of its own.
    """
    weights = Weights(model, kind=_KIND)
    with loading(weights):
        from transformers import AutoTokenizer

        return _on_the_right(AutoTokenizer.from_pretrained(model, **options_of(weights)))


@dataclass(frozen=True, slots=True)
class Origin:
    """What a model is before it is trained to mark tags.

    Attributes:
        head: Head that its weights have already; None for an encoder alone.
        kept: Whether that head goes on: it is the one that is asked for, and has the same tags in the same order.
    """

    head: Head | None
    kept: bool

    def note(self, model: str) -> str | None:
        """Return a line for people; None for an encoder alone."""
        if self.head is None:
            return None
        if self.kept:
            return f"{model} marks these labels already: its head is trained further"
        return f"{model} has a head for other labels, or of another kind: only its encoder is trained further, under a new head"


def origin_of(model: str, tags: Sequence[str], head: Head, lstm_size: int | None = None) -> Origin:
    """Return whether a model has a head already, and whether it is the one that is asked for; arguments are those of `new_model`.

    Raises:
        LmnError: Its configuration cannot be read.
    """
    weights = Weights(model, kind=_KIND)
    with loading(weights):
        from transformers import PretrainedConfig

        config, _ = PretrainedConfig.get_config_dict(model, **options_of(weights))
    if not str(next(iter(config.get("architectures") or []), "")).endswith(_WITH_HEAD):
        return Origin(None, False)
    was: Head = BILSTM if config.get("model_type") == BILSTM_TYPE else LINEAR
    names = config.get("id2label") or {}
    same = [names.get(str(number)) for number in range(len(names))] == list(tags)
    size = lstm_size if lstm_size and was == BILSTM else config.get("lstm_size")
    return Origin(was, was == head and same and size == config.get("lstm_size"))


@collector_paused()
def new_model(model: str, tags: list[str], head: Head, lstm_size: int | None = None) -> Any:
    """Return an encoder with a head, in float32. The head is new, unless the model is a student with the same head and the same tags.

    Args:
        model: Hub id or folder of the encoder, or of a student of either head.
        tags: Names of the tags, in the order of their numbers.
        head: What stands on the encoder.
        lstm_size: Size of the LSTM's state in one direction; None for that of the student, or half of the encoder's.

    Raises:
        LmnError: It cannot be loaded, or needs code of its own.
    """
    origin, weights = origin_of(model, tags, head, lstm_size), Weights(model, kind=_KIND)
    names: dict[str, Any] = {
        "num_labels": len(tags),
        "id2label": dict(enumerate(tags)),
        "label2id": {tag: number for number, tag in enumerate(tags)},
    }
    with loading(weights), without_reports():
        options = {**options_of(weights), "dtype": "float32", "use_safetensors": True}
        if origin.kept or (origin.head is None and head == LINEAR):
            own = {} if origin.kept else names
            return _class_of(head).from_pretrained(model, **own, ignore_mismatched_sizes=True, **options)
        encoder = _encoder(model, origin, options)
        return _with_bilstm(encoder, names, lstm_size) if head == BILSTM else _with_linear(encoder, names)


def _encoder(model: str, origin: Origin, options: dict[str, Any]) -> Any:
    """Load the encoder of a model without the head that may stand on it."""
    if origin.head == BILSTM:
        return _class_of(BILSTM).from_pretrained(model, **options).encoder
    from transformers import AutoModel

    return AutoModel.from_pretrained(model, **options)


def _with_bilstm(encoder: Any, names: dict[str, Any], lstm_size: int | None) -> Any:
    from .heads import BiLstmConfig, BiLstmTagger

    size = lstm_size or max(1, encoder.config.hidden_size // 2)
    tagger = BiLstmTagger(BiLstmConfig(without_places(encoder.config.to_dict()), size, **names))
    tagger.encoder = encoder
    return tagger


def _with_linear(encoder: Any, names: dict[str, Any]) -> Any:
    """Return the token classifier of transformers around a loaded encoder, with a new layer on it."""
    from transformers import AutoConfig, AutoModelForTokenClassification

    values = {**encoder.config.to_dict(), **names}
    config = AutoConfig.for_model(values.pop("model_type"), **values)
    model = AutoModelForTokenClassification.from_config(config, dtype="float32")
    missing = model.base_model.load_state_dict(encoder.state_dict(), strict=False).missing_keys
    if missing:
        raise ValueError(f"its encoder lacks {missing[0]}")
    return model


@collector_paused()
def load_student(folder: Path, dtype: Dtype = "float32") -> LoadedStudent:
    """Load a student; on CUDA if there is a card, and for an exported one on the CPU.

    Args:
        folder: Folder of the student.
        dtype: Data type of the weights; `auto` for float32, or for what an exported student has.

    Raises:
        LmnError: A file is missing or damaged, or cannot be loaded; or an exported student has weights of another data type.
    """
    file, path = StudentFile.load(folder), weights_of(folder)
    if path.name != MODEL_FILE:
        return _load_exported(file, path, dtype)
    weights = Weights(str(folder), kind=_KIND)
    with loading(weights), without_reports():
        import torch

        options = options_of(weights)
        wanted = "float32" if dtype == "auto" else dtype
        model = _class_of(file.head).from_pretrained(str(folder), dtype=wanted, use_safetensors=True, **options)
    _check_tags(model, file, folder)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    subwords = Subwords.of(new_tokenizer(str(folder)), file.window, file.overlap)
    return LoadedStudent(model.to(device).eval(), subwords, file, device, device_name(device), wanted)


def _load_exported(file: StudentFile, path: Path, dtype: Dtype) -> LoadedStudent:
    """Load a student that was exported to ONNX."""
    model = load_onnx(path)
    if dtype not in ("auto", model.dtype):
        raise LmnError(f"its weights are {model.dtype}, as they were exported", path, f"leave --dtype {dtype} out")
    _check_tags(model, file, path.parent)
    subwords = Subwords.of(new_tokenizer(str(path.parent)), file.window, file.overlap)
    return LoadedStudent(model, subwords, file, "cpu", f"cpu, {model.runtime}", model.dtype)


def window_of(model: Any, tokenizer: Any, asked: int | None) -> int:
    """Return the number of token ids that an encoder reads at once.

    Args:
        model: Encoder with its head.
        tokenizer: Its tokenizer.
        asked: Number that the recipe asks for; None for as many as the encoder has positions and its tokenizer allows, at most 512.

    Raises:
        LmnError: The encoder does not read as many as are asked for.
    """
    sizes = [size for size in (_positions(model), tokenizer.model_max_length) if size and size < 10**9]
    most = min(sizes, default=None)
    if asked is None:
        return min(most or _LARGEST_WINDOW, _LARGEST_WINDOW)
    if most is not None and asked > most:
        raise LmnError(
            f"the encoder reads {most} subwords at once", f"window: {asked}", f"write window: {most}, or less"
        )
    return asked


def _positions(model: Any) -> int | None:
    """Return the number of positions that an encoder has; None if its configuration does not say.

    RoBERTa and its kin count positions from that of the padding on: those up to it are no positions of a text.
    """
    for name, module in model.named_modules():
        if name.endswith("position_embeddings") and getattr(module, "num_embeddings", None):
            padding = getattr(module, "padding_idx", None)
            return int(module.num_embeddings) - (0 if padding is None else padding + 1)
    config = getattr(model, "encoder", model).config
    return getattr(config, "max_position_embeddings", None)


def _class_of(head: Head) -> Any:
    if head == BILSTM:
        from .heads import BiLstmTagger

        return BiLstmTagger
    from transformers import AutoModelForTokenClassification

    return AutoModelForTokenClassification


def _check_tags(model: Any, file: StudentFile, folder: Path) -> None:
    """Make sure that the outputs of a model are the tags of its labels.

    Raises:
        LmnError: They are others.
    """
    from .viterbi import tag_names

    found = [model.config.id2label.get(number) for number in range(model.config.num_labels)]
    if found != tag_names(file.labels.names):
        raise LmnError(
            "its id2label are not the tags of the labels in student.json",
            folder / "config.json",
            "copy the student again",
        )


def _on_the_right(tokenizer: Any) -> Any:
    """Let a tokenizer pad after a text; what stands there is not read."""
    tokenizer.padding_side = "right"
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
    return tokenizer


@contextmanager
def without_reports() -> Iterator[None]:
    """Keep transformers from listing which weights of a model are new or not needed, as some are for every student, and from its bar."""
    from transformers.utils import logging

    before, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(before)
        if bars:
            logging.enable_progress_bar()
