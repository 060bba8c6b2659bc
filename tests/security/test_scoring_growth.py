"""One sentence with thousands of entities: scoring and analysis take steps in proportion to it, however the entities lie."""

from __future__ import annotations

from itertools import accumulate, pairwise

import pytest
from operations import growth
from scored_runs import scored_run

from llms_meet_ner import Alignment, LabelSet, Sentence, Span
from llms_meet_ner.data_converters.stats.findings import boundaries, long_entities, unmarked
from llms_meet_ner.data_converters.stats.mentions import MentionTable
from llms_meet_ner.data_converters.stats.occurrences import Occurrences
from llms_meet_ner.eval import score
from llms_meet_ner.eval.analysis import analyse, examine, pair_up
from llms_meet_ner.eval.analysis.groups import Known
from llms_meet_ner.eval.report.markdown import markdown_report
from llms_meet_ner.eval.scoring.baselines import run_baselines
from llms_meet_ner.eval.scoring.llms4ner import count_llms4ner

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


OUTPUTS = {
    "bracketed": [("[" * 3, ""), ("| ", ""), ("[a", "| B]"), ("[a | b", "c]"), ("|    ", "")],
    "xml": [("<PER>", "</LOC>"), ("<PER>a", "</PER>"), ("<LOC>", "</PER>")],
    "offset": [('[{"text": "a", "label": "L', '"}]')],
    "tags": [('{"tokens": ["a', '"], "ner_tags": ["B-L"]}')],
}


@pytest.mark.parametrize(
    ("name", "opens", "closes"), [(name, *pair) for name, pairs in OUTPUTS.items() for pair in pairs]
)
def test_the_other_scorer_takes_steps_in_proportion_to_the_output(name: str, opens: str, closes: str) -> None:
    gold = [sentence(10, ())]
    labels = LabelSet.of(*LABELS)
    count = lambda size: count_llms4ner(gold, [opens * size + closes * size], name, labels, nested=False)  # noqa: E731
    assert growth(count, SIZE) < 2.3
    count(100_000)  # with a regular expression that looks for its end again and again, this takes minutes


def test_labels_of_any_number_are_counted_at_once() -> None:
    labels = LabelSet.of(*LABELS)

    def count(size: int) -> None:
        output = " ".join(f"[a | L{number}]" for number in range(size))
        count_llms4ner([sentence(10, ())], [output], "bracketed", labels, nested=False)

    assert growth(count, SIZE) < 2.3


STATISTICS = {
    "a word again and again": lambda size: (("a",) * size, triangle(size)),
    "nested a thousand deep": lambda size: (
        tuple(f"w{number}" for number in range(size)),
        nested_entities(size, "PER"),
    ),
    "one entity": lambda size: (("a",) * size, (Span(0, size // 2, "PER"),)),
    "short entities": lambda size: (("a", "b") * (size // 2), entities(size, 2, 1, "PER")),
}


def triangle(size: int) -> tuple[Span, ...]:
    """Return entities of 1, 2, 3, ... tokens, one after the other."""
    ends = [0, *accumulate(range(1, size))]
    return tuple(Span(start, end, "PER") for start, end in pairwise(ends) if end <= size)


@pytest.mark.parametrize("shape", STATISTICS)
def test_statistics_and_baselines_take_steps_in_proportion_to_a_sentence(shape: str) -> None:
    def count(size: int) -> None:
        tokens, spans = STATISTICS[shape](size)
        one = Sentence("a/train/0", tokens, spans)
        table = MentionTable()
        table.add(one, "train")
        assert sum(len(mention.words) for mention in table) <= 201 * len(spans)
        occurrences = Occurrences(table)
        occurrences.add(one)
        boundaries(table, occurrences), unmarked(table, occurrences), long_entities([], MentionTable())
        run_baselines([one], [Sentence("a/test/0", tokens)])

    assert growth(count, 2 * SIZE) < 2.4


def test_a_list_of_errors_shows_what_is_around_them() -> None:
    gold = sentence(100_000, entities(100_000, 2000, 1, "PER"))
    found = list(examine([gold], [""], [Alignment((), "failed", ("empty",))], [pair_up(gold.spans, ())]))
    text = markdown_report(scored_run(), found)
    assert text.count("w2000 ") == 1
    assert len(text) < 60_000


def test_seqeval_reads_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """It copies all tags behind each entity: a copy that no line of Python shows, so the lengths are added up here."""
    from seqeval import scheme as seqeval_scheme

    read: list[int] = []
    tokens = seqeval_scheme.Tokens
    monkeypatch.setattr(seqeval_scheme, "Tokens", lambda tags, scheme: read.append(len(tags)) or tokens(tags, scheme))
    score([sentence(40_000, SHAPES["one over all"](40_000)[0])], [Alignment((), "exact")])
    assert sum(read) == 80_000
    assert max(read) <= 200
