"""The files of a base model, checked before transformers reads them.

`trust_remote_code` covers `auto_map` and `custom_generate`. The other ways by which a file of a model makes transformers 5.6 run or fetch
something are closed here: pickles, kernels from the Hub, an adapter inside a base model, files outside its folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import LmnError, listed
from ..files import read_json
from ..training.recipe import ADAPTER_CONFIG_FILE

CONFIG_FILE = "config.json"
INDEX_FILE = "model.safetensors.index.json"
WEIGHTS_FILE = "model.safetensors"
CHECKED_FILES = (CONFIG_FILE, "generation_config.json", "tokenizer_config.json", ADAPTER_CONFIG_FILE, INDEX_FILE)
"""Files that the checks read."""
CAUSAL = "AutoModelForCausalLM"
"""Class of transformers that loads a model which writes text."""
_LARGEST = 20_000_000
"""Bytes of a file that is read; `tokenizer_config.json` may hold 100,000 added tokens."""
_COPY = "copy the model again, or use another"
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.gguf", "*.h5", "*.msgpack")
_CONVERT = (
    'python -c "from transformers import {kind} as M, AutoTokenizer as T; '
    "[c.from_pretrained('{name}', trust_remote_code=False).save_pretrained('FOLDER') for c in (M, T)]\" writes the model as "
    "safetensors into FOLDER; name that"
)
_IMPLEMENTATION = re.compile(r"_?(?:attn|experts)_implementation\w*")
_PLAIN = re.compile(r"[A-Za-z0-9_]+(?:\|[A-Za-z0-9_]+)?")
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\.safetensors")
_QUANTISATIONS = (
    "bitsandbytes", "gptq", "awq", "compressed-tensors", "fp8", "fbgemm_fp8", "mxfp4", "torchao", "hqq", "bitnet",
)  # fmt: skip
_COUNTS = re.compile(r"\w*(?:layer|layers|expert|experts|head|heads|blocks)")
_SIZES = re.compile(r"\w*(?:size|dim|embd|inner|width)")
_MOST = 10_000
_WIDEST = 2_000_000


def check_base(base: str, revision: str | None = None, kind: str = CAUSAL) -> str | None:
    """Check the files of a base model, fetching those that are read here if it is a Hub id.

    Args:
        base: Hub id or folder of the model.
        revision: Branch, tag or commit of a Hub id; None for its main branch.
        kind: Class of transformers that loads it.

    Returns:
        Commit of a Hub id, so that what was checked is what is loaded; None for a folder.

    Raises:
        LmnError: `check_folder` fails.
        OSError: There is no such model.
    """
    if Path(base).is_dir():
        check_folder(Path(base))
        _check_weights(Path(base), kind)
        return None
    from transformers.utils import cached_file

    config = Path(cached_file(base, CONFIG_FILE, revision=revision))
    commit = config.parent.name
    for name in CHECKED_FILES:
        cached_file(base, name, revision=commit, _raise_exceptions_for_missing_entries=False)
    check_folder(config.parent)
    return commit


def check_folder(folder: Path) -> None:
    """Check the configuration of a model in a folder.

    Raises:
        LmnError: A file is damaged or too large, or says something that would run or fetch code, read a pickle, or reserve memory that no
            model needs.
    """
    if (folder / ADAPTER_CONFIG_FILE).is_file():
        raise LmnError(
            f"holds {ADAPTER_CONFIG_FILE}, so it is an adapter, and not a base model", folder,
            "name the model that it was trained on",
        )  # fmt: skip
    found = {name: _read(folder / name) for name in CHECKED_FILES if (folder / name).is_file()}
    for key, value in _items(found.get(CONFIG_FILE, {})):
        why = _refused(key, value)
        if why:
            raise LmnError(why, folder / CONFIG_FILE, _COPY)
    shards = found.get(INDEX_FILE, {"weight_map": {}}).get("weight_map")
    if not isinstance(shards, dict) or not all(map(_is_weights_file, shards.values())):
        raise LmnError("weight_map names something else than safetensors files beside it", folder / INDEX_FILE, _COPY)


def _read(path: Path) -> dict[str, Any]:
    size = path.stat().st_size
    if size > _LARGEST:
        raise LmnError(f"has {size:,} bytes, and {_LARGEST:,} are read", path, _COPY)
    values = read_json(path, remedy=_COPY)
    if not isinstance(values, dict):
        raise LmnError("not a JSON mapping", path, _COPY)
    return values


def _items(values: Any) -> Iterator[tuple[str, Any]]:
    """Yield every key with its value, at any depth."""
    waiting = [values]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield from value.items()
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _refused(key: str, value: Any) -> str | None:
    """Return why a key of `config.json` is refused; None if it is not."""
    if _IMPLEMENTATION.fullmatch(key) and not _is_plain(value):
        return f"{key} is {value!r}, and a kernel from the Hub is code of others; only the implementations of transformers are taken"
    if key == "transformers_weights" and value is not None and not (_is_weights_file(value) or value == INDEX_FILE):
        return f"transformers_weights is {value!r}, and not a safetensors file beside it"
    if key == "quantization_config" and value is not None:
        method = value.get("quant_method", "bitsandbytes") if isinstance(value, dict) else None
        if method not in _QUANTISATIONS:
            return f"quant_method is {method!r}, and these are taken: {', '.join(_QUANTISATIONS)}"
    for names, most in ((_COUNTS, _MOST), (_SIZES, _WIDEST)):
        if isinstance(value, int) and value > most and names.fullmatch(key):
            return f"{key} is {value:,}, and no model has more than {most:,}"
    return None


def _is_plain(value: Any) -> bool:
    """Return whether an implementation is one of transformers' own, by its name, or a mapping to such names."""
    if isinstance(value, dict):
        return all(map(_is_plain, value.values()))
    return value is None or isinstance(value, bool) or (isinstance(value, str) and _PLAIN.fullmatch(value) is not None)


def _is_weights_file(value: Any) -> bool:
    return isinstance(value, str) and _FILE.fullmatch(value) is not None


def how_to_convert(base: str, kind: str = CAUSAL) -> str:
    """Return the remedy for a model without safetensors, which the user carries out if they trust its files.

    Args:
        base: Hub id or folder of the model.
        kind: Class of transformers that loads it.
    """
    return _CONVERT.format(name=base, kind=kind)


def _check_weights(folder: Path, kind: str) -> None:
    """Refuse a folder with weights that only a pickle or another format holds."""
    if any(folder.glob("*.safetensors")):
        return
    others = sorted(path.name for pattern in _PICKLES for path in folder.glob(pattern))
    if others:
        raise LmnError(
            f"holds no *.safetensors, and {listed(others)} {'is' if len(others) == 1 else 'are'} not read: a pickle can run code",
            folder, how_to_convert(str(folder), kind),
        )  # fmt: skip
