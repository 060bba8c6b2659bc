"""`lmn-annotate simulate budget`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from annotating import annotate
from paths import DEMO
from simulated import write_mini

pytest.importorskip("torch")

WORDS = (
    "simulate",
    "budget",
    "mini.yaml",
    "--source",
    DEMO,
    "--recipe",
    "tiny.yaml",
    "--out",
    "out",
    "--regimes",
    "expert",
)
SMALL = ("--budgets", "10", "--folds", "1", "--steps", "4", "--evaluations", "2", "--dev-sentences", "5")


def test_a_plan_comes_before_the_first_training_and_a_table_after_the_last(workdir: Path) -> None:
    write_mini()
    Path("price.yaml").write_text("currency: EUR\ndate: 2026-11-26\nsource: contract\nper_sentence: 2\n")
    said = annotate(*WORDS, *SMALL, "--expert-price", "price.yaml", "--plan").output
    assert "cells: 2, finished: 0; optimiser steps that are left: 8" in said
    assert "time: about" in said
    assert "dev: 5 sentences" in said
    assert "cost of the expert's labels with the largest budget: about 18.00 EUR" in said
    assert not Path("out/summary.json").exists()
    said = annotate(*WORDS, *SMALL).output
    assert "2 of 2: fold-1/seed-1/100%/expert: F1 on dev" in said
    summary = json.loads(Path("out/summary.json").read_text())
    assert summary["cells"] == 2
    saturation = summary["saturations"][0]
    assert (saturation["regime"], saturation["target"]) == ("expert", 0.99 * summary["points"][-1]["dev"]["mean"])
    table = said[said.index("cannot be told from it at") :]
    assert ("10 %" in table) == (saturation["reached"] is not None)
    assert summary["best_on_dev_of"] == []
    assert not Path("out/simulated-students").exists()
    assert "finished: 2; optimiser steps that are left: 0" in annotate(*WORDS, *SMALL, "--plan").output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--regimes", "mixed"), "need labels of a model"),
        (("--regimes", "gold"), "no regime 'gold'"),
        (("--budgets", "0"), "more than 0 %"),
        (("--splits", "train,dev"), "three names"),
        (("--dev-sentences", "999"), "holds 20 sentences"),
        (("--llm", "none"), "name a folder that lmn-annotate run has written"),
        (("--llm-cost", "3"), "add --expert-price FILE"),
        (("head=bilsm",), "head is 'bilsm'"),
    ],
)
def test_mistakes_are_one_line(workdir: Path, words: tuple[str, ...], message: str) -> None:
    write_mini()
    said = annotate(*WORDS, *SMALL, *words, code=1).output
    assert message in said
    assert "Traceback" not in said


def test_models_of_others_stay(workdir: Path) -> None:
    write_mini()
    theirs = [Path("models/bert/model"), Path("simulated-students/model"), Path("rounds/model")]
    for path in theirs:
        path.parent.mkdir(parents=True)
        path.write_text("weights")
    message = "holds something that no simulation has made"
    assert message in annotate(*WORDS, *SMALL, "--out", ".", code=1).output
    words = ("simulate", "active", "mini.yaml", "--source", DEMO, "--recipe", "tiny.yaml", "--out", ".")
    assert message in annotate(*words, code=1).output
    assert all(path.read_text() == "weights" for path in theirs)
    assert not Path("rows.jsonl").exists()
