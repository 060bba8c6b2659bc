"""Raw text to sentences and tokens, by character offsets.

spaCy does it, with its rules alone: tokenizers of some seventy languages and a splitter at sentence-final punctuation, without
a model to download, offsets kept. Of what else is kept up, NLTK, Stanza and wtpsplit need models or data and sentencex has
no tokens; syntok, pySBD, BlingFire and sentence-splitter are kept up no more, or hardly.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from ..errors import LmnError

Offsets = tuple[int, int]
"""Start and end of a token in characters (code points) of its text, end exclusive."""
Splitter = Callable[[str], list[list[Offsets]]]
"""Returns the sentences of a text, each at least one token; no token holds white space, or is empty."""

_ZONE = 2_000_000
"""Characters after which spaCy forgets the words it met: known ones are split several times as fast, and memory stays bounded."""
_WORD = re.compile(r"\S+")
_BETWEEN_SPACES = re.compile(r"[^ \t\r\n\v\f]+")


def split_at_spaces(text: str) -> list[list[Offsets]]:
    """Return one sentence, its tokens apart by spaces (or other ASCII white space); none if there is no token."""
    tokens = [found.span() for found in _BETWEEN_SPACES.finditer(text)]
    return [tokens] if tokens else []


def make_splitter(language: str = "en") -> Splitter:
    """Return the splitter of a language. Beside sentence-final punctuation a blank line ends a sentence.

    Compounds with hyphens stay whole, as in the corpora that adapters are trained on (`one-day`).

    Args:
        language: a code of spaCy's: `en`, `de`, `tr`, ...; `xx` has rules for no language in particular.

    Raises:
        LmnError: spaCy is not installed, or does not know the language, or needs another package for it.
    """
    nlp = _pipeline(language)
    zone = ExitStack()  # what spaCy learns of words is freed when it ends
    left = 0

    def split(text: str) -> list[list[Offsets]]:
        nonlocal left
        if left <= 0:
            zone.close()
            zone.enter_context(nlp.memory_zone())
            left = _ZONE
        left -= len(text)
        return _sentences(nlp(text))

    return split


def _pipeline(language: str) -> Any:
    try:
        import spacy
        from spacy.lang.char_classes import HYPHENS
        from spacy.tokenizer import Tokenizer
    except ImportError as error:
        raise LmnError(f"raw text needs spaCy ({error}); pip install 'llms-meet-ner[tag]', or give tokens") from error
    try:
        nlp = spacy.blank(language)
    except (ImportError, AttributeError, ValueError) as error:
        what = str(error).strip().split("\n")[0]
        raise LmnError(f"language {language!r}: {what}; 'xx' splits any language, tokens need none") from error
    nlp.add_pipe("sentencizer")
    nlp.max_length = sys.maxsize  # spaCy's bound is for parsers
    if isinstance(nlp.tokenizer, Tokenizer):
        infixes = [rule for rule in nlp.Defaults.infixes if HYPHENS not in rule]
        nlp.tokenizer.infix_finditer = spacy.util.compile_infix_regex(infixes).finditer
    return nlp


def _sentences(doc: Any) -> list[list[Offsets]]:
    """Return the token offsets of spaCy's sentences. Its tokens are white space too, and a special case may hold some."""
    sentences: list[list[Offsets]] = [[]]
    for token in doc:
        if token.is_sent_start or (token.is_space and token.text.count("\n") > 1):
            sentences.append([])
        for word in _WORD.finditer(token.text):
            sentences[-1].append((token.idx + word.start(), token.idx + word.end()))
    return [sentence for sentence in sentences if sentence]
