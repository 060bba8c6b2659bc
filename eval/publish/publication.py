"""Everything that a model card says, gathered from files."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...errors import LmnError
from ...prompting.spec import PromptSpec
from ...students.student_file import StudentFile
from ...training.logs import TrainingLog
from ...training.recipe import Recipe
from ..scored_run.run import ScoredRun
from .base_model import Licence
from .corpus import TrainingData
from .hyperparameters import Hyperparameters, hyperparameters
from .onnx_weights import ONNX_FILES
from .scored import Scored
from .weights import PublishedWeights


@dataclass(frozen=True, slots=True)
class Publication:
    """A publication: the weights, and the known facts about them.

    Attributes:
        repo: Repository on the Hub, `OWNER/NAME`.
        recipe: Recipe of the training: its hyperparameters and seed.
        base: Public name of the base model.
        spec: Prompt, with its template.
        data: Training data.
        scored: Scores of the adapter.
        log: Log of the training.
        weights: Published weights.
        licence: Licence; None if no file names one.
        plot: Whether the folder has a plot of the loss.
        allowed: Keys of the recipe that are published besides those that describe the training.
        rescorable: Runs whose predicted spans are published.
        not_rescorable: Reasons why those of other runs are not.
        student: What the student answers and how it reads; None for an adapter or a merged model.
    """

    repo: str
    recipe: Recipe
    base: str
    spec: PromptSpec
    data: TrainingData
    scored: Scored
    log: TrainingLog
    weights: PublishedWeights
    licence: Licence | None
    plot: bool
    allowed: tuple[str, ...] = ()
    student: StudentFile | None = None
    rescorable: tuple[ScoredRun, ...] = ()
    not_rescorable: tuple[LmnError, ...] = ()

    @property
    def parameters(self) -> Hyperparameters:
        """Keys of the recipe that are published, and the names of the others."""
        return hyperparameters(self.recipe, self.allowed)

    @property
    def name(self) -> str:
        """Name of the repository without its owner."""
        return self.repo.rpartition("/")[2]

    @property
    def kind(self) -> str:
        """Kind of the published weights, in words."""
        if self.student:
            return "token classifier"
        return "fine-tuned model" if self.weights.merged else f"{self.method} adapter"

    @property
    def is_exported(self) -> bool:
        """Whether it is a student that was exported to ONNX, which transformers does not load."""
        return any(name in ONNX_FILES for name, _ in self.weights.files)

    @property
    def method(self) -> str:
        """Kind of fine-tuning as the recipe names it; LLaMA-Factory's default is LoRA."""
        method = str(self.recipe.values.get("finetuning_type", "lora"))
        return {"lora": "LoRA", "oft": "OFT"}.get(method, method)

    @property
    def language(self) -> str | None:
        """Code of the corpus's language without region or script (`en`); None if the corpus has no card."""
        return re.split("[-_]", self.data.card.language)[0] if self.data.card else None
