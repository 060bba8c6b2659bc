"""Guesses at entities: from mentions, capital letters and the words around them."""

from __future__ import annotations

from llms_meet_ner import Span
from llms_meet_ner.decoding.guesser import EntityGuesser, GuessedPlan, capitalised_runs, longest_matches


def test_guesses_follow_what_was_seen() -> None:
    guesser = EntityGuesser.of(("PER", "LOC"))
    assert capitalised_runs(("The", "New", "York", "and", "Essex")) == [(0, 3), (4, 5)]
    assert [span.label for span in guesser.guess(("in", "Essex")).spans] == ["PER"]
    for _ in range(3):
        guesser.learn(("The", "Hague", "is", "in", "the", "Netherlands"), [Span(1, 2, "LOC"), Span(5, 6, "LOC")])
        guesser.learn(("Mr.", "May", "spoke"), [Span(1, 2, "PER")])
        guesser.learn(("In", "May", "and", "May", "it", "rains"), [])
    assert guesser.guess(("The", "Hague", "in", "Essex", "and", "May")).spans == (Span(1, 2, "LOC"), Span(3, 4, "LOC"))
    for number in range(20):  # a language that writes every noun so
        guesser.learn(("das", f"Haus{number}"), [])
    assert guesser.guess(("das", "Boot", "in", "Hague")).spans == (Span(3, 4, "LOC"),)


def test_at_each_token_the_longest_mention_counts() -> None:
    known = {("New", "York"): "LOC", ("New", "York", "Times"): "ORG", ("York",): "LOC"}
    tokens = ("New", "York", "Times", "in", "York", "New", "York", "New")
    assert longest_matches(tokens, 3, known.get) == [Span(0, 3, "ORG"), Span(4, 5, "LOC"), Span(5, 7, "LOC")]
    assert longest_matches(tokens, 1, known.get) == [Span(1, 2, "LOC"), Span(4, 5, "LOC"), Span(6, 7, "LOC")]


def test_an_entity_that_goes_on_is_planned_to_reach_twice_as_far_each_time() -> None:
    plan = GuessedPlan(tuple("abcdefghijkl"), (Span(0, 1, "LOC"),), "PER")
    ends = []
    at = 0
    for _ in range(3):
        at = next(token for token in range(at, 12) if plan.closes(token))
        ends.append(at)
        plan.extend(at)
        at += 1
    assert ends == [0, 1, 3]
    assert [plan.label_at(token) for token in (0, 1)] == ["LOC", "PER"]
