"""What cleanlab says about tags, in the form that doubts take it."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np
import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.annotation.doubts.token_issues import check_cleanlab, find_token_issues


def test_a_tag_against_sure_probabilities_is_found_and_has_the_lowest_quality() -> None:
    random = np.random.default_rng(4)
    tags = [[int(tag) for tag in random.integers(0, 3, size=6)] for _ in range(40)]
    probabilities = [[[0.9 if tag == other else 0.05 for other in range(3)] for tag in row] for row in tags]
    tags[7][2] = (tags[7][2] + 1) % 3
    found = find_token_issues(tags, probabilities)
    assert found.wrong == {(7, 2)}
    assert found.qualities[7][2] == pytest.approx((1 + 0.05 - 0.9) / 2)
    assert min(quality for row in found.qualities for quality in row) == found.qualities[7][2]
    assert found.qualities[0][0] == pytest.approx((1 + 0.9 - 0.05) / 2)


def test_tags_that_no_token_has_are_no_error() -> None:
    found = find_token_issues([[0, 0], [0]], [[[0.9, 0.1], [0.8, 0.2]], [[0.7, 0.3]]])
    assert not found.wrong


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    imported = builtins.__import__

    def without(name: str, *others: Any) -> Any:
        if name.startswith("cleanlab"):
            raise ImportError(name)
        return imported(name, *others)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(LmnError, match=r"cleanlab is not installed; pip install .*\[doubts\]"):
        check_cleanlab()
