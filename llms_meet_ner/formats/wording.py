"""How an instruction is put together: what to do, the label set, and where the sentence comes."""

from __future__ import annotations

from typing import Any

from ..errors import LmnError
from ..labels import Label, LabelSet

VARIANTS: tuple[str, ...] = ("full", "short")
"""Wordings that every format has: `full` gives long names and definitions, `short` the names alone."""


def instruction_text(fmt: Any, labels: LabelSet, variant: str, task: str, task_in_short: str) -> str:
    """Return the instruction of a format.

    Args:
        fmt: the format, for the error.
        labels: listed in their order.
        variant: one of `VARIANTS`.
        task: what to do, in full sentences.
        task_in_short: the same in a few words.

    Raises:
        LmnError: no such variant.
    """
    if variant == "full":
        return "\n".join([task, "Label Set:", *map(_definition_line, labels), "Now process the input sentence:"])
    if variant == "short":
        return f"{task_in_short}: {', '.join(labels.names)}"
    raise LmnError(f"format {fmt.name} has no instruction variant {variant!r}; it has: {', '.join(fmt.variants)}")


def _definition_line(label: Label) -> str:
    head = f"{label.name}({label.long})" if label.long else label.name
    return f"{head}: {label.definition}" if label.definition else head


def sentence_task(entity: str) -> str:
    """Return the published task of a format that writes the sentence again (Zhan et al. 2026).

    Args:
        entity: what an entity is to look like in it.
    """
    return (
        "Your task is to identify all named entities in the input sentence and rewrite the sentence by enclosing each "
        f"entity using the format {entity}. Use only the label tags defined in the Label Set below."
    )
