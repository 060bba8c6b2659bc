"""The score of a trial, in a process of its own that gives its memory back."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from ...counts import Counts
from ...errors import LmnError
from ...prediction.run import run_folder
from ...systems.choosing import recipe_system
from ...systems.options import SystemOptions
from ...training.recipe import load_recipe
from .curve import Dev, score_system
from .search_plan import SearchPlan


def score_trial(plan: SearchPlan, overrides: Sequence[str]) -> Counts:
    """Predict and score the adapter of a trial in a process of its own: the next training needs the GPU's memory.

    Args:
        plan: The search.
        overrides: `key=value` words that the trial was trained with, `output_dir` among them.

    Returns:
        Strict counts over all labels, on the development split.

    Raises:
        LmnError: `score_system` fails, or the process was killed.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        try:
            return pool.submit(_score, plan, list(overrides)).result()
        except BrokenProcessPool as error:
            raise LmnError(
                "scoring was killed, perhaps because memory ran out",
                plan.out,
                "a smaller batch_size needs less memory",
            ) from error


def _score(plan: SearchPlan, overrides: list[str]) -> Counts:
    recipe = load_recipe(plan.recipe.path, overrides)
    dev = Dev.read(recipe, plan.split, plan.source, plan.limit)
    options = SystemOptions(plan.decoding, plan.batch_size, trust_remote_code=plan.trust_remote_code)
    system = recipe_system(recipe, options)
    return score_system(system, dev, run_folder(system, dev.gold.card.name, dev.gold.split, limit=plan.limit))
