"""The rules of a sentence's grammar: texts and alternatives, from which a server's grammar is written.

The grammar is right-linear: an alternative is a text and the rule that goes on after it. Its language is that of the automaton which
decodes here (`decoding.grammar`), because its rules are the nodes of that automaton:

    outside0 ::= "New " outside1 | "[" inside0
    inside0  ::= "New" after0
    after0   ::= " " inside1 | " | LOC] " outside1

A rule with one alternative is written where it is used, and rules that are alike are one: two rules a token in a bracketed, flat format.
Where entities nest, the rules of a token are as many as the ways in which entities can be open there.
"""

from __future__ import annotations

from typing import NamedTuple

from ..grammar import Grammar, Node

MOST_RULES = 5_000
"""Number of rules that a server is sent at most: xgrammar compiles them in some three seconds, and twice as many in fifteen."""


class Alternative(NamedTuple):
    """One way to go on.

    Attributes:
        text: Text to write.
        rule: Number of the rule that follows; None if the output ends.
    """

    text: str
    rule: int | None


Rule = tuple[Alternative, ...]
_END: Rule = (Alternative("", None),)


class TooManyRulesError(Exception):
    """A grammar of more than `MOST_RULES` rules."""


def rules_of(grammar: Grammar) -> tuple[Rule, ...]:
    """Return the rules of a grammar; the first is where the output begins, and each refers only to later ones.

    Args:
        grammar: Grammar of a sentence, without leading bytes.

    Raises:
        TooManyRulesError: There are more than `MOST_RULES`.
    """
    numbers: dict[Rule, int] = {}
    found: dict[Node, Rule] = {}
    first = Node(0, after=False)
    pending = [first]
    while pending:
        node = pending[-1]
        following = grammar.next_node(node)
        below = [arc.to for arc in grammar.arcs(node)] + ([following] if following else [])
        missing = [to for to in below if to not in found]
        if missing:
            pending += missing
            continue
        pending.pop()
        if node not in found:
            ways = [_joined(arc.text.decode(), found[arc.to], numbers) for arc in grammar.arcs(node)]
            ways += found[following] if following else ()
            found[node] = tuple(dict.fromkeys(ways)) or _END
        if len(numbers) > MOST_RULES:
            raise TooManyRulesError
    return _in_order(found[first], numbers)


def _joined(text: str, rule: Rule, numbers: dict[Rule, int]) -> Alternative:
    """Return a text and the rule after it as one alternative; a rule with one alternative needs no number."""
    if len(rule) == 1:
        return Alternative(text + rule[0].text, rule[0].rule)
    return Alternative(text, numbers.setdefault(rule, len(numbers)))


def _in_order(first: Rule, numbers: dict[Rule, int]) -> tuple[Rule, ...]:
    """Return the rules that the first one leads to, numbered anew in the order of the sentence."""
    rules = [*numbers]
    order = [*reversed(range(len(rules)))]  # a rule has its number after those that it refers to
    reached = {way.rule for way in first}
    for number in order:
        if number in reached:
            reached |= {way.rule for way in rules[number]}
    kept = [number for number in order if number in reached]
    place = {number: at for at, number in enumerate(kept, 1)}
    return tuple(
        tuple(Alternative(way.text, None if way.rule is None else place[way.rule]) for way in rule)
        for rule in (first, *(rules[number] for number in kept))
    )
