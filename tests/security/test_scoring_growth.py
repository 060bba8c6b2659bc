"""One sentence with thousands of entities: scoring and analysis take steps in proportion to it, however the entities lie."""

from __future__ import annotations

import pytest
from operations import growth

from llms_meet_ner import Alignment, Sentence, Span
from llms_meet_ner.eval import score
from llms_meet_ner.eval.analysis import analyse, examine, pair_up
from llms_meet_ner.eval.analysis.groups import Known

LABELS = ("PER", "LOC")
SIZE = 400


def entities(number: int, step: int, length: int, label: str, first: int = 0) -> tuple[Span, ...]:
    return tuple(Span(at, at + length, label) for at in range(first, number - length, step))


SHAPES = {
    "no overlap": lambda size: (entities(size, 2, 1, "PER"), entities(size, 2, 1, "PER", first=1)),
    "a chain of overlaps": lambda size: (entities(size, 2, 2, "PER"), entities(size, 2, 2, "LOC", first=1)),
    "one over all": lambda size: (entities(size, 1, 1, "PER"), (Span(0, size, "PER"),)),
    "all under one": lambda size: ((Span(0, size, "PER"),), entities(size, 1, 1, "LOC")),
    "the same": lambda size: (entities(size, 1, 1, "PER"), entities(size, 1, 1, "PER")),
}


def sentence(size: int, gold: tuple[Span, ...]) -> Sentence:
    return Sentence("a/test/0", tuple(f"w{number}" for number in range(size)), gold)


def score_and_analyse(size: int, gold: tuple[Span, ...], predicted: tuple[Span, ...], *, nested: bool = False) -> None:
    sentences, alignments = [sentence(size, gold)], [Alignment(predicted, "exact")]
    score(sentences, alignments, nested=nested)
    pairs = [pair_up(gold, predicted)]
    known = Known.of("train", sentences)
    analyse(sentences, alignments, pairs, LABELS, nested=nested, known=known)
    list(examine(sentences, [""], alignments, pairs, known))


@pytest.mark.parametrize("shape", SHAPES)
def test_twice_the_sentence_takes_twice_the_steps(shape: str) -> None:
    assert growth(lambda size: score_and_analyse(size, *SHAPES[shape](size)), SIZE) < 2.3


def nested_entities(size: int, label: str) -> tuple[Span, ...]:
    return tuple(Span(at, size - at, label) for at in range(size // 2))


def test_entities_that_lie_a_thousand_deep_are_counted_and_not_paired(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llms_meet_ner.eval.analysis.pairs.MOST_OVERLAPS", 1000)
    shape = lambda size: (nested_entities(size, "PER"), nested_entities(size, "LOC"))  # noqa: E731
    assert growth(lambda size: score_and_analyse(size, *shape(size), nested=True), SIZE) < 2.3
    gold, predicted = shape(SIZE)
    pairs = [pair_up(gold, predicted), pair_up(gold[:2], predicted[:2])]
    assert {pair.kind for pair in pairs[0]} == {"missed", "spurious"}
    sentences = [sentence(SIZE, gold), sentence(SIZE, gold[:2])]
    alignments = [Alignment(predicted, "exact"), Alignment(predicted[:2], "exact")]
    assert analyse(sentences, alignments, pairs, LABELS, nested=True).given_up == 1


def test_seqeval_reads_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """It copies all tags behind each entity: a copy that no line of Python shows, so the lengths are added up here."""
    from llms_meet_ner.eval.scoring import counts

    read: list[int] = []
    tokens = counts.Tokens
    monkeypatch.setattr(counts, "Tokens", lambda tags, scheme: read.append(len(tags)) or tokens(tags, scheme))
    score([sentence(40_000, SHAPES["one over all"](40_000)[0])], [Alignment((), "exact")])
    assert sum(read) == 80_000
    assert max(read) <= 200
