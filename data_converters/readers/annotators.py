"""Choice between several annotations of one text: the first completed one, or that of the annotator whom the card names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from .texts import Fault

NOBODY = "nobody annotated it to the end"


class Annotation(NamedTuple):
    """A completed annotation of a text.

    Attributes:
        names: What the annotator is called in the file, such as a number and an address; may be empty.
        value: The annotation.
    """

    names: tuple[str, ...]
    value: Any


def not_annotated(why: str) -> Fault:
    """Return the fault of a record that nobody annotated to the end. It is no example of a text without entities."""
    return Fault("not-annotated", why, fatal=False)


def names_of(annotator: Any) -> tuple[str, ...]:
    """Return what an annotator is called: a name or number, or the id, address and name in a mapping."""
    values = [annotator.get(key) for key in ("id", "email", "username")] if isinstance(annotator, dict) else [annotator]
    return tuple(str(value) for value in values if isinstance(value, (str, int)) and not isinstance(value, bool))


def chosen(annotations: Sequence[Annotation], wanted: str | None) -> tuple[Any, list[Fault]] | Fault:
    """Choose the annotation of a text that is read.

    Args:
        annotations: Completed annotations, the first completed one first.
        wanted: Name of the annotator whose annotation is read; None for the first.

    Returns:
        The annotation, and a fault that reports the others; or the fault that keeps the text out.
    """
    if not annotations:
        return not_annotated(NOBODY)
    of_wanted = [annotation for annotation in annotations if wanted is None or wanted in annotation.names]
    if not of_wanted:
        names = ", ".join(dict.fromkeys(_name(annotation) for annotation in annotations))
        return Fault("filtered", f"annotated by {names}, not by {wanted}", fatal=False)
    first = of_wanted[0]
    if len(of_wanted) == 1:
        return first.value, []
    message = f"{len(of_wanted)} annotations, by {', '.join(map(_name, of_wanted))}"
    return first.value, [Fault("several-annotations", message, fatal=False)]


def _name(annotation: Annotation) -> str:
    return " / ".join(annotation.names) or "somebody"
