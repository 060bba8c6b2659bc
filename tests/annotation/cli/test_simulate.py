"""The group of simulations."""

from __future__ import annotations

from annotating import annotate


def test_help_says_what_simulations_are() -> None:
    assert "what a budget for labels would have bought" in " ".join(annotate("simulate", "--help").output.split())
