"""Which decoding a format allows, and which generator a decoding asks for."""

from __future__ import annotations

from ..decoding.guesser import EntityGuesser
from ..decoding.model import LoadedModel
from ..decoding.requests import DECODINGS, Decoding, Generator
from ..errors import LmnError
from ..formats import get_format, get_inline_format, is_inline
from ..prompting.spec import PromptSpec


def check_decoding(decoding: str | None) -> None:
    """Make sure that there is such a decoding.

    Raises:
        LmnError: there is not.
    """
    if decoding is not None and decoding not in DECODINGS:
        raise LmnError(f"no decoding is called {decoding!r}; there are: {', '.join(DECODINGS)}")


def resolve_decoding(decoding: Decoding | None, format_name: str) -> Decoding:
    """Return the decoding of a run: the one asked for, or None's, which is the constrained one where the format allows it.

    Raises:
        LmnError: there is no such format, or constrained decoding is asked for and the format does not write the sentence again.
    """
    get_format(format_name)
    if decoding == "constrained":
        get_inline_format(format_name)
    return decoding or ("constrained" if is_inline(format_name) else "free")


def make_generator(
    loaded: LoadedModel, spec: PromptSpec, decoding: Decoding, guesser: EntityGuesser | None = None
) -> Generator:
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
        from ..decoding.greedy import GreedyGenerator

        return GreedyGenerator(loaded)
    from ..decoding.constrained import ConstrainedGenerator

    return ConstrainedGenerator(loaded, spec, guesser=guesser)
