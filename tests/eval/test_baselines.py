"""The baselines, and what the embedded corpus promises of them."""

from __future__ import annotations

from llms_meet_ner.data_converters import load_card, read_corpus
from llms_meet_ner.eval import score
from llms_meet_ner.eval.baselines import capitalised, gazetteer

from llms_meet_ner import Sentence, Span


def test_the_gazetteer_takes_the_longest_known_mention_with_its_usual_label() -> None:
    train = [
        Sentence("t/0", ("New", "York"), (Span(0, 2, "LOC"),)),
        Sentence("t/1", ("York",), (Span(0, 1, "PER"),)),
        Sentence("t/2", ("York",), (Span(0, 1, "LOC"),)),
        Sentence("t/3", ("York",), (Span(0, 1, "LOC"),)),
    ]
    (found,) = gazetteer(train, [Sentence("x", ("In", "New", "York", "or", "York"))])
    assert found.spans == (Span(1, 3, "LOC"), Span(4, 5, "LOC"))


def test_runs_of_capitals_get_the_most_frequent_label() -> None:
    train = [Sentence("t/0", ("Ada",), (Span(0, 1, "PER"),))]
    (found,) = capitalised(train, [Sentence("x", ("The", "old", "Anna", "Holm", "of", "Oslo"))])
    assert found.spans == (Span(2, 4, "PER"), Span(5, 6, "PER"))


def test_the_embedded_corpus_is_what_it_says() -> None:
    card = load_card("demo")
    splits = {name: list(read_corpus(card, name)) for name in card.splits}
    assert {name: len(sentences) for name, sentences in splits.items()} == {"train": 400, "testa": 100, "testb": 100}
    for sentences in splits.values():
        assert sum(len(s.tokens) for s in sentences) / len(sentences) >= 12
        assert 0.17 <= sum(not s.spans for s in sentences) / len(sentences) <= 0.23
        assert {span.label for s in sentences for span in s.spans} == {"PER", "ORG", "LOC", "MISC"}
    mentions = {
        name: [s.tokens[span.start : span.end] for s in sentences for span in s.spans]
        for name, sentences in splits.items()
    }
    known = set(mentions["train"])
    assert sum(mention in known for mention in mentions["testb"]) <= 0.1 * len(mentions["testb"])
    for baseline in (gazetteer, capitalised):
        assert score(splits["testb"], baseline(splits["train"], splits["testb"])).micro.f1 < 0.40
    texts = [s.text for sentences in splits.values() for s in sentences]
    assert len(set(texts)) == len(texts)
