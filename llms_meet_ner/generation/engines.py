"""Which generator a decoding asks for."""

from __future__ import annotations

from ..prompts import PromptSpec
from .model import Loaded
from .requests import Decoding, Generator


def make_generator(loaded: Loaded, spec: PromptSpec, decoding: Decoding) -> Generator:
    """Return the generator of a decoding for a loaded model."""
    if decoding == "free":
        from .greedy import GreedyGenerator

        return GreedyGenerator(loaded)
    raise NotImplementedError(decoding)
