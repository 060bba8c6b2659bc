"""The choice of a system, by a recipe and the options of a command."""

from __future__ import annotations

from pathlib import Path

from ..training.recipe import Recipe
from .base_model import BaseModel
from .options import SystemOptions
from .recipe_adapter import RecipeAdapter
from .served_model import ServedModel
from .system import System


def recipe_system(recipe: Recipe, options: SystemOptions, adapter: Path | None = None) -> System:
    """Return the system of a recipe: its adapter, its base model without training, or either behind a server.

    Args:
        recipe: Training configuration.
        options: Decoding, engine and examples.
        adapter: Folder of the adapter, such as a checkpoint's; None for the recipe's `output_dir`.

    Raises:
        LmnError: The prompt is not known: the data was not converted.
    """
    if options.server:
        return ServedModel(recipe, options, options.server, options.shots)
    if options.shots:
        return BaseModel(recipe, options, options.shots)
    return RecipeAdapter(recipe, options, adapter)
