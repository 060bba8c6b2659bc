"""The batches that sentences are cut into."""

from __future__ import annotations

from llms_meet_ner.decoding.batches import Batch, plan_batches


def test_the_plan_puts_like_lengths_together_longest_first() -> None:
    plan = plan_batches([5, 9, 5, 7, 1], [38, 50, 38, 44, 35], batch_size=2)
    assert plan == [Batch((1, 3), (50, 44)), Batch((0, 2), (38, 38)), Batch((4,), (35,))]
