"""Typed values as JSON and back: keys in a set order, and damage named by its key."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llms_meet_ner import LmnError
from llms_meet_ner.typed_json import Count, Share, from_json, to_json, written_as, written_as_list


class Point(NamedTuple):
    """Written as a list."""

    x: int
    y: float


@dataclass(frozen=True, slots=True)
class Part:
    """The keys are mixed in with those of the whole; the share is written and not read."""

    few: int
    many: int

    @property
    def share(self) -> float:
        return self.few / self.many


@dataclass(frozen=True, slots=True)
class Whole:
    """Has one field of each sort."""

    name: str
    kind: Literal["one", "other"]
    part: Part | None
    points: tuple[Point, ...]
    by_name: dict[str, Part | None]
    sure: bool
    anything: dict[str, Any]
    unwritten: int = 7


@dataclass(frozen=True, slots=True)
class Checked:
    """Refuses what cannot be."""

    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError(f"{self.low} is above {self.high}")


written_as_list(Point)
written_as(Part, "few from=many share")
written_as(Whole, "called=name kind *part points by_name sure anything")

WHOLE = Whole(
    "a", "one", Part(1, 2), (Point(1, 2.5), Point(3, 4)), {"b": Part(3, 4), "c": None}, True, {"x": [None, 1]}
)
ROW = {
    "called": "a", "kind": "one", "few": 1, "from": 2, "share": 0.5, "points": [[1, 2.5], [3, 4]],
    "by_name": {"b": {"few": 3, "from": 4, "share": 0.75}, "c": None}, "sure": True, "anything": {"x": [None, 1]},
}  # fmt: skip


def test_keys_stand_in_the_order_of_the_layout_and_read_back() -> None:
    assert json.dumps(to_json(WHOLE)) == json.dumps(ROW)
    assert from_json(Whole, json.loads(json.dumps(ROW)), "here", writer="lmn-x") == WHOLE
    assert from_json(Whole, {**ROW, "share": "wrong", "more": 1}, "here", writer="lmn-x") == WHOLE


def test_a_part_that_is_none_has_null_keys() -> None:
    row = to_json(Whole("a", "one", None, (), {}, False, {}))
    assert (row["few"], row["from"], row["share"]) == (None, None, None)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"called": 1}, "called: 1 is not a text"),
        ({"kind": "odd"}, "kind: 'odd' is not one of one, other"),
        ({"few": 1.5}, "few: 1.5 is not a whole number"),
        ({"few": True}, "few: True is not a whole number"),
        ({"few": 2**64 + 1}, "few: 18446744073709551617 is too large a number"),
        ({"points": [[1, -(10**30)]]}, "points.0: -1000000000000000000000000000000 is too large a number"),
        ({"from": None}, "from: None is not a whole number"),
        ({"points": {}}, "points: {} is not a list"),
        ({"points": [[1, 2], [1]]}, "points.1: [1] is not a list of x, y"),
        ({"points": [[1, "2"]]}, "points.0: '2' is not a number"),
        ({"by_name": []}, "by_name: [] is not a mapping"),
        ({"by_name": {"b": {"few": 1}}}, "by_name.b: from is missing"),
        ({"by_name": {"b": 3}}, "by_name.b: 3 is not a mapping"),
        ({"sure": 1}, "sure: 1 is not true or false"),
    ],
)
def test_damage_is_named_by_its_key(change: dict[str, Any], told: str) -> None:
    with pytest.raises(LmnError) as caught:
        from_json(Whole, {**ROW, **change}, "a.json", writer="lmn-x", remedy="write it again")
    assert str(caught.value) == f"a.json: not as lmn-x writes it ({told}); write it again"


def test_each_missing_key_is_named_and_what_is_no_mapping_refused() -> None:
    for key in ROW.keys() - {"share"}:
        with pytest.raises(LmnError, match=rf"\({key} is missing\)"):
            from_json(Whole, {name: value for name, value in ROW.items() if name != key}, "here", writer="lmn-x")
    for row in ([], None, 3, "x"):
        with pytest.raises(LmnError, match="is not a mapping"):
            from_json(Whole, row, "here", writer="lmn-x")


@dataclass(frozen=True, slots=True)
class Counted:
    """Has a count of each sort, and shares."""

    one: Count
    some: dict[str, Count]
    rows: tuple[tuple[Count, ...], ...]
    maybe: Count | None
    share: Share


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"one": -1}, "one: -1 is not a count"), ({"one": 2**64 + 1}, "one: 18446744073709551617 is too large a number"),
        ({"one": 1.0}, "one: 1.0 is not a whole number"), ({"one": True}, "one: True is not a whole number"),
        ({"some": {"a": -2}}, "some.a: -2 is not a count"), ({"rows": [[1], [-1]]}, "rows.1.0: -1 is not a count"),
        ({"maybe": -1}, "maybe: -1 is not a count"), ({"share": 1.01}, "share: 1.01 is not from 0 to 1"),
        ({"share": -1}, "share: -1 is not from 0 to 1"), ({"share": math.nan}, "share: nan is not a number"),
    ],
)  # fmt: skip
def test_counts_and_shares_are_within_bounds(change: dict[str, Any], told: str) -> None:
    row = {"one": 0, "some": {"a": 1}, "rows": [[1], [0]], "maybe": None, "share": 1}
    assert from_json(Counted, row, "here", writer="lmn-x") == Counted(0, {"a": 1}, ((1,), (0,)), None, 1)
    with pytest.raises(LmnError) as raised:
        from_json(Counted, row | change, "here", writer="lmn-x")
    assert f"({told}" in raised.value.what


@given(st.integers(-(2**64), 2**64), st.integers(-(2**64), 2**64))
def test_what_a_type_refuses_is_told(low: int, high: int) -> None:
    row = {"a": {"low": low, "high": high}}
    if low <= high:
        assert from_json(dict[str, Checked], row, "here", writer="lmn-x") == {"a": Checked(low, high)}
    else:
        with pytest.raises(LmnError, match=rf"\(a: {low} is above {high}\)"):
            from_json(dict[str, Checked], row, "here", writer="lmn-x")


def test_a_mistake_in_this_program_is_no_damage() -> None:
    @dataclass(frozen=True)
    class Broken:
        low: int

        def __post_init__(self) -> None:
            raise ZeroDivisionError

    with pytest.raises(ExceptionGroup):
        from_json(Broken, {"low": 1}, "here", writer="lmn-x")


@dataclass(frozen=True, slots=True)
class Pairs:
    """Has pairs, and a key that earlier versions did not write."""

    pairs: tuple[tuple[str, str | None], ...]
    late: int = 3


written_as(Pairs, "mapping=:pairs late?")


def test_a_part_of_nulls_is_read_as_none() -> None:
    whole = Whole("a", "one", None, (), {}, False, {})
    assert from_json(Whole, to_json(whole), "here", writer="lmn-x") == whole


@dataclass(frozen=True)
class Unsaid:
    name: str
    join: str = " "


written_as(Unsaid, "name join??")


def test_a_key_may_be_left_out_at_its_default() -> None:
    for value, row in ((Unsaid("a"), {"name": "a"}), (Unsaid("a", ""), {"name": "a", "join": ""})):
        assert to_json(value) == row
        assert from_json(Unsaid, row, "f", writer="w", remedy="r") == value
    assert from_json(Unsaid, {"name": "a", "join": " "}, "f", writer="w", remedy="r") == Unsaid("a")


def test_pairs_are_a_mapping_and_a_late_key_may_be_missing() -> None:
    pairs = Pairs((("b", "x"), ("a", None)), 4)
    assert json.dumps(to_json(pairs)) == '{"mapping": {"b": "x", "a": null}, "late": 4}'
    assert from_json(Pairs, to_json(pairs), "here", writer="lmn-x") == pairs
    assert from_json(Pairs, {"mapping": {}}, "here", writer="lmn-x") == Pairs(())
    for row, problem in (({"late": 1}, "mapping is missing"), ({"mapping": {"a": 1}}, "mapping.a: 1 is not")):
        with pytest.raises(LmnError, match=problem):
            from_json(Pairs, row, "here", writer="lmn-x")


def test_numbers_that_json_does_not_have_are_refused() -> None:
    for number in (math.nan, math.inf):
        with pytest.raises(LmnError, match=rf"\(points\.0: {number} is not a number\)"):
            from_json(Whole, {**ROW, "points": [[1, number]]}, "here", writer="lmn-x")


def test_a_layout_is_checked_when_it_is_set_and_set_once() -> None:
    @dataclass(frozen=True)
    class Other:
        low: int
        part: Part | None = None

    for layout in ("lo", "low high", "key=*part", "*low", "low?", "low part=:prat", "x=y=low", "__doc__"):
        with pytest.raises(ValueError, match=r"Other"):
            written_as(Other, layout)
    to_json(Checked(1, 2))
    for kind, layout in ((Part, "few from=many"), (Checked, "low high")):
        with pytest.raises(ValueError, match=rf"{kind.__name__} has a layout already"):
            written_as(kind, layout)
