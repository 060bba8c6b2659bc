"""A search file over a recipe that nothing can train."""

from __future__ import annotations

from pathlib import Path

from llms_meet_ner.eval.studies.search_plan import SearchPlan, load_plan

SEARCH = """\
recipe: base.yaml
trials: 6
split: dev
space:
  learning_rate: {low: 1.0e-5, high: 1.0e-3, log: true}
  lora_rank: [8, 16]
tie:
  lora_alpha: {times: 2, of: lora_rank}
overrides:
  num_train_epochs: 0.5
"""


RECIPE = "model_name_or_path: base\ntemplate: alpaca\ndataset: mini_train\noutput_dir: outputs/base\n"


def first_plan(folder: Path) -> SearchPlan:
    """Write the recipe and the search file into the working directory, and read the search."""
    (folder / "base.yaml").write_text(RECIPE)
    return plan_of(SEARCH)


def plan_of(text: str) -> SearchPlan:
    Path("s.yaml").write_text(text)
    return load_plan(Path("s.yaml"))
