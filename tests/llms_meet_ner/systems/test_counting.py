"""The baselines, and what the embedded corpus promises of them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from llms_meet_ner import LmnError, Sentence, Span
from llms_meet_ner.data_converters import load_card, read_corpus
from llms_meet_ner.eval import score
from llms_meet_ner.eval.cli.score import main
from llms_meet_ner.eval.scoring.baselines import run_baselines
from llms_meet_ner.prediction.run import predict, run_folder
from llms_meet_ner.systems.counting import BASELINES, CountingBaseline, capitalised, gazetteer, majority
from llms_meet_ner.tags import encode


def test_the_gazetteer_takes_the_longest_known_mention_with_its_usual_label() -> None:
    train = [
        Sentence("t/0", ("New", "York"), (Span(0, 2, "LOC"),)),
        Sentence("t/1", ("York",), (Span(0, 1, "PER"),)),
        Sentence("t/2", ("York",), (Span(0, 1, "LOC"),)),
        Sentence("t/3", ("York",), (Span(0, 1, "LOC"),)),
    ]
    found = gazetteer(train)(("In", "New", "York", "or", "York"))
    assert found == (Span(1, 3, "LOC"), Span(4, 5, "LOC"))


def test_runs_of_capitals_get_the_most_frequent_label() -> None:
    train = [Sentence("t/0", ("Ada",), (Span(0, 1, "PER"),))]
    found = capitalised(train)(("The", "old", "Anna", "Holm", "of", "Oslo"))
    assert found == (Span(2, 4, "PER"), Span(5, 6, "PER"))


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
    marked = run_baselines(splits["train"], splits["testb"])
    for baseline in ("gazetteer", "capitalised"):
        assert score(splits["testb"], marked[baseline]).micro.f1 < 0.40
    texts = [s.text for sentences in splits.values() for s in sentences]
    assert len(set(texts)) == len(texts)


def test_each_token_gets_its_usual_tag_read_as_conlleval_does() -> None:
    train = [
        Sentence("t/0", ("New", "York", "and", "Ada", "Holm"), (Span(0, 2, "LOC"), Span(3, 5, "PER"))),
        Sentence("t/1", ("Ada", "saw", "Rome"), (Span(0, 1, "PER"), Span(2, 3, "LOC"))),
        Sentence("t/2", ("Rome", "is", "new"), (Span(0, 1, "ORG"),)),
        Sentence("t/3", ("saw", "Ada"), ()),
    ]
    mark = majority(train)
    found = mark(("York", "saw", "Ada", "Holm", "in", "Rome", "Rome"))
    assert found == (Span(0, 1, "LOC"), Span(2, 4, "PER"), Span(5, 6, "LOC"), Span(6, 7, "LOC"))
    assert mark(("New", "Holm", "Unseen")) == (Span(0, 1, "LOC"), Span(1, 2, "PER"))
    nested = [Sentence("t/0", ("Bank", "of", "Oslo"), (Span(0, 3, "ORG"), Span(2, 3, "LOC")))]
    assert majority(nested)(nested[0].tokens) == (Span(0, 3, "ORG"),)


def test_the_commonest_tag_of_every_token_is_what_a_plain_count_says() -> None:
    card = load_card("demo")
    train, test = (list(read_corpus(card, name)) for name in ("train", "testb"))
    pairs = [pair for s in train for pair in zip(s.tokens, encode(s.spans, len(s.tokens)))]
    counts = Counter(pairs)
    mark = majority(train)
    for sentence in test:
        spans = mark(sentence.tokens)
        for position, token in enumerate(sentence.tokens):
            of_token = {tag: count for (word, tag), count in counts.items() if word == token}
            inside = any(span.start <= position < span.end for span in spans)
            outside = of_token.get("O", 0)
            assert inside <= (outside <= max((n for tag, n in of_token.items() if tag != "O"), default=-1))


def call(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(main, list(words))
    assert result.exit_code == code, result.output
    return result.output


@pytest.mark.parametrize("name", BASELINES)
def test_a_baseline_is_a_system_whose_records_are_spans(name: str, workdir: Path) -> None:
    card = load_card("demo")
    train, test = (list(read_corpus(card, split)) for split in ("train", "testb"))
    test.insert(1, Sentence("demo/testb/-1", ("-DOCSTART-",)))
    system = CountingBaseline(name, train)
    folder = run_folder(system, "demo", "testb")
    assert folder == Path(f"outputs/{name}/demo_testb/counted-in-train")
    path = predict(system, test, folder)
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [row["id"] for row in rows] == [sentence.id for sentence in test]
    assert {(row["output"], row["decoding"], row["status"], row["confidences"]) for row in rows} == {
        (None, None, "exact", None)
    }
    marked = run_baselines(train, test)[name]
    assert [row["spans"] for row in rows] == [[[s.start, s.end, s.label] for s in one.spans] for one in marked]
    path.unlink()
    del test[1]
    predict(system, test, folder, restart=True)
    scores = call("--corpus", "demo", "--split", "testb", "--predictions", str(path), "--report", "json")
    micro = json.loads(scores.rpartition("\n\n")[0])["seqeval"]["micro"]
    counts = score(test, run_baselines(train, test)[name]).micro
    assert (micro["correct"], micro["predicted"]) == (counts.correct, counts.predicted)


def test_what_a_baseline_counted_in_is_part_of_its_hash() -> None:
    train = [Sentence("t/0", ("Ada",), (Span(0, 1, "PER"),))]
    systems = [CountingBaseline("gazetteer", train), CountingBaseline("gazetteer", list(train))]
    systems += [CountingBaseline("majority", train), CountingBaseline("gazetteer", train * 2)]
    hashes = [system.sha256 for system in systems]
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3
    assert systems[3].differences(systems[0].stamp(), []) == ["train_sha256"]
    with pytest.raises(LmnError, match="no baseline is called 'best'; there are: gazetteer, capitalised, majority"):
        CountingBaseline("best", train)
