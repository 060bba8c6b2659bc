"""What the `datasets` library opens for us: builders that are named here, files that lie where they should, columns of plain values.

The library finds out by itself how a folder or a repository is read, and some of its ways unpickle a file, unpack an archive or fetch an
address that the description of the data names. So the description is checked before the library reads it, and what the library found
is checked before it opens a file.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...errors import LmnError, listed
from ...files import read_json
from ...yaml_text import front_matter, parse_yaml, read_yaml_text
from ..paths import fault_of, inner_path, leads_out

FORMATS = {
    ".parquet": "parquet", ".arrow": "arrow", ".json": "json", ".jsonl": "json", ".ndjson": "json", ".csv": "csv", ".tsv": "csv",
    ".txt": "text",
}  # fmt: skip
"""Builders of the library that are used, by the ending of a file."""
SPLITS_FILE, STATE_FILE = "dataset_dict.json", "state.json"
"""Files that `save_to_disk` writes: the names of the splits, and the files of one split."""
_BUILDERS = {f"datasets.packaged_modules.{name}.{name}" for name in FORMATS.values()}
_CACHED = "datasets.packaged_modules.cache.cache"
"""The builder that reads what the library prepared earlier, in its own cache."""
_DESCRIPTIONS = ("README.md", ".huggingface.yaml")
_PLAIN = {"Value", "ClassLabel", "List", "LargeList", "Sequence"}
_PACKED = (
    b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"\x1f\x8b", b"\xfd7zXZ\x00", b"BZh", b"7z\xbc\xaf\x27\x1c", b"Rar!",
    b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18",
)  # fmt: skip
"""First bytes of zip, gzip, xz, bzip2, 7z, rar, zstandard and lz4, which the library unpacks."""
_TAR, _TAR_AT = b"ustar", 257
_UNPACK = "unpack it, or take a copy in Parquet (on the Hub, reader.revision: refs/convert/parquet is often one)"
_SOURCE = "--source DIR names another folder"


def load_saved(datasets: Any, root: Path, folder: Path, split: str) -> Any | None:
    """Return a split that `save_to_disk` wrote; None if the folder does not hold such data.

    Only the Arrow files are read, which know their features. The state's format, which makes the library import others, is not.

    Args:
        datasets: The library.
        root: Folder that everything has to lie in.
        folder: The folder.
        split: Name of the split.

    Raises:
        LmnError: There is no such split, the state is damaged, or a file lies outside of the root.
    """
    if (folder / SPLITS_FILE).is_file():
        names = _texts(read_json(folder / SPLITS_FILE), "splits")
        if split not in names:
            raise LmnError(f"no split {split!r}", folder, f"it has: {listed(names)}")
        folder = inner_path(folder, split, "save the data set again with save_to_disk")
    elif not (folder / STATE_FILE).is_file():
        return None
    state = read_json(folder / STATE_FILE, "save the data set again with save_to_disk")
    own = state.get("_split") if isinstance(state, dict) else None
    if own not in (None, split):
        raise LmnError(f"no split {split!r}", folder, f"it is the split {own}")
    files = state.get("_data_files") if isinstance(state, dict) else None
    names = [name for row in files for name in _texts(row, "filename")] if isinstance(files, list) else []
    if not names:
        raise LmnError("it names no data files", folder / STATE_FILE, "save the data set again with save_to_disk")
    paths = [inner_path(folder, name, _SOURCE) for name in names]
    check_files([str(path) for path in paths], root, only=".arrow")
    return datasets.concatenate_datasets([datasets.Dataset.from_file(str(path.absolute())) for path in paths])


def _texts(row: Any, key: str) -> list[str]:
    """Return the text, or the texts, that a key of a mapping holds; empty for anything else."""
    value = row.get(key) if isinstance(row, dict) else None
    values = value if isinstance(value, list) else [value]
    return [text for text in values if isinstance(text, str) and text]


def load_file(datasets: Any, root: Path, path: Path, split: str | None) -> Any:
    """Return a split of a single file, or all splits by name for None.

    Raises:
        LmnError: The file's ending is not one of `FORMATS`, it is packed, or it lies outside of the root.
    """
    if path.suffix not in FORMATS:
        raise LmnError(f"a data set's file ends in {', '.join(FORMATS)}", path)
    check_files([str(path)], root)
    more = {"sep": "\t"} if path.suffix == ".tsv" else {}
    pattern = glob.escape(str(path.absolute()))
    return datasets.load_dataset(FORMATS[path.suffix], data_files=pattern, split=split, **more)


def load_folder(datasets: Any, root: Path, folder: Path, name: str | None, split: str | None) -> Any:
    """Return a split of a folder of data files, or all splits by name for None.

    Raises:
        LmnError: The folder is a program, its description names files elsewhere, or a file is packed or lies outside of the root.
    """
    _check_descriptions([folder / file for file in _DESCRIPTIONS])
    builder = datasets.load_dataset_builder(str(folder.absolute()), name)
    check_files(_files_of(builder, folder, _BUILDERS), root)
    builder.download_and_prepare()
    return builder.as_dataset(split=split)


def load_from_hub(datasets: Any, path: str, name: str | None, revision: str | None, split: str | None) -> Any:
    """Return a split of a data set on the Hub, or all splits by name for None. Offline, the library reads what it prepared before.

    Raises:
        LmnError: The data set is a program, its description names files elsewhere, or a file is packed.
    """
    from huggingface_hub import HfApi, constants, hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError

    if os.path.exists(path):  # the library would take it for the data set
        remedy = "run the command in another folder, or name the folder that holds it with --source"
        raise LmnError("the id of a data set on the Hub, and also a folder of the working directory", path, remedy)
    if not constants.HF_HUB_OFFLINE:
        revision = HfApi().dataset_info(path, revision=revision).sha
        for file in _DESCRIPTIONS:
            try:
                _check_descriptions([Path(hf_hub_download(path, file, repo_type="dataset", revision=revision))])
            except EntryNotFoundError:
                continue
    builder = datasets.load_dataset_builder(path, name, revision=revision)
    for file in _files_of(builder, path, {*_BUILDERS, _CACHED}):
        if not file.startswith(f"hf://datasets/{path}@{revision}/") or ".." in file.split("/"):
            raise LmnError(f"its description names {file!r}, which is not one of its own files", path)
        _check_ending(file)
    builder.download_and_prepare()
    return builder.as_dataset(split=split)


def _check_descriptions(paths: list[Path]) -> None:
    """Refuse a description of a data set whose YAML is damaged, or names files elsewhere; the library takes addresses there."""
    for path in paths:
        if not path.is_file():
            continue
        value = front_matter(path) if path.suffix == ".md" else parse_yaml(read_yaml_text(path), path)
        configs = value.get("configs") if isinstance(value, dict) else None
        for text in _named_files(configs):
            if fault := fault_of(text):
                raise LmnError(f"configs: {text!r} is {fault}", path, "a data set's files lie in its own folder")


def _named_files(value: Any, inside: bool = False) -> Iterator[str]:
    """Yield every text under the keys `data_files` and `data_dir` of some value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if not (inside and key == "split"):
                yield from _named_files(inner, inside or key in ("data_files", "data_dir"))
    elif isinstance(value, list):
        for inner in value:
            yield from _named_files(inner, inside)
    elif inside and isinstance(value, str):
        yield value


def _files_of(builder: Any, where: object, builders: set[str]) -> list[str]:
    """Return the files that a builder reads.

    Raises:
        LmnError: The builder is not one of those that are used.
    """
    modules = [kind.__module__ for kind in type(builder).__mro__]
    if not builders.intersection(modules):
        kind = modules[0].rpartition(".")[2]
        what = f"its files are for the library's builder {kind!r}, which is not used"
        raise LmnError(what, where, f"it takes files that end in {', '.join(FORMATS)}")
    return [file for files in (builder.config.data_files or {}).values() for file in files]


def check_files(files: list[str], root: Path, only: str | None = None) -> None:
    """Check data files before the library opens them.

    Args:
        files: Their paths.
        root: Folder that they have to lie in, links followed.
        only: Ending that they have; None for those of `FORMATS`.

    Raises:
        LmnError: A file lies elsewhere, has another ending, or is packed, whatever its name says.
    """
    for file in files:
        if leads_out(Path(file), root) or "::" in file:
            raise LmnError(f"it leads out of {root}", file, _SOURCE)
        _check_ending(file)
        if only and not file.endswith(only):
            raise LmnError(f"not a file that ends in {only}", file, "save the data set again with save_to_disk")
        with Path(file).open("rb") as data:
            head = data.read(_TAR_AT + len(_TAR))
        if head.startswith(_PACKED) or head[_TAR_AT:] == _TAR:
            raise LmnError("a packed file, whatever its name says", file, _UNPACK)


def _check_ending(file: str) -> None:
    if Path(file).suffix not in FORMATS:
        raise LmnError(f"a data file ends in {', '.join(FORMATS)}", file, _UNPACK)


def check_plain(features: Any, columns: set[str], where: object) -> None:
    """Check that columns hold text and numbers, or lists of them. Other features open files and addresses that the data names.

    Raises:
        LmnError: A column does not.
    """
    for column in columns:
        if (odd := _odd_feature(features[column])) is not None:
            raise LmnError(f"column {column!r} holds {odd}, and not texts or numbers", where, "name another column")


def _odd_feature(feature: Any) -> str | None:
    """Return the name of the first feature inside a feature that is not plain; None if all are."""
    if isinstance(feature, list | tuple | dict):
        inner = feature.values() if isinstance(feature, dict) else feature
        return next(filter(None, map(_odd_feature, inner)), None)
    name = type(feature).__name__
    if name not in _PLAIN:
        return name
    return _odd_feature(feature.feature) if hasattr(feature, "feature") else None
