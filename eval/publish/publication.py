"""Everything that a model card tells, gathered from files."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...prompting.spec import PromptSpec
from ...training.logs import TrainingLog
from ...training.recipe import Recipe
from .base_model import Licence
from .corpus import TrainingData
from .scored import Scored
from .weights import Weights


@dataclass(frozen=True, slots=True)
class Publication:
    """What is published, and what is known of it.

    Attributes:
        repo: id on the Hub, `OWNER/NAME`.
        recipe: that it was trained with.
        base: the base model's public name.
        spec: the prompt, with its template.
        data: that it was trained on.
        scored: its scores.
        log: of the training.
        weights: the published files.
        licence: None where nothing says one.
        plot: whether there is a plot of the loss.
    """

    repo: str
    recipe: Recipe
    base: str
    spec: PromptSpec
    data: TrainingData
    scored: Scored
    log: TrainingLog
    weights: Weights
    licence: Licence | None
    plot: bool

    @property
    def name(self) -> str:
        """The repository's name without its owner."""
        return self.repo.rpartition("/")[2]

    @property
    def kind(self) -> str:
        """What the published weights are, in words."""
        return "fine-tuned model" if self.weights.merged else f"{self.method} adapter"

    @property
    def method(self) -> str:
        """The kind of fine-tuning, as the recipe names it; LLaMA-Factory's default is LoRA."""
        method = str(self.recipe.values.get("finetuning_type", "lora"))
        return {"lora": "LoRA", "oft": "OFT"}.get(method, method)

    @property
    def language(self) -> str | None:
        """Code of the corpus's language, without region or script (`en`), or None where the corpus has no card."""
        return re.split("[-_]", self.data.card.language)[0] if self.data.card else None
