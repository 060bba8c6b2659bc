"""What is known about training data: its corpus, one example, and the command that writes it again."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from converting import forget_hashes
from paths import CARDS, DEMO
from publishing import Trained

from llms_meet_ner import LabelSet, get_format
from llms_meet_ner.data_converters import load_card, prompt_spec_of
from llms_meet_ner.data_converters.cli.convert import main as lmn_convert
from llms_meet_ner.eval.publish.corpus import TrainingData, made_up, training_data
from llms_meet_ner.formats import format_names
from llms_meet_ner.labels import Label
from llms_meet_ner.training.recipe import load_recipe


def known(tiny: Trained, **options: Any) -> TrainingData:
    return training_data(load_recipe(tiny.recipe), tiny.spec, **options)


def test_everything_is_known_of_data_that_is_there(tiny: Trained) -> None:
    data = known(tiny)
    assert (data.title, data.hub_id, data.records, data.unknown) == ("llms-meet-ner demo corpus", "demo", 400, ())
    assert data.other_splits == ("testa", "testb")
    rows = json.loads(Path("data/alpaca/demo.short_train.json").read_text())
    row = next(row for row in rows if row["output"] == data.example.output)
    assert (data.example.source, data.example.is_real) == (row["input"], True)
    assert len(row["tokens"]) <= 20


def test_the_example_has_the_most_labels_and_is_the_first_of_equals(tiny: Trained) -> None:
    path = Path("data/alpaca/demo.short_train.json")
    first = json.loads(path.read_text())[0]
    told = [
        "no entity",
        "[A | PER] b",
        "[C | PER] d [E | LOC]",
        "[F | LOC] g [H | PER]",
        "[I | PER] [J | LOC] [K | ORG]" + " l" * 20,
    ]
    rows = []
    for number, output in enumerate(told):
        words = [
            word for word in output.replace("[", "").replace("]", "").split() if word not in ("|", "PER", "LOC", "ORG")
        ]
        rows.append(
            {**first, "id": f"demo/train/{number}", "tokens": words, "input": " ".join(words), "output": output}
        )
    path.write_text(json.dumps(rows))
    forget_hashes(path.parent)
    data = known(tiny)
    assert (data.records, data.example.source, data.example.output) == (5, "C d E", told[2])
    path.write_text(json.dumps(rows[:1]))
    assert (known(tiny).records, known(tiny).example) == (1, made_up(tiny.spec))


def test_text_of_the_corpus_can_be_kept_out(tiny: Trained) -> None:
    data = known(tiny, corpus_text=False)
    assert (data.records, data.example.is_real) == (400, False)
    assert data.example == made_up(tiny.spec)


def test_what_is_missing_is_named_and_the_rest_is_known(tiny: Trained) -> None:
    Path("data/alpaca/demo.short_train.json").unlink()
    data = known(tiny)
    assert (data.records, data.example.is_real, data.title) == (None, False, "llms-meet-ner demo corpus")
    assert [error.where for error in data.unknown] == ["data/alpaca/demo.short_train.json"]
    info = json.loads(Path("data/alpaca/dataset_info.json").read_text())
    info["demo.short_train"]["lmn"]["card"] = "gone.yaml"
    Path("data/alpaca/dataset_info.json").write_text(json.dumps(info))
    data = known(tiny)
    assert (data.card, data.title, data.hub_id, data.convert_command(), data.other_splits) == (
        None,
        "demo",
        "demo",
        None,
        (),
    )
    assert len(data.unknown) == 2
    Path("data/alpaca/dataset_info.json").unlink()
    data = known(tiny)
    assert (data.entry, data.title, data.hub_id, data.convert_command()) == (
        None,
        "demo.short_train",
        "demo.short_train",
        None,
    )


@pytest.mark.parametrize(
    ("change", "hub_id"),
    [
        ({}, "demo"),
        ({"homepage": "https://huggingface.co/datasets/me/corpus"}, "me/corpus"),
        ({"homepage": "https://huggingface.co/datasets/me/corpus/"}, "me/corpus"),
        ({"homepage": "https://huggingface.co/datasets/me/corpus/tree/main"}, "demo"),
        ({"homepage": "https://example.org/datasets/me/corpus"}, "demo"),
    ],
)
def test_the_hub_page_of_a_card_names_the_data_set(tiny: Trained, change: dict[str, str], hub_id: str) -> None:
    data = known(tiny)
    assert replace(data, card=replace(load_card("demo"), **change)).hub_id == hub_id  # type: ignore[arg-type]


def test_a_reader_of_a_hub_data_set_names_it_and_one_of_files_does_not(tiny: Trained) -> None:
    data = known(tiny)
    card = load_card("wikiann")
    path = card.reader.path  # type: ignore[union-attr]
    assert replace(data, card=replace(card, homepage="")).hub_id == path
    for local in ("me/corpus.parquet", "a/b/c", "not an id"):
        reader = replace(card.reader, path=local)  # type: ignore[type-var]
        assert replace(data, card=replace(card, homepage="", reader=reader)).hub_id == "wikiann"


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--format", "xml"],
        ["--variant", "short", "--format", "grouped"],
        ["--instruction-as", "system"],
        ["--drop", "MISC"],
        ["--keep", "PER,LOC"],
        ["--drop", "MISC", "--as", "b"],
        ["--merge", "PLACE=LOC,ORG", "--rename", "PER=PERSON"],
        ["--drop", "LOC", "--rename", "ORG=FIRM", "--format", "occurrence"],
        ["--augment", "0.1", "--seed", "3", "--augment-split", "train"],
    ],
    ids=" ".join,
)
def test_the_command_writes_the_same_records_again(workdir: Path, options: list[str]) -> None:
    """Whatever options wrote the data set, the printed command writes its records again; the name of changed labels may differ."""
    first = converted(Path("data/alpaca"), "demo", *options)
    Path("r.yaml").write_text(
        yaml.safe_dump({"model_name_or_path": "m", "template": "qwen", "dataset": first[0], "output_dir": "o", "dataset_dir": "data/alpaca"})
    )  # fmt: skip
    recipe = load_recipe(Path("r.yaml"))
    command = training_data(recipe, recipe.train_entry().spec).convert_command()
    assert command is not None
    program, *words = shlex.split(command.replace("DIR", str(DEMO)))
    assert program == "lmn-convert"
    assert converted(Path("again"), *words, "--out", "again")[1:] == first[1:]


@pytest.mark.parametrize(
    "options", [[], ["--drop", "Some one"], ["--rename", "PERSON=P", "--merge", "X=ORG,LOC"]], ids=" ".join
)
def test_the_command_names_labels_that_the_files_call_otherwise(workdir: Path, options: list[str]) -> None:
    rows = "[{name: PERSON, corpus: Some one}, {name: ORG, corpus: PERSON}, {name: LOC}]"
    reader = "{type: columns, scheme: IO, separator: tab}"
    Path("own.yaml").write_text(
        f"name: own\nlanguage: en\ndocstart: none\nsplits: {{train: a}}\nreader: {reader}\nlabels: {rows}\n"
    )
    Path("a").write_text("Ida\tSome one\nand\tO\nAcme\tPERSON\nin\tO\nUlm\tLOC\n")
    first = converted(Path("data/alpaca"), "own.yaml", "--source", ".", *options)
    Path("r.yaml").write_text(
        yaml.safe_dump({"model_name_or_path": "m", "template": "qwen", "dataset": first[0], "output_dir": "o", "dataset_dir": "data/alpaca"})
    )  # fmt: skip
    recipe = load_recipe(Path("r.yaml"))
    command = training_data(recipe, recipe.train_entry().spec).convert_command()
    assert command is not None
    _, *words = shlex.split(command.replace("DIR", "."))
    assert converted(Path("again"), *words, "--out", "again")[1:] == first[1:]


def converted(folder: Path, *words: str) -> tuple[str, bytes, dict[str, Any]]:
    """Convert the training split; return name, records and prompt of the only data set that is written."""
    result = CliRunner().invoke(lmn_convert, [*words, "--split", "train"])
    assert result.exit_code == 0, result.output
    ((name, entry),) = json.loads((folder / "dataset_info.json").read_text()).items()
    return name, (folder / entry["file_name"]).read_bytes(), entry["lmn"]["prompt"]


def test_a_card_of_ones_own_is_named_without_its_folder(tiny: Trained) -> None:
    Path("cards").mkdir()
    Path("cards/my card.yaml").write_text((CARDS / "demo/card.yaml").read_text())
    data = replace(known(tiny), card=load_card("cards/my card.yaml"))
    assert data.convert_command() == "lmn-convert 'my card.yaml' --source DIR --variant short"


def test_labels_that_no_option_gives_leave_the_command_as_it_is(tiny: Trained) -> None:
    data = known(tiny)
    assert data.entry is not None
    renamed = data.entry.spec.labels.changed(rename={"PER": "PERSON"})
    older = replace(renamed, origins=(*renamed.origins, ("GPE", "LOC")))  # a label that the card no longer has
    other = replace(data.entry.spec, labels=older)
    changed = replace(data, entry=replace(data.entry, spec=other))
    assert changed.convert_command() == "lmn-convert demo --source DIR --variant short"


@pytest.mark.parametrize("name", format_names())
def test_an_example_can_be_made_up_in_every_format(name: str) -> None:
    spec = prompt_spec_of(load_card("demo"), name)
    example = made_up(spec)
    assert example.source == "The organization , the person , the location ."
    assert not example.is_real
    found = get_format(name).parse(example.output, tuple(example.source.split()), spec.labels)
    assert [span.label for span in found.spans] == ["ORG", "PER", "LOC"]


def test_a_label_without_words_is_shown_by_its_name() -> None:
    spec = prompt_spec_of(load_card("demo"), "bracketed")
    one = made_up(replace(spec, labels=LabelSet((Label("X1", "", ""),))))
    assert (one.source, one.output) == ("The X1 .", "The [X1 | X1] .")
