"""The table of a training by epoch, from what a trainer logs."""

from __future__ import annotations

import json
from pathlib import Path

from llms_meet_ner.rendering.tables import aligned
from llms_meet_ner.students.epochs import EpochRow, epoch_rows, epoch_table, save_epochs

SCORES = {"eval_loss": 0.5, "eval_accuracy": 0.9, "eval_precision": 0.7, "eval_recall": 0.6, "eval_f1": 0.65}
HISTORY = [
    {"epoch": 0.5, "step": 5, "loss": 2.0}, {"epoch": 1.0, "step": 10, "loss": 1.0}, {"epoch": 1.0, "step": 10, **SCORES},
    {"epoch": 2.0, "step": 20, "loss": 0.5}, {"epoch": 2.0, "step": 20, **SCORES}, {"train_runtime": 3.0, "epoch": 2.0, "step": 20},
]  # fmt: skip


def test_a_row_has_the_mean_loss_since_the_one_before_and_the_dev_scores(tmp_path: Path) -> None:
    rows = epoch_rows(HISTORY)
    assert rows == [EpochRow(1.0, 10, 1.5, 0.5, 0.9, 0.7, 0.6, 0.65), EpochRow(2.0, 20, 0.5, 0.5, 0.9, 0.7, 0.6, 0.65)]
    assert [line.split() for line in aligned(epoch_table(rows))][1:] == [
        ["1", "10", "1.5000", "0.5000", "0.9000", "0.7000", "0.6000", "0.6500"],
        ["2", "20", "0.5000", "0.5000", "0.9000", "0.7000", "0.6000", "0.6500"],
    ]
    save_epochs(rows, tmp_path)
    assert json.loads((tmp_path / "epochs.json").read_text())[0]["f1"] == 0.65
    assert (rows[0].score("f1"), rows[0].score("loss"), rows[0].score("recall")) == (0.65, 0.5, 0.6)


def test_without_dev_data_there_is_a_row_for_each_loss() -> None:
    rows = epoch_rows(row for row in HISTORY if "eval_f1" not in row)
    assert [(row.epoch, row.loss, row.f1) for row in rows] == [(0.5, 2.0, None), (1.0, 1.0, None), (2.0, 0.5, None)]
