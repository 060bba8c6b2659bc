"""What is labelled, by the options."""

from __future__ import annotations

from pathlib import Path

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.annotation.cli.text_options import TextChoice, corpus_name
from llms_meet_ner.annotation.template import load_template
from llms_meet_ner.annotation.texts import texts_of_split
from llms_meet_ner.data_converters.cards import load_card

CARD = load_card("demo")
SPEC = load_template("xml").prompt(CARD)


def choice(what: str, **more: object) -> TextChoice:
    values = {"split": None, "source": None, "language": "auto", "tokens": False, "labels": None} | more
    return TextChoice(what, **values)  # type: ignore[arg-type]


def test_a_card_and_a_file_are_told_apart(workdir: Path) -> None:
    (workdir / "news.txt").write_text("Ada left. Bob stayed.\nEve Lee won\n")
    (workdir / "mine.yaml").write_text("extends: demo\nname: mine\n")
    assert [choice(what).is_file for what in ("demo", "mine.yaml", "news.txt", "nowhere.txt")] == [
        False,
        False,
        True,
        False,
    ]
    news = choice("news.txt", labels="demo")
    card = news.card()
    assert card
    assert card.name == "demo"
    assert [sentence.id for sentence in news.read(card, SPEC, "news", 2).sentences] == ["news/train/0", "news/train/1"]
    assert len(choice("news.txt", tokens=True).read(None, SPEC, "news", None).sentences) == 2
    texts = news.read(card, SPEC, "news", None)
    corpus = news.corpus(card, SPEC, "news", texts)
    assert (corpus.language, corpus.labels.names, corpus.origin) == ("und", CARD.labels.names, None)
    assert choice("news.txt", language="de").corpus(None, SPEC, "news", texts).language == "de"


def test_a_card_needs_a_split_where_it_has_several(workdir: Path) -> None:
    with pytest.raises(LmnError, match="demo: the card has 3 splits; name one with --split: train, testa, testb"):
        choice("demo").read(CARD, SPEC, "out", None)
    assert choice("demo", split="testb").read(CARD, SPEC, "out", 5).sentences[0].id == "demo/testb/0"
    (workdir / "mine.yaml").write_text(
        "extends: demo\nname: mine\nsplits: {all: demo.train}\nnested: true\njoin: ''\nlanguage: zh\n"
    )
    mine = load_card("mine.yaml")
    assert choice("mine.yaml", source=CARD.path.parent).read(mine, None, "out", 1).split == "all"
    corpus = choice("mine.yaml").corpus(mine, None, "out", texts_of_split(CARD, "testb"))
    assert (corpus.nested, corpus.join, corpus.language, corpus.origin) == (True, "", "zh", mine)


@pytest.mark.parametrize(
    ("what", "more", "message"),
    [
        ("demo", {"labels": "conll2003"}, "a card says its own labels; leave --labels out"),
        ("news.txt", {"split": "train"}, "news.txt: --split and --source are for a card"),
        (
            "demo",
            {"language": "de"},
            "--language de: is for a text file, and a card says how its files are read; leave it out",
        ),
        ("demo", {"tokens": True}, "--tokens: is for a text file"),
        ("nowhere.txt", {}, "nowhere.txt: neither a card's name nor a card's file"),
    ],
)
def test_options_that_do_not_fit_are_errors(workdir: Path, what: str, more: dict[str, object], message: str) -> None:
    (workdir / "news.txt").write_text("Ada left.\n")
    with pytest.raises(LmnError, match=message):
        choice(what, **more).card()


def test_a_corpus_is_named_after_its_folder(tmp_path: Path) -> None:
    assert corpus_name(tmp_path / "My News (2026)") == "my-news-2026"
    assert corpus_name(Path("data/wikigold-llm")) == "wikigold-llm"
    with pytest.raises(LmnError, match="no corpus can have its name"):
        corpus_name(tmp_path / "新闻")


def test_the_language_of_a_text_is_that_of_its_words_and_not_english_for_all(workdir: Path) -> None:
    Path("news.txt").write_text("Die Fregatte liegt in der Werft, und das Schiff ist nicht mit dem Dampfer im Hafen.\n")
    news = choice("news.txt", labels="demo")
    corpus = news.corpus(CARD, SPEC, "news", news.read(CARD, SPEC, "news", None))
    assert (corpus.language, "small words of that language" in corpus.language_why) == ("de", True)
    assert choice("demo").corpus(CARD, SPEC, "news", texts_of_split(CARD, "testb")).language_why == ""
