"""`lmn-eval curve` on a training's folder, with a stand-in for the model: an adapter's bytes say how many sentences it gets right."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from curve_project import RUN, StandIn, document, draw, save

from llms_meet_ner.counts import Counts
from llms_meet_ner.eval.studies import curve as curve_module
from llms_meet_ner.eval.studies.curve import Curve, Point, Scope

TABLE = """\
recipes/mini.yaml on mini dev, all 8 sentences, decoding constrained
step  epoch  loss    eval loss  precision  recall  F1                             
4     0.40   1.2500  -          1.0000     0.2500  0.4000                         
8     0.80   1.1250  0.7500     1.0000     0.9167  0.9565  best, the final adapter
12    1.20   1.0833  0.8000     1.0000     0.2500  0.4000                         
left out as incomplete: checkpoint-16

outputs/mini/mini_dev/curve/constrained/curve.json
"""  # noqa: W291


def test_every_whole_checkpoint_is_scored_and_the_best_and_the_final_one_are_marked(stand_in: StandIn) -> None:
    output = Path("outputs/mini")
    save(output / "checkpoint-12", 12, 2, 0.8)
    save(output / "checkpoint-4", 4, 2)
    save(output / "checkpoint-8", 8, 7, 0.75)
    save(output, 12, 7, 0.8)  # as load_best_model_at_end leaves it
    save(output / "checkpoint-16", 16, 8)
    (output / "checkpoint-16" / "trainer_state.json").write_text('{"global_step": 1')  # being written
    (output / "checkpoint-x").mkdir()
    assert draw().stdout == TABLE
    assert stand_in.predicted == ["checkpoint-4", "checkpoint-8", "checkpoint-12"]
    found = document()
    assert (found["best"], found["final"], found["unfinished"]) == ("checkpoint-8", "checkpoint-8", ["checkpoint-16"])
    assert [(row["step"], row["correct"], row["gold"]) for row in found["points"]] == [
        (4, 3, 12),
        (8, 11, 12),
        (12, 3, 12),
    ]
    assert (RUN / "curve.md").read_text().splitlines()[4:6] == [
        "| 4 | 0.40 | 1.2500 | - | 1.0000 | 0.2500 | 0.4000 |  |",
        "| 8 | 0.80 | 1.1250 | 0.7500 | 1.0000 | 0.9167 | 0.9565 | best, the final adapter |",
    ]
    assert json.loads((RUN / "checkpoint-8" / "scores.json").read_text())["seqeval"]["micro"]["correct"] == 11
    assert sorted(path.name for path in RUN.iterdir() if path.name.startswith("curve"))[:2] == [
        "curve.json",
        "curve.md",
    ]


def test_the_plot_is_a_png_where_matplotlib_is(stand_in: StandIn) -> None:
    pytest.importorskip("matplotlib")
    save(Path("outputs/mini/checkpoint-4"), 4, 2, 0.5)
    draw()
    assert (RUN / "curve.png").read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in RUN.glob(".*")] == [".curve.json.lmn-lock"]


def test_without_matplotlib_there_is_a_curve_all_the_same(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curve_module, "draw_plot", lambda *_, **__: None)
    save(Path("outputs/mini/checkpoint-4"), 4, 2, 0.5)
    assert "no curve.png: matplotlib is not installed; pip install 'llms-meet-ner[plot]'" in draw().stderr


def test_while_training_goes_on_new_checkpoints_are_added_and_deleted_ones_stay(stand_in: StandIn) -> None:
    output = Path("outputs/mini")
    save(output / "checkpoint-4", 4, 2)
    draw()
    shutil.rmtree(output / "checkpoint-4")
    save(output / "checkpoint-8", 8, 7)
    save(output / "checkpoint-12", 12, 1)
    again = draw()
    assert stand_in.predicted == ["checkpoint-4", "checkpoint-8", "checkpoint-12"]
    assert [line.split()[0] for line in again.stdout.splitlines()[2:5]] == ["4", "8", "12"]
    assert again.stdout.splitlines()[2].endswith("deleted since")
    assert (document()["gone"], document()["final"]) == (["checkpoint-4"], None)
    draw()
    assert len(stand_in.predicted) == 3
    draw("--restart")
    assert [point["checkpoint"] for point in document()["points"]] == ["checkpoint-8", "checkpoint-12"]
    assert len(stand_in.predicted) == 5


def test_a_final_adapter_with_weights_of_its_own_is_a_point(stand_in: StandIn) -> None:
    save(Path("outputs/mini/checkpoint-4"), 4, 2)
    save(Path("outputs/mini"), 6, 3)
    draw()
    found = document()
    assert [(row["checkpoint"], row["step"]) for row in found["points"]] == [("checkpoint-4", 4), ("final", 6)]
    assert found["final"] == "final"


def test_a_checkpoint_that_training_deletes_meanwhile_is_named_and_left_out(stand_in: StandIn) -> None:
    save(Path("outputs/mini/checkpoint-4"), 4, 2)
    save(Path("outputs/mini/checkpoint-8"), 8, 2)
    stand_in.during = {"checkpoint-4": Path("outputs/mini/checkpoint-4")}
    result = draw()
    assert "outputs/mini/checkpoint-4: deleted by the training before it was scored" in result.stderr
    assert [row["checkpoint"] for row in document()["points"]] == ["checkpoint-8"]


def test_the_best_is_the_first_of_equals_and_nothing_where_nothing_is_right() -> None:
    scope = Scope("r.yaml", "m", "mini", "dev", "0", 8, 8, "constrained", {})

    def point(step: int, correct: int) -> Point:
        return Point(f"checkpoint-{step}", step, None, None, None, "0", Counts(correct, 4, 4))

    assert Curve(scope, (point(1, 2), point(2, 3), point(3, 3))).best == point(2, 3)
    assert Curve(scope, (point(1, 0), point(2, 0))).best is None


def test_errors_say_what_to_do(stand_in: StandIn) -> None:
    output = Path("outputs/mini")
    assert "outputs/mini: no checkpoint there; train with lmn-train recipes/mini.yaml" in draw(code=1).stderr
    (output / "checkpoint-4").mkdir(parents=True)
    assert "no checkpoint there; incomplete: checkpoint-4" in draw(code=1).stderr
    save(output / "checkpoint-4", 4, 2)
    assert (
        "it has no eval_dataset, so the split is unknown; name one of corpus mini with --split"
        in draw("eval_dataset=null", code=1).stderr
    )
    assert "no data set of corpus mini, split testa" in draw("--split", "testa", code=1).stderr
    draw()
    assert "a curve of other data or of another model" in draw("model_name_or_path=other", code=1).stderr
    (RUN / "curve.json").write_text("{}")
    assert "not as lmn-eval curve writes it (final is missing); --restart writes it again" in draw(code=1).stderr
