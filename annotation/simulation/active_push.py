"""Rounds of a simulation on the Hub: each round's model on a branch of its own, with a model card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...data_converters.cards import Card
from ...errors import LmnError
from ...eval.publish.base_model import published_base
from ...eval.publish.folder import BuildOptions, Built, build
from ...eval.publish.hub import Destination, find_token, upload
from ...eval.publish.student import build_student
from ...files import read_json, write_json
from ...sentence import Sentence
from ...systems.options import SystemOptions
from ...systems.recipe_adapter import RecipeAdapter
from ...systems.student import Student, StudentPlace
from ...terminal import echo
from ...training.recipe import Recipe
from .active import START, Round
from .active_data import write_data
from .active_learners import RoundLearner
from .learner import forget
from .pool import tokens_of

MARKS_FILE = "uploads.json"
_BUILT, _DATA = "hub", "published-data"


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
        marks: File of the addresses of what was uploaded, by repository and round.
    """

    repo: str
    base: str | None
    strategy: str
    seed: int
    learner: RoundLearner
    recipe: Recipe
    card: Card
    marks: Path

    def check(self) -> None:
        """Make sure, before anything takes long, that rounds can be uploaded.

        Raises:
            LmnError: There is no token, the repository's name is no id, or the base model or the corpus cannot be named.
        """
        self._destination(0, "")
        find_token()
        published_base(self.recipe.model, self.base)
        if self.card.unsaid:
            raise LmnError(
                f"the card of the corpus does not give {', '.join(self.card.unsaid)}", self.card.path, "add them"
            )

    def __call__(self, one: Round, weights: Path, labelled: Sequence[Sentence]) -> None:
        """Upload the model of a round, and write that down; do nothing for another strategy or seed, or what was uploaded.

        Raises:
            LmnError: It cannot be uploaded. The round stays finished, and its weights stay for the next attempt.
        """
        if one.seed != self.seed or one.strategy not in (self.strategy, START):
            return
        marks = _read_marks(self.marks)
        if one.cell in marks.get(self.repo, {}):
            return
        if not weights.is_dir():
            echo(f"{one.cell}: its weights are not there any more, and are not uploaded", err=True)
            return
        try:
            url = self._upload(one, weights, labelled)
        finally:
            for folder in (weights.with_name(_BUILT), weights.with_name(_DATA)):
                forget(folder)
        write_json(self.marks, {**marks, self.repo: {**marks.get(self.repo, {}), one.cell: url}})

    def _upload(self, one: Round, weights: Path, labelled: Sequence[Sentence]) -> str:
        """Upload the model of a round, and return its address."""
        what = f"round {one.number} of {self.strategy}, {len(labelled):,} sentences, {tokens_of(labelled):,} tokens"
        built = self._built(weights, labelled, f"{self.card.title}: {what}")
        uploaded = upload(built.folder, built.files, built.published.base, self._destination(one.number, what))
        for note in uploaded.notes:
            echo(note, err=True)
        echo(f"{one.cell}: {uploaded.url}", err=True)
        return uploaded.url

    def _destination(self, number: int, what: str) -> Destination:
        return Destination(self.repo, revision=f"round-{number:02}", message=what or "check")

    def _built(self, weights: Path, labelled: Sequence[Sentence], title: str) -> Built:
        """Build the folder of a round's model."""
        data = weights.with_name(_DATA)
        dataset = write_data(self.card, labelled, data, title, self.learner.prompt)
        values = {
            **self.learner.settings,
            "dataset": dataset,
            "dataset_dir": str(data / "alpaca"),
            "output_dir": str(weights),
        }
        training = Recipe(self.recipe.path, values)
        options = BuildOptions(self.repo, base=self.base)
        out = weights.with_name(_BUILT)
        if self.learner.is_student:
            return build_student(Student(StudentPlace.of_recipe(training), SystemOptions()), training, options, out)
        return build(RecipeAdapter(training, SystemOptions()), training, options, out)


def _read_marks(path: Path) -> dict[str, dict[str, str]]:
    """Return the addresses of what was uploaded, by repository and round.

    Raises:
        LmnError: The file cannot be read, or holds something else.
    """
    found: Any = read_json(path, "remove it: rounds are uploaded again") if path.exists() else {}
    if not isinstance(found, dict) or not all(isinstance(cells, dict) for cells in found.values()):
        raise LmnError("does not say what was uploaded", path, "remove it: rounds are uploaded again")
    return found
