"""Examples: the tags of a sentence at the first subwords of its tokens, each in one window, and what is left out."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_encoders import word_piece

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters import load_card, prompt_spec_of
from llms_meet_ner.files import write_json
from llms_meet_ner.labels import LabelSet
from llms_meet_ner.sentence import Sentence, Span
from llms_meet_ner.students.examples import entries_of, examples_of, gold_tags, load_sentences, lost_entities, read_all
from llms_meet_ner.students.subwords import ReadingNotes, Subwords
from llms_meet_ner.students.viterbi import tag_names
from llms_meet_ner.tags import encode
from llms_meet_ner.training.dataset_info import DATASET_INFO, DatasetEntry, record_of

LABELS = ("PER", "LOC")
UNREAD = "\x00"


@st.composite
def annotated(draw: st.DrawFn) -> Sentence:
    """A sentence of words with several subwords, some without any, and entities on it."""
    tokens = draw(
        st.lists(st.sampled_from(["Essex", "New York", "xyz", UNREAD, "1996-08-30"]), min_size=1, max_size=20)
    )
    spans, at = [], 0
    while at < len(tokens):
        size = draw(st.integers(1, 3))
        if draw(st.booleans()) and at + size <= len(tokens):
            spans.append(Span(at, at + size, draw(st.sampled_from(LABELS))))
        at += size
    return Sentence("a", tuple(tokens), tuple(spans))


@given(annotated(), st.integers(14, 40))
@settings(max_examples=80, deadline=None)
def test_all_windows_together_hold_the_tags_of_the_tokens_that_are_read(sentence: Sentence, window: int) -> None:
    subwords = Subwords.of(word_piece(), window)
    (read,) = read_all(subwords, [sentence], ReadingNotes())
    names = tag_names(LABELS)
    marked = [label for example in examples_of(sentence, read, LABELS) for label in example["labels"] if label >= 0]
    assert marked == gold_tags(sentence, read, LABELS)
    kept = [at for at, token in enumerate(sentence.tokens) if token != UNREAD]
    tags = encode(sentence.spans, len(sentence.tokens))
    label_of = {at: span.label for span in sentence.spans for at in range(span.start, span.end)}
    assert [names[tag][2:] for tag in marked] == [label_of.get(at, "") for at in kept]
    begun = [names[tag] for tag, at in zip(marked, kept) if tags[at].startswith("B-")]
    assert all(tag.startswith("B-") for tag in begun)
    seen = sum(names[tag].startswith("B-") for tag in marked)
    assert seen + lost_entities(sentence, read) == len(sentence.spans)


def write_data(folder: Path, name: str, sentences: list[Sentence], labels: LabelSet | None = None) -> None:
    card = load_card("demo")
    spec = prompt_spec_of(card.with_labels(labels) if labels else card, "bracketed")
    entry = DatasetEntry(name, f"{name}.json", "demo", "demo", "train", "none", spec)
    write_json(folder / f"{name}.json", [record_of(sentence, spec, "") for sentence in sentences])
    info = folder / DATASET_INFO
    import json

    known = json.loads(info.read_text()) if info.is_file() else {}
    write_json(info, {**known, name: entry.to_dict()})


def test_separators_and_inner_entities_are_left_out_and_said(workdir: Path) -> None:
    nested = Sentence("b", ("The", "Rome", "Club"), (Span(0, 3, "ORG"), Span(1, 2, "LOC")))
    write_data(workdir, "one", [Sentence("a", ("-DOCSTART-",)), nested])
    loaded = load_sentences(workdir, entries_of(workdir, ["one", "one"]))
    assert [sentence.spans for sentence in loaded.sentences] == [(Span(0, 3, "ORG"),)] * 2
    assert loaded.lines("training") == [
        "training: document separators, left out: 2",
        "training: entities inside others, left out since a student learns the outer ones: 2",
    ]


def test_data_sets_with_other_labels_are_refused(workdir: Path) -> None:
    write_data(workdir, "one", [Sentence("a", ("x",))])
    write_data(workdir, "two", [Sentence("a", ("x",))], load_card("demo").labels.changed(drop=["MISC"]))
    message = r"dataset_info\.json: two has the labels ORG, PER, LOC, and one ORG, PER, LOC, MISC; convert them with the same labels"
    with pytest.raises(LmnError, match=message):
        entries_of(workdir, ["one", "two"])
