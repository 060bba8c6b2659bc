"""Helpers of the readers' tests: a file with some content, read by the keys of a card's `reader`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from llms_meet_ner import LabelSet, Sentence
from llms_meet_ner.data_converters.problems import ProblemLog
from llms_meet_ner.data_converters.readers import READERS, CorpusRules

LABELS = ("PER", "LOC", "ORG")


def read_file(
    path: Path,
    reader: dict[str, Any],
    *,
    labels: tuple[str, ...] = LABELS,
    nested: bool = False,
    repair: Any = "error",
    log: ProblemLog | None = None,
) -> list[Sentence]:
    """Read a file, or a split of a data set, that lies in the path's folder."""
    rules = CorpusRules(LabelSet.of(*labels), "none", repair, nested)
    options = READERS[reader["type"]].of(reader)
    return list(options.reader(path.parent, path.name, rules, log or ProblemLog()).read("c/s"))


def read(tmp_path: Path, content: str | bytes, reader: dict[str, Any], **more: Any) -> list[Sentence]:
    """Write a file and read it."""
    path = tmp_path / "file"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_file(path, reader, **more)


def seen(sentences: list[Sentence]) -> list[tuple[str, list[tuple[int, int, str]]]]:
    """Return the sentences as text and spans."""
    return [(sentence.text, [(s.start, s.end, s.label) for s in sentence.spans]) for sentence in sentences]
