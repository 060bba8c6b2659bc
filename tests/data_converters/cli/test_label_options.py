"""Labels kept, dropped, merged, renamed and lettered on the command line: data, instruction and gold follow from one object."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from paths import CONLL

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters.cli.convert import main
from llms_meet_ner.eval.cli.score import main as lmn_eval
from llms_meet_ner.training.dataset_info import load_entry, sibling

ALPACA = Path("data/alpaca")


def run(*arguments: str | Path, code: int = 0, command: object = main) -> Result:
    result = CliRunner().invoke(command, [str(argument) for argument in arguments])  # type: ignore[arg-type]
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def table(result: Result) -> list[str]:
    """The lines of a report, each run of spaces as one."""
    return [" ".join(line.split()) for line in result.stdout.splitlines()]


def outputs(name: str) -> list[str]:
    return [row["output"] for row in json.loads((ALPACA / f"{name}.json").read_text(encoding="utf-8"))]


def test_kept_and_renamed_labels_are_in_data_prompt_name_and_message(workdir: Path) -> None:
    result = run("conll2003", "--source", CONLL, "--split", "train", "--keep", "PER, ORG", "--rename", "PER=PERSON")
    name = "conll2003.keep-PER-ORG.rename-PER-PERSON_train"
    assert result.stdout.splitlines()[1:] == [
        f"{name}  5          17      3         {ALPACA / name}.json",
        "labels: PER -> PERSON, LOC -> O, MISC -> O",
        "1 data sets in data/alpaca/dataset_info.json",
    ]
    assert outputs(name)[1:3] == [
        "[NORDHAVN | ORG] REJECTS Danish offer .",
        "[Ida Holm | PERSON] [Lars Bay | PERSON] left",
    ]
    spec = load_entry(ALPACA, name).spec
    assert spec.labels.names == ("ORG", "PERSON")
    assert "\nPERSON(person): A named individual" in spec.instruction
    assert "MISC" not in spec.instruction


def test_a_name_of_ones_own_stands_for_the_change(workdir: Path) -> None:
    (workdir / "b.yaml").write_text("extends: conll2003\nname: b\nkeep: [PER]\n")
    run("conll2003", "--source", CONLL, "--keep", "PER", "--as", "b")
    run("b.yaml", "--source", CONLL)
    assert sorted(path.name for path in ALPACA.glob("*_train.json")) == ["b_train.json", "conll2003.b_train.json"]
    assert outputs("b_train") == outputs("conll2003.b_train")


def test_splits_of_one_change_belong_together_and_to_no_other(workdir: Path) -> None:
    run("conll2003", "--source", CONLL)
    run("conll2003", "--source", CONLL, "--split", "train", "--keep", "PER")
    run("conll2003", "--source", CONLL, "--split", "testa", "--drop", "ORG,LOC,MISC")
    run("conll2003", "--source", CONLL, "--split", "testb", "--merge", "PER=PER,ORG", "--drop", "LOC,MISC")
    entry = load_entry(ALPACA, "conll2003.keep-PER_train")
    assert sibling(ALPACA, entry, "testa").name == "conll2003.drop-ORG-LOC-MISC_testa"  # the same labels by another way
    with pytest.raises(LmnError, match=r"conll2003\.drop-LOC-MISC\.merge-PER-PER-ORG_testb \(another labels\)"):
        sibling(ALPACA, entry, "testb")
    assert sibling(ALPACA, load_entry(ALPACA, "conll2003_train"), "testb").name == "conll2003_testb"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--keep", "PER,GPE"], "--keep: there is no label GPE; there are: ORG, PER, LOC, MISC"),
        (["--drop", "X"], "--drop: there is no label X; there are: ORG, PER, LOC, MISC"),
        (["--keep", "PER", "--merge", "N=PER,ORG"], "--merge: there is no label ORG; there are: PER"),
        (["--rename", "X=Y"], "--rename: there is no label X; there are: ORG, PER, LOC, MISC"),
        (["--rename", "PER=ORG"], "--rename: PER cannot be called ORG: there is a label of that name; merge them"),
        (["--rename", "PER=a b"], "--rename: not a label name: 'a b'"),
        (["--merge", "A B=PER"], "--merge: not a label name: 'A B'"),
        (["--drop", "ORG,PER,LOC,MISC"], "--drop: no label is left; drop fewer labels"),
        (["--rename", "PER"], "--rename 'PER': write --rename OLD=NEW"),
        (["--merge", "X="], "--merge 'X=': write --merge NEW=LABEL,LABEL"),
        (["--keep", "PER,,ORG"], "--keep 'PER,,ORG': a label is missing; write labels with commas between them"),
        (["--merge", "X=PER", "--merge", "Y=PER"], "--merge: PER is listed twice; a label has one target"),
        (["--merge", "X=PER", "--merge", "X=ORG"], "--merge: give all labels that count as one in one list (X)"),
        (["--rename", "PER=X", "--rename", "ORG=X"], "--rename: two labels cannot have one name (X, X); --merge makes one"),
        (["--as", "b"], "--as b: none of --keep, --drop, --merge and --rename is given; --as names the labels that these options make"),
        (["--keep", "PER", "--as", "a b"], "--as 'a b': letters, digits, _ and -"),
        (["--keep", "PER", "--as", "letters"], "--as letters: this word is reserved in data set names; choose another"),
        (["--keep", "PER", "--as", "aug50"], "--as aug50: this word is reserved in data set names; choose another"),
    ],
)  # fmt: skip
def test_mistakes_say_what_there_is(workdir: Path, arguments: list[str], message: str) -> None:
    assert run("conll2003", "--source", CONLL, *arguments, code=1).stderr.startswith(f"Error: {message}")
    assert not ALPACA.exists()


def test_letters_are_scored_as_letters_end_to_end(workdir: Path) -> None:
    result = run("conll2003", "--source", CONLL, "--split", "testb", "--variant", "letters")
    assert "labels: ORG -> A, PER -> B, LOC -> C, MISC -> D\n" in result.stdout
    assert outputs("conll2003.letters_testb")[2] == "[ [Reuter | A] ]"
    (workdir / "r.yaml").write_text("model_name_or_path: m\ntemplate: qwen\ndataset: a\noutput_dir: o\n")
    load_entry(ALPACA, "conll2003.letters_testb").spec.save(workdir / "o/prompt_spec.json")
    rows = json.loads((ALPACA / "conll2003.letters_testb.json").read_text())
    (workdir / "p.jsonl").write_text(
        "".join(json.dumps({"id": row["id"], "output": row["output"]}) + "\n" for row in rows)
    )
    words = [
        "--recipe",
        "r.yaml",
        "--corpus",
        "conll2003",
        "--source",
        CONLL,
        "--split",
        "testb",
        "--predictions",
        "p.jsonl",
    ]
    result = run(*words, command=lmn_eval)
    assert {
        "labels ORG -> A, PER -> B, LOC -> C, MISC -> D",
        "A 1.0000 1.0000 1.0000 3",
        "micro avg 1.0000 1.0000 1.0000 3",
    } <= set(table(result))
    assert json.loads((workdir / "scores.json").read_text())["label_origins"]["MISC"] == "D"


def predictions(workdir: Path, card: str, *options: str) -> None:
    run(card, "--source", CONLL, "--split", "testb", *options)
    (path,) = ALPACA.glob("*_testb.json")
    rows = json.loads(path.read_text())
    (workdir / "p.jsonl").write_text(
        "".join(json.dumps({"id": row["id"], "output": row["output"]}) + "\n" for row in rows)
    )


def test_foreign_predictions_are_scored_with_the_labels_of_the_options(workdir: Path) -> None:
    predictions(workdir, "conll2003", "--keep", "ORG,PER", "--merge", "NAME=ORG,PER")
    words = ["--corpus", "conll2003", "--source", CONLL, "--split", "testb", "--predictions", "p.jsonl"]
    result = run(*words, "--keep", "ORG,PER", "--merge", "NAME=ORG,PER", command=lmn_eval)
    assert {"labels ORG -> NAME, PER -> NAME, LOC -> O, MISC -> O", "micro avg 1.0000 1.0000 1.0000 3"} <= set(
        table(result)
    )
    assert "micro avg 0.0000 0.0000 0.0000 3" in table(run(*words, command=lmn_eval))
    assert "Error: --keep: there is no label X" in run(*words, "--keep", "X", code=1, command=lmn_eval).stderr


def test_with_a_recipe_the_labels_come_from_the_prompt(workdir: Path) -> None:
    predictions(workdir, "conll2003", "--keep", "ORG,PER")
    (workdir / "r.yaml").write_text(
        "model_name_or_path: m\ntemplate: qwen\ndataset: conll2003.keep-ORG-PER_testb\ndataset_dir: data/alpaca\noutput_dir: o\n"
    )
    words = ["--recipe", "r.yaml", "--source", CONLL, "--split", "testb", "--predictions", "p.jsonl"]
    assert "micro avg 1.0000 1.0000 1.0000 3" in table(run(*words, command=lmn_eval))
    run(*words, "--drop", "LOC,MISC", command=lmn_eval)
    assert run(*words, "--keep", "ORG", code=1, command=lmn_eval).stderr == (
        "Error: the model was asked for ORG, PER, and is scored on that; leave out --keep, --drop, --merge and --rename, which are for "
        "predictions without a recipe and for other corpora\n"
    )
