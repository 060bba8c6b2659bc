"""The plan of a call: the meaning of its options, and contradictions between them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from click.testing import CliRunner
from paths import CONLL

from llms_meet_ner.data_converters.cli.convert import main as lmn_convert
from llms_meet_ner.data_converters.label_change import LabelChange
from llms_meet_ner.eval.cli import score as command
from llms_meet_ner.eval.cli.scoring_plan import FileAnswers, ScoreOptions, ScoringPlan, SystemAnswers, resolve
from llms_meet_ner.systems.options import SystemOptions

GOLD = ["--split", "testb", "--corpus", "conll2003", "--source", str(CONLL)]


@pytest.fixture
def plan_of(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what resolves a command line to its plan, without carrying it out."""
    plans: list[ScoringPlan] = []
    monkeypatch.setattr(command, "carry_out", plans.append)

    def resolved(*words: str) -> ScoringPlan:
        result = CliRunner().invoke(command.main, list(words))
        assert result.exit_code == 0, result.output
        return plans.pop()

    return resolved


@pytest.fixture
def recipe(workdir: Path) -> Path:
    """A recipe whose data are converted and whose adapter is not trained."""
    assert CliRunner().invoke(lmn_convert, ["conll2003", "--source", str(CONLL)]).exit_code == 0
    path = workdir / "recipe.yaml"
    values = {
        "model_name_or_path": "m",
        "template": "qwen",
        "dataset": "conll2003_train",
        "dataset_dir": "data/alpaca",
        "output_dir": "outputs/r",
    }
    path.write_text(yaml.safe_dump(values))
    return path


def test_a_file_and_a_corpus_need_no_recipe(plan_of: Any) -> None:
    plan = plan_of(*GOLD, "--predictions", "p.jsonl", "--format", "xml")
    assert isinstance(plan.answers, FileAnswers)
    assert plan.answers.path == Path("p.jsonl")
    assert plan.answers.spec is not None
    assert plan.answers.spec.format == "xml"
    assert plan.answers.facts.model is None
    assert (plan.gold.card.name, plan.gold.split, plan.gold.train_split, plan.gold.train_needed) == (
        "conll2003",
        "testb",
        "train",
        False,
    )


def test_a_recipe_gives_corpus_source_and_system(plan_of: Any, recipe: Path) -> None:
    plan = plan_of(
        "--recipe", str(recipe), "--split", "testb", "--limit", "2", "--baselines", "output_dir=outputs/other"
    )
    assert isinstance(plan.answers, SystemAnswers)
    assert plan.answers.facts.model == "m"
    assert plan.answers.system.results_folder == Path("outputs/other")
    assert plan.answers.spec is not None
    assert (plan.gold.card.name, plan.gold.source, plan.gold.limit, plan.gold.train_needed) == (
        "conll2003",
        CONLL,
        2,
        True,
    )


def test_a_file_with_a_recipe_has_the_recipes_prompt_and_facts(plan_of: Any, recipe: Path) -> None:
    plan = plan_of("--recipe", str(recipe), "--split", "testb", "--predictions", "p.jsonl")
    assert isinstance(plan.answers, FileAnswers)
    assert plan.answers.spec is not None
    assert plan.answers.facts.model == "m"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--predictions", "p", "--shots", "1"], "--shots is for predicting"),
        (["--predictions", "p", "--restart"], "--restart is for predicting"),
        (["--format", "xml"], "--format is for --predictions"),
        (["--variant", "letters"], "--variant is for --predictions"),
        (["--template", "qwen"], "--template is for --adapter"),
        (["--adapter", "a", "--predictions", "p"], "--predictions does not go with --adapter"),
        (["--adapter", "a", "--prompt", "p.json", "--template", "t"], "leave one of them out"),
        (["--untrained", "--shots", "2"], "leave one of them out"),
        (["--engine", "openai", "--dtype", "float32"], "--dtype is for --engine local"),
        (["--timeout", "3"], "--timeout is for --engine openai"),
    ],
)
def test_options_that_do_not_go_together(workdir: Path, words: list[str], message: str) -> None:
    result = CliRunner().invoke(command.main, [*GOLD, *words])
    assert result.exit_code == click.UsageError.exit_code
    assert message in result.output


def test_free_decoding_has_no_confidences(workdir: Path, recipe: Path) -> None:
    result = CliRunner().invoke(
        command.main, ["--recipe", str(recipe), "--split", "testb", "--decoding", "free", "--min-confidence", "0.5"]
    )
    assert (
        result.exit_code,
        " gives no confidences; leave it out, or use --decoding constrained" in result.output,
    ) == (1, True)


def test_the_scored_split_is_not_counted_in(workdir: Path) -> None:
    words = [*GOLD, "--predictions", "p", "--baselines", "--train-split", "testb"]
    result = CliRunner().invoke(command.main, words)
    assert result.exit_code == 1
    assert (
        "Error: --train-split testb: this is the split that is scored; name another of: train, testa\n" in result.output
    )
    words = [*GOLD[:1], "train", *GOLD[2:], "--predictions", "p", "--baselines"]
    result = CliRunner().invoke(command.main, words)
    assert result.exit_code == 1
    assert (
        "the baselines would count in train, the split that is scored; --train-split names another of: testa, testb"
        in result.output
    )


def test_a_plan_is_made_without_a_command(workdir: Path) -> None:
    options = ScoreOptions(
        "testb", None, (), None, False, Path("p.jsonl"), "demo", None, None, LabelChange(), "xml", None, SystemOptions(), 20, False, None,
        None, False, None, None, False, "table", False, None, None,
    )  # fmt: skip
    plan = resolve(options)
    assert (plan.gold.card.name, plan.gold.limit, plan.answers.predictions(None)) == ("demo", 20, Path("p.jsonl"))  # type: ignore[arg-type]


def test_gold_is_read_as_the_training_data_were_unless_someone_says_otherwise(plan_of: Any, recipe: Path) -> None:
    words = ["--recipe", str(recipe), "--split", "testb"]
    assert plan_of(*words).gold.repair == "conlleval"
    assert CliRunner().invoke(lmn_convert, ["conll2003", "--source", str(CONLL), "--repair", "discard"]).exit_code == 0
    assert plan_of(*words).gold.repair == "discard"
    assert plan_of(*words, "--repair", "error").gold.repair == "error"
    assert plan_of(*words, "--corpus", "demo").gold.repair is None


def test_entries_of_earlier_versions_leave_the_policy_to_the_card(plan_of: Any, recipe: Path) -> None:
    path = Path("data/alpaca/dataset_info.json")
    info = json.loads(path.read_text())
    for entry in info.values():
        del entry["lmn"]["repair"]
    path.write_text(json.dumps(info))
    assert plan_of("--recipe", str(recipe), "--split", "testb").gold.repair is None


def test_gold_of_predictions_is_read_as_their_run_says(plan_of: Any) -> None:
    Path("predictions.jsonl").touch()
    words = [*GOLD, "--predictions", "predictions.jsonl"]
    Path("run.json").write_text(json.dumps({"stamp": {"model": "m"}, "repair": "discard"}))
    assert plan_of(*words).gold.repair == "discard"
    assert plan_of(*words, "--repair", "conlleval").gold.repair == "conlleval"
    Path("run.json").write_text(json.dumps({"stamp": {"model": "m"}}))
    assert plan_of(*words).gold.repair is None
