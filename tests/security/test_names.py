"""Names of strangers become parts of ids, file names and tables: whole strings match their patterns, and no control character passes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from llms_meet_ner.data_converters import load_card
from llms_meet_ner.data_converters.alpaca import prompt_spec_of
from llms_meet_ner.data_converters.cli.convert import main as convert
from llms_meet_ner.data_converters.mixing.mix import load_mix
from llms_meet_ner.errors import LmnError
from llms_meet_ner.eval.published.results import PublishedSource
from llms_meet_ner.eval.studies.search_plan import load_plan
from llms_meet_ner.training.dataset_info import dataset_name
from llms_meet_ner.training.recipe import load_recipe

CARD = """\
name: "mine"
title: "Mine"
language: "en"
licence: "CC0"
citation: "Me"
homepage: "https://example.org"
splits: {"train": "a.conll", dev: {file: "b.conll", sentences: "0:9"}}
reader: {type: columns, scheme: BIO, separator: "tab", encoding: "utf-8", comments: ["#"]}
docstart: none
variant: "full"
labels:
  - {name: "PER", long: "person", definition: "A human."}
  - {name: "LOC"}
  - {name: "ORG"}
drop: ["ORG"]
merge: {"PLACE": ["LOC"]}
rename: {"PER": "PERSON"}
"""
MIX = """\
name: "both"
title: "Both"
language: "en"
test: {sentences: 1}
labels:
  - {name: "PERSON", long: "person", definition: "A human."}
  - {name: "PLACE"}
sources:
  - {card: "card.yaml", splits: ["train"], source: "corpus", map: {"PLACE": "PERSON"}}
"""
SEARCH = """\
recipe: "r.yaml"
out: "o"
split: "dev"
source: "s"
trials: 1
space: {"lora_rank": [8, "x"]}
overrides: {"key": "value"}
"""
REFERENCE = """\
source: "A paper"
at: {hub: "a/b"}
conditions: ["one"]
results:
  - corpus: "conll2003"
    split: "test"
    models: [{name: "m", id: "a/m"}]
    format: "bracketed"
    variant: "full"
    decoding: free
    shots: null
    scorer: unknown
    rows: [{kind: strict, name: "micro", digits: 2, f1: 0.5}]
"""
RECIPE = 'model_name_or_path: "m"\ntemplate: "t"\ndataset: "d"\noutput_dir: "o"\ndataset_dir: "data"\n'
FREE = {'"tab"', '"#"'}
"""What may hold any character of a line: it is looked for in a corpus file, and never printed raw."""


def places(text: str) -> list[tuple[int, int]]:
    """Return where each quoted text of a file ends, without the quotation mark, and its line from 1."""
    found, at = [], 0
    while (at := text.find('"', at)) >= 0:
        end = text.index('"', at + 1)
        if text[at : end + 1] not in FREE:
            found.append((end, text.count("\n", 0, end) + 1))
        at = end + 1
    return found


LOADERS = {"card": (CARD, load_card), "mix": (MIX, load_mix), "search": (SEARCH, load_plan), "reference": (REFERENCE, PublishedSource.load), "recipe": (RECIPE, load_recipe)}  # fmt: skip
ODD = {"newline": r"\n", "return": r"\r", "escape": r"\e[2J", "null": r"\0", "bell": r"\a", "reversed": r"\u202e", "line": r"\L", "half": r"\ud800", "next": r"\N"}  # fmt: skip
PROSE = {"licence", "citation", "definition"}
"""Prose of a card, in which a line may break."""


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("kind", LOADERS)
def test_no_name_ends_in_a_character_that_is_not_printed(kind: str, odd: str, workdir: Path) -> None:
    text, load = LOADERS[kind]
    for name, good in (("r.yaml", RECIPE), ("card.yaml", CARD)):
        Path(name).write_text(good)
    path = Path("file.yaml")
    path.write_text(text)
    load(path)
    for end, line in places(text):
        path.write_text(text[:end] + ODD[odd] + text[end:])
        key = text[:end].split("\n")[-1]
        if odd == "newline" and (line in (4, 5) or '"A human.' in key):
            continue
        with pytest.raises(LmnError) as raised:
            load(path)
        message = str(raised.value)
        assert message.isprintable(), message
        assert (
            message.startswith("file.yaml")
            if kind == "recipe"
            else message.startswith(f"file.yaml:{line}") or '"PLACE' in key
        ), (message, line)


@pytest.mark.parametrize(
    "value", ["mine\n", "mine\r", "../mine", "mine/x", "MINE", "", "-mine", "m" * 101, "mine\u0131", "mi ne", "mine\0"]
)
def test_a_name_that_is_no_name_writes_nothing(value: str, workdir: Path) -> None:
    Path("card.yaml").write_text(CARD.replace('"mine"', json.dumps(value)))
    Path("mix.yaml").write_text(MIX.replace('"both"', json.dumps(value)))
    for words in (["card.yaml", "--source", "."], ["mix", "mix.yaml"]):
        before = sorted(Path().rglob("*"))
        result = CliRunner().invoke(convert, words)
        assert result.exit_code == 1
        assert ".yaml:1: name: " in result.stderr
        assert len(result.stderr.splitlines()) == 1
        assert sorted(Path().rglob("*")) == before


@pytest.mark.parametrize("split", ["train\n", "a/b", "..", "../x", ".x", "", "a b", "t" * 101, "a_b"])
def test_a_split_that_is_no_name_writes_nothing(split: str, workdir: Path) -> None:
    Path("card.yaml").write_text(CARD.replace('{"train"', f"{{{json.dumps(split)}"))
    result = CliRunner().invoke(convert, ["card.yaml", "--source", "."])
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: card.yaml:7: splits: ")
    assert not Path("data").exists()


def test_the_name_of_a_data_set_is_one_file_name(workdir: Path) -> None:
    Path("card.yaml").write_text(CARD)
    card = load_card("card.yaml")
    for fmt in ("bracketed", "xml", "grouped", "occurrence", "offset", "tags"):
        for split in (*card.splits, "a.b-c"):
            name = dataset_name("m" * 100, split, prompt_spec_of(card, fmt), "x", "mark")
            assert Path(name).name == name


@pytest.mark.parametrize(
    "words",
    [["--keep", "PER\n"], ["--rename", "PER=A\x1bB"], ["--merge", "A\nB=PER,LOC"], ["--keep", "PER", "--as", "x\n"], ["--keep", "PER", "--as", "../x"], ["--split", "train\n"]],
)  # fmt: skip
def test_names_of_the_command_line_are_whole_names_too(words: list[str], workdir: Path) -> None:
    Path("card.yaml").write_text(CARD.partition("drop:")[0])
    for file in ("a.conll", "b.conll"):
        Path(file).write_text("Ada\tB-PER\n\n")
    result = CliRunner().invoke(convert, ["card.yaml", "--source", ".", *words])
    if words == ["--keep", "PER\n"]:  # white space around the names of a list is no part of them
        assert result.exit_code == 0
        assert all(path.name.isprintable() for path in Path("data").rglob("*"))
        return
    assert result.exit_code == 1
    assert "\x1b" not in result.stderr
    assert not Path("data").exists()


def test_a_label_of_a_corpus_file_is_shown_without_doing_harm(workdir: Path) -> None:
    Path("card.yaml").write_text(CARD.partition("drop:")[0].replace(', dev: {file: "b.conll", sentences: "0:9"}', ""))
    Path("a.conll").write_text("Ada\tB-P\x1b[2JER\u202e\nx\tQ\x07\n\n")
    for words in ([], ["check"], ["stats"]):
        result = CliRunner().invoke(convert, [*words, "card.yaml", "--source", "."])
        assert result.exit_code == 1
        assert not {"\x1b", "\x07", "\u202e"} & set(result.output)
        assert "a.conll:1" in result.output
