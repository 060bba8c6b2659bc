"""Helpers for tests of readers: files read by the keys of a card's `reader`, and counts of what they hold."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from llms_meet_ner import LabelSet, Sentence
from llms_meet_ner.data_converters.problems import ProblemLog
from llms_meet_ner.data_converters.readers import READERS, CorpusRules

LABELS = ("PER", "LOC", "ORG")
Counts = tuple[int, int, Counter[str]]


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


def counts(sentences: list[Sentence]) -> Counts:
    """Return the numbers of sentences and tokens, and the entities by label."""
    labels = Counter(span.label for sentence in sentences for span in sentence.spans)
    return len(sentences), sum(len(sentence.tokens) for sentence in sentences), labels


def records_of(path: Path) -> list[Any]:
    """Return the records of a JSON list, JSON Lines or a single object."""
    text = path.read_text(encoding="utf-8")
    try:
        value = json.loads(text)
    except ValueError:
        return [json.loads(line) for line in text.split("\n") if line]
    return value if isinstance(value, list) else [value]


def one(text: str, *spans: Any, **more: Any) -> str:
    """Return a JSON record with a text and spans."""
    return json.dumps({"text": text, "spans": spans, **more})
