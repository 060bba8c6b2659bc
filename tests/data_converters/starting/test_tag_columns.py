"""Columns of tags, and how they are written."""

from __future__ import annotations

from typing import Any

import pytest

from llms_meet_ner.data_converters.starting.tag_columns import tag_columns


@pytest.mark.parametrize(
    ("rows", "levels", "keys"),
    [
        ("Ann B-PER/left O", [1], {}),
        ("Ann B_PER/left O", [1], {"tag_form": "B_LABEL"}),
        ("Ann PER-B/Lee PER-I/left O", [1], {"tag_form": "LABEL-B"}),
        ("1 Ann name=B-PER/2 left SpaceAfter=No", [2], {"tag_key": "name"}),
        ("Ann (TOP(S* (PER*/Lee * *)/left *)) *", [2], {"scheme": "brackets"}),
        ("Ann B/Lee I/left O", [1], {}),
        ("Ann B-NP B-PER/left B-VP O", [2], {}),
        ("Ann B-PER O/left O B-LOC", [1, 2], {}),
        ("Ann B-PER B-PER/left O O", [1], {}),
        ("Ann x O/left y O", [2], {}),
        ("Ann x/left y", [], {}),
    ],
)
def test_tags(rows: str, levels: list[int], keys: dict[str, Any]) -> None:
    table = [row.split() for row in rows.split("/")]
    found = tag_columns(list(zip(*table)))
    assert (found.levels, found.keys) == (levels, keys)
