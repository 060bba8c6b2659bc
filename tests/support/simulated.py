"""A small simulation: a corpus with pool, dev and test, the recipe of a tiny student, and labels of a model on the pool."""

from __future__ import annotations

from pathlib import Path

import yaml
from annotating import annotate
from paths import DEMO
from tiny_encoders import save_tiny_bert

from llms_meet_ner import Span
from llms_meet_ner.annotation.simulation.budget import CellRow
from llms_meet_ner.annotation.simulation.learner import StudentLearner
from llms_meet_ner.annotation.simulation.pool import Pool, read_pool
from llms_meet_ner.data_converters import load_card, read_corpus

CARD = """\
extends: demo
name: mini
splits:
  train: {file: demo.train, sentences: "0:40"}
  dev: {file: demo.testa, sentences: "0:20"}
  test: {file: demo.testb, sentences: "0:20"}
"""


def write_mini() -> Path:
    """Write the card, the encoder and the recipe into the working directory; return the recipe."""
    Path("mini.yaml").write_text(CARD)
    save_tiny_bert(Path("encoder"))
    values = {
        "task": "token-classification", "model_name_or_path": "encoder", "dataset": "unused", "output_dir": "unused",
        "learning_rate": 2e-3, "per_device_train_batch_size": 4, "device": "cpu",
    }  # fmt: skip
    Path("tiny.yaml").write_text(yaml.safe_dump(values))
    return Path("tiny.yaml")


def mini_pool() -> Pool:
    """Return the data of the simulation."""
    return read_pool(load_card("mini.yaml"), DEMO)


def label_mini(folder: Path) -> None:
    """Label the pool with a tiny student that has learned from other sentences."""
    card = load_card("mini.yaml")
    sentences = list(read_corpus(load_card("demo"), "testb"))[20:60]
    StudentLearner.of(Path("tiny.yaml"), [], card).train(sentences, Path("labeller"), steps=30, seed=1)
    annotate("run", "mini.yaml", "--split", "train", "--source", DEMO, "--adapter", "labeller", "--out", folder)


def cell_row(budget: float, regime: str, dev: int, test: int, fold: int = 0, *, seed: int = 0) -> CellRow:
    """Return a cell whose student finds so many of ten entities on dev and on test, one in each sentence."""
    counts = [tuple((int(at < found), 1, 1) for at in range(10)) for found in (dev, test)]
    size = round(budget)
    return CellRow(fold, seed, budget, regime, size, 10 * size, 0, 300, 60, counts[0], counts[1], 1.5)


PERSON = Span(0, 1, "PER")
