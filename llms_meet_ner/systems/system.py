"""The protocol of everything that answers sentences, on which prediction, tagging, scoring and publishing build."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ..alignment import Alignment
from ..decoding.batches import AnswerBatch, Batch, answered
from ..records import Answer
from ..sentence import Sentence
from .pieces import Cut

DTYPE_KEY = "dtype"
"""Key of a stamp for the data type that was asked for, which may be `auto`."""
RESOLVED_DTYPE_KEY = "resolved_dtype"
"""Key of a stamp for the data type that the model computed in. Two stamps with the same one follow from the same data type."""

QUANTISE_KEY = "quantize"
"""Key of a stamp for the quantisation that was asked for; a stamp without one has no such key."""


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
        adapter: Name of an adapter, merged model or student that is used without its recipe; None for what a recipe has trained.
        adapter_sha256: Hash of the weights of the adapter or student; None if there is none, or if it is not known which one answers.
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
        batches: The batches of the pieces, each of which stands in one batch.
        answer: Answers a batch. Up to `workers` threads may call it at once.
        workers: Number of batches that may be under way at a time.
        description: One line for people: what answers, and on what.
        remarks: Lines that people should read before the run starts.
        machine: What answers the sentences here, for JSON; a finished run is the same run on another machine.
        notes: Facts that the run records, for JSON, and that may change while it goes on: they affect answers by rounding at most.
        cut: The pieces that the sentences are read in; None if each is read whole.
    """

    batches: Sequence[Batch]
    answer: AnswerBatch
    workers: int = 1
    description: str = ""
    remarks: Sequence[str] = ()
    machine: Mapping[str, Any] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)
    cut: Cut | None = None

    def answers(self) -> list[Answer]:
        """Return the answers to all sentences, in their order."""
        found: dict[int, Answer] = {}
        for number, answers in answered(self.batches, range(len(self.batches)), self.answer, self.workers):
            found |= zip(self.batches[number].items, answers, strict=True)
        return self.joined(found)

    def joined(self, found: Mapping[int, Answer]) -> list[Answer]:
        """Return the answers to all sentences, in their order, given those to their pieces by position."""
        return self.cut.joined(found) if self.cut else [found[item] for item in range(len(found))]


class System(Protocol):
    """Anything that answers sentences.

    Asking for a value has no side effects: it writes no file and prints nothing. Nothing is loaded, downloaded or asked before it is
    needed. Document separators (`Sentence.is_docstart`) are never given to `answer` and `prepare`: they are not language, and `nothing`
    answers them.

    Both methods read a sentence in pieces (`pieces.py`) if it is long or the model has no room for it; its answer names the pieces. They
    differ in what is long, more than `PIECE_TOKENS` tokens for `answer` and more than `WHOLE_TOKENS` for `prepare`, and in what cannot be
    read at all: `answer`, which tags any text, logs a warning and gives the answer of `nothing`; `prepare`, which serves runs that are
    scored, raises an error.
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
        """Origin of the answers."""
        ...

    @property
    def gives_confidences(self) -> bool:
        """Whether answers have a confidence for each entity."""
        ...

    @property
    def sha256(self) -> str:
        """Hash of the stamp without sentences: systems with equal hashes answer alike.

        Raises:
            LmnError: As `stamp`.
        """
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
        """Return an answer for each sentence, in their order; without entities where the system has no room for a single token.

        Raises:
            LmnError: The system cannot be loaded or reached, or memory is too small.
        """
        ...

    def prepare(self, sentences: Sequence[Sentence]) -> Job:
        """Return what answers these sentences batch by batch, as a run needs it.

        Raises:
            LmnError: The system cannot be loaded or reached, or has no room for a sentence with its examples, or for one of its tokens.
        """
        ...

    def read(self, answer: Answer, sentence: Sentence) -> Alignment:
        """Return the spans that an answer puts on its sentence."""
        ...

    def nothing(self, sentence: Sentence) -> Answer:
        """Return the answer that says that a sentence holds no entity."""
        ...


def stamp_sha256(stamp: Mapping[str, Any]) -> str:
    """Return the hash of a stamp, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(stamp, sort_keys=True).encode()).hexdigest()
