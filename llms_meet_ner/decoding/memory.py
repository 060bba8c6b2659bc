"""The error for a device that runs out of memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ..errors import LmnError
from ..training.failures import is_out_of_memory
from .requests import Request


@contextmanager
def memory_errors(requests: Sequence[Request]) -> Iterator[None]:
    """Turn every error that says the device's memory is too small for these requests into an `LmnError`.

    Raises:
        LmnError: The memory ran out in the block.
    """
    try:
        yield
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        longest = max(len(request.prompt) for request in requests)
        raise LmnError(
            f"out of memory with {len(requests)} prompts of up to {longest} tokens",
            remedy="run again with a smaller --batch-size; an unfinished run goes on from where it stopped",
        ) from error
