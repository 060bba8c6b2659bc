"""Strict precision, recall and F1 follow from counts, and counts that cannot be are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_fscore_support

from llms_meet_ner.counts import RATIOS, Counts, harmonic_mean, ratio


@given(st.lists(st.tuples(st.booleans(), st.booleans())))
def test_ratios_are_those_of_scikit_learn(pairs: list[tuple[bool, bool]]) -> None:
    gold, predicted = [one for one, _ in pairs], [other for _, other in pairs]
    counts = Counts(sum(one and other for one, other in pairs), sum(predicted), sum(gold))
    theirs = precision_recall_fscore_support(
        [*gold, False], [*predicted, False], labels=[True], average="micro", zero_division=0
    )
    assert [getattr(counts, name) for name in RATIOS] == pytest.approx(list(theirs[:3]))


def test_counts_add_up_and_ratios_of_nothing_are_0() -> None:
    assert Counts(1, 2, 3) + Counts(3, 4, 5) == Counts(4, 6, 8)
    assert (Counts().precision, Counts().recall, Counts().f1) == (0, 0, 0)
    assert (ratio(1, 0), harmonic_mean(0, 0)) == (0, 0)


@pytest.mark.parametrize("counts", [(2, 1, 2), (2, 2, 1), (-1, 0, 0), (0, -1, 0), (0, 0, -1)])
def test_counts_that_cannot_be_are_refused(counts: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="not valid counts: "):
        Counts(*counts)
