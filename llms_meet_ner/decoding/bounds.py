"""After how many tokens an output that nothing else ends is cut off, by format.

A format that writes the sentence again is bounded by the sentence. Any other is bounded by what it writes where every second token is an
entity, with the label that takes the most room: lists of names are about as dense as that.
"""

from __future__ import annotations

from typing import Any

from ..formats import get_format, is_inline
from ..prompting.spec import PromptSpec
from ..sentence import Sentence, Span

_SPARE = 32


def token_bound(tokenizer: Any, spec: PromptSpec, tokens: tuple[str, ...]) -> int:
    """Return a bound in tokens of a tokenizer: three times those of the sentence, or those of a dense output, and 32."""
    if is_inline(spec.format):
        return 3 * _length(tokenizer, " ".join(tokens)) + _SPARE
    return _length(tokenizer, _dense_output(spec, tokens)) + _SPARE


def served_bound(spec: PromptSpec, tokens: tuple[str, ...]) -> int:
    """Return a bound where the tokenizer is not known.

    A text has at most as many tokens as UTF-8 bytes; to a sentence that is written again, markup adds four for each word, and 32. A server
    that heeds `stop` ends an answer at its line's end and never comes near.
    """
    if is_inline(spec.format):
        text = " ".join(tokens)
        return len(text.encode()) + 4 * len(text.split()) + _SPARE
    return len(_dense_output(spec, tokens).encode()) + _SPARE


def _dense_output(spec: PromptSpec, tokens: tuple[str, ...]) -> str:
    label = max(spec.labels.names, key=len)
    spans = tuple(Span(at, at + 1, label) for at in range(0, len(tokens), 2))
    return get_format(spec.format, nested=spec.nested).render(Sentence("bound", tokens, spans), spec.labels)


def _length(tokenizer: Any, text: str) -> int:
    return len(tokenizer.encode(text, add_special_tokens=False))
