"""The command `lmn-eval curve`."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from curve_project import RUN, StandIn, document, draw, save

from llms_meet_ner.eval.studies import curve as curve_module


def test_watching_scores_what_is_new_until_the_training_has_left_its_adapter(
    stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = Path("outputs/mini")
    saved = [(output / "checkpoint-4", 4, 2), (output / "checkpoint-8", 8, 7), (output, 8, 7)]
    waits: list[float] = []

    def train(seconds: float) -> None:
        waits.append(seconds)
        save(*saved[len(waits) - 1])

    monkeypatch.setattr(curve_module, "time", SimpleNamespace(sleep=train))
    watched = draw("--watch")
    assert waits == [30.0] * 3
    assert watched.stderr == "checkpoint-4: F1 0.4000\ncheckpoint-8: F1 0.9565\n"
    assert stand_in.predicted == ["checkpoint-4", "checkpoint-8"]
    assert watched.stdout.splitlines()[3].endswith("best, the final adapter")


def test_a_limit_is_said_and_has_a_folder_of_its_own(stand_in: StandIn) -> None:
    save(Path("outputs/mini/checkpoint-4"), 4, 2)
    assert "the first 3 of 8 sentences" in draw("--limit", "3").stdout
    assert document(RUN.with_name("constrained-first3"))["sentences"] == 3
