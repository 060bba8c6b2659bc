r"""What is written means the same to a server: xgrammar accepts the gold and refuses near misses, whatever the tokens hold."""

from __future__ import annotations

import pytest
from grammar_oracle import Oracle
from hypothesis import example, given, settings
from hypothesis import strategies as st

from llms_meet_ner.decoding.server_grammar.dialects import DIALECTS, quoted, request_of, written
from llms_meet_ner.decoding.server_grammar.rules import Alternative

ANY_TEXT = st.text(min_size=1, max_size=8)


@given(ANY_TEXT)
@example('"\\"')
@example("\x00b")  # a digit of a number, if xgrammar were sent \x00
@example("\u2028\x85\x7f\t\n\U0001f469\u200d\U0001f680\ufeff\u202e\U000e0041")
@example("r1 ::= [a-z] | # no comment")
@settings(max_examples=30, deadline=None)
def test_a_literal_is_its_text_and_nothing_else(text: str) -> None:
    rules = (
        (Alternative(text, 1), Alternative("no", None)),
        (Alternative("0", None), Alternative("1", 2)),
        (Alternative("", None),),
    )
    oracle = Oracle(written(rules))
    assert all(oracle.accepts(each) for each in (f"{text}0", f" {text}0", f"{text}1", "no"))
    assert not any(oracle.accepts(each) for each in (text, f"{text}00", f"{text}2", text + "0" + text, "nO", ""))


def test_a_grammar_is_one_rule_a_line_in_the_notation_that_all_servers_share() -> None:
    rules = ((Alternative('a"\\', 1), Alternative("[\x04", None)), (Alternative("ß", None),))
    assert written(rules) == 'root ::= r0 | " " r0\nr0 ::= "a\\"\\\\" r1 | "[\\u0004"\nr1 ::= "ß"\n'
    assert quoted("\U000e0041😀\u00ad") == '"\\U000e0041😀\\u00ad"'


def test_each_server_has_a_field_for_it() -> None:
    assert [request_of(dialect, "g") for dialect in DIALECTS] == [
        {"structured_outputs": {"grammar": "g"}}, {"grammar": "g"}, {"ebnf": "g"},
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "plain", "déjà vu", "東京"])
def test_printed_characters_stay_as_they_are(text: str) -> None:
    assert quoted(text) == f'"{text}"'
