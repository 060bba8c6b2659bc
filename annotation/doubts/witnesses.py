"""Other systems' answers to the sentences of a corpus, and what they were trained on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...data_converters.cards import Card
from ...errors import LmnError, listed
from ...eval.evaluate import Gold
from ...files import read_json
from ...launching.earlier import SETTINGS_FILE
from ...prediction.run import predict
from ...records import read_records
from ...sentence import Sentence
from ...students.student_file import StudentFile, is_student
from ...systems.choosing import labels_of
from ...systems.system import System
from ...training.dataset_info import load_entry, read_sentences
from ..simulation.pool import words_of
from .ranking import Witness

_UNFIT = re.compile(r"[^\w.+-]+")


def check_answers(name: str, system: System, card: Card) -> None:
    """Make sure that a system answers with the labels of a corpus, and with confidences. No model is loaded.

    Args:
        name: Folder or Hub id of the system.
        system: The system.
        card: Card of the corpus.

    Raises:
        LmnError: It does not.
    """
    labels = labels_of(system)
    if labels and set(labels.names) != set(card.labels.names):
        raise LmnError(
            f"answers with {listed(list(labels.names), 20)}, and the corpus has {listed(list(card.labels.names), 20)}", name,
            "name a system with the same labels",
        )  # fmt: skip
    if not system.gives_confidences:
        raise LmnError("gives no confidences", name, "name a system with constrained decoding, or a student")


@dataclass(frozen=True, slots=True)
class Learned:
    """What a system was trained on, as far as it matters for doubts.

    Attributes:
        words: Words of the sentences in doubt that it was trained on, as `words_of` gives them.
        lines: Lines for people about what it does not judge, and about what is not known.
    """

    words: frozenset[str]
    lines: tuple[str, ...]


def witness(name: str, system: System, sentences: Sequence[Sentence], out: Path, learned: Learned) -> Witness:
    """Let a system answer sentences; a run that was killed goes on.

    Args:
        name: Folder or Hub id of the system.
        system: The system, which `check_answers` has let pass.
        sentences: The sentences.
        out: Folder of the doubts, in which the answers are kept.
        learned: What it was trained on: there its answers do not count.

    Raises:
        LmnError: It cannot answer.
    """
    folder = (
        out / "others" / f"{_UNFIT.sub('-', name).strip('-.')}-{system.sha256[:8]}"
    )  # other weights or options, another folder
    records = read_records(predict(system, sentences, folder))
    return Witness(
        name,
        [
            None if words_of(one) in learned.words else dict(zip(record.spans, record.confidences or (), strict=True))
            for one, record in zip(sentences, records, strict=True)
        ],
    )


def learned_by(gold: Gold, folder: Path, dataset_dir: Path) -> Learned:
    """Return which sentences in doubt a system was trained on: it has learned their errors, and does not judge them.

    A student that was trained further has learned what its first trainings showed it, too.

    Args:
        gold: The sentences in doubt.
        folder: Folder of an adapter or a student.
        dataset_dir: Folder of the converted data sets, with the sentences that systems were trained on.

    Raises:
        LmnError: It was trained on more than half of them.
    """
    asked = f"{gold.card.name} {gold.split}"
    doubted = [words_of(one) for one in gold.sentences if not one.is_docstart]
    shared: dict[str, set[str]] = {}
    unknown: list[str] = []
    for name in _data_sets(folder):
        try:
            shared[name] = _words_in(dataset_dir, name).intersection(doubted)
        except LmnError:
            unknown.append(name)
    words = frozenset().union(*shared.values())
    count = sum(one in words for one in doubted)
    what = (
        f"{count:,} of the {len(doubted):,} sentences of {asked} ({listed([name for name in shared if shared[name]])})"
    )
    if 2 * count > len(doubted):
        raise LmnError(
            f"was trained on {what}, and has learned the errors in them", folder,
            "name a system that was trained on at most half of them",
        )  # fmt: skip
    lines = [f"{folder}: was trained on {what}, and does not judge these"] if count else []
    if unknown:
        lines.append(
            f"{folder}: not known whether it was trained on {asked} ({listed(unknown)}); if so, it has learned the errors in it"
        )
    return Learned(words, tuple(lines))


def _words_in(dataset_dir: Path, name: str) -> set[str]:
    """Return the words of the sentences of a data set."""
    return {words_of(one) for one in read_sentences(dataset_dir, load_entry(dataset_dir, name))}


def _data_sets(folder: Path) -> list[str]:
    """Return the names of the data sets that a system was trained on, with those of the students that it was made of.

    Where the files in a folder do not say them, words that say so stand in their place, which are the name of no data set.
    """
    found: list[str] = []
    seen: set[Path] = set()
    while is_student(folder) and folder.resolve() not in seen:
        seen.add(folder.resolve())
        file = StudentFile.load(folder)
        found += file.datasets or [f"the data sets of {folder}"]
        folder = Path(file.model)
    if seen:
        return found
    path = folder / SETTINGS_FILE
    row: Any = read_json(path) if path.is_file() else None
    data = row.get("data") if isinstance(row, dict) else None
    return [name for name in data if isinstance(name, str)] if isinstance(data, dict) and data else ["its data sets"]
