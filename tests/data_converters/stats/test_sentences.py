"""Sentences that occur more than once, against brute force."""

from __future__ import annotations

from harbour import CORPORA, Annotated, counted
from hypothesis import given, settings

from llms_meet_ner.data_converters.stats.document import stats_document


@settings(max_examples=60, deadline=None)
@given(CORPORA)
def test_repeated_sentences_are_those_of_brute_force(corpus: dict[str, list[Annotated]]) -> None:
    document = stats_document(counted(corpus))
    texts = {split: [[token for token, _ in tokens] for tokens in sentences] for split, sentences in corpus.items()}
    for split, row in document["overlap"]["sentences"].items():
        assert row["repeats"] == sum(text in texts[split][:number] for number, text in enumerate(texts[split]))
        for other, count in row["found_in"].items():
            assert count == sum(text in texts[other] for text in texts[split])
