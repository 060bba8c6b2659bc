"""Scores of an adapter: which a card shows, and why it leaves others out."""

from __future__ import annotations

import json

from publish_command import call, card_of
from publishing import Trained


def test_scores_of_other_adapters_are_named_and_left_out(tiny: Trained) -> None:
    tiny.score("testa", "free", adapter="0" * 64)
    damaged = tiny.score("testa", "constrained")
    damaged.write_text("{")
    changed = tiny.score("testb", "free-first10")
    (changed.parent / "predictions.jsonl").write_text("{}\n")
    kept = tiny.score("testb", "free")
    (kept.parent / "scores.min0.9.json").write_text(kept.read_text())
    untrained = tiny.score("testb", "free-shots1")
    shots = {"number": 1, "rule": "random", "seed": 42, "dataset": "d", "ids": ["a"], "sha256": "0"}
    untrained.write_text(json.dumps(json.loads(untrained.read_text()) | {"shots": shots}))
    older = tiny.score("testb", "free-older")
    older.write_text(json.dumps(json.loads(older.read_text()) | {"schema": 1}))
    unclear = tiny.score("testb", "free-unclear")
    (unclear.parent / "run.json").write_text("{")
    part = tiny.score("testb", "free-first20")
    part.write_text(json.dumps(json.loads(part.read_text()) | {"limit": 20}))
    call("--dry-run")
    metadata, text = card_of()
    assert len(metadata["model-index"][0]["results"]) == 1
    for line in (
        "- demo\\_testb/free-first20: covers only the first 20 sentences (--limit)",
        "- demo\\_testa/constrained: cannot be read: scores.json:1: not JSON (Expecting property name",
        "- demo\\_testa/free: belongs to another adapter, or to this one before it was trained again",
        "- demo\\_testb/free-first10: the predictions next to it have changed since they were scored",
        "- demo\\_testb/free-older: cannot be read: scores.json: written in schema 1, and this version reads schema 2\n",
        "- demo\\_testb/free-unclear: cannot be checked: run.json: not JSON (Expecting property name",
        "- demo\\_testb/free-shots1: belongs to the base model without the adapter",
        "- demo\\_testb/free/scores.min0.9.json: covers only part of the predicted entities (--min-confidence)",
        "Not scored: split testa.",
    ):
        assert line in text


def test_only_the_splits_that_are_asked_for(tiny: Trained) -> None:
    tiny.score("testa")
    tiny.score("testb")
    call("--dry-run", "--split", "testa")
    metadata, text = card_of()
    assert [result["dataset"]["split"] for result in metadata["model-index"][0]["results"]] == ["testa"]
    assert "- demo\\_testb/free: split testb was not asked for" in text
