"""A recipe's base model without training, in this process; its prompts may show examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from ..decoding.guesser import EntityGuesser
from ..decoding.pretrained import Weights
from ..prompting.spec import PromptSpec
from ..sentence import Sentence
from ..training.recipe import Recipe, recipe_prompt
from .examples import RecipeExamples, Shots
from .local import LocalSystem, recipe_identity, recipe_precision, recipe_weights, training_guesser
from .options import SystemOptions
from .prompted import changed, prompt_differences
from .system import Facts


class BaseModel(LocalSystem):
    """The base model of a recipe, without the recipe's adapter.

    Args:
        recipe: Recipe that names the model, the chat template and the data, which prompt and examples come from.
        options: Options of the system.
        shots: Number and choice of the examples in a prompt.
    """

    def __init__(self, recipe: Recipe, options: SystemOptions, shots: Shots) -> None:
        self._recipe = recipe
        self._shots = shots
        super().__init__(options, RecipeExamples(recipe, self.prompt, shots))

    @property
    def name(self) -> str:
        """Name of the model."""
        return self._recipe.model

    @property
    def results_folder(self) -> Path:
        """Output folder of the recipe."""
        return self._recipe.output_dir

    @property
    def run_name(self) -> str:
        """The decoding, a quantisation, and the examples."""
        return f"{self.decoded}-{self._shots.mark}"

    @property
    def facts(self) -> Facts:
        """The recipe, its model and seed."""
        return Facts(self._recipe.model, self._recipe.path, self._recipe.seed)

    @cached_property
    def prompt(self) -> PromptSpec:
        """Prompt of the recipe's data."""
        return self._recipe.train_entry().spec

    def full_prompt(self) -> PromptSpec:
        """Return the prompt with its template."""
        return recipe_prompt(self._recipe, None)

    def weights(self) -> Weights:
        """Return the model."""
        return recipe_weights(self._recipe, None)

    def identity(self) -> dict[str, Any]:
        """Return recipe and model."""
        return recipe_identity(self._recipe, None)

    def precision(self) -> Mapping[str, Any]:
        """Return the precision that the recipe trains in."""
        return recipe_precision(self._recipe)

    def guesser(self) -> EntityGuesser:
        """Return a guesser that knows the training data."""
        return training_guesser(self._recipe, self.prompt, self.decoding)

    def differences(self, stamp: Mapping[str, Any], sentences: Sequence[Sentence]) -> list[str]:
        """Return the names of what differs between the stamp of an earlier run and this model, its prompt and its examples."""
        differing = changed({"model": self._recipe.model, "adapter_sha256": None}, stamp)
        differing += self._option_differences(stamp)
        differing += prompt_differences(stamp, self.prompt, self._recipe.template)
        return differing + changed({"shots": self._shots_stamp(sentences)}, stamp)
