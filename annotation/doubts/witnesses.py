"""Other systems' answers to the sentences of a corpus, and what they were trained on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...data_converters.cards import Card
from ...errors import LmnError, listed
from ...files import read_json
from ...launching.earlier import SETTINGS_FILE
from ...prediction.run import predict
from ...records import read_records
from ...sentence import Sentence
from ...students.student_file import StudentFile, is_student
from ...systems.choosing import labels_of
from ...systems.system import System
from ...training.dataset_info import load_entry
from .ranking import Witness

_UNFIT = re.compile(r"[^\w.+-]+")


def witness(name: str, system: System, sentences: Sequence[Sentence], card: Card, out: Path) -> Witness:
    """Let a system answer sentences; a run that was killed goes on.

    Args:
        name: Folder or Hub id of the system.
        system: The system.
        sentences: The sentences.
        card: Card of their corpus.
        out: Folder of the doubts, in which the answers are kept.

    Raises:
        LmnError: It answers with other labels or without confidences, or cannot answer.
    """
    labels = labels_of(system)
    if labels and set(labels.names) != set(card.labels.names):
        raise LmnError(
            f"answers with {listed(list(labels.names), 20)}, and the corpus has {listed(list(card.labels.names), 20)}", name,
            "name a system with the same labels",
        )  # fmt: skip
    if not system.gives_confidences:
        raise LmnError("gives no confidences", name, "name a system with constrained decoding, or a student")
    folder = (
        out / "others" / f"{_UNFIT.sub('-', name).strip('-.')}-{system.sha256[:8]}"
    )  # other weights or options, another folder
    records = read_records(predict(system, sentences, folder))
    return Witness(name, [dict(zip(one.spans, one.confidences or (), strict=True)) for one in records])


def check_not_trained_on(folder: Path, card: Card, split: str, dataset_dir: Path) -> str | None:
    """Refuse a system that was trained on the sentences in doubt: it has learned their errors.

    Args:
        folder: Folder of an adapter or a student.
        card: Card of the corpus.
        split: Split of the sentences.
        dataset_dir: Folder of the converted data sets, whose entries say which split they are.

    Returns:
        A line for people if it is not known what the system was trained on; None if it was other data.

    Raises:
        LmnError: It was trained on the split.
    """
    names = _data_sets(folder)
    unknown = [] if names else ["its data sets"]
    for name in names:
        try:
            entry = load_entry(dataset_dir, name)
        except LmnError:
            unknown.append(name)
            continue
        if (entry.corpus, entry.split) == (card.name, split):
            raise LmnError(
                f"was trained on {card.name} {split} ({name}), and has learned the errors in it", folder, "name a system that was not"
            )  # fmt: skip
    if not unknown:
        return None
    return f"{folder}: not known whether it was trained on {card.name} {split} ({listed(unknown)}); if so, it has learned the errors in it"


def _data_sets(folder: Path) -> list[str]:
    """Return the names of the data sets that a system was trained on, as far as files in its folder say them."""
    if is_student(folder):
        return list(StudentFile.load(folder).datasets)
    path = folder / SETTINGS_FILE
    row: Any = read_json(path) if path.is_file() else None
    data = row.get("data") if isinstance(row, dict) else None
    return [name for name in data if isinstance(name, str)] if isinstance(data, dict) else []
