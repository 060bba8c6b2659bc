"""Corpus cards: those of the package, a user's own, and errors that name file, line and key."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters import card_names, load_card, read_corpus
from llms_meet_ner.data_converters.cli.convert import main

GOOD = """\
name: mine
title: My corpus
language: en
licence: CC0
citation: me
docstart: none
splits:
  train: a.conll
reader:
  type: columns
  scheme: BIO
labels:
  - name: PER
    long: person
    definition: >-
      Somebody
      with a name.
"""


def test_every_card_of_the_package_loads_and_defines_its_labels() -> None:
    assert {
        "conll2003", "demo", "wikigold", "wnut17", "germeval2014", "germeval2014_nested", "multinerd", "multinerd_b",
        "ontonotes5", "genia", "ace2005", "wikiann", "uner_en_ewt", "uner_zh", "bc5cdr",
        "vitamins_supplements_ner", "turkish_organization_ner", "turkish_wiki_ner", "turkish_wiki_ner_reduced", "atis_ner_tr",
        "ner_t5_tr", "turkish_ner_twnertc", "panx_tr", "nakbaner", "histr",
    } <= set(card_names())  # fmt: skip
    for name in card_names():
        card = load_card(name)
        assert card.name == name
        assert card.homepage or name == "demo"
        assert all(label.long and label.definition.endswith(".") for label in card.labels), name


def test_label_sets_have_the_sizes_that_are_published() -> None:
    sizes = {
        "germeval2014": 12,
        "multinerd": 15,
        "multinerd_b": 5,
        "ontonotes5": 18,
        "genia": 5,
        "ace2005": 7,
        "atis_ner_tr": 6,
    }
    sizes |= {
        "turkish_wiki_ner": 19,
        "turkish_wiki_ner_reduced": 9,
        "turkish_shrinked_ner": 48,
        "vitamins_supplements_ner": 14,
    }
    assert {name: len(load_card(name).labels) for name in sizes} == sizes
    assert load_card("multinerd_b").labels.names == ("PER", "ORG", "LOC", "ANIM", "DIS")


def test_a_card_of_ones_own_is_a_path(workdir: Path) -> None:
    (workdir / "mine.yaml").write_text(GOOD)
    (workdir / "data/mine").mkdir(parents=True)
    (workdir / "data/mine/a.conll").write_text("Ada B-PER\n")
    card = load_card("mine.yaml")
    assert card.labels.labels[0].definition == "Somebody with a name."
    assert [s.tokens for s in read_corpus("mine.yaml", "train")] == [("Ada",)]


def test_a_folder_with_a_card_holds_its_own_files(workdir: Path) -> None:
    (workdir / "corpus").mkdir()
    (workdir / "corpus/card.yaml").write_text(GOOD)
    (workdir / "corpus/a.conll").write_text("Ada B-PER\n")
    assert [s.tokens for s in read_corpus("corpus", "train")] == [("Ada",)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("scheme: BIO", "scheme: IOB9"), r"mine\.yaml:11: reader\.scheme: 'IOB9' is not one of"),
        (
            ("docstart: none", "docstarts: none"),
            r"mine\.yaml:1: card: the key 'docstart' is missing; no such keys: docstarts|mine\.yaml:6: docstarts: no such key",
        ),
        (
            ("  scheme: BIO", "  scheme: BIO\n  tags: 3"),
            r"mine\.yaml:12: reader\.tags: no such key; there are: type, scheme, separator",
        ),
        (
            ("language: en", "language: English"),
            r"mine\.yaml:3: language: 'English' does not match .* it is a language tag",
        ),
        (
            ("name: PER", "name: P ER"),
            r"mine\.yaml:13: labels\.0\.name: not a label name: 'P ER' .*; write - \{name: P_ER, corpus: \"P ER\"\}: the files' name",
        ),
        (
            ("name: PER", "name: O"),
            r"mine\.yaml:13: labels\.0\.name: O is the tag of tokens outside of entities, and no label",
        ),
        (("- name: PER", "- {name: A, corpus: PER}\n  - name: PER"), r"mine\.yaml:12: labels: a label has two targets"),
        (("language: en", "language: no"), r'mine\.yaml:\d+: language: YAML reads no as false; quote it: "no"$'),
        (
            ("title: My corpus", "keep: [PER, NO]\ntitle: T"),
            r'mine\.yaml:2: keep\.1: YAML reads NO as false; quote it: "NO"$',
        ),
        (("title: My corpus", "merge: {PER: [on]}\ntitle: T"), r'YAML reads on as true; quote it: "on"$'),
        (("title: My corpus", "merge: {off: [PER]}\ntitle: T"), r'YAML reads off as false; quote it: "off"$'),
        (("name: PER", "name: null"), r'mine\.yaml:13: labels\.0\.name: YAML reads null as nothing; quote it: "null"$'),
        (("title: My corpus", "title: 1984"), r'title: YAML reads 1984 as a number; quote it: "1984"$'),
        (("title: My corpus", "title:"), r"title: there is no value"),
        (("title: My corpus", "title: [x"), r"mine\.yaml:\d+: not YAML"),
        (("title: My corpus", "name: again"), r"mine\.yaml:2: the key 'name' appears twice"),
        (
            ("train: a.conll", "train: {file: a.conll, sentences: '5:5'}"),
            r"mine\.yaml:8: splits\.train\.sentences: '5:5' holds no sentence",
        ),
        (
            ("train: a.conll", "train: {file: a.conll, sentences: '1:3, 2'}"),
            r"mine\.yaml:8: splits\.train\.sentences: '2:3' begins before the end of the range before it; ranges rise",
        ),
        (
            ("train: a.conll", "train: {file: a.conll, sentences: '1:3,,4'}"),
            r"mine\.yaml:8: splits\.train\.sentences: '1:3,,4' does not match",
        ),
        (
            ("type: columns", "type: columns\n  inner_tags: [2]"),
            r"reader\.inner_tags: only a corpus with `nested: true`",
        ),
        (("- name: PER", "- name: PER\n  - name: PER"), r"mine\.yaml:12: labels: label PER is listed twice"),
        (("name: mine", "extends: mine.yaml\nname: mine"), r"a card cannot extend itself"),
        (
            ("train: a.conll", "1: a.conll"),
            r'mine\.yaml:8: a key is a word, and YAML reads 1 as a number; quote it: "1"$',
        ),
        (("train: a.conll", "[a]: a.conll"), r"mine\.yaml:8: a key is a word"),
        (
            ("title: My corpus", "variant: tiny\ntitle: T"),
            r"mine\.yaml:2: variant: no wording .* 'tiny'; there are: full, short",
        ),
        (("scheme: BIO", "scheme: BIO\n  encoding: utf9"), r"mine\.yaml:12: reader\.encoding: unknown encoding: utf9"),
        (("scheme: BIO", "scheme: BIO\n  encoding: rot13"), r"mine\.yaml:12: reader\.encoding: .*not a text encoding"),
        (("title: My corpus", "title: a\x07b"), r"mine\.yaml: not YAML"),
        (("title: My corpus", "title: !!bool foo"), r"mine\.yaml: not YAML"),
        (("train: a.conll", "train: {file: a, sentences: '0:99999999999'}"), r"mine\.yaml:8: splits\.train"),
        (("title: My corpus", "title: &a [*a]"), r"mine\.yaml"),
        (("title: My corpus", "title: " + "[" * 5000), r"mine\.yaml: not YAML: nested too deep"),
        (("name: PER", "name: PER-"), r"mine\.yaml:13: labels\.0\.name: not a label name: 'PER-'"),
    ],
)
def test_an_error_in_a_card_names_file_line_and_key(workdir: Path, change: tuple[str, str], message: str) -> None:
    assert change[0] in GOOD
    (workdir / "mine.yaml").write_text(GOOD.replace(*change, 1))
    with pytest.raises(LmnError, match=message):
        load_card("mine.yaml")


def test_an_error_in_the_card_that_is_extended_names_that_file(workdir: Path) -> None:
    (workdir / "base.yaml").write_text(GOOD.replace("scheme: BIO", "scheme: X"))
    (workdir / "mine.yaml").write_text("extends: base.yaml\nname: mine\n")
    with pytest.raises(LmnError, match=r"base\.yaml:11: reader\.scheme"):
        load_card("mine.yaml")


def test_a_card_is_extended_from_its_own_folder(workdir: Path) -> None:
    (workdir / "cards").mkdir()
    (workdir / "cards/base.yaml").write_text(GOOD)
    (workdir / "cards/mine.yaml").write_text("extends: base.yaml\nname: other\n")
    assert load_card("cards/mine.yaml").name == "other"
    (workdir / "cards/base.yaml").write_text("extends: mine.yaml\n")
    with pytest.raises(LmnError, match="a card cannot extend itself, directly or through another"):
        load_card("cards/mine.yaml")


def test_what_is_not_there_is_named_with_what_is(workdir: Path) -> None:
    with pytest.raises(
        LmnError,
        match=r"conl2003: neither a card's name nor a card's file; cards: conll2003, .* and \d+ more; `lmn-convert cards` lists all",
    ):
        load_card("conl2003")
    with pytest.raises(LmnError, match="neither a card's name nor a card's file"):
        load_card("x" * 5000)
    with pytest.raises(LmnError, match="corpus conll2003 has no split 'test'; it has: train, testa, testb"):
        read_corpus("conll2003", "test")
    with pytest.raises(LmnError, match=r"data/conll2003/eng\.testb: no such file; --source DIR names the folder"):
        read_corpus("conll2003", "testb")


RECORDS_CARD = """\
name: tiny
title: Tiny
language: en
licence: CC0
citation: Nobody
splits: {train: train.jsonl}
reader: {type: tokens, scheme: IOB2, duplicates: drop, where: {lang: en}}
docstart: none
labels: [{name: PER}, {name: LOC}]
"""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scheme: IOB2, ": ""}, "card.yaml:7: reader: the key 'scheme' is missing"),
        ({"drop": "forget"}, "card.yaml:7: reader.duplicates: 'forget' is not one of ['keep', 'drop']"),
        ({"docstart: none": "docstart: sentence"}, "card.yaml:8: docstart: only column files have -DOCSTART- lines; write `docstart: none`"),
        ({"type: tokens": "type: token"}, "card.yaml:7: reader.type: no reader is called 'token'; there are: columns, lines, tokens, datasets, spans, docbin"),
        ({"type: tokens": "type: columns, quoted: true", ", duplicates: drop, where: {lang: en}": ""}, "card.yaml:7: reader: quoted fields need a separator of one character"),
        (
            {"type: tokens": "type: columns, separator: whitespace", ", duplicates: drop, where: {lang: en}": ""},
            "; it is auto (tabs in a line that has one, else spaces), tab, space, last-space",
        ),
    ],
)  # fmt: skip
def test_mistakes_on_a_card_are_named(workdir: Path, change: dict[str, str], message: str) -> None:
    text = RECORDS_CARD
    for old, new in change.items():
        assert old in text
        text = text.replace(old, new)
    Path("card.yaml").write_text(text)
    done = CliRunner().invoke(main, ["card.yaml"])
    assert (done.exit_code, message in done.stderr) == (1, True), done.stderr


def test_a_card_needs_title_licence_and_citation_only_to_publish(workdir: Path) -> None:
    least = "name: least\nlanguage: en\nsplits: {train: a}\nreader: {type: columns, scheme: IO}\nlabels: [{name: X}]\ndocstart: none\n"
    (workdir / "least.yaml").write_text(least)
    card = load_card("least.yaml")
    assert (card.title, card.licence, card.citation) == ("least", "", "")
    assert card.unsaid == ("title", "licence", "citation")
    (workdir / "more.yaml").write_text("extends: least.yaml\nlicence: CC0\ncitation: ' '\ntitle: More\n")
    assert load_card("more.yaml").unsaid == ("citation",)
    assert load_card("demo").unsaid == ()


def test_all_keys_that_a_card_lacks_are_named_at_once(workdir: Path) -> None:
    (workdir / "bare.yaml").write_text("language: en\nreader: {type: columns}\nlabels: [{long: x}]\n")
    with pytest.raises(LmnError) as raised:
        load_card("bare.yaml")
    assert str(raised.value) == (
        "bare.yaml:1: card: the keys 'name', 'splits', 'docstart', 'labels.0.name', 'reader.scheme' are missing"
    )


def test_only_cards_of_column_files_say_what_docstart_lines_are(workdir: Path) -> None:
    (workdir / "export.yaml").write_text(
        "name: a\nlanguage: en\nsplits: {all: a}\nreader: {type: doccano}\nlabels: [{name: X}]\n"
    )
    assert load_card("export.yaml").docstart == "none"
    (workdir / "columns.yaml").write_text("extends: export.yaml\nreader: {type: columns, scheme: IO}\n")
    with pytest.raises(LmnError, match="the key 'docstart' is missing"):
        load_card("columns.yaml")


def test_a_card_says_how_tokens_join(workdir: Path) -> None:
    (workdir / "mine.yaml").write_text(GOOD)
    assert load_card("mine.yaml").join == " "
    (workdir / "mine.yaml").write_text(GOOD + 'join: ""\n')
    assert load_card("mine.yaml").join == ""
    (workdir / "mine.yaml").write_text(GOOD + 'join: "-"\n')
    with pytest.raises(LmnError, match=r"join: '-' is not one of \[' ', ''\]; it is what stands between two tokens"):
        load_card("mine.yaml")
