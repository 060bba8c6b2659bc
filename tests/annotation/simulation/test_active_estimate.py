"""What a simulation will take, in words; `test_simulate_active.py` runs the few steps for real."""

from __future__ import annotations

from llms_meet_ner import Sentence
from llms_meet_ner.annotation.simulation.active_estimate import plan_lines
from llms_meet_ner.annotation.simulation.active_plan import Amount, plan_of
from llms_meet_ner.annotation.simulation.pool import Pool
from llms_meet_ner.data_converters import load_card


def test_the_plan_says_trainings_and_labels() -> None:
    train = tuple(Sentence(f"x/{number}", ("a", "b")) for number in range(100))
    pool = Pool(load_card("demo"), train, train[:1], train[:1], {})
    lines = plan_lines(plan_of("ours", strategies=("least-confidence",), rounds=3), pool)
    assert "trainings: 21" in lines
    assert "labelled tokens: 10 at the start, 10 a round, 40 of 200 at the end" in lines
    assert "every training: 150 optimiser steps" in lines
    assert lines[-1].startswith("least-confidence prefers long sentences")
    more = plan_lines(plan_of("published", per_round=Amount.of("50%", "--per-round"), rounds=2), pool)
    assert "labelled sentences: 12 at the start, 50 a round, 100 of 100 at the end" in more
    assert "every training: 2 epochs" in more
    assert any(line.startswith("almost equal sentences are not passed over") for line in more)
    by_tokens = plan_lines(plan_of("ours", epochs=2), pool)
    for said, there in ((lines, False), (more, False), (by_tokens, True)):
        assert any(line.startswith("epochs with a budget in tokens") for line in said) == there
    assert more[-2].startswith("the pool ends before the last round: 112 sentences are asked for")
