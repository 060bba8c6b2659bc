"""The instruction texts: the task, the label set, and the announcement of the sentence."""

from __future__ import annotations

from typing import Any

from ..errors import LmnError
from ..labels import Label, LabelSet

LETTERED: tuple[str, ...] = ("letters", "letters-bare")
"""Variants for labels that are called A, B, C, ..., and that never speak of entities.

What a model finds with them, it does not find by what it knows about the name of a label. `letters` gives the definitions,
`letters-bare` does not. (These are the probes of Zhan et al. 2026, arXiv 2601.17898.)
"""

VARIANTS: tuple[str, ...] = ("full", "short", *LETTERED)
"""Variants that every format has: `full` gives long names and definitions, `short` only the names; and the ones in `LETTERED`."""

_LAST_LINE = "Now process the input sentence:"


def instruction_text(fmt: Any, labels: LabelSet, variant: str, task: str, task_in_short: str) -> str:
    """Return the instruction of a format.

    Args:
        fmt: Format, which the error names.
        labels: Labels in the order in which to list them; for a variant in `LETTERED`, as `LabelSet.lettered` returns them.
        variant: One of `VARIANTS`.
        task: Task in full sentences. Variants in `LETTERED` have one task text for all formats instead.
        task_in_short: Task in a few words.

    Raises:
        LmnError: The format does not have this variant.
    """
    if variant == "full":
        return "\n".join([task, "Label Set:", *map(label_line, labels), _LAST_LINE])
    if variant == "short":
        return f"{task_in_short}: {', '.join(labels.names)}"
    if variant in LETTERED:
        definitions = [label_line(label) for label in labels if label.definition]
        return "\n".join([_lettered_task(labels.names), *definitions, _LAST_LINE])
    raise LmnError(
        f"format {fmt.name} has no instruction variant {variant!r}", remedy=f"it has: {', '.join(fmt.variants)}"
    )


def _lettered_task(names: tuple[str, ...]) -> str:
    """Return the task of a variant in `LETTERED`: `... one of the labels A, B, C and D ...`."""
    listed = f"one of the labels {', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else f"the label {names[0]}"
    return f"This is a sequence labelling task: find every stretch of the input sentence to which {listed} applies, and give it that label."


def label_line(label: Label) -> str:
    """Return a line of the label set: name, long name and definition, as far as they are known."""
    head = f"{label.name}({label.long})" if label.long else label.name
    return f"{head}: {label.definition}" if label.definition else head


def sentence_task(entity: str) -> str:
    """Return the published task of an inline format (Zhan et al. 2026).

    Args:
        entity: Example of a marked entity.
    """
    return (
        "Your task is to identify all named entities in the input sentence and rewrite the sentence by enclosing each "
        f"entity using the format {entity}. Use only the label tags defined in the Label Set below."
    )
