"""The reader of spaCy's DocBins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import spacy
from reading import read_file, records_of, seen
from spacy.tokens import DocBin, Span

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters.problems import ProblemLog


def docbin(path: Path, *docs: Any) -> Path:
    DocBin(docs=docs, store_user_data=True).to_disk(path)
    return path


def test_a_docbin(tmp_path: Path) -> None:
    nlp = spacy.blank("en")
    first = nlp("John  Smith left.\n\nHe saw Paris .")
    first.ents = [Span(first, 0, 3, "PER"), Span(first, 8, 9, "LOC")]
    second, third = nlp("Nobody."), nlp(" ")
    second.ents, third.ents = [], []
    unknown = nlp("Not annotated.")
    path = docbin(tmp_path / "x.spacy", first, third, second, unknown)
    log = ProblemLog()
    found = read_file(path, {"type": "docbin", "language": "en"}, log=log)
    text = "John Smith left . He saw Paris ."
    assert seen(found) == [(text, [(0, 2, "PER"), (6, 7, "LOC")]), ("Nobody .", []), ("Not annotated .", [])]
    assert [(s.id, s.where.line) for s in found if s.where] == [("c/s/0", 1), ("c/s/2", 3), ("c/s/3", 4)]
    assert log.counts == {"empty-record": 1, "unannotated": 1}


def test_sentences_and_groups_of_spans_of_a_docbin(tmp_path: Path) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    doc = nlp("John left. Mr. Big! Paris came.")
    doc.ents = [Span(doc, 0, 1, "PER")]
    group = [Span(doc, 0, 2, "ORG"), Span(doc, 0, 1, "PER"), Span(doc, 4, 7, "LOC")]
    doc.spans["sc"] = group
    whole = spacy.blank("en")("a b")
    whole.ents = []
    path = docbin(tmp_path / "x.spacy", doc, whole)
    log = ProblemLog()
    reader = {"type": "docbin", "sentences": "split"}
    assert [sentence.text for sentence in doc.sents] == ["John left.", "Mr. Big!", "Paris came."]
    expected = [("John left .", [(0, 1, "PER")]), ("Mr. Big !", []), ("Paris came .", []), ("a b", [])]
    assert seen(read_file(path, reader, log=log)) == expected
    assert log.counts == {"unsplit": 1}
    log = ProblemLog()
    found = read_file(path, {**reader, "spans": "sc"}, nested=True, log=log)
    expected = [
        ("John left .", [(0, 2, "ORG"), (0, 1, "PER")]),
        ("Mr. Big ! Paris came .", [(1, 4, "LOC")]),
        ("a b", []),
    ]
    assert seen(found) == expected
    assert log.counts == {"joined-sentences": 1, "unannotated": 1, "unsplit": 1}
    with pytest.raises(LmnError, match=r"x\.spacy: no document has spans 'xx', not even an empty list"):
        read_file(path, {**reader, "spans": "xx"})


def test_no_docbin(tmp_path: Path) -> None:
    (tmp_path / "x.spacy").write_bytes(b"no")
    with pytest.raises(LmnError, match=r"x\.spacy: not a DocBin \(\[E1014\]"):
        read_file(tmp_path / "x.spacy", {"type": "docbin"})
    with pytest.raises(LmnError, match=r"y\.spacy: no such file$"):
        read_file(tmp_path / "y.spacy", {"type": "docbin"})
    with pytest.raises(LmnError, match=r"language 'zz': .*'xx' reads any language"):
        read_file(tmp_path / "x.spacy", {"type": "docbin", "language": "zz"})


def test_the_same_tweet_as_docbin_and_as_prodigy_wrote_it(corpora: Path) -> None:
    folder = corpora / "spacy_formats" / "projects_ner_tweets"
    (doc,) = DocBin().from_disk(folder / "demo.spacy").get_docs(spacy.blank("en").vocab)
    (record,) = records_of(folder / "demo.jsonl")
    (from_docbin,) = read_file(folder / "demo.spacy", {"type": "docbin", "language": "en"}, labels=("PERSON",))
    reader = {"type": "spans", "language": "en", "where": {"answer": "accept"}}
    (from_json,) = read_file(folder / "demo.jsonl", reader, labels=("PERSON",))
    assert from_docbin == from_json
    assert list(from_docbin.tokens) == [token.text for token in doc] == [token["text"] for token in record["tokens"]]
    expected = [(span["token_start"], span["token_end"] + 1, span["label"]) for span in record["spans"]]
    assert [(e.start, e.end, e.label_) for e in doc.ents] == expected == seen([from_json])[0][1]
