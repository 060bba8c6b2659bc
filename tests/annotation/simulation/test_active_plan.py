"""Plans of active learning."""

from __future__ import annotations

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.annotation.selection.batch import Budget
from llms_meet_ner.annotation.simulation.active_plan import PRESETS, Amount, plan_of, with_random


def test_amounts_are_numbers_or_shares() -> None:
    assert [Amount.of(text, "--start").of_pool(1000) for text in ("12%", "500", "0.5 %", "0.01%")] == [120, 500, 5, 1]
    assert [str(Amount.of(text, "--start")) for text in ("12%", "500")] == ["12%", "500"]
    for wrong in ("x", "-5", "0", "101%", ""):
        with pytest.raises(LmnError, match=r"^--start .*: not an amount; write a number such as 500"):
            Amount.of(wrong, "--start")


def test_chance_is_always_beside_and_shares_the_start() -> None:
    assert with_random(("mnlp", "random", "mnlp")) == ("random", "mnlp")
    plan = plan_of("ours", strategies=("mnlp",), seeds=(1, 2), rounds=4)
    assert plan.strategies == ("random", "mnlp")
    assert plan.trainings == 2 * (1 + 2 * 4)
    assert [plan.target(number, 20_000) for number in (0, 1, 4)] == [1000, 2000, 5000]
    assert plan.budget(7) == Budget(tokens=7)


def test_the_published_plan_is_the_published_one() -> None:
    plan = PRESETS["published"]
    assert [plan.target(number, 1000) for number in (0, 1, 15)] == [120, 130, 270]
    assert (plan.epochs, plan.rounds, plan.fresh, plan.stops) == (2, 15, False, True)
    assert (plan.stop.least, plan.stop.after) == (0.00005, 10)
    assert plan.steps_of(120, 16) == 2 * 8
    assert plan.budget(7) == Budget(sentences=7)


def test_steps_take_the_place_of_epochs_and_the_other_way_round() -> None:
    assert plan_of("published", steps=30).steps_of(999, 16) == 30
    assert plan_of("ours", epochs=0.5).steps_of(160, 16) == 5
    assert plan_of("ours").steps_of(999, 16) == PRESETS["ours"].steps


def test_mistakes_are_said() -> None:
    with pytest.raises(LmnError, match=r"^entropy: no such strategy"):
        plan_of("ours", strategies=("entropy",))
    with pytest.raises(LmnError, match=r"one seed or more, each once"):
        plan_of("ours", seeds=(1, 1))
    with pytest.raises(LmnError, match=r"how long is each training"):
        plan_of("ours", steps=3, epochs=2)
