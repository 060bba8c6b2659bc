"""The published weights: the adapter's, rounded to bfloat16 or unchanged, or the whole model's."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ...decoding.pretrained import Weights, load_pretrained
from ...errors import LmnError, installing
from ...files import read_json, sha256_of, write_json
from ...students.student_file import without_places
from ...training.recipe import ADAPTER_FILE

CONFIG_FILE = "config.json"
_ROUNDED = ("float32", "float64")
_INSTALL = installing("tag")


@dataclass(frozen=True, slots=True)
class PublishedWeights:
    """Known facts about published weights.

    Attributes:
        dtypes: Data types of the tensors by torch's names, with the number of parameters of each.
        trained_sha256: Hash of the adapter's file as training left it, which the scores refer to.
        files: Name and SHA-256 of each published file of weights.
        rounded: Whether they were rounded to bfloat16.
        merged: Whether they are the weights of the whole model.
    """

    dtypes: tuple[tuple[str, int], ...]
    trained_sha256: str
    files: tuple[tuple[str, str], ...]
    rounded: bool
    merged: bool = False

    @property
    def parameters(self) -> int:
        """Number of parameters."""
        return sum(count for _, count in self.dtypes)

    @property
    def dtype(self) -> str:
        """Data type of the weights; several are joined by commas."""
        return ", ".join(name for name, _ in self.dtypes)


def write_adapter(source: Path, target: Path, *, keep_float32: bool = False) -> PublishedWeights:
    """Write an adapter's weights into a folder, rounded to bfloat16 unless `keep_float32` is set.

    Args:
        source: Folder of the adapter.
        target: Folder to write into, which is another one.
        keep_float32: Whether to copy the file unchanged.

    Raises:
        LmnError: The file is damaged, or safetensors or torch is missing.
    """
    path = source / ADAPTER_FILE
    try:
        import torch
        from safetensors import SafetensorError, safe_open
        from safetensors.torch import save_file
    except ImportError as error:
        raise LmnError(f"publishing needs torch and safetensors ({error})", remedy=_INSTALL) from error
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata()
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except (SafetensorError, OSError) as error:
        raise LmnError(f"cannot be read ({error})", path, "copy the adapter again, or train it again") from error
    wide = {name for name, tensor in tensors.items() if _dtype(tensor) in _ROUNDED} if not keep_float32 else set()
    if wide:
        rounded = {name: tensor.to(torch.bfloat16) if name in wide else tensor for name, tensor in tensors.items()}
        lost = [name for name in wide if not bool(torch.isfinite(rounded[name]).all())]
        if lost:
            raise LmnError(f"{lost[0]} holds NaN, or numbers that are too large for bfloat16", path, "train it again")
        tensors = rounded
        save_file(tensors, target / ADAPTER_FILE, metadata=metadata)
    else:
        shutil.copyfile(path, target / ADAPTER_FILE)
    return PublishedWeights(
        _count(tensors.values()), sha256_of(path), ((ADAPTER_FILE, sha256_of(target / ADAPTER_FILE)),), bool(wide)
    )


def _dtype(tensor: object) -> str:
    return str(getattr(tensor, "dtype", "")).removeprefix("torch.")


def _count(tensors: object) -> tuple[tuple[str, int], ...]:
    counts: Counter[str] = Counter()
    for tensor in tensors:  # type: ignore[attr-defined]
        counts[_dtype(tensor)] += tensor.numel()
    return tuple(counts.most_common())


def write_merged(
    base: str, source: Path, target: Path, *, keep_float32: bool = False, trust_remote_code: bool = False
) -> PublishedWeights:
    """Merge an adapter into its base model in float32, and write the whole model, in bfloat16 unless `keep_float32` is set.

    Args:
        base: Hub id or folder of the base model, which is loaded unquantised.
        source: Folder of the adapter.
        target: Folder to write into; gets `config.json`, `generation_config.json` and `model*.safetensors`.
        keep_float32: Whether to write float32.
        trust_remote_code: Whether code that comes with the base model may run.

    Raises:
        LmnError: A package is missing, or model or adapter cannot be loaded.
    """
    try:
        import peft  # noqa: F401
        import torch
        import transformers  # noqa: F401
    except ImportError as error:
        raise LmnError(f"--merged needs torch, transformers and peft ({error})", remedy=_INSTALL) from error
    model = load_pretrained(Weights(base, source, trust_remote_code=trust_remote_code), "float32")
    model = model if keep_float32 else model.to(torch.bfloat16)
    model.save_pretrained(target)
    config = target / CONFIG_FILE
    write_json(config, without_places(read_json(config)))  # perhaps folders of this machine
    files = tuple((path.name, sha256_of(path)) for path in sorted(target.glob("*.safetensors")))
    return PublishedWeights(_count(model.parameters()), sha256_of(source / ADAPTER_FILE), files, not keep_float32, True)
