"""Confidences from a server's log-probabilities are those of the model here, or none."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from constraints import FORMS, LABELS, TOKENS, constraint, text_of, vocabulary
from hypothesis import given, settings
from hypothesis import strategies as st

from llms_meet_ner.decoding.confidence import Choice, confidences, uncertainty
from llms_meet_ner.decoding.constraint import END
from llms_meet_ner.decoding.server_grammar.logprobs import judged
from llms_meet_ner.decoding.server_grammar.sentence import TOP_LOGPROBS, SentenceGrammar
from llms_meet_ner.formats import get_inline_format

Row = dict[str, Any]


def entry(text: str | bytes, probability: float) -> Row:
    raw = text.encode() if isinstance(text, str) else text
    logprob = math.log(probability) if probability else -9999.0
    return {"token": raw.decode(errors="replace"), "bytes": list(raw), "logprob": logprob}


def row(*options: tuple[str | bytes, float]) -> Row:
    """Return the row of a token that was chosen among options, the first of them."""
    listed = [entry(*option) for option in options]
    return {**listed[0], "top_logprobs": listed}


def answer() -> list[Row]:
    return [
        row(("[", 0.75), ("Ada", 0.2), ("A", 0.05), ("no", 0)),
        row(("Ada", 0.9), ("A", 0.1)),
        row((" |", 0.8), (" met", 0.15), (" m", 0.05)),
        row((" PER", 0.6), (" LOC", 0.3), (" PERS", 0.1)),
        row(("]", 0.95), ("S", 0.05)),
        row((" met", 0.5), (" ", 0.5)),
        row(("<|im_end|>", 1.0), ("no", 0)),
    ]


GRAMMAR = SentenceGrammar(("Ada", "met"), get_inline_format("bracketed"), LABELS)


def judge(rows: Any, text: str = "[Ada | PER] met", grammar: SentenceGrammar = GRAMMAR) -> Any:
    output = grammar.read(text)
    assert output is not None
    return judged(grammar, output, rows)


def test_a_confidence_is_the_product_over_the_steps_that_wrote_the_entity() -> None:
    found, unsure = judge(answer())
    assert found == (round(0.75 * 0.8 * 0.6 * 0.95, 4),)
    entropies = [
        -sum(p * math.log(p) for p in group) for group in ([0.75, 0.25], [0.8, 0.2], [0.6, 0.3, 0.1], [0.95, 0.05])
    ]
    assert unsure.max == pytest.approx(max(entropies), abs=1e-4)
    assert unsure.mean == pytest.approx(sum(entropies) / 4, abs=1e-4)


def test_what_is_listed_beside_the_answer_does_not_matter() -> None:
    found, _ = judge(answer())
    leading = [row((" [", 0.75), (" Ada", 0.2), (" A", 0.05)), *answer()[1:]]
    assert judge(leading)[0] == judge(leading, " [Ada | PER] met")[0] == found
    assert judge(answer()[:-1])[0] == found, "without a stop token"
    named = [{key: value for key, value in each.items() if key != "bytes"} for each in answer()]
    assert judge(named)[0] == found
    assert judge([{**each, "bytes": None} for each in answer()])[0] == found
    assert judge([*answer()[:6], row(("", 1.0))])[0] == found, "a stop token without a text"


def test_a_space_before_the_output_is_no_choice_of_the_model() -> None:
    """The grammar allows one for tokenizers that write it; the model here may choose only what its tokenizer writes."""
    found = judge(answer())
    for first in (
        row(("[", 0.375), (" [", 0.4), ("Ada", 0.1), (" A", 0.1), ("A", 0.025)),
        row((" [", 0.375), ("[", 0.4), (" Ada", 0.1), ("A", 0.1), (" A", 0.025)),
    ):
        assert judge([first, *answer()[1:]]) == found


def test_a_space_of_the_sentence_itself_is_no_space_before_the_output() -> None:
    grammar = SentenceGrammar((" A", "b"), get_inline_format("bracketed"), LABELS)
    rows = [row(("[", 0.5), (" A", 0.25), (" [", 0.25)), *(row((text, 1.0)) for text in (" A", " | LOC]", " b"))]
    assert judge(rows, "[ A | LOC] b", grammar)[0] == (0.6667,)


def test_a_part_of_a_character_is_listed_as_empty_as_vllm_does() -> None:
    grammar = SentenceGrammar(("😀",), get_inline_format("bracketed"), LABELS)
    rows = [row(("[", 0.5), ("", 0.5)), row(("", 1.0)), row(("😀", 1.0)), row((" | PER]", 0.25), (" | LOC]", 0.75))]
    assert judge(rows, "[😀 | PER]", grammar)[0] == (0.125,)
    twice = [row(("[", 0.5), ("", 0.375), ("", 0.125)), row(("", 0.75), ("", 0.25)), *rows[2:]]
    assert judge(twice, "[😀 | PER]", grammar)[0] == (0.125,)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda rows: rows[0]["top_logprobs"].append(
            entry("no", 0.001)
        ),  # the grammar forbids it: taken before the mask
        lambda rows: rows[3]["top_logprobs"].pop(),  # what is listed is not everything
        lambda rows: rows[2].update(top_logprobs=[]),
        lambda rows: rows[2].update(top_logprobs=None),
        lambda rows: rows[2].pop("top_logprobs"),
        lambda rows: rows[1]["top_logprobs"].append("x"),
        lambda rows: rows.pop(1),
        lambda rows: rows.insert(1, row(("Ada", 1.0))),
        lambda rows: rows[1].update(logprob="0"),
        lambda rows: rows[1].update(bytes=[65, 256]),
        lambda rows: rows.clear(),
        lambda rows: rows.insert(0, None),
    ],
)
def test_what_does_not_tell_the_choices_gives_no_confidences(spoil: Any) -> None:
    rows = answer()
    spoil(rows)
    assert judge(rows) == (None, None)


@pytest.mark.parametrize("rows", [None, [], {}, "x", [1]])
def test_a_server_without_log_probabilities_gives_no_confidences(rows: Any) -> None:
    assert judge(rows) == (None, None)


@given(TOKENS, st.sampled_from(FORMS), st.booleans(), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_they_are_those_of_the_model_here(tokens: tuple[str, ...], form: str, nested: bool, seed: int) -> None:
    name = "byte-level"
    grammar = SentenceGrammar(tokens, get_inline_format(form, nested=nested), LABELS, depth=8)
    here = constraint(grammar.tokens, name, nested=nested, form=form)
    draw = np.random.default_rng(seed)
    state, ids, choices, rows = here.start, list[int](), list[Choice](), list[Row]()
    while not here.is_done(state):
        allowed = here.next_tokens(state)
        logits = draw.normal(0, 3, len(allowed.ids)).astype(np.float32)
        choice = Choice.of(allowed, logits)
        state = allowed.targets[choice.token]
        weights = np.exp(logits.astype(np.float64))
        options = sorted(zip(weights / weights.sum(), allowed.ids), reverse=True)[:TOP_LOGPROBS]
        rows.append(row(*((vocabulary(name).bytes_of([index]) or b"</s>", float(weight)) for weight, index in options)))
        if len(allowed.ids) > TOP_LOGPROBS:
            return  # the rest is not listed
        if state != END:
            ids.append(choice.token)
            choices.append(choice)
    output = grammar.read(text_of(name, ids))
    assert output is not None
    lengths = [len(vocabulary(name).bytes_of([index])) for index in ids]
    found, unsure = judged(grammar, output, rows)
    assert found == pytest.approx(confidences(choices, lengths, output.ranges), abs=2e-4)
    assert unsure.mean == pytest.approx(uncertainty(choices).mean, abs=2e-4)  # type: ignore[union-attr]
