"""Other systems' answers to the sentences of a corpus, and what they were trained on."""

from __future__ import annotations

import re
from collections.abc import Sequence
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
from ...training.dataset_info import DatasetEntry, load_entry, read_sentences
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


def witness(name: str, system: System, sentences: Sequence[Sentence], out: Path) -> Witness:
    """Let a system answer sentences; a run that was killed goes on.

    Args:
        name: Folder or Hub id of the system.
        system: The system, which `check_answers` has let pass.
        sentences: The sentences.
        out: Folder of the doubts, in which the answers are kept.

    Raises:
        LmnError: It cannot answer.
    """
    folder = (
        out / "others" / f"{_UNFIT.sub('-', name).strip('-.')}-{system.sha256[:8]}"
    )  # other weights or options, another folder
    records = read_records(predict(system, sentences, folder))
    return Witness(name, [dict(zip(one.spans, one.confidences or (), strict=True)) for one in records])


def check_not_trained_on(gold: Gold, folder: Path, dataset_dir: Path) -> str | None:
    """Refuse a system that was trained on sentences in doubt: it has learned their errors.

    A student that was trained further has learned what its first trainings showed it, too.

    Args:
        gold: The sentences in doubt.
        folder: Folder of an adapter or a student.
        dataset_dir: Folder of the converted data sets, with the sentences that systems were trained on.

    Returns:
        A line for people if it is not known what the system was trained on; None if it was other data.

    Raises:
        LmnError: It was trained on the split, or on a sentence with the words of one in doubt.
    """
    asked = f"{gold.card.name} {gold.split}"
    doubted = {words_of(one) for one in gold.sentences if not one.is_docstart}
    unknown: list[str] = []
    for name in _data_sets(folder):
        try:
            entry, learned = _learned(dataset_dir, name)
        except LmnError:
            unknown.append(name)
            continue
        is_split = (entry.corpus, entry.split) == (gold.card.name, gold.split)
        shared = len(doubted & learned)
        if is_split or shared:
            what = asked if is_split else f"{shared:,} of the {len(doubted):,} sentences of {asked}"
            raise LmnError(
                f"was trained on {what} ({name}), and has learned the errors in it", folder, "name a system that was not"
            )  # fmt: skip
    if not unknown:
        return None
    return f"{folder}: not known whether it was trained on {asked} ({listed(unknown)}); if so, it has learned the errors in it"


def _learned(dataset_dir: Path, name: str) -> tuple[DatasetEntry, set[str]]:
    """Return the entry of a data set, and the words of its sentences."""
    entry = load_entry(dataset_dir, name)
    return entry, {words_of(one) for one in read_sentences(dataset_dir, entry)}


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
