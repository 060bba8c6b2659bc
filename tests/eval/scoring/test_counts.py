"""Scores against scorers that others wrote: seqeval, nervaluate and seqscore give the same counts."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from drawn import LABELS, corpora_with_predictions, dense_spans
from hypothesis import given, settings
from hypothesis import strategies as st
from nervaluate import Evaluator
from seqeval.metrics import classification_report
from seqeval.scheme import IOB2
from seqscore.scoring import score_label_sequences

from llms_meet_ner import Alignment, Sentence, Span, WrittenEntity, get_format
from llms_meet_ner.data_converters import load_card, read_corpus
from llms_meet_ner.eval import Counts, Scores, score
from llms_meet_ner.eval.scored_run.scores import SCENARIOS, Scenarios
from llms_meet_ner.eval.scoring.counts import scenario_counts, summarise_alignments
from llms_meet_ner.tags import encode
from llms_meet_ner.typed_json import to_json


def assert_like_the_oracles(sentences: list[Sentence], alignments: list[Alignment], scores: Scores) -> None:
    gold = [encode(s.spans, len(s.tokens)) for s in sentences]
    predicted = [encode(a.spans, len(s.tokens)) for a, s in zip(alignments, sentences)]
    report = classification_report(gold, predicted, mode="strict", scheme=IOB2, output_dict=True, zero_division=0)
    for label, counts in [*scores.labels.items(), ("micro avg", scores.micro)]:
        row = report[label]
        assert (counts.precision, counts.recall, counts.f1, counts.gold) == pytest.approx(
            (row["precision"], row["recall"], row["f1-score"], row["support"])
        )
    evaluator = Evaluator(gold, predicted, tags=[*LABELS, "MISC"], loader="list").evaluate()
    assert scores.nervaluate is not None
    assert_like_nervaluate(scores.nervaluate.overall, evaluator["overall"])
    assert scores.nervaluate.labels.keys() == evaluator["entities"].keys()
    for label, scenarios in scores.nervaluate.labels.items():
        assert_like_nervaluate(scenarios, evaluator["entities"][label])
    strict = scores.nervaluate.overall.strict
    assert (strict.precision, strict.recall) == pytest.approx((scores.micro.precision, scores.micro.recall))
    theirs, _accuracy = score_label_sequences(predicted, gold, "BIO", repair=None)
    assert scores.micro == Counts(
        theirs.true_pos, theirs.true_pos + theirs.false_pos, theirs.true_pos + theirs.false_neg
    )
    for label, counts in scores.labels.items():
        by_type = theirs.type_scores[label]
        assert counts == Counts(
            by_type.true_pos, by_type.true_pos + by_type.false_pos, by_type.true_pos + by_type.false_neg
        )


def assert_like_nervaluate(scenarios: Scenarios, evaluator: Any) -> None:
    for name, counts in scenarios.by_name.items():
        theirs = evaluator[name]
        assert (counts.correct, counts.incorrect, counts.partial, counts.missed, counts.spurious) == (
            theirs.correct, theirs.incorrect, theirs.partial, theirs.missed, theirs.spurious,
        )  # fmt: skip
        assert (counts.precision, counts.recall, counts.f1) == pytest.approx(
            (theirs.precision, theirs.recall, theirs.f1)
        )


@settings(max_examples=300, deadline=None)
@given(data=corpora_with_predictions())
def test_random_spans_score_as_in_seqeval_nervaluate_and_seqscore(data: tuple[list[Sentence], list[Alignment]]) -> None:
    if any(s.spans for s in data[0]) or any(a.spans for a in data[1]):
        assert_like_the_oracles(*data, score(*data))


@settings(max_examples=300, deadline=None)
@given(
    st.integers(1, 40).flatmap(lambda length: st.tuples(st.just(length), *[dense_spans(length)] * 2)), st.integers(1, 5)
)
def test_a_sentence_full_of_entities_scores_as_in_the_oracles(
    drawn: tuple[int, tuple[Span, ...], tuple[Span, ...]], piece: int
) -> None:
    """Chains of overlaps, long entities over many, and cuts for seqeval after every few tokens."""
    length, gold, predicted = drawn
    sentence = Sentence("d/test/0", tuple(f"t{number}" for number in range(length)), gold)
    if gold or predicted:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("llms_meet_ner.eval.scoring.counts._PIECE", piece)
            scores = score([sentence], [Alignment(predicted, "exact")])
        assert_like_the_oracles([sentence], [Alignment(predicted, "exact")], scores)


def test_an_entity_of_which_too_little_is_found_counts_as_in_nervaluate() -> None:
    """A hundredth of the gold entity is the least that it accepts as an overlap."""
    length = 240
    for end in (1, 2, 3, 240):
        sentence = Sentence("l/test/0", ("t",) * length, (Span(0, 210, "PER"), Span(210, 240, "LOC")))
        alignment = Alignment((Span(0, end, "PER"),), "exact")
        assert_like_the_oracles([sentence], [alignment], score([sentence], [alignment]))


def damage(sentence: Sentence, rng: random.Random) -> Alignment:
    """Move, drop, relabel and invent spans."""
    spans = []
    for span in sentence.spans:
        kind = rng.random()
        label = rng.choice(("PER", "LOC", "ORG", "MISC")) if kind < 0.2 else span.label
        start = span.start + (kind > 0.8 and span.end - span.start > 1)
        if kind > 0.1:
            spans.append(Span(start, span.end, label))
    return Alignment(tuple(spans), "exact")


def test_a_real_corpus_scores_as_in_the_oracles(corpora: Path) -> None:
    sentences = list(read_corpus("wikigold", "test", corpora / "wikigold"))
    rng = random.Random(1)
    alignments = [damage(sentence, rng) for sentence in sentences]
    assert_like_the_oracles(sentences, alignments, score(sentences, alignments))


DAMAGED = [
    ("demo", "train", None),
    ("wikigold", "train", "wikigold"),
    ("wnut17", "dev", "wnut17"),
    ("germeval2014", "dev", "germeval2014/official_tsv"),
    ("turkish_wiki_ner", "test", "turkish_wiki_ner"),
]


@pytest.mark.parametrize(("lost", "doubled", "invented"), [(0.04, 0.03, 0.04)])
def test_damaged_gold_outputs_keep_their_entities(corpora: Path, lost: float, doubled: float, invented: float) -> None:
    rng = random.Random(11)
    fmt = get_format()
    for card, split, folder in DAMAGED:
        corpus = load_card(card)
        sentences = list(read_corpus(corpus, split, corpora / folder if folder else None))
        vocabulary = [token for s in sentences for token in s.tokens if not set("[]|") & set(token)]
        alignments = []
        for sentence in sentences:
            inside = {i for span in sentence.spans for i in range(span.start, span.end)}
            words: list[str] = []
            for position, word in rendered_words(fmt.render(sentence), sentence):
                outside = position is not None and position not in inside
                chance = rng.random() if outside else 1.0
                words += [] if chance < lost else [word, word] if chance < lost + doubled else [word]
                if outside and rng.random() < invented:
                    words.append(rng.choice(vocabulary))
            text = " ".join(words)
            for mark in (",", ".", ";", ":", "!", "?", "'s", ")"):
                text = text.replace(f" {mark}", mark)
            alignments.append(fmt.parse(text, sentence.tokens, corpus.labels))
        scores = score(sentences, alignments)
        assert scores.micro.f1 >= 0.99, (card, scores.micro.f1)
        assert scores.alignment.repaired > len(sentences) // 3


def rendered_words(text: str, sentence: Sentence) -> list[tuple[int | None, str]]:
    """Return the words of a rendering, each with its token's position; None for a label."""
    starts = {span.start for span in sentence.spans}
    ends = {span.end - 1: span.label for span in sentence.spans}
    words: list[tuple[int | None, str]] = []
    for position, token in enumerate(sentence.tokens):
        words.append((position, "[" * (position in starts) + token))
        if position in ends:
            words.append((None, f"| {ends[position]}]"))
    assert " ".join(word for _, word in words) == text
    return words


def test_ungrounded_entities_are_counted_beside_the_scores() -> None:
    sentence = Sentence("a/b/0", ("Oslo", "."), (Span(0, 1, "LOC"),))
    alignment = Alignment(
        (Span(0, 1, "LOC"),), "repaired", ("ungrounded",), ungrounded=(WrittenEntity("Bergen", "LOC"),)
    )
    scores = score([sentence], [alignment])
    assert (scores.micro.precision, scores.micro_with_ungrounded.precision, scores.micro_with_ungrounded.recall) == (
        1.0,
        0.5,
        1.0,
    )


def test_nested_corpora_are_scored_as_sets() -> None:
    sentence = Sentence("n/b/0", ("Bayern", "München"), (Span(0, 2, "ORG"), Span(0, 1, "LOC")))
    scores = score([sentence], [Alignment((Span(0, 2, "ORG"), Span(1, 2, "LOC")), "exact")], nested=True)
    assert scores.labels == {"LOC": Counts(0, 1, 1), "ORG": Counts(1, 1, 1)}
    assert to_json(scores)["seqeval"] is None
    assert to_json(scores)["spans"]["micro"]["f1"] == 0.5


@settings(max_examples=150, deadline=None)
@given(corpora_with_predictions())
def test_nervaluate_by_sentence_adds_up_to_its_own_sums(data: tuple[list[Sentence], list[Alignment]]) -> None:
    sentences, alignments = data
    found = [scenario_counts(s.spans, a.spans) for s, a in zip(sentences, alignments)]
    gold = [encode(s.spans, len(s.tokens)) for s in sentences]
    predicted = [encode(a.spans, len(s.tokens)) for s, a in zip(sentences, alignments)]
    theirs = Evaluator(gold, predicted, tags=list(LABELS), loader="list").evaluate()["overall"]
    for at, name in enumerate(SCENARIOS):
        for key in ("correct", "incorrect", "partial", "missed", "spurious"):
            assert sum(getattr(row[at], key) for row in found) == getattr(theirs[name], key)


def test_of_unknown_labels_the_most_frequent_are_named_and_the_rest_is_counted() -> None:
    entities = [WrittenEntity("a", f"L{number}") for number in range(30) for _ in range(30 - number)]
    entities += [WrittenEntity("a", "x" * 1000)] * 40
    found = summarise_alignments([Alignment((), "repaired", ("unknown-label",), unknown_labels=tuple(entities))])
    assert sum(found.unknown_labels.values()) == len(entities)
    assert len(found.unknown_labels) == 21
    assert found.unknown_labels["x" * 60 + "..."] == 40
    assert found.unknown_labels["(11 other labels)"] == 66
    few = summarise_alignments([Alignment((), "repaired", (), unknown_labels=(WrittenEntity("a", "DOG"),))])
    assert few.unknown_labels == {"DOG": 1}
