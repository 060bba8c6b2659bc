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


def shared_length(prompts: Sequence[Sequence[int]]) -> int:
    """Return with how many tokens all prompts begin alike, one token of each left over; 0 for no prompts."""
    first = min(prompts, key=len, default=())
    length = max(0, len(first) - 1)
    for prompt in prompts:
        length = next((at for at in range(length) if prompt[at] != first[at]), length)
    return length


class Generator(Protocol):
    """Generates for a batch of sentences."""

    def prepare(self, prompts: Sequence[Sequence[int]]) -> None:
        """Compute the beginning that all these prompts share once and for all.

        Without it, it is found in the batches as they come; then an output's last digits of probability may depend on the
        batches before.
        """
        ...

    def generate(self, requests: Sequence[Request]) -> list[Generated]:
        """Return one output a request, in their order.

        Raises:
            LmnError: the device's memory is too small for the batch.
        """
        ...
