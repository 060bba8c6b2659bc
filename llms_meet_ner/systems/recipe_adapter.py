"""The adapter that a recipe has trained, on its base model, in this process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from ..decoding.guesser import EntityGuesser
from ..decoding.pretrained import Weights
from ..errors import LmnError
from ..files import sha256_of
from ..prompting.spec import PROMPT_SPEC_FILE, PromptSpec
from ..sentence import Sentence
from ..training.adapter_config import missing_weights
from ..training.recipe import ADAPTER_FILE, Recipe, keep_prompt, recipe_prompt
from .local import LocalSystem, recipe_identity, recipe_precision, recipe_weights, training_guesser
from .options import SystemOptions
from .prompted import changed, continuation_remarks
from .system import Facts, Job


class RecipeAdapter(LocalSystem):
    """The adapter of a recipe.

    Args:
        recipe: Recipe that trained it.
        options: Options of the system.
        folder: Folder of the adapter, such as a checkpoint's; None for the recipe's `output_dir`, where results go in any case.
    """

    def __init__(self, recipe: Recipe, options: SystemOptions, folder: Path | None = None) -> None:
        super().__init__(options)
        self._recipe = recipe
        self._folder = folder or recipe.output_dir

    @property
    def name(self) -> str:
        """Name of the recipe's output folder."""
        return self._recipe.name

    @property
    def results_folder(self) -> Path:
        """Output folder of the recipe."""
        return self._recipe.output_dir

    @property
    def run_name(self) -> str:
        """The decoding, and a quantisation."""
        return self.decoded

    @property
    def facts(self) -> Facts:
        """The recipe, its model and seed, and the hash of the adapter if there is one."""
        path = self._folder / ADAPTER_FILE
        recipe = self._recipe
        return Facts(recipe.model, recipe.path, recipe.seed, adapter_sha256=sha256_of(path) if path.is_file() else None)

    @cached_property
    def prompt(self) -> PromptSpec:
        """Prompt saved next to the adapter; without such a file, the prompt of the training data."""
        kept = self._folder / PROMPT_SPEC_FILE
        return PromptSpec.load(kept) if kept.is_file() else self._recipe.train_entry().spec

    def full_prompt(self) -> PromptSpec:
        """Return the prompt with its template."""
        return recipe_prompt(self._recipe, self._adapter())

    def remarks(self) -> tuple[str, ...]:
        """Return a remark if the training continued an adapter with another prompt."""
        return continuation_remarks(self._recipe)

    def prepare(self, sentences: Sequence[Sentence]) -> Job:
        """Return a job that answers these sentences batch by batch, and save the prompt next to the adapter.

        Raises:
            LmnError: The model cannot be loaded.
        """
        keep_prompt(self._full_prompt, self._adapter())
        return super().prepare(sentences)

    def weights(self) -> Weights:
        """Return base model and adapter."""
        return recipe_weights(self._recipe, self._adapter())

    def identity(self) -> dict[str, Any]:
        """Return recipe, model, and the hash of the adapter."""
        return recipe_identity(self._recipe, self._adapter())

    def precision(self) -> Mapping[str, Any]:
        """Return the precision of the training."""
        return recipe_precision(self._recipe)

    def guesser(self) -> EntityGuesser:
        """Return a guesser that knows the training data."""
        return training_guesser(self._recipe, self.prompt, self.decoding)

    def differences(self, stamp: Mapping[str, Any], sentences: Sequence[Sentence]) -> list[str]:
        """Return the names of what differs between the stamp of an earlier run and this adapter."""
        path = self._folder / ADAPTER_FILE
        if not path.is_file():
            raise LmnError(
                "the adapter that made the predictions is gone", path,
                "--predictions scores the file as it is",
            )  # fmt: skip
        now = {"model": self._recipe.model, "adapter_sha256": sha256_of(path)}
        return changed(now, stamp) + self._option_differences(stamp)

    def _adapter(self) -> Path:
        if not (self._folder / ADAPTER_FILE).is_file():
            remedy = f"train it with lmn-train {self._recipe.path}, or say --untrained"
            raise missing_weights(self._folder, "no adapter there", remedy)
        return self._folder
