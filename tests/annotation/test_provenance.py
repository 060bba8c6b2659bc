"""A line of provenance."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.annotation.provenance import PROVENANCE_FILE, Provenance, read_provenance
from llms_meet_ner.records import Uncertainty


def test_a_line_holds_every_fact_under_its_name() -> None:
    line = Provenance(
        None, "a/train/0", "news.txt", 1, 0, 9, "gpt", "xml", "gpt-1", "2026-11-26T10:00:00+00:00", "failed", ("empty",), None,
        Uncertainty(0.5, 1.0), 1, 12, 3, 0.25, "EUR",
    ).json_line()  # fmt: skip
    assert line.endswith("}\n")
    assert json.loads(line) == {
        "id": None, "asked": "a/train/0", "file": "news.txt", "line": 1, "start": 0, "end": 9, "system": "gpt", "template": "xml",
        "model": "gpt-1", "date": "2026-11-26T10:00:00+00:00", "status": "failed", "reasons": ["empty"], "confidences": None,
        "uncertainty": {"mean": 0.5, "max": 1.0}, "requests": 1, "tokens_in": 12, "tokens_out": 3, "cost": 0.25, "currency": "EUR",
        "shared_with": [], "review": None,
    }  # fmt: skip


def test_lines_are_read_again_and_damage_is_named(tmp_path: Path) -> None:
    row = Provenance(
        "b/train/0", "a/train/0", None, None, None, None, "gpt", None, None, "2026-11-26", "exact", (), (0.5,), None
    )
    (tmp_path / PROVENANCE_FILE).write_text(row.json_line())
    assert list(read_provenance(tmp_path)) == [row]
    (tmp_path / PROVENANCE_FILE).write_text(row.json_line() + row.json_line().replace('"exact"', '"good"'))
    with pytest.raises(LmnError, match=r"provenance.jsonl:2: not as lmn-annotate run writes it \(status"):
        list(read_provenance(tmp_path))
