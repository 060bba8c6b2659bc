"""What the answers of a system are like: their labels, and how its sentences are written."""

from __future__ import annotations

from typing import NamedTuple

from ..labels import LabelSet
from ..sentence import Join
from ..systems.prompted import prompt_of
from ..systems.student import Student
from ..systems.system import System


class AnswerKind(NamedTuple):
    """What the answers of a system are like.

    Attributes:
        labels: Labels of the entities.
        nested: Whether entities may lie inside entities.
        join: Text between two tokens of a sentence.
    """

    labels: LabelSet
    nested: bool
    join: Join


def answer_kind(system: System) -> AnswerKind | None:
    """Return what the answers of a system are like: as its prompt asks, or as a student has learned; None if neither says."""
    if spec := prompt_of(system):
        return AnswerKind(spec.labels, spec.nested, spec.join)
    if isinstance(system, Student):
        return AnswerKind(system.labels, False, system.file.join)
    return None
