"""YAML that remembers lines: places of values, files that extend others, and errors of a schema with their fields."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters.yaml_lines import YamlFile, check_schema, key_error, load_extending, place_of

TEXT = """\
name: a
reader:
  type: columns
  tags: [1, 2]
labels:
  - {name: X}
  -
    name: Y
"""
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name"],
    "properties": {"name": {"type": "string", "description": "a word"}, "size": {"type": "integer"}},
}


@pytest.fixture
def file(tmp_path: Path) -> YamlFile:
    path = tmp_path / "a.yaml"
    path.write_text(TEXT)
    return YamlFile(path)


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ((), 1), (("name",), 1), (("reader",), 2), (("reader", "tags"), 4), (("reader", "tags", 1), 4), (("labels", 0, "name"), 6),
        (("labels", 1), 8), (("labels", 1, "name"), 8), (("labels", 2), None), (("nope",), None), (("name", "deep"), None),
    ],
)  # fmt: skip
def test_the_line_of_a_value(file: YamlFile, keys: tuple[str | int, ...], line: int | None) -> None:
    assert file.line_of(keys) == line


def test_a_place_is_in_the_first_file_that_has_the_value(tmp_path: Path, file: YamlFile) -> None:
    (tmp_path / "b.yaml").write_text("name: b\nextra: 1\n")
    other = YamlFile(tmp_path / "b.yaml")
    assert place_of([other, file], ("name",)) == f"{tmp_path}/b.yaml:1: name"
    assert place_of([other, file], ("reader", "type")) == f"{tmp_path}/a.yaml:3: reader.type"
    assert place_of([other, file], ("nowhere", 0)) == f"{tmp_path}/b.yaml:1: nowhere.0"
    assert place_of([other, file], (), "mix") == f"{tmp_path}/b.yaml:1: mix"


def test_an_error_of_a_key_has_fields(file: YamlFile) -> None:
    error = key_error([file], ("labels", 1, "name"), "not a name", "take another")
    assert (error.what, error.where, error.remedy) == ("not a name", f"{file.path}:8: labels.1.name", "take another")


@pytest.mark.parametrize(
    ("value", "what", "key", "remedy"),
    [
        ({"name": "a", "sizes": 1}, "no such key", "sizes", "there are: name, size"),
        ({"size": 1}, "the key 'name' is missing", "thing", "a word"),
        ({"name": 1}, "YAML reads 1 as a number", "name", 'quote it: "1"'),
        ({"name": [1]}, "[1] is not of type 'string'", "name", "it is a word"),
        ({"name": "a", "size": False}, "False is not of type 'integer'", "size", None),
        ({"name": "a", "size": "b"}, "'b' is not of type 'integer'", "size", None),
    ],
)
def test_an_error_of_a_schema_has_fields(tmp_path: Path, value: Any, what: str, key: str, remedy: str | None) -> None:
    (tmp_path / "c.yaml").write_text("".join(f"{name}: {given!r}\n" for name, given in value.items()))
    with pytest.raises(LmnError) as raised:
        check_schema(value, SCHEMA, [YamlFile(tmp_path / "c.yaml")], kind="thing")
    error = raised.value
    line = 1 if key == "thing" else [*value].index(key) + 1
    assert (error.what, error.where, error.remedy) == (what, f"{tmp_path}/c.yaml:{line}: {key}", remedy)


def test_a_file_is_merged_over_the_one_that_it_extends(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("a: 1\nflat: {x: 1, y: 2}\ndeep: {x: 1, y: 2}\n")
    (tmp_path / "own.yaml").write_text("extends: base.yaml\nb: 2\nflat: {z: 3}\ndeep: {y: 3}\n")
    keys, files = load_extending(tmp_path / "own.yaml", lambda name, folder: folder / name, "thing", ["a"], deep="deep")
    assert keys == {"a": 1, "b": 2, "flat": {"z": 3}, "deep": {"x": 1, "y": 3}}
    assert [file.path.name for file in files] == ["own.yaml", "base.yaml"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n", r"own\.yaml:1: a thing is a mapping with the keys a, b$"),
        ("extends: [x]\n", r"own\.yaml:1: extends: a thing's name or path is a string$"),
        ("extends: own.yaml\n", r"own\.yaml: a thing cannot extend itself, directly or through another; take an `extends` out$"),
        ("a: 1\na: 2\n", r"own\.yaml:2: the key 'a' appears twice; keep one$"),
        ("a: 1\nyes: 2\n", r'own\.yaml:2: a key is a word, and YAML reads yes as true; quote it: "yes"$'),
    ],
)  # fmt: skip
def test_a_file_that_is_wrong_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "own.yaml").write_text(text)
    with pytest.raises(LmnError, match=message):
        load_extending(tmp_path / "own.yaml", lambda name, folder: folder / name, "thing", ["a", "b"])


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LmnError, match=r"nope\.yaml: no such file; name a YAML file$"):
        YamlFile(tmp_path / "nope.yaml")
    with pytest.raises(LmnError, match=r": cannot be read \(Is a directory\); name a YAML file$"):
        YamlFile(tmp_path)


@pytest.mark.parametrize(
    ("schema", "good", "bad", "what"),
    [
        ({"pattern": "^[a-z]+$"}, ["ab", 5], ["ab\n", "a1", ""], "does not match"),
        ({"type": "integer"}, [0, -1, 10**30], [1.0, True, "1"], "is not of type 'integer'"),
        ({"type": "number"}, [0, 0.5], [float("nan"), float("inf"), True], "is not of type 'number'"),
        (
            {"uniqueItems": True},
            [[], [1, "1", True, None, [1]], "aa", [*range(20_000), *map(str, range(20_000))]],
            [[1, 1], [[1], [1]]],
            "is listed twice",
        ),
        ({"format": "line"}, ["a b", 5, "\u200f"], ["a\n", "a\tb", "\x1b[2J", "\u202e", "\u2028"], "the text holds U+"),
        ({"format": "text"}, ["a\n\tb", 5], ["\x1b[2J", "\u202e", "\r"], "the text holds U+"),
        ({"format": "path"}, ["a/b", 5], ["../a", "/a", "http://a"], "a path"),
    ],
)
def test_what_schemas_here_ask_for_beyond_json_schema(
    schema: dict[str, Any], good: list[Any], bad: list[Any], what: str, file: YamlFile
) -> None:
    for value in good:
        check_schema(value, schema, [file])
    for value in bad:
        with pytest.raises(LmnError) as raised:
            check_schema(value, schema, [file])
        assert what in raised.value.what


def test_a_key_of_control_characters_is_escaped_in_a_place(file: YamlFile) -> None:
    assert place_of([file], ("a\n\x1b",)) == f"{file.path}:1: a\\n\\x1b"


@pytest.mark.parametrize(
    ("value", "what", "remedy"),
    [
        ({}, "the keys 'name', 'parts' are missing", None),
        ({"nam": "x", "sizes": 1}, "the keys 'name', 'parts' are missing", "no such keys: nam, sizes"),
        (
            {"name": "x", "parts": [{"to": 1}, {}]},
            "the keys 'parts.0.of', 'parts.1.of', 'parts.1.to' are missing",
            None,
        ),
        ({"parts": [{"of": 1}]}, "the keys 'name', 'parts.0.to' are missing", None),
    ],
)
def test_all_keys_that_are_missing_are_named_at_once(file: YamlFile, value: Any, what: str, remedy: str | None) -> None:
    part = {
        "type": "object",
        "additionalProperties": False,
        "required": ["of", "to"],
        "properties": {"of": {}, "to": {}},
    }
    properties = {"name": {}, "parts": {"items": part}}
    schema = {"additionalProperties": False, "required": ["name", "parts"], "properties": properties}
    with pytest.raises(LmnError) as raised:
        check_schema(value, schema, [file])
    assert (raised.value.what, raised.value.where, raised.value.remedy) == (what, f"{file.path}:1: card", remedy)


def test_what_a_single_missing_key_is_for_is_said(file: YamlFile) -> None:
    schema = {"required": ["size"], "properties": {"size": {"description": "how large it is: small or large"}}}
    with pytest.raises(LmnError) as raised:
        check_schema({}, schema, [file])
    assert raised.value.remedy == "how large it is: small or large"
