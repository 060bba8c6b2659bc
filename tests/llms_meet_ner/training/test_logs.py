"""The trainer's files: whole, resumed, being written, damaged and missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from llms_meet_ner.training.logs import LogPoint, TrainerState, TrainingLog, has_finished

ROWS = [
    {"current_steps": 10, "loss": 1.5, "lr": 1e-4, "epoch": 0.5},
    {"current_steps": 10, "eval_loss": 1.25, "epoch": 0.5},
    {"current_steps": 20, "loss": 1.0, "learning_rate": 5e-5, "epoch": 1},
    {"current_steps": 21, "percentage": 100.0},
]
POINTS = (LogPoint(10, 0.5, 1.5, 1.25, 1e-4), LogPoint(20, 1.0, 1.0, None, 5e-5))


def write_log(folder: Path, *lines: object) -> None:
    text = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
    (folder / "trainer_log.jsonl").write_text(text)


def test_the_rows_of_a_step_are_one_point_and_rows_without_a_loss_only_count_as_steps(tmp_path: Path) -> None:
    write_log(tmp_path, *ROWS)
    (tmp_path / "all_results.json").write_text(json.dumps({"train_loss": 1.25, "train_runtime": 60, "epoch": True}))
    log = TrainingLog.read(tmp_path)
    assert (log.points, log.train_loss, log.seconds, log.last_step) == (POINTS, 1.25, 60.0, 21)
    assert log.eval_losses == (1.25,)


def test_a_resumed_training_repeats_no_point_and_the_later_line_counts(tmp_path: Path) -> None:
    write_log(tmp_path, *ROWS, {"current_steps": 20, "loss": 0.75}, {"current_steps": 10, "eval_loss": 1.0})
    log = TrainingLog.read(tmp_path)
    assert [(point.step, point.loss, point.eval_loss) for point in log.points] == [(10, 1.5, 1.0), (20, 0.75, None)]


@pytest.mark.parametrize(
    "damage", ['{"current_st', "", "\xff", "[1]", "7", '{"current_steps": "ten", "loss": 1}', "[" * 5000]
)
def test_a_damaged_line_is_left_out_and_the_others_are_read(damage: str, tmp_path: Path) -> None:
    write_log(tmp_path, *ROWS[:2], damage, *ROWS[2:])
    assert TrainingLog.read(tmp_path).points == POINTS
    (tmp_path / "trainer_log.jsonl").write_bytes(b"\xff\n" + json.dumps(ROWS[0]).encode())
    assert len(TrainingLog.read(tmp_path).points) == 1


def test_without_a_log_the_state_is_read(tmp_path: Path) -> None:
    history = [
        {"step": 10, "loss": 1.5, "learning_rate": 1e-4, "epoch": 0.5},
        {"step": 10, "eval_loss": 1.25},
        {"step": 20, "loss": 1.0, "learning_rate": 5e-5, "epoch": 1.0},
        "no row",
    ]
    (tmp_path / "trainer_state.json").write_text(json.dumps({"global_step": 20, "epoch": 1.0, "log_history": history}))
    assert TrainingLog.read(tmp_path).points == POINTS
    assert TrainerState.read(tmp_path) == TrainerState(20, 1.0, POINTS)


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"global_step": "20"}', '{"log_history": []}'])
def test_a_missing_or_half_written_state_is_none(text: str | None, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "trainer_state.json").write_text(text)
    assert TrainerState.read(tmp_path) is None
    assert TrainingLog.read(tmp_path) == TrainingLog()


def test_a_state_holds_no_point_after_its_step(tmp_path: Path) -> None:
    history = [{"step": step, "loss": 1.0} for step in (10, 20, 30)]
    (tmp_path / "trainer_state.json").write_text(json.dumps({"global_step": 20, "log_history": history}))
    state = TrainerState.read(tmp_path)
    assert state is not None
    assert [point.step for point in state.points] == [10, 20]


@pytest.mark.parametrize(("lines", "shown"), [(0, 0), (12, 12), (13, 12), (1000, 12)])
def test_at_most_twelve_points_are_shown_with_the_first_and_the_last(lines: int, shown: int, tmp_path: Path) -> None:
    write_log(tmp_path, *({"current_steps": step, "loss": 1.0} for step in range(1, lines + 1)))
    steps = [point.step for point in TrainingLog.read(tmp_path).shown]
    assert len(steps) == len(set(steps)) == shown
    assert not lines or (steps[0], steps[-1]) == (1, lines)


def test_a_training_has_finished_when_its_results_are_there(tmp_path: Path) -> None:
    assert not has_finished(tmp_path)
    (tmp_path / "all_results.json").write_text("{}")
    assert has_finished(tmp_path)
