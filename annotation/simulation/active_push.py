"""Rounds of a simulation on the Hub: each round's model on a branch of its own, with a model card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...data_converters.cards import Card
from ...errors import LmnError
from ...eval.publish.base_model import is_local
from ...eval.publish.folder import BuildOptions, Built, build
from ...eval.publish.hub import Destination, find_token, upload
from ...eval.publish.student import build_student
from ...sentence import Sentence
from ...systems.options import SystemOptions
from ...systems.recipe_adapter import RecipeAdapter
from ...systems.student import Student, StudentPlace
from ...terminal import echo
from ...training.recipe import Recipe
from .active import START, Round
from .active_data import write_data
from .active_learners import RoundLearner
from .pool import tokens_of


@dataclass(frozen=True, slots=True)
class RoundPublisher:
    """Uploads the rounds of one strategy with one seed, the start among them.

    Attributes:
        repo: Repository on the Hub, `OWNER/NAME`; private if it does not exist.
        base: Hub id of the base model; None for the recipe's.
        strategy: Name of the strategy.
        seed: The seed.
        learner: What learns.
        recipe: Recipe of the trainings.
        card: Card of the corpus.
    """

    repo: str
    base: str | None
    strategy: str
    seed: int
    learner: RoundLearner
    recipe: Recipe
    card: Card

    def check(self) -> None:
        """Make sure, before anything takes long, that rounds can be uploaded.

        Raises:
            LmnError: There is no token, the repository's name is no id, or the base model or the corpus cannot be named.
        """
        self._destination(0, "")
        find_token()
        if is_local(self.base or self.recipe.model):
            raise LmnError(
                "the base model is a folder on this machine, so a card cannot name it", self.base or self.recipe.model,
                "name it with --base-model OWNER/NAME",
            )  # fmt: skip
        if self.card.unsaid:
            raise LmnError(
                f"the card of the corpus does not give {', '.join(self.card.unsaid)}", self.card.path, "add them"
            )

    def __call__(self, one: Round, weights: Path, labelled: Sequence[Sentence]) -> None:
        """Upload the model of a round; do nothing for another strategy or seed."""
        if one.seed != self.seed or one.strategy not in (self.strategy, START):
            return
        what = f"round {one.number} of {self.strategy}, {len(labelled):,} sentences, {tokens_of(labelled):,} tokens"
        built = self._built(weights, labelled, f"{self.card.title}: {what}")
        uploaded = upload(built.folder, built.files, built.published.base, self._destination(one.number, what))
        for note in uploaded.notes:
            echo(note, err=True)
        echo(f"{one.cell}: {uploaded.url}", err=True)

    def _destination(self, number: int, what: str) -> Destination:
        return Destination(self.repo, revision=f"round-{number:02}", message=what or "check")

    def _built(self, weights: Path, labelled: Sequence[Sentence], title: str) -> Built:
        """Build the folder of a round's model."""
        data = weights.with_name("published-data")
        dataset = write_data(self.card, labelled, data, title, self.recipe)
        values = {
            **self.learner.settings,
            "dataset": dataset,
            "dataset_dir": str(data / "alpaca"),
            "output_dir": str(weights),
        }
        training = Recipe(self.recipe.path, values)
        options = BuildOptions(self.repo, base=self.base)
        out = weights.with_name("hub")
        if self.learner.is_student:
            return build_student(Student(StudentPlace.of_recipe(training), SystemOptions()), training, options, out)
        return build(RecipeAdapter(training, SystemOptions()), training, options, out)
