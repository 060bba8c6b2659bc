"""Confusion and single tags: counts add up to the scores, and tags to those of scikit-learn."""

from __future__ import annotations

import json

import numpy as np
import pytest
from drawn import LABELS, corpora_with_predictions
from hypothesis import given, settings
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from llms_meet_ner import Alignment, Sentence
from llms_meet_ner.eval import Counts, score
from llms_meet_ner.eval.analysis import analyse, pair_up
from llms_meet_ner.eval.scored_run.analysis import KINDS, Analysis, Pair, count_kinds
from llms_meet_ner.tags import encode
from llms_meet_ner.typed_json import from_json, to_json

Drawn = tuple[list[Sentence], list[Alignment]]


def paired(sentences: list[Sentence], alignments: list[Alignment]) -> list[tuple[Pair, ...]]:
    return [pair_up(sentence.spans, alignment.spans) for sentence, alignment in zip(sentences, alignments)]


def analysed(sentences: list[Sentence], alignments: list[Alignment]) -> Analysis:
    return analyse(sentences, alignments, paired(sentences, alignments), LABELS)


@pytest.mark.filterwarnings("ignore:A single label was found")
@settings(max_examples=40, deadline=None)
@given(corpora_with_predictions())
def test_counts_add_up_to_the_scores_and_tags_to_those_of_scikit_learn(data: Drawn) -> None:
    sentences, alignments = data
    analysis, scores = analysed(sentences, alignments), score(sentences, alignments)
    document = to_json(analysis)
    assert from_json(Analysis, json.loads(json.dumps(document)), "here", writer="lmn-eval") == analysis
    everything = document["errors"]["all"]
    assert list(everything) == list(KINDS)
    both = sum(everything[kind] for kind in ("correct", "boundary", "type", "both"))
    assert (everything["correct"], both + everything["spurious"], both + everything["missed"]) == (
        scores.micro.correct, scores.micro.predicted, scores.micro.gold,
    )  # fmt: skip
    assert sum((count_kinds(pairs).counts for pairs in paired(sentences, alignments)), Counts()) == scores.micro
    matrix = document["confusion"]
    assert sum(map(sum, matrix["rows"])) == sum(everything.values())
    for label, row in document["errors"]["labels"].items():
        at = matrix["names"].index(label)
        assert matrix["rows"][at][at] == row["correct"] + row["boundary"]
        assert matrix["rows"][at][-1] == row["missed"]
        assert matrix["rows"][-1][at] == row["spurious"]
    for groups in analysis.groups.values():
        assert sum(groups.values(), Counts()) == scores.micro

    gold = [tag for sentence in sentences for tag in encode(sentence.spans, len(sentence.tokens))]
    predicted = [tag for s, a in zip(sentences, alignments) for tag in encode(a.spans, len(s.tokens))]
    tags = document["tags"]
    names = tags["confusion"]["names"]
    assert tags["confusion"]["rows"] == confusion_matrix(gold, predicted, labels=names).tolist()
    assert tags["accuracy"] == pytest.approx(np.mean([one == other for one, other in zip(gold, predicted)]))
    theirs = precision_recall_fscore_support(gold, predicted, labels=list(tags["pooled"]), zero_division=0)
    for key, values in zip(("precision", "recall", "f1", "gold"), theirs):
        assert [row[key] for row in tags["pooled"].values()] == pytest.approx(list(values))
    for tag, row in tags["pooled"].items():
        assert row["accuracy"] == pytest.approx(np.mean([(a == tag) == (b == tag) for a, b in zip(gold, predicted)]))


@settings(max_examples=25, deadline=None)
@given(corpora_with_predictions())
def test_averages_over_sentences_are_those_of_scikit_learn_sentence_by_sentence(data: Drawn) -> None:
    sentences, alignments = data
    document = to_json(analysed(sentences, alignments))["tags"]
    found = document["averaged_over_sentences"]
    rows = [(encode(s.spans, len(s.tokens)), encode(a.spans, len(s.tokens))) for s, a in zip(sentences, alignments)]
    for tag, averages in found.items():
        theirs = [
            [float(values[0]) for values in precision_recall_fscore_support(one, other, labels=[tag], zero_division=0)]
            for one, other in rows
        ]
        assert [averages[key] for key in ("precision", "recall", "f1", "support")] == pytest.approx(
            np.mean(theirs, axis=0)
        )
        assert averages["accuracy"] == pytest.approx(
            np.mean([np.mean([(a == tag) == (b == tag) for a, b in zip(one, other)]) for one, other in rows])
        )
        there = [row for row, (one, other) in zip(theirs, rows) if tag in one or tag in other]
        present = document["averaged_over_sentences_with_the_tag"][tag]
        assert [present[key] for key in ("precision", "recall", "f1")] == pytest.approx(np.mean(there, axis=0)[:3])
    assert sum(row["support"] for row in found.values()) == pytest.approx(np.mean([len(one) for one, _ in rows]))
