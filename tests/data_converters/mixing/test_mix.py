"""Mixes: mistakes with file, line and key, and the mixes of the package."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from converting import run
from mix_sources import MIX, write_sources
from paths import ROOT

from llms_meet_ner.data_converters import card_names, load_card
from llms_meet_ner.data_converters.mixing.mix import HeldOut, load_mix, mix_names

OUT = Path("data/mixes/both")


@pytest.fixture
def sources(workdir: Path) -> Path:
    return write_sources(workdir)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("title: Both\n", "", "mix.yaml:1: mix: the key 'title' is missing"),
        ("test: {sentences: 4}\n", "", "mix.yaml:1: mix: the key 'test' is missing; the test set: `sentences`, the number to hold out"),
        ("test: {", "tests: {", "mix.yaml:1: mix: the key 'test' is missing|mix.yaml:4: tests: no such key"),
        ("sentences: 4", "sentences: 0", "mix.yaml:4: test.sentences: 0 is less than the minimum of 1; it is the number of sentences to hold out"),
        ("sentences: 4", "sentences: 19", "mix.yaml: test.sentences: only 18 of the 36 sentences can be held out, not 19: no source gives more than half of its sentences; take fewer"),
        ("two.yaml", "three.yaml", "mix.yaml:10: sources.1.card: three.yaml: neither a card's name nor a card's file"),
        ("{card: one.yaml", "{card: one.yaml, splits: [dev]", "mix.yaml:9: sources.0.card: one.yaml: corpus one has no split 'dev'"),
        ("two.yaml", "one.yaml", "mix.yaml:10: sources.1.keep: there is no label PLACE; there are: PER, LOC, MISC"),
        ("keep: [PLACE, TOWN], merge: {PLACE: [PLACE, TOWN]}", "keep: [PLACE, TOWN]", "mix.yaml:10: sources.1.card: the label TOWN of corpus two is not one of PERSON, PLACE; `map` says"),
        ("PER: PERSON", "PER: HUMAN", "mix.yaml:9: sources.0.map.PER: the mix has no label HUMAN; there are: PERSON, PLACE, or null for O"),
        ("MISC: null", "MISC: null, X: PLACE", "mix.yaml:9: sources.0.map.X: corpus one has no label X to map; there are: PER, LOC, MISC"),
        ("card: two.yaml, keep: [PLACE, TOWN], merge: {PLACE: [PLACE, TOWN]}", "card: one.yaml, map: {PER: null, LOC: null, MISC: null}", "mix.yaml:10: sources.1.card: split train of corpus one is taken twice"),
        ("name: PLACE", "name: PERSON", "mix.yaml:5: labels: label PERSON is listed twice"),
        ("title: Both\n", "title: no\n", 'mix.yaml:2: title: YAML reads no as false; quote it: "no"'),
        ("MISC: null", "no: null", 'mix.yaml:9: a key is a word, and YAML reads no as false; quote it: "no"'),
        ("MISC: null", "MISC: 1", 'mix.yaml:9: sources.0.map.MISC: YAML reads 1 as a number; quote it: "1"'),
        ("name: PLACE", "name: A PLACE", "mix.yaml:7: labels.1.name: not a label name: 'A PLACE' (it may not hold white space or any of [ ] "),
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


def test_corpora_whose_tokens_join_in_different_ways_are_refused(sources: Path) -> None:
    two = sources / "two.yaml"
    two.write_text(two.read_text() + 'join: ""\n')
    error = run("mix", "mix.yaml", code=1).stderr
    assert error == (
        "Error: mix.yaml:10: sources.1.card: the tokens of corpus two join without spaces, those of one by spaces; make a mix of "
        'each, or take a card with `extends: two.yaml` and `join: " "`, with the folder of the files as its `source`\n'
    )
    (sources / "three.yaml").write_text('extends: two.yaml\njoin: " "\n')
    (sources / "mix.yaml").write_text(MIX.replace("two.yaml", "three.yaml"))
    run("mix", "mix.yaml")
    assert load_card(OUT).join == " "


def test_a_mix_joins_its_tokens_as_its_sources_do(sources: Path) -> None:
    for name in ("one", "two"):
        (sources / f"{name}.yaml").write_text((sources / f"{name}.yaml").read_text() + 'join: ""\n')
    run("mix", "mix.yaml")
    assert load_card(OUT).join == ""
