"""The counting of a published evaluator that forgives positions."""

from __future__ import annotations

import json
import re

import pytest
from drawn import corpora_with_predictions
from hypothesis import given, settings
from hypothesis import strategies as st

from llms_meet_ner import Alignment, LabelSet, Sentence, get_format
from llms_meet_ner.eval import Counts, score
from llms_meet_ner.eval.scored_run.run import Llms4nerScores
from llms_meet_ner.eval.scoring.llms4ner import _read_brackets, _read_tags, count_llms4ner

LABELS = LabelSet.of("PER", "ORG", "LOC")


def published(gold: str, output: str, name: str = "bracketed", tokens: str = "Anna met Anna in Oslo") -> Llms4nerScores:
    fmt = get_format(name)
    words = tuple(tokens.split())
    sentence = Sentence("a/b/0", words, fmt.parse(gold, words, LABELS).spans)
    assert fmt.render(sentence, LABELS) == gold
    scores, (counts,) = count_llms4ner([sentence], [output], name, LABELS, nested=False)
    assert scores.micro == counts
    return scores


GOLD = "[Anna | PER] met Anna in [Oslo | LOC]"


@pytest.mark.parametrize(
    ("output", "counts", "forgiven"),
    [
        (GOLD, Counts(2, 2, 2), 0),
        ("Anna met [Anna | PER] in [Oslo | LOC]", Counts(1, 2, 2), 0),  # the text is the same: the position counts
        ("Anna meets [Anna | PER] in [Oslo | LOC]", Counts(2, 2, 2), 1),  # it is not: the position is forgiven
        ("[Anna | PER] [Oslo | LOC] [Rome | LOC]", Counts(2, 3, 2), 1),
        ("[Anna | PER] met [Anna | PER] in Oslo", Counts(1, 2, 2), 0),
        ("[Anna| PER] met Anna in [Oslo  |LOC]", Counts(2, 2, 2), 0),
        ("[Anna | THING] met Anna in [Oslo | LOC]", Counts(1, 2, 2), 0),  # any label closes
        ("Anna | PER] met Anna in [Oslo | LOC]", Counts(1, 1, 2), 0),
        ("", Counts(0, 0, 2), 1),
    ],
)
def test_brackets_are_counted_as_the_published_evaluator_does(output: str, counts: Counts, forgiven: int) -> None:
    found = published(GOLD, output)
    assert (found.micro, found.forgiven) == (counts, forgiven)


def test_tags_and_json_are_counted_as_the_published_evaluator_does() -> None:
    gold = "<PER>Anna</PER> met Anna in <LOC>Oslo</LOC>"
    assert published(gold, "Anna met <PER>Anna</PER> in <LOC>Oslo</LOC>", "xml").micro == Counts(1, 2, 2)
    assert published(gold, "<PER>Anna met <LOC>Anna</PER> in <LOC>Oslo</LOC>", "xml").micro == Counts(1, 2, 2)
    assert published(gold, "<LOC>Oslo</LOC> <PER>Anna</PER>", "xml").micro == Counts(2, 2, 2)
    rows = [
        {"text": "Anna", "label": "PER", "occurrence_index": 1},
        {"text": "Oslo", "label": "LOC", "occurrence_index": 1},
    ]
    listed = json.dumps(rows)
    twice = json.dumps([*rows, rows[0], {"text": "Oslo"}, 3])
    assert published(listed, twice, "occurrence").micro == Counts(2, 3, 2)
    assert published(listed, twice[:-1], "occurrence").micro == Counts(0, 0, 2)  # no JSON: nothing is read
    assert published(listed, json.dumps([{**rows[0], "occurrence_index": "x"}]), "occurrence").micro == Counts(0, 0, 2)
    grouped = json.dumps({"PER": ["Anna"], "ORG": [], "LOC": ["Oslo"]})
    assert published(grouped, json.dumps({"PER": ["Anna", "Rome"], "ORG": "x"}), "grouped").micro == Counts(1, 2, 2)


@settings(max_examples=100, deadline=None)
@given(data=corpora_with_predictions())
def test_what_keeps_the_sentence_is_counted_alike(data: tuple[list[Sentence], list[Alignment]]) -> None:
    sentences, alignments = data
    fmt = get_format("bracketed")
    outputs = [fmt.render(Sentence(s.id, s.tokens, a.spans), LABELS) for s, a in zip(sentences, alignments)]
    assert (
        count_llms4ner(sentences, outputs, "bracketed", LABELS, nested=False)[0].micro
        == score(sentences, alignments).micro
    )


def plain_brackets(text: str) -> tuple[str, list[tuple[str, tuple[int, int]]]]:
    """Read brackets as the published evaluator does, however long it takes."""
    clean, at = "", 0
    opened: list[int] = []
    entities = []
    text = text.strip()
    for mark in re.finditer(r"(?P<opens>\[)|\|\s*(?P<label>[^\]]+)\]", text):
        before = text[at : mark.start()]
        clean += before if mark["opens"] else before.rstrip()
        at = mark.end()
        if mark["opens"]:
            opened.append(len(clean))
        elif opened:
            start, label = opened.pop(), " ".join(mark["label"].split())
            if start < len(clean) and label:
                entities.append((label, (start, len(clean))))
    return clean + text[at:], entities


def plain_tags(text: str) -> tuple[str, list[tuple[str, tuple[int, int]]]]:
    clean, at = "", 0
    opened: list[tuple[str, int]] = []
    entities = []
    for mark in re.finditer(r"<(?P<closes>/?)(?P<label>PER|ORG|LOC)>", text):
        clean += text[at : mark.start()]
        at = mark.end()
        if not mark["closes"]:
            opened.append((mark["label"], len(clean)))
            continue
        place = next((n for n in reversed(range(len(opened))) if opened[n][0] == mark["label"]), None)
        if place is not None:
            label, start = opened[place]
            del opened[place:]
            if start < len(clean):
                entities.append((label, (start, len(clean))))
    return clean + text[at:], entities


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(["[", "]", "|", " | PER]", " ", "a", "| ]", "|]", "\u2028"])).map("".join))
def test_brackets_are_read_as_by_the_plain_loop(text: str) -> None:
    assert _read_brackets(text, LABELS) == plain_brackets(text)


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(["<PER>", "</PER>", "<LOC>", "</LOC>", "<", "a", " "])).map("".join))
def test_tags_are_read_as_by_the_plain_loop(text: str) -> None:
    assert _read_tags(text, LABELS) == plain_tags(text)


@pytest.mark.parametrize("number", ["Infinity", "-Infinity", "NaN", "1e999", "9" * 5000])
def test_a_number_that_is_none_is_no_entry(number: str) -> None:
    output = f'[{{"text": "Anna", "label": "PER", "start": {number}, "end": 4}}]'
    sentence = Sentence("a/b/0", ("Anna",))
    assert count_llms4ner([sentence], [output], "offset", LABELS, nested=False)[0].micro == Counts()
