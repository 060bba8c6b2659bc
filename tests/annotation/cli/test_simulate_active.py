"""`lmn-annotate simulate active`: rounds of a tiny real student, resumed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from annotating import rows, simulate_active
from tiny_encoders import student_recipe

pytest.importorskip("torch")


def without_times(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if "seconds" not in key}


def test_a_simulation_goes_on_where_it_was_killed_and_ends_alike(workdir: Path) -> None:
    student_recipe(workdir)
    words = (
        "--strategies",
        "clusters",
        "--rounds",
        "2",
        "--seeds",
        "1",
        "--start",
        "10%",
        "--per-round",
        "60",
        "--out",
        "out",
    )
    planned = simulate_active(*words, "--plan")
    assert "trainings: 5\n" in planned.stderr
    assert "estimate: " in planned.stderr
    assert not Path("out").exists()
    said = simulate_active(*words)
    assert "5 of 5 trainings" in said.stderr
    for heading in ("F1 on test by labelled tokens", "Against random", "Where the rule stops"):
        assert heading in said.stdout
    first = rows(Path("out/rows.jsonl"))
    rounds = [f"{name}/seed-1/round-{number:02}" for name in ("random", "clusters") for number in (1, 2)]
    assert [row["cell"] for row in first[1:]] == ["start/seed-1/round-00", *rounds]
    tokens = first[0]["settings"]["tokens"]
    assert all(0 <= round(tokens / 10) + 60 * row["round"] - row["tokens"] < 8 for row in first[1:])
    chosen = rows(Path("out/rounds/clusters/seed-1/round-02/chosen.jsonl"))
    assert [row["rank"] for row in chosen] == list(range(1, len(chosen) + 1))
    assert not list(Path("out").rglob("model.safetensors"))

    Path("out/rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in first[:5]))
    part = simulate_active(*words, "--report")
    assert "4 of 5 trainings" in Path("out/active.html").read_text()
    assert "F1 on dev by labelled tokens" in part.stdout
    assert "on test" not in part.stdout
    assert "no simulation has written here" in simulate_active(*words[:-1], "mistyped", "--report", code=1).stderr
    assert not Path("mistyped").exists()
    Path("out/rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in first[:4]))
    again = simulate_active(*words)
    assert "trainings left: 2" in again.stderr
    assert list(map(without_times, rows(Path("out/rows.jsonl")))) == list(map(without_times, first))
    assert again.stdout == said.stdout
    other = simulate_active(*words, "--overhead", "9", code=1)
    assert "holds a simulation with other settings: overhead was 5.0 and is 9.0" in other.stderr
    summary = json.loads(Path("out/summary.json").read_text())
    assert [one["strategy"] for one in summary["outcomes"]] == ["random", "clusters"]
    assert "<polyline" in Path("out/active.html").read_text()
    assert Path("out/active.md").read_text().count("| strategy |") == 1


def test_mistakes_are_said_before_anything_is_trained(workdir: Path) -> None:
    student_recipe(workdir)
    for words, message in (
        (("--strategies", "entropy"), "entropy: no such strategy"),
        (("--start", "lots"), "--start lots: not an amount"),
        (("--epochs", "2"), "--steps and --epochs both say how long a training is"),
        (("--base-model", "a/b"), "--base-model is for the cards of --push"),
        (("--plan", "--report"), "--plan and --report both stop the simulation"),
        (("--splits", "train,testa"), "--splits train,testa: three names with commas between them are needed"),
        (("--push", "me"), "--repo me: not a Hub id"),
    ):
        assert message in simulate_active(*words, "--out", "out", code=1).stderr
    assert not Path("out").exists()
