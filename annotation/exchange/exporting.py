"""Sentences with suggestions to the import file of an annotation tool."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import LmnError
from ...generation import Generation
from ...masking import secret_names_in
from ..labelled_corpus import SUMMARY_FILE
from ..ledger import ANSWERS_FILE
from ..provenance import PROVENANCE_FILE
from .suggestions import Suggested, Suggestions
from .tools import Companion, Tool

_OTHER = "name another file with --out"


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written for a tool.

    Attributes:
        sentences: Number of sentences.
        entities: Number of suggested entities.
        without: Number of entities that the tool cannot show.
        companion: File beside the export; None if the tool needs none.
        secret: Number of sentences that are left out because they hold a secret of this process, which would be masked: the import would
            not find them again.
    """

    sentences: int
    entities: int
    without: int
    companion: Path | None
    secret: int = 0


def write_export(found: Suggestions, tool: Tool, out: Path) -> Exported:
    """Write the import file of a tool, and the file beside it, whole or not at all.

    Raises:
        LmnError: There is no sentence, or a file cannot be written.
    """
    shown = [one for one in found.sentences if not secret_names_in(one.text)]
    if not shown:
        raise LmnError(
            "holds no sentence that a tool can show",
            f"{found.card.name} {found.split}",
            "name another split with --split",
        )
    entities = 0
    total = sum(len(one.sentence.spans) for one in shown)
    with Generation() as files:
        beside = tool.companion(found.card.labels, nested=found.card.nested)
        if beside:
            with files.write(beside_of(out, beside)) as file:
                file.write(beside.text)
        with files.write(out) as file:
            for number, row in enumerate(_rows(shown, tool)):
                entities += row[1]
                text = json.dumps(row[0], ensure_ascii=False)
                file.write((",\n" if number else "[\n") + text if tool.is_list else text + "\n")
            file.write("\n]\n" if tool.is_list else "")
        files.put(out)
    companion = beside_of(out, beside) if beside else None
    return Exported(len(shown), entities, total - entities, companion, len(found.sentences) - len(shown))


def check_out(out: Path, tool: Tool, found: Suggestions, source: Path | None = None) -> None:
    """Make sure that an export is not written over a file of the corpus, nor the file beside it over anything else.

    Args:
        out: The export.
        tool: The tool.
        found: Sentences that are exported.
        source: Folder of the corpus files; None for the card's default.

    Raises:
        LmnError: It would be.
    """
    beside = tool.companion(found.card.labels, nested=found.card.nested)
    companion = beside_of(out, beside) if beside else None
    if beside and companion:
        if companion == out:
            raise LmnError(f"is where the settings of {tool.name} are written, beside the export", out, _OTHER)
        if companion.exists() and not _holds(companion, beside.text):
            raise LmnError(
                f"the export writes the settings of {tool.name} to this file, which holds something else", companion,
                f"{_OTHER}, or move it away",
            )  # fmt: skip
    own = _files_of(found, source)
    for path in filter(None, (out, companion)):
        if path.exists() and any(file.exists() and path.samefile(file) for file in own):
            raise LmnError("is a file of the corpus, and would be written over", path, _OTHER)


def _files_of(found: Suggestions, source: Path | None) -> list[Path]:
    """Return the files of a corpus: its card, its splits, what a labelled corpus has beside them, and the texts that were labelled."""
    card = found.card
    folder = source or card.default_source
    files = [folder / part.file for part in card.splits.values()]
    files += [card.path, *(card.path.parent / name for name in (PROVENANCE_FILE, SUMMARY_FILE, ANSWERS_FILE))]
    return files + [Path(name) for name in {row.file for row in found.provenance.values() if row.file}]


def _holds(path: Path, text: str) -> bool:
    """Return whether a file holds a text and nothing else."""
    try:
        return path.read_bytes() == text.encode("utf-8", "surrogatepass")
    except OSError:
        return False


def beside_of(out: Path, beside: Companion) -> Path:
    """Return the place of the file beside an export."""
    return out.with_name(out.stem + beside.suffix)


def _rows(sentences: Sequence[Suggested], tool: Tool) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield the records, each with the number of its entities."""
    for one in sentences:
        marked = [entity for entity in one.marked() if tool.takes(entity)]
        yield tool.record(one, marked), len(marked)
