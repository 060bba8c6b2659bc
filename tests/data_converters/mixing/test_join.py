"""Joining a mix: limits, one copy of each sentence, a test set that shares none with train, and counts of everything."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from converting import run
from hypothesis import given, settings
from hypothesis import strategies as st
from mix_sources import CARD, MIX, write_source, write_sources

from llms_meet_ner import Sentence
from llms_meet_ner.data_converters import read_corpus
from llms_meet_ner.data_converters.mixing.join import ORIGIN_COMMENT, allocate, sentence_key, write_mix
from llms_meet_ner.data_converters.mixing.mix import HeldOut, load_mix

OUT = Path("data/mixes/both")


@pytest.fixture
def sources(workdir: Path) -> Path:
    return write_sources(workdir)


def report(folder: Path = OUT) -> dict[str, Any]:
    return json.loads((folder / "mix.json").read_text(encoding="utf-8"))


def read(folder: Path, *splits: str) -> list[Sentence]:
    return [sentence for split in splits for sentence in read_corpus(folder, split)]


def test_every_sentence_names_where_it_comes_from(sources: Path) -> None:
    run("mix", "mix.yaml")
    text = (OUT / "train.conll").read_text() + (OUT / "test.conll").read_text()
    origins = [line.removeprefix(ORIGIN_COMMENT) for line in text.splitlines() if line.startswith(ORIGIN_COMMENT)]
    assert len(set(origins)) == len(origins) == 36
    original = {
        s.id: s.tokens for name in ("one", "two") for x in ("train", "more") for s in read_corpus(f"{name}.yaml", x)
    }
    assert [original[origin] for origin in origins] == [s.tokens for s in read(OUT, "train", "test")]


def test_the_report_accounts_for_every_sentence(sources: Path) -> None:
    (sources / "mix.yaml").write_text(MIX.replace("{card: one.yaml,", "{card: one.yaml, sentences: 10,"))
    run("mix", "mix.yaml")
    for source in report()["sources"]:
        left_out = sum(source[key] for key in ("docstarts", "unwritable", "repeated", "in_earlier", "over_limit"))
        assert source["read"] == left_out + sum(source["splits"].values())
        assert len(source["files"]) == 2
    assert [source["over_limit"] for source in report()["sources"]] == [14, 0]
    assert report()["splits"] == {"train": len(read(OUT, "train")), "test": 4}


def test_a_seed_draws_the_same_again_and_labels_do_not_move_the_draw(sources: Path) -> None:
    run("mix", "mix.yaml")
    before = (OUT / "test.conll").read_bytes()
    run("mix", "mix.yaml")
    assert (OUT / "test.conll").read_bytes() == before
    (sources / "less.yaml").write_text("extends: mix.yaml\nname: less\ndrop: [PERSON]\nrename: {PLACE: LOC}\n")
    run("mix", "less.yaml")
    less = Path("data/mixes/less")
    for split in ("train", "test"):
        assert [s.tokens for s in read(less, split)] == [s.tokens for s in read(OUT, split)]
    assert {span.label for s in read(less, "train", "test") for span in s.spans} == {"LOC"}
    (sources / "other.yaml").write_text("extends: mix.yaml\nseed: 1\n")
    run("mix", "other.yaml")
    assert (OUT / "test.conll").read_bytes() != before


def test_held_out_sentences_by_equal_shares_and_a_development_set(sources: Path) -> None:
    held_out = "test: {sentences: 8, sample: equal}\ndev: {sentences: 3}"
    (sources / "mix.yaml").write_text(MIX.replace("test: {sentences: 4}", held_out))
    run("mix", "mix.yaml")
    splits = [source["splits"] for source in report()["sources"]]
    assert splits == [{"train": 18, "dev": 2, "test": 4}, {"train": 7, "dev": 1, "test": 4}]


def test_what_a_column_file_cannot_hold_is_left_out_and_named(sources: Path) -> None:
    path = sources / "data/one/t.conll"
    one = (sources / "one.yaml").read_text()
    (sources / "one.yaml").write_text(one.replace("separator: tab", "separator: '||'"))
    rows = path.read_text().replace("\t", "||")
    path.write_text(rows + "\nwith\ttab||O\n\n# origin = one/train/3||O\nx||O\n\na b||B-PER\n#||O\n\u00a0||O\n")
    (sources / "data/one/m.conll").write_text("m||O\n")
    run("mix", "mix.yaml")
    assert report()["sources"][0]["unwritable"] == 2
    assert report()["sources"][0]["first_unwritable"] == "one/train/23"
    assert ("a b", "#", "\u00a0") in {s.tokens for s in read(OUT, "train", "test")}


def test_nested_corpora_lend_their_outer_entities_and_docstart_lines_none(sources: Path) -> None:
    nested = CARD.format(name="one", labels="{name: PER}, {name: LOC}, {name: MISC}").replace("none", "sentence", 1)
    (sources / "one.yaml").write_text(nested.replace("separator: tab", "tag: 1, inner_tags: [2]") + "nested: true\n")
    outer = "the O O\nFC B-PER O\nBonn I-PER B-LOC\n\nRome B-MISC B-LOC\n\n"
    (sources / "data/one/t.conll").write_text("-DOCSTART- O O\n\n" + outer)
    (sources / "data/one/m.conll").write_text("a O O\n\nb O O\n")
    result = run("mix", "mix.yaml")
    assert "one: 1 -DOCSTART- lines left out\none: 1 entities left out that lie inside others\n" in result.stdout
    found = {s.text: [span.label for span in s.spans] for s in read(OUT, "train", "test")}
    assert (found["the FC Bonn"], found["Rome"]) == (["PERSON"], ["PLACE"])


words = st.lists(st.sampled_from(["a", "b", "ab", "A", "c_B-PER", "d_B-LOC"]), min_size=1, max_size=3).map(" ".join)


@settings(max_examples=20, deadline=None)
@given(st.lists(words, min_size=4, max_size=30), st.lists(words, min_size=1, max_size=30), st.integers(0, 3))
def test_no_text_is_in_two_splits_and_none_is_lost(one: list[str], two: list[str], seed: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_source(folder, "one", "PER LOC MISC", t=" ; ".join(one), m="zz ; zzz ; zzzz")
        write_source(folder, "two", "PER PLACE TOWN LOC", t=" ; ".join(two), m="yy")
        mix = MIX.replace(
            "keep: [PLACE, TOWN], merge: {PLACE: [PLACE, TOWN]}", "map: {PER: PERSON, TOWN: null, LOC: PLACE}"
        )
        (folder / "mix.yaml").write_text(mix.replace("sentences: 4", "sentences: 2") + f"seed: {seed}\n")
        mixed = write_mix(load_mix(folder / "mix.yaml"), folder / "out", below=folder / "data")
        train, test = read(folder / "out", "train"), read(folder / "out", "test")
        texts = ["".join(sentence.tokens) for sentence in (*train, *test)]
        assert len(test) == 2
        assert len(set(texts)) == len(texts)
        given_texts = {"".join(word.split("_")[0] for word in text.split()) for text in (*one, *two)}
        assert set(texts) == given_texts | {"zz", "zzz", "zzzz", "yy"}
        assert sum(mixed.splits.values()) == len(texts)


@given(
    st.lists(st.integers(0, 50), min_size=1, max_size=6),
    st.integers(0, 100),
    st.sampled_from(["proportional", "equal"]),
)
def test_shares_add_up_within_their_limits(sizes: list[int], wanted: int, sample: Any) -> None:
    limits = [size // 2 for size in sizes]
    wanted = min(wanted, sum(limits))
    given_by = allocate(sizes, limits, HeldOut(wanted, sample))
    assert sum(given_by) == wanted
    assert all(0 <= number <= limit for number, limit in zip(given_by, limits))
    if sample == "equal":
        assert all(a >= b - 1 for a, limit in zip(given_by, limits) if a < limit for b in given_by)
    else:
        assert all(
            abs(number - wanted * size / sum(sizes)) < len(sizes) for number, size in zip(given_by, sizes) if size
        )


def test_a_key_is_the_text_without_white_space() -> None:
    same = {sentence_key(Sentence("x", tokens)) for tokens in (("a", "b"), ("ab",), ("a\u00a0b",), ("a b",))}
    assert len(same) == 1
    assert sentence_key(Sentence("x", ("A", "b"))) not in same


def test_real_turkish_corpora_are_mixed(corpora: Path, workdir: Path) -> None:
    turkish = "{ORG: ORGANIZATION, PERSON: PERSON, GPE: PLACE, LOC: PLACE}"
    card = CARD.format(name="nakba", labels="{name: PER}, {name: LOC}, {name: ORG}").partition("splits:")[0] + (
        "repair: conlleval\nlabels: [{name: PER}, {name: LOC}, {name: ORG}]\n"
        "splits: {aa: AA_section-Nakba_narratives.txt, trt: TRTHaber_section-Nakba_narratives.txt}\n"
        "reader: {type: columns, scheme: IOB2, separator: space, token: 0, tag: -1, untagged: skip,\n"
        '  comments: ["#doc_id = ", "#metadata = ", "#sent_id = ", "#text = "]}\n'
    )
    (workdir / "nakba.yaml").write_text(card)
    (workdir / "mix.yaml").write_text(
        "name: tr\ntitle: t\nlanguage: tr\ntest: {sentences: 100}\nlabels: [{name: PERSON}, {name: PLACE}, {name: ORGANIZATION}]\n"
        f"sources:\n  - {{card: turkish_wiki_ner, source: turkish_wiki_ner, splits: [dev, test], sentences: 300,\n"
        f"     keep: [PERSON, ORG, GPE, LOC], map: {turkish}}}\n"
        f"  - {{card: nakba.yaml, source: nakbatr, sentences: 300, map: {{PER: PERSON, LOC: PLACE, ORG: null}}}}\n"
    )
    run("mix", "mix.yaml", "--sources", str(corpora))
    rows = report(Path("data/mixes/tr"))["sources"]
    assert [row["splits"] for row in rows] == [{"train": 250, "test": 50}, {"train": 250, "test": 50}]
    assert [row["read"] for row in rows] == [2000, 4041]
    assert rows[1]["problems"] == {"invalid-transition": 39, "untagged": 3, "uneven": 1}
    assert (rows[1]["repeated"], rows[1]["otherwise_annotated"]) == (438, 9)
