"""Scores of tags do not depend on what is read beside a sentence, and entities stand on the tokens of the sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_encoders import save_tiny_bert

from llms_meet_ner.records import Uncertainty
from llms_meet_ner.sentence import Span
from llms_meet_ner.students.marking import alike, best_of, mark, marks_of, tag_scores
from llms_meet_ner.students.subwords import ReadSentence, Subwords
from llms_meet_ner.students.viterbi import tag_names

LABELS = ("PER", "LOC")
SENTENCES = [
    ("Essex", "won"),
    ("\x00",),
    ("New York",) * 9,
    tuple("abcdefghijklmnopq"),
    ("x", "\x00", "y"),
]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from llms_meet_ner.students.encoder import new_model, new_tokenizer

    folder = str(save_tiny_bert(tmp_path_factory.mktemp("encoder")))
    return new_model(folder, tag_names(LABELS), "linear").eval(), Subwords.of(new_tokenizer(folder), 16, 4)


def test_neighbours_in_a_batch_change_nothing(encoder: Any) -> None:
    model, subwords = encoder
    reads = subwords.read([("", tokens) for tokens in SENTENCES])
    together = tag_scores(model, reads, subwords.padding, 4)
    for read, row in zip(reads, together):
        assert len(row) == len(read.words)
        np.testing.assert_allclose(np.exp(row).sum(axis=1), 1, rtol=1e-5)
        (alone,) = tag_scores(model, [read], subwords.padding, 1)
        np.testing.assert_allclose(row, alone, atol=1e-4)
    assert len(reads[2].windows) > 1


def test_entities_stand_on_the_tokens_of_the_sentence() -> None:
    sure = np.log(
        np.array([[0.02, 0.9, 0.03, 0.03, 0.02], [0.02, 0.02, 0.03, 0.9, 0.03], [0.9, 0.02, 0.03, 0.03, 0.02]])
    )
    read = ReadSentence((0, 2, 5), ())  # tokens 1, 3 and 4 have no subword
    (found, nothing) = marks_of([read, ReadSentence((), ())], [sure, np.zeros((0, 5))], LABELS)
    assert found.spans == (Span(0, 3, "PER"),)
    assert 0.7 < found.confidences[0] < 0.9
    assert 0 < found.uncertainty.mean < found.uncertainty.max
    assert (found.uncertainty.choices, nothing.uncertainty) == (3, Uncertainty(0.0, 0.0, 0.0, 0))
    assert np.log(0.9**3) < (found.uncertainty.log_probability or 0) < 0  # among the sequences that BIO allows
    assert nothing.spans == nothing.confidences == ()


@given(st.lists(st.integers(0, 5000), max_size=40))
def test_at_least_half_of_a_lattice_is_tokens(lengths: list[int]) -> None:
    groups = alike(lengths)
    assert sorted(number for group in groups for number in group) == [at for at, length in enumerate(lengths) if length]
    for group in groups:
        inside = [lengths[number] for number in group]
        assert len(inside) * max(inside) <= 2 * sum(inside)


def test_a_long_line_changes_nothing_beside_short_ones() -> None:
    random = np.random.default_rng(1)
    raw = [random.normal(size=(length, 5)) for length in (3, 0, 90, 2, 40, 41)]
    rows = [row - np.logaddexp.reduce(row, axis=1, keepdims=True) if len(row) else row for row in raw]
    reads = [ReadSentence(tuple(range(len(row))), ()) for row in rows]
    marks = marks_of(reads, rows, LABELS)
    for number, (read, row) in enumerate(zip(reads, rows)):
        (alone,) = marks_of([read], [row], LABELS)
        beside = marks[number]
        assert alone.spans == beside.spans
        for one, other in (
            (alone.confidences, beside.confidences),
            (alone.uncertainty.to_list(), beside.uncertainty.to_list()),
        ):
            assert one == pytest.approx(other, rel=1e-12, abs=1e-12)  # sums of other shapes may round otherwise
    assert [best.spans for best in best_of(reads, rows, LABELS)] == [one.spans for one in marks]


def test_a_sentence_without_a_subword_has_no_entity(encoder: Any) -> None:
    model, subwords = encoder
    (marks,) = mark(model, subwords.read([("", ("\x00",))]), subwords.padding, LABELS, 2)
    assert marks.spans == ()
