"""What answers sentences, whatever it is: the protocol that prediction, tagging and scoring build on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ..alignment import Alignment
from ..decoding.batches import AnswerBatch, Batch, answered
from ..decoding.requests import Decoding
from ..prompting.spec import PromptSpec
from ..records import Answer
from ..sentence import Sentence


@dataclass(frozen=True, slots=True)
class NamedModel:
    """A model that is used without the recipe of its training.

    Attributes:
        name: Folder or Hub id, as the user gave it.
        revision: Commit of a Hub id; None for a folder.
    """

    name: str
    revision: str | None

    def __str__(self) -> str:
        return f"{self.name} at {self.revision}" if self.revision else self.name


@dataclass(frozen=True, slots=True)
class Facts:
    """Origin of a system's answers, for reports.

    Attributes:
        model: Hub id or folder of the base model; None for a system without a base model.
        recipe: File of the recipe that trained the system; None if none is known.
        seed: Seed of that training; None if it is not known.
        adapter: Name of an adapter or merged model that is used without its recipe; None for a recipe's own adapter.
        adapter_sha256: Hash of the adapter's weights; None if there is no adapter, or if it is not known which adapter answers.
    """

    model: str | None = None
    recipe: Path | None = None
    seed: int | None = None
    adapter: NamedModel | None = None
    adapter_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """Sentences ready to be answered: everything that takes long to set up is set up.

    Attributes:
        batches: How the sentences are cut; each stands in one batch.
        answer: Answers a batch; bears to be called from as many threads at a time as there are workers.
        workers: Number of batches that may be under way at a time.
        told: One line for people: what answers, and on what.
        machine: What answers the sentences here, for JSON; a finished run is the same run on another machine.
        notes: What the answers do not follow from and a run notes all the same, for JSON.
    """

    batches: Sequence[Batch]
    answer: AnswerBatch
    workers: int = 1
    told: str = ""
    machine: Mapping[str, Any] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)

    def answers(self) -> list[Answer]:
        """Return the answers to all sentences, in their order."""
        found: dict[int, Answer] = {}
        for number, answers in answered(self.batches, range(len(self.batches)), self.answer, self.workers):
            found |= zip(self.batches[number].items, answers, strict=True)
        return [found[item] for item in range(len(found))]


class System(Protocol):
    """What answers sentences.

    Nothing is loaded, downloaded or asked before it is needed. Document separators (`Sentence.is_docstart`) are never given to
    `answer` and `prepare`: they are not language, and `nothing` answers them.
    """

    @property
    def name(self) -> str:
        """Name for people."""
        ...

    @property
    def results_folder(self) -> Path:
        """Folder that keeps the results."""
        ...

    @property
    def run_name(self) -> str:
        """Name of the folder of a run: what sets this system apart from others with the same results folder."""
        ...

    @property
    def facts(self) -> Facts:
        """Where the answers come from."""
        ...

    @property
    def decoding(self) -> Decoding | None:
        """How a text of the system is generated; None if its answers are spans."""
        ...

    @property
    def prompt(self) -> PromptSpec | None:
        """Prompt that a text of the system answers, perhaps without a template; None if its answers are spans."""
        ...

    def stamp(self, sentences: Sequence[Sentence] = ()) -> dict[str, Any]:
        """Return what the answers follow from, the sentences themselves aside, for JSON.

        Args:
            sentences: Sentences of a whole run: a system that shows each sentence examples of its own notes which.

        Raises:
            LmnError: The system cannot answer: something that it needs is missing or damaged.
        """
        ...

    def differences(self, stamp: Mapping[str, Any], sentences: Sequence[Sentence]) -> list[str]:
        """Return the names of what differs between the stamp of an earlier run and this system.

        Only what is known without loading a model or asking a server is compared.

        Raises:
            LmnError: What made the run is gone.
        """
        ...

    def answer(self, sentences: Sequence[Sentence]) -> list[Answer]:
        """Return an answer for each sentence, in their order.

        Raises:
            LmnError: The system cannot be loaded or reached, or memory is too small.
        """
        ...

    def prepare(self, sentences: Sequence[Sentence]) -> Job:
        """Return what answers these sentences batch by batch, as a run needs it.

        Raises:
            LmnError: The system cannot be loaded or reached, or cannot read a sentence.
        """
        ...

    def read(self, answer: Answer, sentence: Sentence) -> Alignment:
        """Return the spans that an answer puts on its sentence."""
        ...

    def nothing(self, sentence: Sentence) -> Answer:
        """Return the answer that says that a sentence holds no entity."""
        ...


def system_sha256(system: System) -> str:
    """Return a hash of a system's stamp: equal hashes answer alike.

    Raises:
        LmnError: As `System.stamp`.
    """
    return hashlib.sha256(json.dumps(system.stamp(), sort_keys=True).encode()).hexdigest()
