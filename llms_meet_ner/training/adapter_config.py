"""`adapter_config.json`: the keys that this package takes, checked before peft sees them.

peft imports modules, runs regular expressions and reserves memory as this file says, so a stranger's file must say nothing else than
how LoRA weights lie on a model. Every key has a check; any other key may only say that what it stands for is off.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import LmnError
from ..files import read_json
from .recipe import ADAPTER_CONFIG_FILE, ADAPTER_FILE
from .weights_header import TensorInfo, read_header

PICKLE_FILE = "adapter_model.bin"
_CONVERT = (
    'if you trust it, convert it in its folder: python -c "import torch; from safetensors.torch import save_file; '
    f"save_file(torch.load('{PICKLE_FILE}', weights_only=True), '{ADAPTER_FILE}')\""
)
_LARGEST = 4_000_000
"""Bytes of a file that is read; one with a rank for each of 20,000 modules has 2 MB."""
_COPY = "copy the adapter again"
_OFF = (
    "if the weights do not need it, set it to null in the file; if they do, merge the adapter with the program that trained it, "
    "and use the merged model"
)
_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_PATTERN = re.compile(
    r"(?:"
    r"(?:\\[.dw-]|\[\\?[\w.-]+\]|[\w.-])(?:[*+?]\??|\{\d{1,3}(?:,\d{0,3})?\})?"  # a character, perhaps repeated
    r"|[|^$]|\\b|\((?:\?[:!=])?|\)\??"  # alternatives and groups; a group is not repeated
    r")+"
)
_LONGEST_PATTERN = 20_000
_MOST_PATTERNS = 2_000
_START = re.compile(r"gaussian|orthogonal|olora|pissa(?:_niter_[0-9]{1,3})?")
_LORA = re.compile(r"(?:base_model\.model\.)?(.+)\.lora_(?:embedding_)?A(?:\.weight)?")

Check = Callable[[Any], bool]


def _is_switch(value: Any) -> bool:
    return value is None or isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**31


def _is_rank(value: Any) -> bool:
    return _is_count(value) and value > 0


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and -1e9 <= value <= 1e9


def _is_share(value: Any) -> bool:
    return value is None or (_is_number(value) and 0 <= value <= 1)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def _list_of(check: Check, most: int) -> Check:
    """Return a check for a list, or null. Its length is bounded, because peft tries each item on each module."""
    return lambda value: value is None or (isinstance(value, list) and len(value) <= most and all(map(check, value)))


def _by_name(check: Check) -> Check:
    """Return a check for a mapping from names, which may begin with `^` as peft writes them, or null."""
    return lambda value: (
        value is None
        or (
            isinstance(value, dict)
            and len(value) <= _MOST_PATTERNS
            and all(_is_name(name.removeprefix("^")) and check(item) for name, item in value.items())
        )
    )


def _is_pattern(value: Any) -> bool:
    """Return whether a text is a regular expression without repeated groups, which cannot backtrack for ever."""
    if not isinstance(value, str) or len(value) > _LONGEST_PATTERN or not _PATTERN.fullmatch(value):
        return False
    try:
        re.compile(value)
    except (re.error, RecursionError, OverflowError):
        return False
    return True


def _is_start(value: Any) -> bool:
    return _is_switch(value) or (isinstance(value, str) and _START.fullmatch(value) is not None)


def _is_auto_mapping(value: Any) -> bool:
    """Return whether it names a class of transformers; peft writes it where no task was named, and it is not read here."""
    library = value.get("parent_library") if isinstance(value, dict) else None
    return value is None or (isinstance(library, str) and library.partition(".")[0] == "transformers")


_names = _list_of(_is_name, 50_000)
_few_names = _list_of(_is_name, 100)
_counts = _list_of(_is_count, 50_000)
_SWITCH = (_is_switch, "true or false")
_TARGETS = (
    lambda value: _names(value) or _is_pattern(value),
    "a list of names, or a regular expression without repeated groups",
)
_PASSED: dict[str, tuple[Check, str]] = {
    "task_type": (lambda value: value in (None, "CAUSAL_LM"), "CAUSAL_LM"),
    "r": (_is_rank, "a whole number above 0"),
    "lora_alpha": (_is_number, "a number"),
    "lora_dropout": (_is_share, "a number from 0 to 1"),
    "bias": (lambda value: value in ("none", "all", "lora_only"), "none, all or lora_only"),
    "fan_in_fan_out": _SWITCH,
    "use_rslora": _SWITCH,
    "use_dora": _SWITCH,
    "lora_bias": _SWITCH,
    "ensure_weight_tying": _SWITCH,
    "init_lora_weights": (
        _is_start,
        "true, false, gaussian, orthogonal, olora, pissa or pissa_niter_N with N below 1,000",
    ),
    "target_modules": _TARGETS,
    "exclude_modules": _TARGETS,
    "target_parameters": (_few_names, "a list of at most 100 names"),
    "modules_to_save": (_few_names, "a list of at most 100 names"),
    "layers_to_transform": (lambda value: _is_count(value) or _counts(value), "whole numbers"),
    "layers_pattern": (lambda value: value == "" or _is_name(value) or _few_names(value), "names"),
    "rank_pattern": (_by_name(_is_rank), f"whole numbers above 0 by at most {_MOST_PATTERNS:,} names"),
    "alpha_pattern": (_by_name(_is_number), f"numbers by at most {_MOST_PATTERNS:,} names"),
    "trainable_token_indices": (lambda value: _counts(value) or _by_name(_counts)(value), "token ids"),
}
"""Keys that are handed to peft: a check of the value, and what it may be."""
_IGNORED: dict[str, tuple[Check, str]] = {
    "base_model_name_or_path": (_is_text, "a text"),
    "revision": (_is_text, "a text"),
    "peft_version": (_is_text, "a text"),
    "inference_mode": _SWITCH,
    "auto_mapping": (_is_auto_mapping, "a class of transformers"),
    "megatron_core": (lambda value: value in (None, "megatron.core"), "megatron.core"),
    "qalora_group_size": (_is_count, "a whole number"),
    "runtime_config": (lambda value: value in (None, {}, {"ephemeral_gpu_offload": False}), "off"),
}
"""Keys that say nothing that peft needs here: a check of the value, and what it may be."""


@dataclass(frozen=True, slots=True)
class AdapterConfig:
    """A checked `adapter_config.json`.

    Attributes:
        path: The file.
        values: Contents of the file.
    """

    path: Path
    values: Mapping[str, Any]

    @property
    def base(self) -> str | None:
        """Hub id or folder of the base model; None if the file names none."""
        base: str | None = self.values.get("base_model_name_or_path")
        return base or None

    @property
    def rank(self) -> int:
        """Largest rank of a module."""
        return max(self._ranks.values())

    @property
    def _ranks(self) -> dict[str, int]:
        """Ranks by the key that gives them; peft's default is 8."""
        named = {f"rank_pattern {name}": rank for name, rank in (self.values.get("rank_pattern") or {}).items()}
        return {"r": self.values.get("r", 8), **named}

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of peft's `LoraConfig`, after comparing ranks with the header of the weights.

        A regular expression is not handed on: the names of the modules stand in the header. Nor is a start for training,
        except one that changes the base model.

        Raises:
            LmnError: The weights are missing or damaged, hold no LoRA, or have a smaller rank than the file says.
        """
        tensors = read_header(self.path.with_name(ADAPTER_FILE))
        modules = self._check_ranks(tensors)
        self._check_token_indices(tensors)
        passed = {key: self.values[key] for key in _PASSED if self.values.get(key) is not None}
        if isinstance(passed.get("target_modules"), str) or isinstance(passed.get("exclude_modules"), str):
            passed.pop("exclude_modules", None)
            passed["target_modules"] = self._without_parameters(modules)
        start = passed.get("init_lora_weights")
        if not isinstance(start, str) or start in ("gaussian", "orthogonal"):
            passed["init_lora_weights"] = True
        return passed

    def check_weights(self) -> None:
        """Compare the file with the header of the weights.

        Raises:
            LmnError: `arguments` fails.
        """
        self.arguments()

    def _check_ranks(self, tensors: Mapping[str, TensorInfo]) -> list[str]:
        """Return the names of the modules that have LoRA weights."""
        found = {name: match[1] for name in tensors if (match := _LORA.fullmatch(name))}
        largest = max((tensors[name].shape[0] for name in found if tensors[name].shape), default=0)
        if not largest:
            raise LmnError("holds no LoRA weights (lora_A)", self.path.with_name(ADAPTER_FILE), _COPY)
        for key, rank in self._ranks.items():
            if rank > largest:
                raise LmnError(
                    f"{key} is {rank:,}, and the largest rank in {ADAPTER_FILE} is {largest:,}", self.path, _COPY
                )
        return sorted(set(found.values()))

    def _check_token_indices(self, tensors: Mapping[str, TensorInfo]) -> None:
        indices = self.values.get("trainable_token_indices") or []
        lists = [indices] if isinstance(indices, list) else indices.values()
        rows = [tensor.shape[0] for name, tensor in tensors.items() if "trainable_tokens" in name and tensor.shape]
        if max(map(len, lists), default=0) > max(rows, default=0):
            raise LmnError(f"trainable_token_indices names more tokens than {ADAPTER_FILE} has rows", self.path, _COPY)

    def _without_parameters(self, modules: list[str]) -> list[str]:
        """Return the modules apart from those whose parameters are targets of their own."""
        owners = [name.rpartition(".")[0] for name in self.values.get("target_parameters") or []]
        return [name for name in modules if not any(owner and owner in name for owner in owners)]


def missing_weights(folder: Path, what: str, remedy: str) -> LmnError:
    """Return the error for an adapter's folder without weights as safetensors; a pickle, which is not read, has a remedy of its own."""
    if (folder / PICKLE_FILE).is_file():
        return LmnError("a pickle, which can run code and is not read", folder / PICKLE_FILE, _CONVERT)
    return LmnError(what, folder / ADAPTER_FILE, remedy)


def read_adapter_config(folder: Path) -> AdapterConfig:
    """Read the `adapter_config.json` in an adapter's folder, and check every key of it.

    Raises:
        LmnError: The file is missing, damaged or larger than 4 MB; it is not of a LoRA adapter; or it has a key that is not taken, or a
            value that is not possible.
    """
    path = folder / ADAPTER_CONFIG_FILE
    if path.is_file() and path.stat().st_size > _LARGEST:
        raise LmnError(f"has {path.stat().st_size:,} bytes, and {_LARGEST:,} are read", path, _COPY)
    values = read_json(path, remedy="training writes it next to the adapter")
    if not isinstance(values, dict):
        raise LmnError("not a JSON mapping", path, _COPY)
    if values.get("peft_type") != "LORA":
        raise LmnError(
            f"peft_type is {values.get('peft_type')!r}, and only LORA is taken", path,
            "merge the adapter with the program that trained it, and use the merged model",
        )  # fmt: skip
    known = {**_PASSED, **_IGNORED}
    for key, value in values.items():
        if key in known:
            check, allowed = known[key]
            if not check(value):
                raise LmnError(f"{key} has to be {allowed}, and is {value!r}", path, _COPY)
        elif key != "peft_type" and value not in (None, False, "", [], {}):
            raise LmnError(f"{key} is not a key that is taken", path, _OFF)
    return AdapterConfig(path, values)
