"""Outputs that are built to make reading them slow: twice the sentence and the output take about twice the steps."""

from __future__ import annotations

import pytest
from adversaries import ADVERSARIES, LABELS, Case
from operations import operations

from llms_meet_ner.formats import assignment, get_format
from llms_meet_ner.reading import read_output

SIZE = 300
MOST = {("grouped", "longer and longer"): 3.0}
"""Growth of texts that are longer and longer, one in the other: with the power 1.5, until the steps allowed for an output are spent."""


def read(name: str, case: Case, nested: bool) -> int:
    return operations(lambda: read_output(get_format(name, nested=nested), case.output, case.tokens, LABELS))


@pytest.mark.parametrize("nested", [False, True], ids=["flat", "nested"])
@pytest.mark.parametrize(
    ("name", "attack"), [(name, attack) for name, found in ADVERSARIES.items() for attack in found]
)
def test_twice_the_sentence_takes_twice_the_steps(
    name: str, attack: str, nested: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assignment, "_MAX_STEPS", 20_000)  # a search in vain ends sooner, so that the test is quick
    build = ADVERSARIES[name][attack]
    steps = [read(name, build(name, size, nested), nested) for size in (SIZE, 2 * SIZE)]
    assert steps[1] <= MOST.get((name, attack), 2.6) * steps[0]
