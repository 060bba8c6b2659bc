"""Data without a card: the files, folder or data set that a user names, with guesses at their layout."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...errors import LmnError, listed
from ..readers import READERS
from .candidate import Candidate, is_tag
from .column_files import column_candidates, line_candidates
from .hub_sets import DATASET_MARKS, TABLE_ENDINGS, is_hub_name, look_at_dataset
from .language import language_of
from .looking import Look, look_at
from .record_files import numbered_tags, record_candidates
from .splits import data_files, named_splits
from .trying import Place

_TEXTS = 300
_WEBANNO = "#FORMAT=WebAnno TSV"
_PAIRS = (
    (".in", "*.out"),
    (".words", "*.tags"),
    (".tokens", "*.tags"),
    (".words", "*.ner"),
    (".text", "*.labels"),
    (".src", "*.tgt"),
)
"""Endings of files of tokens, and the names of the files of tags beside them."""


@dataclass(frozen=True, slots=True)
class Source:
    """Data without a card.

    Attributes:
        place: Folder, splits and language.
        candidates: Guesses at the layout, the most likely first.
        named: Whether the names tell the splits.
        encoding: Encoding of the files, where it is not UTF-8; empty if it is.
        language_why: Reason for the language.
        left_out: Files of the folder that look like no annotated text.
        is_set: Whether it is a data set, whose card cannot lie among its files.
    """

    place: Place
    candidates: tuple[Candidate, ...]
    named: bool
    encoding: str = ""
    language_why: str = ""
    left_out: tuple[str, ...] = ()
    is_set: bool = False


def find_source(words: Sequence[str], language: str | None = None) -> Source:
    """Look at what a user names: files, one folder, or one data set.

    Args:
        words: Paths, or the name of a data set on the Hub.
        language: Language tag of the corpus; None to guess it.

    Raises:
        LmnError: There is no such file, or nothing that looks like annotated text.
    """
    paths = [Path(word) for word in words]
    if len(paths) == 1 and not paths[0].exists() and is_hub_name(words[0]):
        return _dataset_source(Path(), words[0], language)
    for path in paths:
        if not path.exists():
            raise LmnError(
                "no such file or folder", path, "name files, a folder, or a data set on the Hub as OWNER/NAME"
            )
    if len(paths) == 1 and paths[0].is_dir():
        return _folder_source(paths[0], language)
    if any(path.is_dir() for path in paths):
        raise LmnError("a folder among other names", next(p for p in paths if p.is_dir()), "name one folder, or files")
    if len(paths) == 1 and paths[0].suffix in TABLE_ENDINGS:
        return _dataset_source(paths[0].parent, paths[0].name, language)
    folder = Path(os.path.commonpath([path.parent.resolve() for path in paths])) if len(paths) > 1 else paths[0].parent
    if len({path.parent for path in paths}) == 1:
        folder = paths[0].parent
    return _file_source(folder, [_below(folder, path) for path in paths], language)


def _below(folder: Path, path: Path) -> str:
    return (
        path.relative_to(folder).as_posix()
        if path.is_relative_to(folder)
        else path.resolve().relative_to(folder.resolve()).as_posix()
    )


def _folder_source(folder: Path, language: str | None) -> Source:
    """Look at a folder: a data set, documents, pairs of files, or files of their own."""
    inside = {path.relative_to(folder).as_posix() for path in folder.glob("*") if not path.name.startswith(".")}
    if DATASET_MARKS & inside or any(path.suffix in TABLE_ENDINGS for path in (*folder.glob("*"), *folder.glob("*/*"))):
        return _dataset_source(
            folder.resolve().parent if folder.name == "" else folder.parent, folder.resolve().name, language
        )
    for kind, ending in (("brat", ".ann"), ("webanno", ".tsv")):
        documents = [path for path in sorted(folder.glob(f"**/*{ending}")) if kind == "brat" or _is_webanno(path)]
        if kind in READERS and documents:
            return _document_source(folder, documents, kind, language)
    deep = [
        *data_files(folder),
        *(path for inner in sorted(folder.iterdir()) if inner.is_dir() for path in data_files(inner)),
    ]
    top = data_files(folder)
    looked = {path: _guesses(look_at(path), path) for path in (top or deep)}
    if top and not any(looked.values()):
        looked = {path: _guesses(look_at(path), path) for path in deep}
    files = [path for path, found in looked.items() if found]
    if not files:
        seen = listed([str(path) for path in deep]) or "no file"
        raise LmnError(
            f"nothing here looks like annotated text of a known layout (there is {seen})", folder, "name the files"
        )
    left_out = tuple(path.name for path, found in looked.items() if not found and not _is_partner(path, files))
    return replace(_file_source(folder, [_below(folder, path) for path in files], language), left_out=left_out)


def _is_partner(path: Path, files: Sequence[Path]) -> bool:
    """Return whether a file holds the tags of one of some files of tokens."""
    return any(
        path != file and file.suffix == ending and path == file.with_suffix(tags[1:])
        for file in files
        for ending, tags in _PAIRS
    )


def _document_source(folder: Path, documents: Sequence[Path], kind: str, language: str | None) -> Source:
    """Return a folder of documents. Folders inside that are named like splits are splits."""
    parts = sorted({path.relative_to(folder).parts[0] for path in documents if len(path.relative_to(folder).parts) > 1})
    alone = any(path.parent == folder for path in documents)
    splits, named = ({"train": "."}, False) if alone or not parts else named_splits(parts)
    looks = [look_at(_text_of(path)) for path in documents[:20]]
    texts = [line for look in looks for line in look.lines if not line.startswith("#")]
    why = f"{len(documents):,} documents of {kind}"
    candidates = list(_webanno(looks[0].lines, why)) if kind == "webanno" else [Candidate({"type": kind}, why)]
    return _source(folder, splits, named, candidates, texts, language)


def _webanno(lines: Sequence[str], why: str = "its first line says so") -> Iterator[Candidate]:
    """Yield guesses for WebAnno TSV: the reader's own choice, and each feature of each layer of spans."""
    yield Candidate({"type": "webanno"}, why)
    for line in lines[:50]:
        layer, *features = line.removeprefix("#T_SP=").split("|")
        if line.startswith("#T_SP="):
            for feature in filter(None, features):
                yield Candidate({"type": "webanno", "layer": layer, "feature": feature}, why)


def _text_of(path: Path) -> Path:
    beside = path.with_suffix(".txt")
    return beside if path.suffix == ".ann" and beside.is_file() else path


def _is_webanno(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_WEBANNO) + 3).lstrip(b"\xef\xbb\xbf").startswith(_WEBANNO.encode())
    except OSError:
        return False


def _dataset_source(folder: Path, path: str, language: str | None) -> Source:
    look = look_at_dataset(folder, path)
    splits, named = named_splits(look.splits)
    return replace(_source(folder, splits, named, look.candidates, look.texts, language), is_set=True)


def _file_source(folder: Path, files: Sequence[str], language: str | None) -> Source:
    """Look at files below a folder."""
    looks = {file: look_at(folder / file) for file in files}
    paths = [folder / file for file in files]
    files = [file for file in files if not _is_partner(folder / file, paths)]
    main = max(files, key=lambda file: (folder / file).stat().st_size)
    candidates = _guesses(looks[main], folder / main)
    if not candidates and (path := numbered_tags(looks[main].records)):
        remedy = "the data set's page says what they stand for: write a card with them as reader.tag_names"
        raise LmnError(f"the tags at {path!r} are numbers without names", folder / main, remedy)
    encodings = {look.encoding or "utf-8" for look in looks.values()} - {"utf-8"}
    encoding = next(iter(sorted(encodings)), "")
    splits, named = named_splits(list(files))
    texts = _texts(looks[main])
    candidates = [replace(c, reader={**c.reader, **({"encoding": encoding} if encoding else {})}) for c in candidates]
    return replace(_source(folder, splits, named, candidates, texts, language), encoding=encoding)


def _source(
    folder: Path, splits: dict[str, str], named: bool, candidates: Sequence[Candidate], texts: Sequence[str], language: str | None
) -> Source:  # fmt: skip
    tag, why = (language, "as given") if language else language_of(texts)
    return Source(Place(folder, splits, tag), tuple(candidates), named, language_why=why)


def _guesses(look: Look, path: Path) -> list[Candidate]:
    """Return guesses at the layout of a file, the most likely first."""
    if look.encoding is None:
        return (
            [Candidate({"type": "docbin"}, "it is no text, and named like spaCy's files")]
            if path.suffix == ".spacy"
            else []
        )
    if look.records:
        return list(record_candidates(look))
    if look.lines and look.lines[0].startswith(_WEBANNO):
        return list(_webanno(look.lines)) if "webanno" in READERS else []
    return [*_parallel(path), *line_candidates(look), *column_candidates(look)]


def _parallel(path: Path) -> Iterator[Candidate]:
    for ending, tags in _PAIRS:
        if "parallel" in READERS and path.suffix == ending and path.with_suffix(tags[1:]).is_file():
            reader: dict[str, Any] = {"type": "parallel"} | ({} if tags == "*.out" else {"tags": tags})
            yield Candidate(reader, f"{path.with_suffix(tags[1:]).name} beside it holds as many lines")


def _texts(look: Look) -> list[str]:
    """Return some text of a file, without tags."""
    if look.records:
        return [text for record in look.records[:_TEXTS] for text in _strings(record)]
    return [" ".join(word for word in line.split() if not is_tag(word)) for line in look.lines[: 20 * _TEXTS]]


def _strings(value: Any, depth: int = 8) -> Iterator[str]:
    """Yield the strings in a value, but not those in capitals, which are labels: PER is no Italian word."""
    if isinstance(value, str):
        if not value.isupper():
            yield value
    elif isinstance(value, dict | list) and depth:
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item, depth - 1)
