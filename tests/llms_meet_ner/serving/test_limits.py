"""Bounds are numbers from 1 on."""

from __future__ import annotations

import pytest

from llms_meet_ner.serving.limits import Limits


@pytest.mark.parametrize("name", ["body", "texts", "characters", "requests", "queue", "portion", "patience"])
def test_a_bound_is_at_least_one(name: str) -> None:
    assert getattr(Limits(**{name: 1}), name) == 1
    with pytest.raises(ValueError, match=f"{name} is 0"):
        Limits(**{name: 0})
