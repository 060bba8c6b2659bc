"""YAML is read in one way: bounded, plain values only, errors with their line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from llms_meet_ner import LmnError
from llms_meet_ner.yaml_text import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_NODES,
    compose_yaml,
    front_matter,
    parse_yaml,
    read_yaml_text,
    to_yaml,
    yaml_word,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None), ("a: [1, 2.5, true, null, x]", {"a": [1, 2.5, True, None, "x"]}), ("2024-13-45", "2024-13-45"),
        ("day: 2024-01-02", {"day": "2024-01-02"}), ("separator: =", {"separator": "="}),
        ("a: &a {x: 1}\nb: {<<: *a, y: 2}", {"a": {"x": 1}, "b": {"x": 1, "y": 2}}), ("[&a [1], *a]", [[1], [1]]),
        ("[" * MAX_DEPTH + "]" * MAX_DEPTH, None),
    ],
)  # fmt: skip
def test_plain_values_are_read_and_a_date_is_text(text: str, value: Any) -> None:
    assert parse_yaml(text, "a.yaml") == value or text.startswith("[[")


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e-4", 0.0001), ("-3E2", -300.0), ("1.0e4", 10000.0), ("+1_0e1", 100.0), ("1.e-1", 0.1), ("1.0e-4", 0.0001)],
)
def test_a_number_with_an_exponent_is_a_number(text: str, value: float) -> None:
    read = parse_yaml(text, "a.yaml")
    assert (read, type(read)) == (value, float)
    assert parse_yaml(f"rate: {text}  # a comment", "a.yaml") == {"rate": value}
    assert parse_yaml(f"'{text}'", "a.yaml") == text
    assert (yaml_word(text), yaml_word("e1")) == (f'"{text}"', "e1")


@given(st.text("0123456789eE.+-_", max_size=8) | st.text(max_size=6), st.booleans())
def test_what_is_written_is_read_again(text: str, flow: bool) -> None:
    assume(not any("\ud800" <= one <= "\udfff" for one in text))
    value = {"b": [text, 0.0001, 1e22, True, None], "a": {text: 1}}
    written = to_yaml(value, flow=flow)
    assert parse_yaml(written, "a.yaml") == value
    assert list(parse_yaml(written, "a.yaml")) == ["b", "a"]
    if text.isprintable():
        assert parse_yaml(yaml_word(text), "a.yaml") == text


@example("1__0e1")
@example("1_e4")
@example("1._5E+3")
@given(st.text("0123456789eE.+-_", min_size=1, max_size=8))
def test_numbers_are_those_that_llama_factory_reads(text: str) -> None:
    omegaconf = pytest.importorskip("omegaconf").OmegaConf
    assume(not text.startswith("---") and text not in ("-", "..."))
    try:
        theirs = omegaconf.to_container(omegaconf.from_cli([f"key={text}"]))["key"]
    except Exception:
        with pytest.raises(LmnError):
            parse_yaml(text, "a.yaml")
        return
    ours = parse_yaml(text, "a.yaml")
    assert (ours, type(ours)) == (theirs, type(theirs))


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("a: [", "a.yaml:1", "not YAML: expected the node content"), ("a: 1\nb: ]", "a.yaml:2", "not YAML: "),
        ("a: 1\nb: !!set {c}", "a.yaml:2", "a value with the tag '!!set', which is not read"),
        ("!!int ''", "a.yaml", "not YAML: string index"), ("!!bool x", "a.yaml", "not YAML: 'x'"),
        ("!!float x", "a.yaml", "not YAML: could not"), ('"\\U00110000"', "a.yaml", "not YAML: chr()"),
        ("? [1]\n: 2", "a.yaml:1", "not YAML: found unhashable key"),
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), "a.yaml:1", f"nested deeper than {MAX_DEPTH} levels"),
        ("[" * 5000, "a.yaml", "not YAML: nested too deep"), ("&a [x, *a]", "a.yaml:1", "nested deeper than"),
        ('a: 1\nb: "\\ud800"', "a.yaml:2", "a lone surrogate"), (f"a: {'9' * 5000}", "a.yaml:1", "a number of 5,000 characters"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_error_with_its_line(text: str, where: str, what: str) -> None:
    with pytest.raises(LmnError) as raised:
        parse_yaml(text, "a.yaml")
    assert raised.value.where == where
    assert raised.value.what.startswith(what)


def test_as_many_values_are_read_as_the_limit_says_those_of_aliases_among_them() -> None:
    inner = "&a [" + "1," * 997 + "]"  # 998 nodes
    assert len(parse_yaml(f"[{inner}{',*a' * 99}, x]", "a")) == 101  # 100 x 998 + 2
    with pytest.raises(LmnError, match=f"^a: more than {MAX_NODES:,} values, with those that aliases repeat$"):
        parse_yaml(f"[{inner}{',*a' * 100}, x]", "a")
    with pytest.raises(LmnError, match=f"^a: more than {MAX_NODES:,} values"):
        parse_yaml("- a\n" * MAX_NODES, "a")


def test_nodes_know_their_lines() -> None:
    node = compose_yaml("a: 1\nb: 2", "a.yaml")
    assert node is not None
    assert [key.start_mark.line for key, _ in node.value] == [0, 1]
    assert compose_yaml("# nothing", "a.yaml") is None


def test_a_file_is_read_up_to_its_limit(workdir: Path) -> None:
    path = Path("a.yaml")
    path.write_bytes(b"\xef\xbb\xbfa: 1")
    assert read_yaml_text(path) == "a: 1"
    path.write_bytes(b"#" * MAX_BYTES)
    assert len(read_yaml_text(path)) == MAX_BYTES
    for content, what in ((b"#" * (MAX_BYTES + 1), "larger than 1,048,576 bytes"), (b"\xff", "cannot be read")):
        path.write_bytes(content)
        with pytest.raises(LmnError, match=f"^a.yaml: {what}.*; name another$"):
            read_yaml_text(path, "name another")
    with pytest.raises(LmnError, match=r"^b\.yaml: no such file$"):
        read_yaml_text(Path("b.yaml"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("---\nlicense: mit\n---\n# A model\n", {"license": "mit"}), ("\n---\r\nlicense: mit\r\n---\r\n", {"license": "mit"}),
        ("# A model\n---\nlicense: mit\n---\n", None), ("---\nlicense: mit\n", None), ("", None), ("---\n---\n", None),
    ],
)  # fmt: skip
def test_the_front_of_a_markdown_file(text: str, value: Any, workdir: Path) -> None:
    Path("README.md").write_text(text, newline="")
    assert front_matter(Path("README.md")) == value
    with pytest.raises(LmnError, match="no such file"):
        front_matter(Path("nope.md"))
