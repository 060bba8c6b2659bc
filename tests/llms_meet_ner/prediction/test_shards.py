"""Shards: which sentences each holds, and how one is named."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from llms_meet_ner.cli.predict import main as lmn_predict
from llms_meet_ner.prediction.shards import Shard


@pytest.mark.parametrize("text", ["0/3", "4/3", "1/0", "1", "a/b", "-1/3", "1/2/3", "1/ 2", "¹/3"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    words = ["--recipe", "recipe.yaml", "--split", "test", "--shard", text]
    result = CliRunner().invoke(lmn_predict, words)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert "shard" in result.stderr


def test_parts_are_disjoint_and_complete() -> None:
    parts = [Shard(number, 4).part(range(10)) for number in range(1, 5)]
    assert sorted(item for part in parts for item in part) == list(range(10))
    assert [len(part) for part in parts] == [3, 3, 2, 2]
