"""A publication made by hand, for tests of what is written about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scored_runs import scored_run

from llms_meet_ner import PromptSpec
from llms_meet_ner.data_converters import load_card, prompt_spec_of
from llms_meet_ner.eval.publish.corpus import Shown, TrainingData
from llms_meet_ner.eval.publish.publication import Publication
from llms_meet_ner.eval.publish.scored import Scored
from llms_meet_ner.eval.publish.weights import PublishedWeights
from llms_meet_ner.training.dataset_info import DatasetEntry
from llms_meet_ner.training.logs import TrainingLog
from llms_meet_ner.training.recipe import Recipe

SPEC: PromptSpec = prompt_spec_of(load_card("demo"), "bracketed")
ENTRY = DatasetEntry("demo_train", "demo_train.json", "demo", "demo", "train", "none", SPEC)
DATA = TrainingData("demo_train", ENTRY, load_card("demo"), 400, Shown("Ada left", "[Ada | PER] left", True), ())


def publication(values: dict[str, Any] | None = None, *, merged: bool = False, **changes: Any) -> Publication:
    """Return the publication of an adapter for the demo corpus, with one scored run."""
    recipe = Recipe(
        Path("r.yaml"), {"model_name_or_path": "m", "dataset": "demo_train", "output_dir": "o", **(values or {})}
    )
    known: dict[str, Any] = {
        "repo": "me/tiny-ner", "recipe": recipe, "base": "someone/llama", "spec": SPEC, "data": DATA,
        "scored": Scored((scored_run(predictions="o/demo_testb/free/predictions.jsonl"),), (), ()), "log": TrainingLog(),
        "weights": PublishedWeights((("bfloat16", 10),), "0", (("a", "1"),), False, merged), "licence": None, "plot": False,
    }  # fmt: skip
    return Publication(**known | changes)
