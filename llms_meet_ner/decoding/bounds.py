"""The bound of an output: the number of tokens after which it is cut off if nothing else ends it.

An inline format is bounded by the length of the sentence. Any other format is bounded by a dense output: every second token is an
entity, with the longest label, each item of its JSON on a line of its own. Lists of names are about as dense.
"""

from __future__ import annotations

import json
from typing import Any

from ..formats import is_inline
from ..formats.tags import PASSED_KEYS, TagsFormat
from ..prompting.spec import PromptSpec
from ..sentence import Sentence, Span

_SPARE = 32
"""Tokens added to every bound."""
_INDENT = 4
"""Spaces with which models indent JSON; some take two."""
_LONG_TAG = "B-CONJP"
"""A tag as long as any part of speech or chunk of the Penn Treebank."""


def token_bound(tokenizer: Any, spec: PromptSpec, tokens: tuple[str, ...]) -> int:
    """Return the bound in tokens of a tokenizer.

    It is three times the length of the sentence in an inline format, else the length of a dense output, and 32 more. Where no space
    stands between tokens, one token of the tokenizer can be several of the sentence, and a dense output counts in an inline format, too.
    """
    if is_inline(spec.format) and spec.join:
        return 3 * _length(tokenizer, spec.source(tokens)) + _SPARE
    return _length(tokenizer, _dense_output(spec, tokens)) + _SPARE


def served_bound(spec: PromptSpec, tokens: tuple[str, ...]) -> int:
    """Return the bound for a server, whose tokenizer is not known.

    A text has at most as many tokens as UTF-8 bytes. An inline format adds four tokens of markup for each word. The bound is 32
    more. A server that respects `stop` ends an answer at the end of its line, long before the bound.
    """
    if is_inline(spec.format):
        return len(spec.source(tokens).encode()) + 4 * len(tokens) + _SPARE
    return len(_dense_output(spec, tokens).encode()) + _SPARE


def _dense_output(spec: PromptSpec, tokens: tuple[str, ...]) -> str:
    """Return a dense output, indented if it is JSON, with the lists of the published answer that the instruction asks for.

    In the tags format every token has a tag with a label: an entity may have many tokens.
    """
    label = max(spec.labels.names, key=len)
    step = 1 if spec.format == TagsFormat.name else 2
    spans = tuple(Span(at, at + 1, label) for at in range(0, len(tokens), step))
    text = spec.output_format().render(Sentence("bound", tokens, spans), spec.labels)
    if is_inline(spec.format):
        return text
    value = json.loads(text)
    if spec.format == TagsFormat.name:
        value |= {key: [_LONG_TAG] * len(tokens) for key in PASSED_KEYS if key in spec.instruction}
    return json.dumps(value, ensure_ascii=False, indent=_INDENT)


def _length(tokenizer: Any, text: str) -> int:
    return len(tokenizer.encode(text, add_special_tokens=False))
