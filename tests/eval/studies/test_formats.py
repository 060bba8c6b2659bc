"""The study of output formats: commands that a user could type, and a page made of what is scored."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from paths import ROOT
from scored_runs import flat_scores, scored_run

from llms_meet_ner.counts import Counts
from llms_meet_ner.data_converters.cli.convert import main as lmn_convert
from llms_meet_ner.eval.cli.score import main as lmn_eval
from llms_meet_ner.eval.scored_run.analysis import Interval, Intervals, RatioIntervals
from llms_meet_ner.eval.scored_run.files import save_evaluation
from llms_meet_ner.eval.scored_run.run import Baselines, Evaluation
from llms_meet_ner.eval.studies import formats as study
from llms_meet_ner.eval.studies.formats import StudyPlan, main
from llms_meet_ner.eval.studies.results import Study
from llms_meet_ner.formats import format_names
from llms_meet_ner.training.recipe import load_recipe

RECIPE = ROOT / "recipes/wikigold_smollm2.yaml"


@pytest.fixture
def plan() -> StudyPlan:
    return StudyPlan("wikigold", Path("my corpora"), RECIPE, "test", Path("outputs/study_wikigold"))


@pytest.mark.parametrize("fmt", format_names())
def test_each_format_trains_a_data_set_and_a_folder_of_its_own(plan: StudyPlan, fmt: str) -> None:
    mark = "" if fmt == "bracketed" else f".{fmt}"
    recipe = load_recipe(RECIPE, plan.overrides(fmt))
    assert recipe.dataset == f"wikigold.short{mark}_train"
    assert recipe.output_dir == Path(f"outputs/wikigold_smollm2_{fmt}")
    assert {key: value for key, value in recipe.values.items() if key not in ("dataset", "output_dir")} == {
        key: value for key, value in load_recipe(RECIPE).values.items() if key not in ("dataset", "output_dir")
    }
    assert plan.train(fmt) == ["lmn-train", str(RECIPE), *plan.overrides(fmt)]
    assert replace(plan, allow_cut=True).train(fmt) == ["lmn-train", str(RECIPE), "--allow-cut", *plan.overrides(fmt)]


def test_the_data_set_that_is_converted_is_the_one_that_is_trained_on(workdir: Path) -> None:
    (workdir / "demo.yaml").write_text("model_name_or_path: m\ntemplate: qwen\ndataset: d\noutput_dir: o\n")
    plan = StudyPlan("demo", ROOT / "data_converters/cards/demo", workdir / "demo.yaml", "testb", Path("out"))
    for fmt in ("bracketed", "grouped"):
        result = CliRunner().invoke(lmn_convert, plan.convert(fmt)[1:])
        assert result.exit_code == 0, result.output
        name = load_recipe(plan.recipe, plan.overrides(fmt)).dataset
        assert name in json.loads(Path("data/alpaca/dataset_info.json").read_text())


def test_the_command_that_scores_has_options_that_exist_and_a_folder_for_each_run(plan: StudyPlan) -> None:
    words, out = plan.score("xml", "free", "--shots", "1", "--max-new-tokens", "128")
    assert out == Path("outputs/study_wikigold/xml-free-shots-1-max-new-tokens-128")
    assert words[words.index("--out") + 1] == str(out)
    assert words[words.index("--source") + 1] == "my corpora"
    assert words[-2:] == plan.overrides("xml")
    known = {name for parameter in lmn_eval.commands["score"].params for name in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known
    folders = [plan.score(fmt, decoding, *flags)[1] for fmt in format_names() for decoding in ("constrained", "free") for flags in ([], ["--shots", "0"])]  # fmt: skip
    assert len(set(folders)) == len(folders) == 4 * len(format_names())


def test_what_is_scored_becomes_a_study_without_a_run(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = scored_run(corpus="wikigold", split="test", scores=flat_scores({"LOC": Counts(3, 4, 6)}))
    low, high = RatioIntervals(*[Interval(0.1, 0.2)] * 3), RatioIntervals(*[Interval(0.4, 0.75)] * 3)
    intervals = Intervals(0.95, 1000, 42, {"micro": high, "baseline: majority": low})
    baselines = Baselines("train", "0", {"majority": Counts(1, 4, 6)})
    run = replace(run, baselines=baselines, analysis=replace(run.analysis, intervals=intervals))
    for name in ("bracketed-constrained", "xml-free-shots-0"):
        save_evaluation(Evaluation(run, ()), Path("outputs/study_wikigold") / name)
    monkeypatch.setattr(study, "RESULTS_FOLDER", workdir / "results")
    words = ["--source", "/my/corpora", "--recipe", str(RECIPE), "--no-run", "--about", "On a machine."]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    found = Study.load(workdir / "results/wikigold.json")
    assert (found.title, found.about, found.corpus, found.split) == (
        "Output formats on WikiGold", "On a machine.", "wikigold", "test",
    )  # fmt: skip
    rows = [(row.name, row.format, row.decoding, row.f1_interval) for row in found.results]
    assert [row[0] for row in rows] == ["baseline: majority", "zero-shot", "trained"]
    assert rows[0][3] == Interval(0.1, 0.2)
    assert rows[2][3] == Interval(0.4, 0.75)
    commands = [[shlex.split(line)[0] for line in row.command.splitlines()] for row in found.results]
    assert commands == [[], ["lmn-convert", "lmn-eval"], ["lmn-convert", "lmn-train", "lmn-eval"]]
    assert "--source DIR" in found.results[1].command
    assert "/my" not in found.results[1].command


def test_without_a_source_nothing_starts(workdir: Path) -> None:
    result = CliRunner().invoke(main, ["--no-run"])
    assert (result.exit_code, "Missing option '--source'" in result.stderr) == (2, True)
    assert list(workdir.iterdir()) == []
