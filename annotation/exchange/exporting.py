"""Sentences with suggestions to the import file of an annotation tool."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...data_converters.cards import Card
from ...errors import LmnError
from ...generation import Generation
from ..labelled_corpus import SUMMARY_FILE
from ..ledger import ANSWERS_FILE
from ..provenance import PROVENANCE_FILE
from .suggestions import Suggestions
from .tools import Companion, Tool


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written for a tool.

    Attributes:
        sentences: Number of sentences.
        entities: Number of suggested entities.
        without: Number of entities that the tool cannot show.
        companion: File beside the export; None if the tool needs none.
    """

    sentences: int
    entities: int
    without: int
    companion: Path | None


def write_export(found: Suggestions, tool: Tool, out: Path) -> Exported:
    """Write the import file of a tool, and the file beside it, whole or not at all.

    Raises:
        LmnError: There is no sentence, or a file cannot be written.
    """
    if not found.sentences:
        raise LmnError(
            "holds no sentence that a tool can show",
            f"{found.card.name} {found.split}",
            "name another split with --split",
        )
    entities = 0
    total = sum(len(one.sentence.spans) for one in found.sentences)
    with Generation() as files:
        beside = tool.companion(found.card.labels, nested=found.card.nested)
        if beside:
            with files.write(beside_of(out, beside)) as file:
                file.write(beside.text)
        with files.write(out) as file:
            for number, row in enumerate(_rows(found, tool)):
                entities += row[1]
                text = json.dumps(row[0], ensure_ascii=False)
                file.write((",\n" if number else "[\n") + text if tool.is_list else text + "\n")
            file.write("\n]\n" if tool.is_list else "")
        files.put(out)
    return Exported(len(found.sentences), entities, total - entities, beside_of(out, beside) if beside else None)


def check_out(out: Path, tool: Tool, card: Card, source: Path | None = None) -> None:
    """Make sure that an export is not written over a file of the corpus.

    Args:
        out: The export.
        tool: The tool.
        card: Card of the corpus.
        source: Folder of its files; None for the card's default.

    Raises:
        LmnError: It is one of them.
    """
    folder = source or card.default_source
    own = [folder / part.file for part in card.splits.values()]
    own += [card.path, *(card.path.parent / name for name in (PROVENANCE_FILE, SUMMARY_FILE, ANSWERS_FILE))]
    beside = tool.companion(card.labels, nested=card.nested)
    for path in (out, *([beside_of(out, beside)] if beside else [])):
        if path.exists() and any(file.exists() and path.samefile(file) for file in own):
            raise LmnError("is a file of the corpus, and would be written over", path, "name another file with --out")


def beside_of(out: Path, beside: Companion) -> Path:
    """Return the place of the file beside an export."""
    return out.with_name(out.stem + beside.suffix)


def _rows(found: Suggestions, tool: Tool) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield the records, each with the number of its entities."""
    for one in found.sentences:
        marked = [entity for entity in one.marked() if tool.takes(entity)]
        yield tool.record(one, marked), len(marked)
