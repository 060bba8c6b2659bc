"""Which generator a decoding asks for."""

from __future__ import annotations

from ..prompts import PromptSpec
from .guesses import Guesser
from .model import Loaded
from .requests import Decoding, Generator


def make_generator(loaded: Loaded, spec: PromptSpec, decoding: Decoding, guesser: Guesser | None = None) -> Generator:
    """Return the generator of a decoding for a loaded model.

    Args:
        loaded: model and tokenizer.
        spec: that the model answers to.
        decoding: `constrained` or `free`.
        guesser: for constrained decoding, one that knows the training data.

    Raises:
        LmnError: the model or its tokenizer is of a kind that constrained decoding cannot work with.
    """
    if decoding == "free":
        from .greedy import GreedyGenerator

        return GreedyGenerator(loaded)
    from .constrained import ConstrainedGenerator

    return ConstrainedGenerator(loaded, spec, guesser=guesser)
