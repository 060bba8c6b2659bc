"""Runs that differ only in a seed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scored_runs import flat_scores, scored_run

from llms_meet_ner import LmnError
from llms_meet_ner.counts import Counts
from llms_meet_ner.eval.analysis.seeds import seed_groups
from llms_meet_ner.eval.scored_run.run import Hashes, Provenance, ScoredRun, ShownExamples

SETTINGS = {"keys": {"model_name_or_path": "m", "learning_rate": 0.1}, "examples_at_once": 8, "data": {}}


def trained(folder: Path, seed: int, correct: int, settings: dict[str, Any] = SETTINGS, **changes: Any) -> ScoredRun:
    """Return a run of a training whose settings are in a folder."""
    folder.mkdir()
    keys = {**settings["keys"], "seed": seed}
    (folder / "lmn_train.json").write_text(json.dumps({**settings, "keys": keys}))
    hashes = Hashes("c", "p", f"{folder.name}{seed}")
    known = {
        "path": folder / "demo_testb" / "free" / "scores.json", "recipe": f"{folder.name}.yaml",
        "provenance": Provenance({}, None, seed, hashes), "scores": flat_scores({"LOC": Counts(correct, 10, 10)}),
    }  # fmt: skip
    return scored_run(**known | changes)


def test_trainings_that_differ_only_in_seed_are_one_group(tmp_path: Path) -> None:
    runs = {
        "A": trained(tmp_path / "a", 1, 4),
        "B": trained(tmp_path / "b", 2, 6),
        "C": trained(tmp_path / "c", 3, 7, {**SETTINGS, "examples_at_once": 4}),
        "D": trained(tmp_path / "d", 4, 7, decoding="constrained"),
        "E": trained(tmp_path / "e", 5, 8),
    }
    (group,) = seed_groups(runs)
    assert (group.runs, group.seeds, group.what) == (("A", "B", "E"), (1, 2, 5), "training")
    f1 = group.spreads["f1"]
    assert (f1.mean, f1.deviation) == (pytest.approx(0.6), pytest.approx(0.2))
    assert (f1.smallest, f1.largest) == (pytest.approx(0.4), pytest.approx(0.8))


def test_nothing_is_grouped_that_might_differ_in_more(tmp_path: Path) -> None:
    one, other = trained(tmp_path / "a", 1, 4), trained(tmp_path / "b", 1, 6)
    assert seed_groups({"A": one, "B": other}) == ()  # the same seed twice
    other = trained(tmp_path / "c", 2, 6)
    assert len(seed_groups({"A": one, "B": other})) == 1
    (tmp_path / "c" / "lmn_train.json").unlink()
    assert seed_groups({"A": one, "B": other}) == ()
    unknown = replace(one.provenance, seed=None)
    assert seed_groups({"A": replace(one, provenance=unknown), "B": one}) == ()


def test_damaged_settings_are_one_error(tmp_path: Path) -> None:
    run = trained(tmp_path / "a", 1, 4)
    (tmp_path / "a" / "lmn_train.json").write_text("{")
    with pytest.raises(LmnError, match=r"lmn_train\.json"):
        seed_groups({"A": run, "B": run})


def test_examples_drawn_with_other_seeds_are_one_group() -> None:
    shown = ShownExamples(4, "random", 1, "demo_train", ("x",), "1")
    other = replace(shown, seed=2, ids=("y",), sha256="2")
    runs = {"A": scored_run(shots=shown), "B": scored_run(shots=other), "C": scored_run(shots=replace(other, number=5))}
    (group,) = seed_groups(runs)
    assert (group.runs, group.seeds, group.what) == (("A", "B"), (1, 2), "examples")
