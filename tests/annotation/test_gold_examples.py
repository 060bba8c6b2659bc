"""Examples of a template from the gold of a card."""

from __future__ import annotations

import pytest

from llms_meet_ner import LmnError, Sentence
from llms_meet_ner.annotation.gold_examples import GoldExamples, GoldSplit
from llms_meet_ner.annotation.template import load_template
from llms_meet_ner.annotation.texts import texts_of_split
from llms_meet_ner.data_converters.cards import load_card
from llms_meet_ner.data_converters.corpus import read_corpus
from llms_meet_ner.systems.examples import Shots

CARD = load_card("demo")


def test_examples_are_gold_sentences_as_the_template_writes_them() -> None:
    spec = load_template("xml").prompt(CARD)
    gold = {sentence.id: sentence for sentence in read_corpus(CARD, "train")}
    chooser = GoldExamples(GoldSplit(CARD, "train"), spec, Shots(2, "nearest"))
    asked = texts_of_split(CARD, "testb").first(4).sentences
    chosen = chooser.choose(asked)
    assert chosen.dataset == "demo train"
    for examples in chosen.by_sentence:
        assert len(examples) == 2
        for example in examples:
            sentence = gold[example.id]
            assert (example.source, example.output) == (sentence.text, spec.output_format().render(sentence))
    assert len(set(chosen.by_sentence)) > 1


def test_examples_with_other_labels_are_refused() -> None:
    spec = load_template("xml").prompt(CARD)
    other = CARD.with_labels(CARD.labels.changed(drop=["MISC"]))
    with pytest.raises(LmnError, match=r"demo train: has the labels .*, and the prompt asks for .*MISC"):
        GoldExamples(GoldSplit(other, "train"), spec, Shots(2))


def test_too_few_examples_are_an_error_that_names_the_split() -> None:
    spec = load_template("xml").prompt(CARD)
    with pytest.raises(LmnError, match=r"demo train: --shots 900, and [0-9]+ different sentences there hold an entity"):
        GoldExamples(GoldSplit(CARD, "train"), spec, Shots(900)).choose(())


def test_a_sentence_that_is_labelled_is_no_example_whatever_its_case_and_spaces() -> None:
    spec = load_template("xml").prompt(CARD)
    train = list(read_corpus(CARD, "train"))
    asked = [Sentence(f"x/{at}", ("".join(one.tokens).upper(),)) for at, one in enumerate(train[:9])]
    chooser = GoldExamples(GoldSplit(CARD, "train"), spec, Shots(3, "nearest"))
    assert chooser.keep_out(asked) == sum(one.tokens in {gold.tokens for gold in train[:9]} for one in train)
    shown = {example.id for examples in chooser.choose(train[:9]).by_sentence for example in examples}
    assert not shown & {one.id for one in train[:9]}
    with pytest.raises(LmnError, match="demo train: all of its sentences are among those to label"):
        chooser.keep_out(train)


def test_what_is_kept_out_later_is_not_shown_again_nor_what_was_kept_out_before() -> None:
    train = {one.id: one for one in read_corpus(CARD, "train")}
    asked = texts_of_split(CARD, "testb").first(1).sentences
    chooser = GoldExamples(GoldSplit(CARD, "train"), load_template("xml").prompt(CARD), Shots(2, "nearest"))
    shown: set[str] = set()
    for _ in range(3):
        examples = {example.id for example in chooser.choose(asked).by_sentence[0]}
        assert not examples & shown
        shown |= examples
        chooser.keep_out([train[name] for name in examples])
