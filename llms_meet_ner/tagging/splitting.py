"""Raw text to sentences and tokens, by character offsets.

spaCy does it with its rules alone: tokenizers for some seventy languages and a splitter at sentence-final punctuation. It needs no
model and keeps offsets. Of the other maintained packages, NLTK, Stanza and wtpsplit need models or data, and sentencex has no
tokens; syntok, pySBD, BlingFire and sentence-splitter are hardly maintained.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from ..collector import collector_paused
from ..errors import LmnError, installing
from ..sentence import Join

Offsets = tuple[int, int]
"""Start and end of a token in characters (code points) of its text, end exclusive."""
Splitter = Callable[[str], list[list[Offsets]]]
"""Returns the sentences of a text, each with at least one token; no token is empty or holds white space."""

_CODES = {"no": "nb"}
"""Codes of spaCy's for language tags that it does not know."""
_REMEDIES = {
    "ja": "pip install sudachipy sudachidict_core; or take 'zh', which splits into characters",
    "th": "pip install pythainlp; or take 'zh', which splits into characters",
    "vi": "pip install pyvi; or take 'xx', which splits into syllables",
    "ko": "take 'xx', which splits at spaces and punctuation; or install mecab-ko, mecab-ko-dic and natto-py",
}
"""Remedies for the languages for which spaCy needs further packages."""
_ZONE = 2_000_000
"""Number of characters after which spaCy forgets the words it met: it splits known words several times as fast, and memory stays
bounded."""
AUTO_LANGUAGE = "auto"
_CHARACTERS = "zh"
"""Language whose rules make every character a token, and end sentences at full-width punctuation, too."""
_WORD = re.compile(r"\S+")
_BETWEEN_SPACES = re.compile(r"[^ \t\r\n\v\f]+")
_LINE = re.compile(r"[^\r\n]+")


def split_at_spaces(text: str) -> list[list[Offsets]]:
    """Return one sentence, with tokens separated by spaces (or other ASCII white space); an empty list if the text has no tokens."""
    tokens = [found.span() for found in _BETWEEN_SPACES.finditer(text)]
    return [tokens] if tokens else []


def split_at_lines(text: str) -> list[list[Offsets]]:
    """Return the offsets of the tokens, line by line, without empty lines. ASCII white space separates tokens."""
    return [
        [(line.start() + start, line.start() + end) for start, end in tokens]
        for line in _LINE.finditer(text)
        for tokens in split_at_spaces(line.group())
    ]


def splitter_for(language: str | None, join: Join) -> Splitter:
    """Return the splitter for the texts of a model.

    Args:
        language: Code as `make_splitter` takes it; None to split at spaces; `auto` for English, or for characters where nothing stands
            between the tokens that the model reads. There, a model reads the same text whatever the tokens are. With characters, an
            entity can begin and end anywhere. White space of the text is left out of what the model reads.
        join: Text between two tokens that the model reads.

    Raises:
        LmnError: `make_splitter` cannot make one.
    """
    if language is None:
        return split_at_spaces
    if language == AUTO_LANGUAGE:
        return make_splitter(_CHARACTERS if not join else "en")
    return make_splitter(language)


def make_splitter(language: str = "en", *, as_library: bool = False) -> Splitter:
    """Return the splitter of a language. Sentence-final punctuation ends a sentence, and so does a blank line.

    Args:
        language: Code of spaCy's, or a language tag that begins with one: `en`, `de`, `pt-BR`, ...; `xx` has rules for no language in
            particular.
        as_library: Whether tokens are exactly those of `spacy.blank(language)`, cut at the white space that some hold.
            If not, compounds with hyphens stay whole, as in the corpora that adapters are trained on (`one-day`).

    Raises:
        LmnError: spaCy is not installed, does not know the language, or needs another package for it.
    """
    nlp = _pipeline(language, as_library)
    zone = ExitStack()  # frees what spaCy has learnt of words when it is closed
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


@collector_paused()
def _pipeline(language: str, as_library: bool) -> Any:
    try:
        import spacy
        from spacy.lang.char_classes import HYPHENS
        from spacy.tokenizer import Tokenizer
    except ImportError as error:
        raise LmnError(f"raw text needs spaCy ({error})", remedy=f"{installing('tag')}, or give tokens") from error
    nlp = _blank(spacy, language)
    nlp.add_pipe("sentencizer")
    nlp.max_length = sys.maxsize  # spaCy's bound is for parsers
    if not as_library and isinstance(nlp.tokenizer, Tokenizer):
        infixes = [rule for rule in nlp.Defaults.infixes if HYPHENS not in rule]
        nlp.tokenizer.infix_finditer = spacy.util.compile_infix_regex(infixes).finditer
    return nlp


def _blank(spacy: Any, language: str) -> Any:
    """Return spaCy's pipeline for a language, with nothing but its tokenizer."""
    code = language.partition("-")[0]
    for name in dict.fromkeys((language, code, _CODES.get(code, code))):
        try:
            nlp = spacy.blank(name)
            nlp("a")  # Korean looks for its library only now
            return nlp
        except Exception as caught:  # besides spaCy's own errors, those of the packages that it calls
            error = caught
    what = str(error).strip().split("\n")[0] or type(error).__name__
    remedy = _REMEDIES.get(code, "'xx' splits any language, and tokens need none")
    raise LmnError(what, f"language {language!r}", remedy) from error


def doc_sentences(doc: Any) -> list[list[Offsets]]:
    """Return the offsets of the tokens of a doc of spaCy's, sentence by sentence.

    Sentences are those of the doc if something has set them; otherwise sentence-final punctuation and blank lines end them, and the doc
    stays without. White space is no token.
    """
    if doc.has_annotation("SENT_START"):
        return _cut(doc, [bool(token.is_sent_start) for token in doc])
    from spacy.pipeline import Sentencizer

    starts = Sentencizer().predict([doc])[0] if len(doc) else []
    return _cut(doc, [start or _is_blank_line(token) for start, token in zip(starts, doc, strict=True)])


def _sentences(doc: Any) -> list[list[Offsets]]:
    """Return the token offsets of the sentences that a pipeline of ours has found."""
    return _cut(doc, [token.is_sent_start or _is_blank_line(token) for token in doc])


def _is_blank_line(token: Any) -> bool:
    return bool(token.is_space and token.text.count("\n") > 1)


def _cut(doc: Any, starts: list[bool]) -> list[list[Offsets]]:
    """Return token offsets, sentence by sentence. A token of spaCy's may be white space, or hold some as a special case.

    Args:
        doc: The doc.
        starts: Whether a sentence starts, for each token.
    """
    sentences: list[list[Offsets]] = [[]]
    for token, is_start in zip(doc, starts, strict=True):
        if is_start:
            sentences.append([])
        for word in _WORD.finditer(token.text):
            sentences[-1].append((token.idx + word.start(), token.idx + word.end()))
    return [sentence for sentence in sentences if sentence]
