"""What a generator is asked for, and what it offers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

from ..records import Generated

Decoding = Literal["constrained", "free"]
DECODINGS: tuple[Decoding, ...] = ("constrained", "free")


class Request(NamedTuple):
    """One sentence to be marked.

    Attributes:
        prompt: token ids, up to where the model answers.
        tokens: of the sentence.
        max_new_tokens: after how many generated tokens a free output is cut off.
    """

    prompt: Sequence[int]
    tokens: tuple[str, ...]
    max_new_tokens: int


class Generator(Protocol):
    """Generates for a batch of sentences."""

    def generate(self, requests: Sequence[Request]) -> list[Generated]:
        """Return one output a request, in their order.

        Raises:
            LmnError: the device's memory is too small for the batch.
        """
        ...
