"""Viterbi and forward-backward over BIO-valid tag sequences, compared with all sequences written out."""

from __future__ import annotations

from itertools import combinations, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llms_meet_ner.sentence import Span
from llms_meet_ner.students.viterbi import Lattice, tag_names, tag_numbers
from llms_meet_ner.tags import decode

LABELS = ("PER", "LOC")
NAMES = tag_names(LABELS)


def is_valid(tags: tuple[int, ...]) -> bool:
    """Whether every I follows a B or an I of its label."""
    names = [NAMES[tag] for tag in tags]
    return all(
        not name.startswith("I-") or (before[2:] == name[2:] and before != "O")
        for before, name in zip(["O", *names], names)
    )


def sequences(row: Any) -> dict[tuple[int, ...], float]:
    """Weights of all valid tag sequences of a sentence."""
    found = (tags for tags in product(range(len(NAMES)), repeat=len(row)) if is_valid(tags))
    return {tags: float(np.exp(sum(row[at, tag] for at, tag in enumerate(tags)))) for tags in found}


def spans_of(tags: tuple[int, ...]) -> tuple[Span, ...]:
    return tuple(decode([NAMES[tag] for tag in tags], "IOB2", "error")[0])


@st.composite
def batches(draw: st.DrawFn) -> list[Any]:
    """Distributions over tags for up to three sentences of up to four tokens, some of them very sure."""
    seed, scale = draw(st.integers(0, 2**32 - 1)), draw(st.sampled_from([0.1, 1.0, 5.0, 40.0]))
    random = np.random.default_rng(seed)
    rows = [random.normal(size=(draw(st.integers(1, 4)), len(NAMES))) * scale for _ in range(draw(st.integers(1, 3)))]
    return [row - np.logaddexp.reduce(row, axis=1, keepdims=True) for row in rows]


@given(batches())
@settings(max_examples=60, deadline=None)
def test_best_sequence_entity_probabilities_and_entropies_are_those_of_brute_force(rows: list[Any]) -> None:
    lattice = Lattice.of(rows)
    best, entropies = lattice.best(), lattice.entropies()
    logs = lattice.log_probabilities(best)
    for number, row in enumerate(rows):
        weights = sequences(row)
        total = sum(weights.values())
        tags = tuple(best.tags[number, : len(row)].tolist())
        assert weights[tags] == pytest.approx(max(weights.values()))
        assert best.spans(number, LABELS) == spans_of(tags)
        assert np.exp(logs[number]) == pytest.approx(weights[tags] / total, abs=1e-9)
        assert (best.tags[number, len(row) :] == -1).all()
        for span in {span for tags in weights for span in spans_of(tags)}:
            share = sum(weight for tags, weight in weights.items() if span in spans_of(tags)) / total
            assert lattice.probability(number, span, LABELS.index(span.label)) == pytest.approx(share, abs=1e-9)
        for start, end in combinations(range(len(row) + 1), 2):
            share = sum(weight for tags, weight in weights.items() if not any(tags[start:end])) / total
            assert lattice.without_entities(number, start, end) == pytest.approx(share, abs=1e-9)
        shares = lattice.tag_probabilities()[number]
        for at in range(len(row)):
            marginal = [sum(w for tags, w in weights.items() if tags[at] == tag) / total for tag in range(len(NAMES))]
            assert shares[at].tolist() == pytest.approx(marginal, abs=1e-9)
            entropy = -sum(share * np.log(share) for share in marginal if share > 0)
            assert entropies[number, at] == pytest.approx(entropy, abs=1e-7)
        assert (entropies[number, len(row) :] == 0).all()
        assert (shares[len(row) :] == 0).all()


def test_an_entity_that_tokens_alone_would_begin_inside_is_begun_or_left() -> None:
    sure = np.full((2, 5), 0.01)
    sure[:, NAMES.index("I-LOC")] = 0.9
    sure[0, NAMES.index("B-LOC")] = 0.06
    tags = Lattice.of([np.log(sure)]).best().tags[0].tolist()
    assert [NAMES[tag] for tag in tags] == ["B-LOC", "I-LOC"]


@given(st.lists(st.sampled_from(["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]), min_size=1, max_size=8))
def test_the_numbers_of_spans_are_their_tags(tags: list[str]) -> None:
    spans = tuple(decode(tags, "IOB2", "conlleval")[0])
    numbers = tag_numbers(spans, len(tags), LABELS)
    assert spans_of(tuple(numbers)) == spans
