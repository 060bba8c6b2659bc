"""Spans that cross, repeat or hold others, and records cut into sentences, by way of the reader of character spans."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import LABELS, one, read, seen

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters.problems import ProblemLog

SPACES = {"type": "spans", "language": "spaces"}
ENGLISH = {"type": "spans", "language": "en"}
CROSSING = one("a b c d e", [0, 3, "PER"], [2, 9, "LOC"], [6, 9, "ORG"])


@pytest.mark.parametrize(
    ("policy", "text", "spans"),
    [
        ("longest", CROSSING, [(1, 5, "LOC"), (3, 5, "ORG")]),
        ("first", CROSSING, [(0, 2, "PER"), (3, 5, "ORG")]),
        ("longest", one("a b c", [0, 3, "PER"], [2, 5, "LOC"]), [(0, 2, "PER")]),
        ("longest", one("a b c d e f", [0, 5, "PER"], [4, 9, "LOC"], [8, 11, "ORG"]), [(0, 3, "PER"), (4, 6, "ORG")]),
    ],
)
def test_of_crossing_spans_the_stated_one_stays(tmp_path: Path, policy: str, text: str, spans: Any) -> None:
    log = ProblemLog()
    assert seen(read(tmp_path, text, {**SPACES, "crossing": policy}, nested=True, log=log))[0][1] == spans
    assert (log.counts["crossing"], log.fatal) == (1, 0)
    with pytest.raises(LmnError, match=r"file:1: the \w+ '.*' crosses the \w+ '.*'; the card's reader\.crossing says"):
        read(tmp_path, text, SPACES, nested=True)


def test_nested_spans_stay_in_a_nested_corpus_and_lose_to_the_outer_one_in_a_flat_one(tmp_path: Path) -> None:
    content = one("a b c", [0, 1, "PER"], [0, 3, "LOC"], [0, 3, "ORG"], [4, 5, "ORG"], [4, 5, "ORG"])
    log = ProblemLog()
    nested = [(0, 2, "LOC"), (0, 2, "ORG"), (0, 1, "PER"), (2, 3, "ORG")]
    assert seen(read(tmp_path, content, SPACES, nested=True, log=log))[0][1] == nested
    assert log.counts == {"double-span": 1}
    log = ProblemLog()
    assert seen(read(tmp_path, content, SPACES, log=log))[0][1] == [(0, 2, "LOC"), (2, 3, "ORG")]
    assert log.counts == {"double-span": 1, "inner-span": 2}


def test_a_text_is_split_into_sentences_but_not_inside_an_entity(tmp_path: Path) -> None:
    text = "John left. Mr. Big! Paris came. She went."
    content = f"{one(text, [0, 4, 'PER'], [15, 25, 'LOC'])}\n{one('  ')}\n{one('Bye.')}"
    log = ProblemLog()
    found = read(tmp_path, content, {**ENGLISH, "sentences": "split"}, log=log)
    assert seen(found) == [
        ("John left .", [(0, 1, "PER")]),
        ("Mr. Big ! Paris came .", [(1, 4, "LOC")]),
        ("She went .", []),
        ("Bye .", []),
    ]
    assert [s.id for s in found] == ["c/s/0", "c/s/1", "c/s/2", "c/s/4"]
    assert log.counts == {"joined-sentences": 1, "empty-record": 1}
    assert log.of("joined-sentences")[0].message == "a sentence ends inside the LOC 'Big ! Paris': it continues"
    lines = read(tmp_path, one("a b\r\n\nc", [2, 3, "PER"], [6, 7, "LOC"]), {**SPACES, "sentences": "split"})
    assert seen(lines) == [("a b", [(1, 2, "PER")]), ("c", [(0, 1, "LOC")])]


def test_which_cut_spans_are_left_out_moves_no_sentence_boundary(tmp_path: Path) -> None:
    content = one("a b\ncc d", [2, 5, "PER"])
    reader = {**SPACES, "sentences": "split"}
    texts = {cut: [s.text for s in read(tmp_path, content, {**reader, "cut": cut})] for cut in ("outward", "drop")}
    assert texts == {"outward": ["a b cc d"], "drop": ["a b cc d"]}


def test_what_counts_as_o_takes_no_place_from_what_is_kept(tmp_path: Path) -> None:
    from llms_meet_ner.data_converters import load_card, read_corpus

    (tmp_path / "a.jsonl").write_text(
        '{"text": "the good ship Mary of Hull", "spans": [[4, 18, "SHIP"], [14, 26, "PORT"], [0, 18, "SHIP"]]}\n'
    )
    card = tmp_path / "card.yaml"
    card.write_text(
        "{name: ships, title: Ships, language: en, licence: x, citation: y, splits: {all: a.jsonl}, docstart: none,"
        " reader: {type: spans, language: spaces, crossing: error}, labels: [{name: SHIP}, {name: PORT}], keep: [PORT]}"
    )
    (sentence,) = read_corpus(load_card(card), "all")
    assert [(span.start, span.end, span.label) for span in sentence.spans] == [(3, 6, "PORT")]


@settings(max_examples=120, deadline=None)
@given(
    text=st.text(st.sampled_from("ab 😀.\n"), max_size=20),
    spans=st.lists(st.tuples(st.integers(-1, 22), st.integers(-1, 22), st.sampled_from(LABELS)), max_size=6),
    nested=st.booleans(),
    crossing=st.sampled_from(["longest", "first"]),
    cut=st.sampled_from(["outward", "drop"]),
    sentences=st.sampled_from(["whole", "split"]),
)
def test_every_span_is_kept_or_counted(
    tmp_path_factory: pytest.TempPathFactory, text: str, spans: Any, nested: bool, crossing: str, cut: str, sentences: str
) -> None:  # fmt: skip
    log = ProblemLog()
    reader = {**SPACES, "crossing": crossing, "outside": "drop", "cut": cut, "sentences": sentences}
    found = read(tmp_path_factory.getbasetemp(), one(text, *spans), reader, nested=nested, log=log)
    kept = sum(len(s.spans) for s in found)
    lost = sum(log.counts[kind] for kind in ("outside-text", "double-span", "crossing", "inner-span"))
    assert kept + lost + (log.counts["cut-span"] if cut == "drop" else 0) == len(spans)
    assert [token for s in found for token in s.tokens] == text.split()
    assert nested or not any(s.is_nested for s in found)
    for sentence in found:
        for span in sentence.spans:
            words = "".join(sentence.tokens[span.start : span.end])
            assert any(
                "".join(text[max(start, 0) : end].split()) in words
                for start, end, label in spans
                if label == span.label
            )
