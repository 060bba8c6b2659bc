"""Mentions: ambiguity and overlap against brute force."""

from __future__ import annotations

from collections import Counter
from math import log2

import pytest
from harbour import CORPORA, Annotated, counted, entities_of
from hypothesis import given, settings

from llms_meet_ner.data_converters.stats.document import stats_document


@settings(max_examples=60, deadline=None)
@given(CORPORA)
def test_ambiguity_and_overlap_are_those_of_brute_force(corpus: dict[str, list[Annotated]]) -> None:
    document = stats_document(counted(corpus))
    entities = list(entities_of(corpus))
    labels = {words: Counter(label for _, other, label in entities if other == words) for _, words, _ in entities}
    ambiguity = document["ambiguity"]
    several = {words for words, found in labels.items() if len(found) > 1}
    assert ambiguity["mentions"] == len(labels)
    assert ambiguity["ambiguous_mentions"] == len(several) == len(ambiguity["ranked"])
    assert ambiguity["ambiguous_entities"] == sum(words in several for _, words, _ in entities)
    assert ambiguity["majority_entities"] == sum(max(found.values()) for found in labels.values())
    bits = sum(log2(labels[words].total() / labels[words][label]) for _, words, label in entities)
    assert ambiguity["conditional_entropy_bits"] == pytest.approx(bits / (len(entities) or 1))
    for label, clarity in ambiguity["labels"].items():
        own = [labels[words] for _, words, found in entities if found == label]
        assert clarity["clear"] == sum(len(found) == 1 for found in own)
        assert clarity["clear"] + clarity["main"] + clarity["other"] == len(own)
    others = sum(clarity["other"] for clarity in ambiguity["labels"].values())
    assert others == ambiguity["entities"] - ambiguity["majority_entities"]
    reference = document["overlap"]["reference"]
    assert reference == ("train" if "train" in corpus else next(iter(corpus)))
    train = {(words, label) for split, words, label in entities if split == reference}
    for split, rows in document["overlap"]["mentions"].items():
        for label, row in rows.items():
            here = [words for other, words, found in entities if (other, found) == (split, label)]
            for kept, words_of in (("entities", here), ("mentions", set(here))):
                known = [words for words in words_of if any(words == other for other, _ in train)]
                same = [words for words in words_of if (words, label) in train]
                expected = {"same": len(same), "other": len(known) - len(same), "unseen": len(words_of) - len(known)}
                assert row[kept] == expected
