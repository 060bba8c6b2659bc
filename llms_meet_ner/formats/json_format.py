"""What the formats share that write entities as JSON, without the sentence."""

from __future__ import annotations

from ..labels import LabelSet
from ..sentence import SPACE, Join
from .instructions import VARIANTS, instruction_text


class JsonFormat:
    """A format that writes JSON; each one sets its tasks."""

    name: str
    variants = VARIANTS
    _task: str
    _task_in_short: str

    def __init__(self, nested: bool = False, join: Join = SPACE) -> None:
        self.nested = nested
        self.join = join

    def instruction(self, labels: LabelSet, variant: str = "full") -> str:
        """Return the instruction text, which is this package's own.

        Raises:
            LmnError: The format does not have this variant.
        """
        return instruction_text(self, labels, variant, self._task, self._task_in_short)
