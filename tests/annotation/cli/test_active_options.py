"""The options of a simulation of active learning; `test_simulate_active.py` runs the command with them."""

from __future__ import annotations

from llms_meet_ner import Sentence
from llms_meet_ner.annotation.cli.active_options import drawn


def test_a_sample_keeps_the_order_and_is_the_same_every_time() -> None:
    sentences = [Sentence(f"x/{number}", ("a",)) for number in range(50)]
    sample = drawn(sentences, 20)
    assert len(sample) == 20
    assert list(sample) == [one for one in sentences if one in sample]
    assert drawn(sentences, 20) == sample != tuple(sentences[:20])
    assert drawn(sentences, None) == drawn(sentences, 99) == tuple(sentences)
