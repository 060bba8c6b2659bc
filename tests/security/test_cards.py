"""Cards, mixes, searches, references and recipes of strangers: they name no files elsewhere, and no value in them ends in a traceback."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from mutated import mutations
from paths import ROOT

from llms_meet_ner.data_converters import load_card, read_corpus
from llms_meet_ner.data_converters.alpaca import prompt_spec_of
from llms_meet_ner.data_converters.card_table import CardRow, markdown_table, terminal_table
from llms_meet_ner.data_converters.cli.convert import main as convert
from llms_meet_ner.data_converters.mixing.mix import load_mix
from llms_meet_ner.data_converters.problems import ProblemLog
from llms_meet_ner.errors import LmnError
from llms_meet_ner.eval.cli.score import main as lmn_eval
from llms_meet_ner.eval.publish.hyperparameters import write_recipe
from llms_meet_ner.eval.published.results import PublishedSource
from llms_meet_ner.eval.studies.search_plan import load_plan
from llms_meet_ner.training.dataset_info import load_entry
from llms_meet_ner.training.recipe import load_recipe
from llms_meet_ner.yaml_text import parse_yaml

FILES = {
    "card": [*(ROOT / "data_converters/cards").rglob("*.yaml")],
    "mix": [*(ROOT / "data_converters/mixes").glob("*.yaml")],
    "reference": [*(ROOT / "eval/published/references").glob("*.yaml")],
    "search": [*(ROOT / "recipes/search").glob("*.yaml")],
    "recipe": [*(ROOT / "recipes").glob("*.yaml"), *(ROOT / "recipes/turkish").glob("*.yaml")],
}
COLUMNS = "Ada\tB-PER\nleft\tO\n\nx\x1by O\nx\x85y\tB-ORG\n\n{}\n"


def use_card(path: Path) -> None:
    card = load_card(path)
    row = CardRow.of(card)
    (markdown_table([row]) + repr(terminal_table([row]))).encode()
    prompt_spec_of(card, "bracketed").instruction.encode()
    for split in card.splits:
        card.is_missing(split)
        if type(card.reader).__name__ in ("ColumnOptions", "LineOptions", "TokenOptions"):
            file = Path("d", card.splits[split].file)
            if len(file.name) < 100 and not file.exists():
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(COLUMNS)
            if len(file.name) < 100 and file.is_file():
                list(read_corpus(card, split, "d", log=ProblemLog(keep_going=True, notes=True)))


def use_recipe(path: Path) -> None:
    recipe = load_recipe(path)
    assert isinstance(recipe.name + recipe.model + recipe.template + recipe.dataset, str)
    assert repr([recipe.dataset_dir, recipe.continued, recipe.half_precision, recipe.seed, recipe.is_trained])
    write_recipe(Path("published.yaml"), recipe, "base")
    for entry in (recipe.train_entry, recipe.dev_entry):
        with pytest.raises(LmnError):
            entry()


LOADERS: dict[str, Callable[[Path], Any]] = {
    "card": use_card, "mix": load_mix, "reference": PublishedSource.load, "search": load_plan, "recipe": use_recipe,
}  # fmt: skip
SAMPLE = {"card": 400, "mix": 120, "reference": 60, "search": 200, "recipe": 120}
"""Changed files of each kind; each takes a few milliseconds. 44,000 were tried when the test was written."""


def answers(load: Callable[[Path], Any], path: Path) -> str | None:
    """Return the error for a file as it is printed; None if it is read."""
    try:
        load(path)
    except LmnError as error:
        return str(error)
    return None


@pytest.mark.parametrize("kind", LOADERS)
def test_a_file_with_any_value_anywhere_is_read_or_is_one_line_of_error(kind: str, workdir: Path) -> None:
    (workdir / "recipes").symlink_to(ROOT / "recipes", target_is_directory=True)
    if kind == "search":
        (workdir / "recipes").unlink()
        (workdir / "recipes").mkdir()
        (workdir / "recipes/qwen25_conll.yaml").write_bytes((ROOT / "recipes/qwen25_conll.yaml").read_bytes())
    drawn = random.Random(13)
    path = Path("changed.yaml")
    for _ in range(SAMPLE[kind]):
        source = drawn.choice(FILES[kind])
        changes = list(mutations(parse_yaml(source.read_text(), source), only=drawn))
        place, text = drawn.choice(changes)
        path.write_text(text)
        error = answers(LOADERS[kind], path)
        assert error is None or len(error.encode().splitlines()) == 1, (source.name, place, error)
    assert not Path("ran").exists()


def test_a_data_set_entry_with_any_value_anywhere_is_read_or_is_one_error(workdir: Path) -> None:
    CliRunner().invoke(convert, ["demo"])
    info = Path("data/alpaca/dataset_info.json")
    entry = parse_yaml(info.read_text(), info)["demo_train"]
    drawn = random.Random(13)
    for place, text in drawn.sample(list(mutations({"demo_train": entry}, yaml=False)), 300):
        info.write_text(text)
        error = answers(lambda path: load_entry(path.parent, "demo_train"), info)
        assert error is None or error.encode(), place


@pytest.mark.parametrize("name", ["../secret.json", "/etc/passwd", "a\n"])
def test_a_data_set_entry_names_no_file_elsewhere(name: str, workdir: Path) -> None:
    CliRunner().invoke(convert, ["demo"])
    info = Path("data/alpaca/dataset_info.json")
    entries = json.loads(info.read_text())
    info.write_text(json.dumps(entries | {"demo_train": entries["demo_train"] | {"file_name": name}}))
    with pytest.raises(LmnError, match=r"dataset_info\.json: demo_train: "):
        load_entry(info.parent, "demo_train")


GOOD = """\
name: mine
title: Mine
language: en
licence: CC0
citation: Me
splits: {train: a.conll}
reader: {type: columns, scheme: BIO, separator: tab}
docstart: none
labels: [{name: PER}]
"""
ROWS = "Ada\tB-PER\nleft\tO\n\n"


def words(*arguments: str) -> str:
    """Run lmn-convert and return what it prints as an error; empty if it succeeds."""
    result = CliRunner().invoke(convert, [*arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.stderr if result.exit_code else ""


@pytest.fixture
def corpus(workdir: Path) -> Path:
    """A card in its folder, and a secret beside the folder."""
    Path("corpus").mkdir()
    Path("corpus/card.yaml").write_text(GOOD)
    Path("corpus/a.conll").write_text(ROWS)
    Path("secret").mkdir()
    Path("secret/a.conll").write_text(ROWS)
    return workdir


ELSEWHERE = [
    "../secret/a.conll",
    "SECRET/a.conll",
    "x/../../secret/a.conll",
    "file://SECRET/a.conll",
    "http://127.0.0.1:9/a.conll",
    "~/a",
]


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
@pytest.mark.parametrize("shape", ["{train: PATH}", "{train: {file: PATH, sentences: '0:1'}}"])
@pytest.mark.parametrize(
    "reader", ["columns, scheme: BIO", "lines, scheme: BIO", "tokens, scheme: BIO", "spans, language: xx", "docbin"]
)
def test_a_split_names_no_file_elsewhere(corpus: Path, reader: str, shape: str, elsewhere: str) -> None:
    path = elsewhere.replace("SECRET", str(corpus / "secret"))
    text = GOOD.replace("{train: a.conll}", shape.replace("PATH", path)).replace(
        "columns, scheme: BIO, separator: tab", reader
    )
    Path("corpus/card.yaml").write_text(text)
    for command in ([], ["check"], ["stats"]):
        error = words(*command, "corpus")
        assert error.startswith("Error: corpus/card.yaml:6: splits.train")
        assert "is a path that may lead anywhere" in error or "is an address" in error
        assert "--source names another folder" in error


def test_a_link_leads_out_of_no_corpus_and_the_remedy_works(corpus: Path) -> None:
    Path("corpus/a.conll").unlink()
    Path("corpus/a.conll").symlink_to("../secret/a.conll")
    error = "Error: corpus/a.conll: a link that leads out of corpus; --source DIR names the folder that it lies in\n"
    assert {words(*command, "corpus") for command in ([], ["check"], ["stats"])} == {error}
    assert words("corpus", "--source", "secret") == ""
    Path("corpus/a.conll").unlink()
    Path("corpus/a.conll").symlink_to("b.conll")
    Path("corpus/b.conll").write_text(ROWS)
    assert words("corpus") == ""
    Path("linked").symlink_to("corpus", target_is_directory=True)
    assert words("linked") == words("corpus", "--source", "linked") == ""


@pytest.mark.parametrize(
    "elsewhere", ["../secret/card.yaml", "SECRET/card.yaml", "link.yaml", "../secret", "sub/../../secret"]
)
def test_a_card_or_a_mix_extends_nothing_elsewhere(
    corpus: Path, elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("secret/card.yaml").write_text(GOOD)
    Path("corpus/link.yaml").symlink_to("../secret/card.yaml")
    monkeypatch.chdir("corpus")
    path = elsewhere.replace("SECRET", str(corpus / "secret"))
    for command in ("check", "mix"):
        Path("child.yaml").write_text(f"extends: {path}\nname: child\n")
        error = words(command, "child.yaml")
        assert path in error
        assert error.endswith(
            "a file names cards and mixes below its own folder or the working directory; run the command in a folder above both\n"
        )
    monkeypatch.chdir("..")
    Path("corpus/child.yaml").write_text("extends: secret/card.yaml\nname: child\n")
    assert load_card("corpus/child.yaml").name == "child"


def test_a_long_chain_of_files_is_one_error(workdir: Path) -> None:
    for number in range(2000):
        Path(f"c{number}.yaml").write_text(f"extends: c{number + 1}.yaml\n")
    for command in ("check", "mix"):
        assert (
            words(command, "c0.yaml")
            == "Error: c21.yaml: more than 20 files that extend one another; put their keys into fewer files\n"
        )


MIX = """\
name: both
title: Both
language: en
test: {sentences: 1}
labels: [{name: PER}]
sources: [{card: CARD, source: SOURCE}]
"""


@pytest.mark.parametrize("key", ["CARD", "SOURCE"])
@pytest.mark.parametrize("elsewhere", ["../secret", "SECRET", "file://SECRET", "link"])
def test_a_source_of_a_mix_is_nowhere_else(
    corpus: Path, elsewhere: str, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("secret/card.yaml").write_text(GOOD)
    Path("secret/a.conll").write_text("".join(f"Ada{number}\tB-PER\n\n" for number in range(4)))
    Path("corpus/link").symlink_to("../secret")
    monkeypatch.chdir("corpus")
    named = {"CARD": "card.yaml", "SOURCE": "."} | {
        key: elsewhere.replace("/SECRET", "SECRET").replace("SECRET", str(corpus / "secret"))
    }
    Path("mix.yaml").write_text(MIX.replace("CARD", named["CARD"]).replace("SOURCE", named["SOURCE"]))
    error = words("mix", "mix.yaml")
    assert "path that may lead anywhere" in error or "is an address" in error or "a link that leads out of" in error
    assert not Path("data").exists()
    Path("mix.yaml").write_text(MIX.replace("CARD", "card.yaml").replace("SOURCE", "secret"))
    assert words("mix", "mix.yaml", "--sources", str(corpus)) == ""


@pytest.mark.parametrize("key", ["recipe", "out", "source"])
@pytest.mark.parametrize("elsewhere", ["../secret", "SECRET", "file://SECRET", "link/x"])
def test_a_search_reads_and_writes_below_the_working_directory(
    corpus: Path, elsewhere: str, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("corpus")
    Path("link").symlink_to("../secret")
    Path("recipe.yaml").write_text("model_name_or_path: m\ntemplate: t\ndataset: d\noutput_dir: o\n")
    path = elsewhere.replace("SECRET", str(corpus / "secret"))
    keys = {"recipe": "recipe.yaml", "trials": "1", "space": "{lora_rank: [8]}"}
    Path("search.yaml").write_text("".join(f"{name}: {value}\n" for name, value in (keys | {key: path}).items()))
    result = CliRunner().invoke(lmn_eval, ["search", "search.yaml"])
    assert result.exit_code == 1
    assert (
        "path that may lead anywhere" in result.stderr
        or "is an address" in result.stderr
        or "a link that leads out of" in result.stderr
    )
    assert os.listdir(corpus / "secret") == ["a.conll"]
    Path("search.yaml").write_text("".join(f"{name}: {value}\n" for name, value in keys.items()))
    assert load_plan(Path("search.yaml"), corpus / "secret").source == corpus / "secret"


def test_a_card_of_a_column_file_asks_for_no_gigabytes(corpus: Path) -> None:
    for key in ("token", "tag", "columns", "sentence"):
        for number in (10**9, -(10**9)):
            text = GOOD.replace("separator: tab", f"separator: tab, untagged: outside, {key}: {number}")
            Path("corpus/card.yaml").write_text(text)
            assert f"reader.{key}: {number} is " in words("check", "corpus")


@pytest.mark.parametrize(
    "encoding", ["utf-7", "unicode_escape", "raw_unicode_escape", "punycode", "idna", "undefined", "U7"]
)
def test_an_encoding_that_makes_half_characters_is_refused(corpus: Path, encoding: str) -> None:
    Path("corpus/a.conll").write_bytes(rb"+2AA-\ud800" + ROWS.encode())
    Path("corpus/card.yaml").write_text(GOOD.replace("separator: tab", f"separator: tab, encoding: {encoding}"))
    assert words("corpus").startswith("Error: corpus/card.yaml:7: reader.encoding: ")
