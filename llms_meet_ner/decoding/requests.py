"""Requests to a generator, and the protocol that generators follow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, Protocol

from ..errors import LmnError
from ..formats import get_format, get_inline_format, is_inline
from ..records import Answer

Decoding = Literal["constrained", "free"]
CONSTRAINED: Final = "constrained"
"""The sentence again, with well-formed markup and nothing else; gives confidences."""
FREE: Final = "free"
"""Plain greedy decoding, as most published numbers were made."""
DECODINGS: tuple[Decoding, ...] = (CONSTRAINED, FREE)


def resolve_decoding(decoding: str | None, format_name: str) -> Decoding:
    """Return the decoding for a format: the one asked for, or for None the constrained one if the format allows it.

    Raises:
        LmnError: There is no such decoding or format, or constrained decoding is asked for and the format does not write the
            sentence again.
    """
    if decoding is not None and decoding not in DECODINGS:
        raise LmnError(f"no decoding is called {decoding!r}; there are: {', '.join(DECODINGS)}")
    get_format(format_name)
    if decoding == CONSTRAINED:
        get_inline_format(format_name)
    return FREE if decoding == FREE or not is_inline(format_name) else CONSTRAINED


class Request(NamedTuple):
    """One sentence to mark.

    Attributes:
        prompt: Token ids, up to where the model answers.
        tokens: Tokens of the sentence.
        max_new_tokens: Number of generated tokens after which a free output is cut off.
    """

    prompt: Sequence[int]
    tokens: tuple[str, ...]
    max_new_tokens: int


def shared_length(prompts: Sequence[Sequence[int]]) -> int:
    """Return the number of tokens with which all prompts begin alike, leaving one token of each; 0 for no prompts."""
    first = min(prompts, key=len, default=())
    length = max(0, len(first) - 1)
    for prompt in prompts:
        length = next((at for at in range(length) if prompt[at] != first[at]), length)
    return length


class Generator(Protocol):
    """Generates for a batch of sentences."""

    def prepare(self, prompts: Sequence[Sequence[int]]) -> None:
        """Compute once what the beginning that all these prompts share needs.

        Without this call, the shared beginning is found in the batches as they come. The last digits of a probability may then
        depend on earlier batches.
        """
        ...

    def generate(self, requests: Sequence[Request]) -> list[Answer]:
        """Return one text for each request, in their order.

        Raises:
            LmnError: The device's memory is too small for the batch.
        """
        ...
