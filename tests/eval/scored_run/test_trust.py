"""Bins, quarters and calibrations refuse what cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from llms_meet_ner.eval.scored_run.trust import Bin, Calibration, Quarter


@pytest.mark.parametrize(
    "make",
    [
        lambda: Bin(0, 0.1, 1, 2, 0.5),
        lambda: Bin(0, 0.1, 1, 1, 1.5),
        lambda: Quarter(0, 0, 1, 2),
        lambda: Calibration(0, (), ()),
    ],
)
def test_counts_that_cannot_be_are_refused(make: Any) -> None:
    with pytest.raises(ValueError, match="not a "):
        make()
