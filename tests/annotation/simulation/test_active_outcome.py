"""The outcome of a simulation, on rows whose counts are known."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from llms_meet_ner import Sentence
from llms_meet_ner.annotation.simulation.active import COUNTS_FILE, START, Round
from llms_meet_ner.annotation.simulation.active_outcome import chart_of, outcome_of, save_outcome, tables_of
from llms_meet_ner.annotation.simulation.active_plan import ActivePlan, StopRule, plan_of
from llms_meet_ner.annotation.simulation.pool import Pool
from llms_meet_ner.annotation.simulation.rows import Rows, opened_rows
from llms_meet_ner.data_converters import load_card

F1 = {"random": [0.2, 0.4, 0.5, 0.6], "mnlp": [0.2, 0.6, 0.7, 0.7]}


def finish(rows: Rows, one: Round, f1: float, out: Path) -> None:
    """Write what a finished round leaves: 40 sentences with ten gold and ten predicted entities each."""
    counts = np.array([[round(10 * f1), 10, 10]] * 40)
    one.folder(out).mkdir(parents=True)
    (one.folder(out) / COUNTS_FILE).write_text(json.dumps({"dev": counts.tolist(), "test": counts.tolist()}))
    row: dict[str, Any] = {"tokens": 100 + 100 * one.number, "sentences": 5 + 5 * one.number, "seconds": 1.5}
    rows.append(one.cell, {**row, "dev": counts.sum(0).tolist(), "test": counts.sum(0).tolist()})


@pytest.fixture
def plan() -> ActivePlan:
    return plan_of("ours", strategies=("mnlp",), seeds=(1, 2, 3), rounds=3, stop=StopRule("published", after=1))


def test_savings_stops_and_curves_follow_from_the_rows(workdir: Path, plan: ActivePlan) -> None:
    sentence = (Sentence("x/0", ("a", "b")),)
    pool, out = Pool(load_card("demo"), sentence * 200, sentence, sentence, {}), Path("out")
    with opened_rows(out / "rows.jsonl", {}) as rows:
        assert outcome_of(plan, pool, rows, out).outcomes == ()
        for seed in (1, 2):
            finish(rows, Round(START, seed, 0), 0.2, out)
            for name, values in F1.items():
                for number in (1, 2, 3):
                    finish(rows, Round(name, seed, number), values[number], out)
        finish(rows, Round(START, 3, 0), 0.2, out)
        part = outcome_of(plan, pool, rows, out)
        finish(rows, Round("random", 3, 1), 0.4, out)
        finish(rows, Round("mnlp", 3, 1), 0.5, out)
        cut = outcome_of(plan, pool, rows, out)
        outcome = outcome_of(replace(plan, seeds=(1, 2)), pool, rows, out)
    assert not part.complete
    assert part.outcomes[1].test_f1 == ()
    assert part.outcomes[1].dev_f1 == pytest.approx(F1["mnlp"])
    tables = tables_of(part, plan)
    assert tables[0].title == "F1 on dev by labelled tokens"
    assert tables[2].rows[-1][-1] == "-"
    assert (part.end_tokens, cut.end_tokens) == (400, 200)
    assert cut.short == ("random, seed 3: 1 of 3 rounds", "mnlp, seed 3: 1 of 3 rounds")
    assert "mnlp, seed 3: 1 of 3 rounds" in tables_of(cut, plan)[0].notes[-1]
    assert tables_of(cut, plan)[1].notes[0] == "all up to 200 tokens, the last that every strategy and seed has"
    assert outcome.complete
    assert not outcome.short
    assert outcome.seeds == (1, 2)
    chance, mnlp = outcome.outcomes
    assert mnlp.test_f1 == pytest.approx(F1["mnlp"])
    assert mnlp.test_f1_sd == pytest.approx([0] * 4)
    assert mnlp.tokens == (100, 200, 300, 400)
    assert [stop.round for stop in mnlp.stops] == [3, 3]
    assert [stop.round for stop in chance.stops] == [None, None]
    assert chance.against_random is None
    assert mnlp.against_random is not None
    assert mnlp.against_random.saved == pytest.approx(0.5)
    assert mnlp.against_random.saved_interval == pytest.approx((0.5, 0.5))
    first, second, third = tables_of(outcome, plan)
    assert first.rows[1] == ("1", "10", "200", "0.4000 ± 0.0000", "10", "200", "0.6000 ± 0.0000")
    assert second.rows[0][4:] == ("+50%", "+50% to +50%")
    assert third.rows[-1] == ("mnlp, seed 2", "after round 3", "400", "0.7000", "0.7000")
    assert [len(curve.points) for curve in chart_of(outcome).curves] == [4, 4]
    save_outcome(outcome, plan, {"a": 1}, out)
    summary = json.loads((out / "summary.json").read_text())
    assert summary["settings"] == {"a": 1}
    assert summary["outcomes"][1]["stops"][0]["round"] == 3
    assert summary["tables"][1]["rows"][0][4] == "+50%"
    assert "+50% to +50%" in (out / "active.md").read_text()
