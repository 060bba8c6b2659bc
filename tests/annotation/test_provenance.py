"""A line of provenance."""

from __future__ import annotations

import json

from llms_meet_ner.annotation.provenance import Provenance
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
    }  # fmt: skip
