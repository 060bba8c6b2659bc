"""How an instruction is put together: what to do, the label set, and where the sentence comes."""

from __future__ import annotations

from typing import Any

from ..errors import LmnError
from ..labels import Label, LabelSet

LETTERED: tuple[str, ...] = ("letters", "letters-bare")
"""Wordings for labels that are called A, B, C, ...: what a model then finds, it does not find by what it remembers of a label's name.
`letters` gives the definitions, `letters-bare` does not. Neither speaks of entities (the probes of Zhan et al. 2026, arXiv 2601.17898)."""

VARIANTS: tuple[str, ...] = ("full", "short", *LETTERED)
"""Wordings that every format has: `full` gives long names and definitions, `short` the names alone; and those of `LETTERED`."""

_LAST_LINE = "Now process the input sentence:"


def instruction_text(fmt: Any, labels: LabelSet, variant: str, task: str, task_in_short: str) -> str:
    """Return the instruction of a format.

    Args:
        fmt: the format, for the error.
        labels: listed in their order. A variant of `LETTERED` is to have them as `LabelSet.lettered` gives them.
        variant: one of `VARIANTS`.
        task: what to do, in full sentences.
        task_in_short: the same in a few words. Neither is used in a variant of `LETTERED`, whose words serve every format.

    Raises:
        LmnError: no such variant.
    """
    if variant == "full":
        return "\n".join([task, "Label Set:", *map(_definition_line, labels), _LAST_LINE])
    if variant == "short":
        return f"{task_in_short}: {', '.join(labels.names)}"
    if variant in LETTERED:
        definitions = [_definition_line(label) for label in labels if label.definition]
        return "\n".join([_lettered_task(labels.names), *definitions, _LAST_LINE])
    raise LmnError(f"format {fmt.name} has no instruction variant {variant!r}; it has: {', '.join(fmt.variants)}")


def _lettered_task(names: tuple[str, ...]) -> str:
    """Return the task of a variant of `LETTERED`: `... one of the labels A, B, C and D.`."""
    listed = f"one of the labels {', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else f"the label {names[0]}"
    return f"This is a sequence labelling task: find every stretch of the input sentence to which {listed} applies, and give it that label."


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
