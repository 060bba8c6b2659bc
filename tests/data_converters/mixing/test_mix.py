"""`lmn-convert mix`: label maps, limits, one copy of each sentence, a test set that shares none with train, a corpus at the end."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st
from paths import ROOT

from llms_meet_ner import Sentence
from llms_meet_ner.data_converters import card_names, read_corpus
from llms_meet_ner.data_converters.cli.convert import main
from llms_meet_ner.data_converters.mixing.join import ORIGIN_COMMENT, allocate, sentence_key, write_mix
from llms_meet_ner.data_converters.mixing.mix import HeldOut, load_mix, mix_names

OUT = Path("data/mixes/both")
CARD = """\
name: {name}
title: {name}
language: en
licence: licence of {name}
citation: Cite {name}.
docstart: none
splits: {{train: t.conll, more: m.conll}}
reader: {{type: columns, scheme: IOB2, separator: tab}}
labels: [{labels}]
"""
MIX = """\
name: both
title: Both
language: en
test: {sentences: 4}
labels:
  - {name: PERSON, long: person, definition: Someone.}
  - {name: PLACE}
sources:
  - {card: one.yaml, map: {PER: PERSON, LOC: PLACE, MISC: null}}
  - {card: two.yaml, keep: [PLACE, TOWN], merge: {PLACE: [PLACE, TOWN]}}
"""


def run(*arguments: str | Path, code: int = 0) -> Result:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def write_source(folder: Path, name: str, labels: str, **files: str) -> None:
    """Write a card and its files; a sentence stands between semicolons, its words between spaces, a tag behind an underscore."""
    (folder / f"{name}.yaml").write_text(
        CARD.format(name=name, labels=", ".join(f"{{name: {x}}}" for x in labels.split()))
    )
    (folder / "data" / name).mkdir(parents=True, exist_ok=True)
    for file, text in files.items():
        blocks = ["\n".join("\t".join((*word.split("_"), "O")[:2]) for word in s.split()) for s in text.split(";")]
        (folder / "data" / name / f"{file}.conll").write_text("\n\n".join(blocks) + "\n")


@pytest.fixture
def sources(workdir: Path) -> Path:
    one = "Ada_B-PER met Bo_B-PER ; in Rome_B-LOC ; the Ada_B-MISC prize ; " + " ; ".join(f"one {n}" for n in range(20))
    write_source(workdir, "one", "PER LOC MISC", t=one, m="in Rome_B-LOC ; one 3 ; more")
    two = "in Rome ; to Ulm_B-TOWN and Asia_B-PLACE ; Ada_B-NAME ; o ne 5 ; " + " ; ".join(f"two {n}" for n in range(9))
    write_source(workdir, "two", "NAME PLACE TOWN", t=two, m="last")
    (workdir / "mix.yaml").write_text(MIX)
    return workdir


def report(folder: Path = OUT) -> dict[str, Any]:
    return json.loads((folder / "mix.json").read_text(encoding="utf-8"))


def read(folder: Path, *splits: str) -> list[Sentence]:
    return [sentence for split in splits for sentence in read_corpus(folder, split)]


def test_a_mix_is_a_corpus_that_every_command_reads(sources: Path) -> None:
    result = run("mix", "mix.yaml")
    assert result.stdout == (
        "corpus  read  repeated  in earlier  over limit  train  test  entities\n"
        "one     26    2         0           0           21     3     3       \n"
        "two     14    0         2           0           11     1     2       \n"
        "two: 1 sentences left out had other entities than those that stay\n"
        "32 train / 4 test sentences in data/mixes/both, none in two splits\n"
    )
    card = yaml.safe_load((OUT / "card.yaml").read_text())
    assert card["labels"] == [{"name": "PERSON", "long": "person", "definition": "Someone."}, {"name": "PLACE"}]
    assert card["licence"] == "that of each source: one: licence of one; two: licence of two"
    assert card["citation"] == "Cite one. Cite two."
    run(OUT)
    run("check", OUT)
    found = {s.text: [(s.tokens[x.start], x.label) for x in s.spans] for s in read(OUT, "train", "test")}
    assert found["Ada met Bo"] == [("Ada", "PERSON"), ("Bo", "PERSON")]
    assert found["in Rome"] == [("Rome", "PLACE")]  # the first source's annotation
    assert found["to Ulm and Asia"] == [("Ulm", "PLACE"), ("Asia", "PLACE")]
    assert found["the Ada prize"] == found["Ada"] == []
    assert "o ne 5" not in found  # `one 5` in other tokens
    assert (json.loads(Path("data/alpaca/both_test.json").read_text())[0]["id"]) == "both/test/0"


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


def test_missing_files_are_all_named_and_may_be_skipped(sources: Path) -> None:
    for file in ("one/m.conll", "two/t.conll"):
        (sources / "data" / file).unlink()
    assert run("mix", "mix.yaml", code=1).stderr == (
        "Error: mix.yaml: 2 files are missing; --sources DIR names the folder that holds a folder for each corpus, --skip-missing goes "
        "without them:\n  data/one/m.conll: no such file (one)\n  data/two/t.conll: no such file (two)\n"
    )
    result = run("mix", "mix.yaml", "--skip-missing")
    assert (
        result.stderr
        == "left out: data/one/m.conll: no such file (one)\nleft out: data/two/t.conll: no such file (two)\n"
    )
    assert [source["missing"] for source in report()["sources"]] == [["more"], ["train"]]
    (sources / "data").rename(sources / "elsewhere")
    run("mix", "mix.yaml", "--sources", "elsewhere", "--skip-missing")


def test_a_card_that_no_mix_wrote_is_not_written_over(sources: Path) -> None:
    (sources / "mine").mkdir()
    (sources / "mine/card.yaml").write_text("name: mine\n")
    result = run("mix", "mix.yaml", "--out", "mine", code=1)
    assert (
        result.stderr
        == "Error: mine/card.yaml: a card that lmn-convert mix did not write; --out names another folder\n"
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("title: Both\n", "", "mix.yaml:1: mix: the key 'title' is missing"),
        ("test: {", "tests: {", "mix.yaml:1: mix: the key 'test' is missing|mix.yaml:4: tests: no such key"),
        ("sentences: 4", "sentences: 0", "mix.yaml:4: test.sentences: 0 is less than the minimum of 1; it is the number of sentences to hold out"),
        ("sentences: 4", "sentences: 19", "mix.yaml: test.sentences: 19 sentences are to be held out, but of the 36 that there are only 18 can be: no source gives more"),
        ("two.yaml", "three.yaml", "mix.yaml:10: sources.1.card: three.yaml: neither a card's name nor a card's file"),
        ("{card: one.yaml", "{card: one.yaml, splits: [dev]", "mix.yaml:9: sources.0.card: one.yaml: corpus one has no split 'dev'"),
        ("two.yaml", "one.yaml", "mix.yaml:10: sources.1.keep: there is no label PLACE; there are: PER, LOC, MISC"),
        ("keep: [PLACE, TOWN], merge: {PLACE: [PLACE, TOWN]}", "keep: [PLACE, TOWN]", "mix.yaml:10: sources.1.card: the label TOWN of corpus two is not one of PERSON, PLACE; `map` says"),
        ("PER: PERSON", "PER: HUMAN", "mix.yaml:9: sources.0.map.PER: the mix has no label HUMAN; there are: PERSON, PLACE, or null for O"),
        ("MISC: null", "MISC: null, X: PLACE", "mix.yaml:9: sources.0.map.X: corpus one has no label X to map; there are: PER, LOC, MISC"),
        ("card: two.yaml, keep: [PLACE, TOWN], merge: {PLACE: [PLACE, TOWN]}", "card: one.yaml, map: {PER: null, LOC: null, MISC: null}", "mix.yaml:10: sources.1.card: split train of corpus one is taken twice"),
        ("name: PLACE", "name: PERSON", "mix.yaml:5: labels: label PERSON is listed twice"),
        ("title: Both\n", "title: Both\nkeep: [X]\n", "mix.yaml:3: keep: there is no label X; there are: PERSON, PLACE"),
        ("name: both", "extends: mix.yaml\nname: both", "mix.yaml: a mix cannot extend itself"),
    ],
)  # fmt: skip
def test_mistakes_name_file_line_and_key(sources: Path, old: str, new: str, message: str) -> None:
    assert MIX.count(old) == 1 or old == "sentences: 4"
    (sources / "mix.yaml").write_text(MIX.replace(old, new))
    error = run("mix", "mix.yaml", code=1).stderr
    assert any(error.startswith(f"Error: {one}") for one in message.split("|")), error
    assert not OUT.exists()


def test_a_mix_that_is_not_there(workdir: Path) -> None:
    assert run("mix", "swahili", code=1).stderr == (
        "Error: swahili: neither a mix's name nor a mix's file; mixes: turkish, turkish_reduced\n"
    )


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


# the mixes of the package


@pytest.mark.parametrize("name", ["turkish", "turkish_reduced"])
def test_a_mix_of_the_package_maps_every_label_of_its_nine_cards(name: str) -> None:
    assert name in mix_names()
    text = (ROOT / "data_converters" / "mixes" / "turkish.yaml").read_text(encoding="utf-8")
    listed = [row["card"] for row in yaml.safe_load(text)["sources"]]
    assert len(listed) == 9
    absent = sorted(set(listed) - set(card_names()))
    if absent:
        pytest.skip(f"the cards {', '.join(absent)} are not there")
    mix = load_mix(name)
    assert [source.card.name for source in mix.sources] == listed
    assert len(mix.labels) == (9 if name == "turkish" else 3)
    assert mix.test == HeldOut(1000)
    wiki = mix.sources[0].card.labels
    assert wiki.target_of("GPE") == ("GPE" if name == "turkish" else "LOCATION")
    assert wiki.target_of("DATE") == ("DATE" if name == "turkish" else None)
    assert wiki.target_of("CARDINAL") is None


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
        f"sources:\n  - {{card: turkish_wiki_ner, source: '{corpora / 'turkish_wiki_ner'}', splits: [dev, test], sentences: 300,\n"
        f"     keep: [PERSON, ORG, GPE, LOC], map: {turkish}}}\n"
        f"  - {{card: nakba.yaml, source: '{corpora / 'nakbatr'}', sentences: 300, map: {{PER: PERSON, LOC: PLACE, ORG: null}}}}\n"
    )
    run("mix", "mix.yaml")
    rows = report(Path("data/mixes/tr"))["sources"]
    assert [row["splits"] for row in rows] == [{"train": 250, "test": 50}, {"train": 250, "test": 50}]
    assert [row["read"] for row in rows] == [2000, 4041]
    assert rows[1]["problems"] == {"invalid-transition": 39, "untagged": 3}
    assert (rows[1]["repeated"], rows[1]["otherwise_annotated"]) == (438, 9)
