"""What is kept of each sentence reads back."""

from __future__ import annotations

import json
from collections import Counter

from drawn import LABELS, corpora_with_predictions
from hypothesis import given, settings
from hypothesis import strategies as st

from llms_meet_ner import Alignment, Sentence
from llms_meet_ner.eval.analysis import analyse, examine, pair_up
from llms_meet_ner.eval.analysis.groups import Known
from llms_meet_ner.eval.scored_run.analysis import ExaminedSentence, Pair
from llms_meet_ner.eval.scored_run.files import sentence_line
from llms_meet_ner.typed_json import from_json

Drawn = tuple[list[Sentence], list[Alignment]]


def paired(sentences: list[Sentence], alignments: list[Alignment]) -> list[tuple[Pair, ...]]:
    return [pair_up(sentence.spans, alignment.spans) for sentence, alignment in zip(sentences, alignments)]


@settings(max_examples=50, deadline=None)
@given(corpora_with_predictions(), corpora_with_predictions(), st.text(max_size=20))
def test_a_line_of_the_sentences_reads_back(data: Drawn, train: Drawn, output: str) -> None:
    sentences, alignments = data
    output = output.encode("utf-8", "replace").decode()
    known, pairs = Known.of("train", train[0]), paired(sentences, alignments)
    analysis = analyse(sentences, alignments, pairs, LABELS, known=known)
    rows = list(examine(sentences, [output] * len(sentences), alignments, pairs, known))
    assert [
        from_json(ExaminedSentence, json.loads(sentence_line(row)), "here", writer="lmn-eval") for row in rows
    ] == rows
    assert [row.predicted for row in rows] == [alignment.spans for alignment in alignments]
    ambiguity = Counter(
        "unseen" if not labels else "one label" if len(labels) == 1 else "several labels"
        for row in rows
        for labels in row.known or ()
    )
    groups = analysis.groups["labels in train"]
    assert ambiguity == Counter({name: counts.gold for name, counts in groups.items()})
