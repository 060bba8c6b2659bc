"""Input of the script conlleval: one token per line with its gold and its predicted tag, and a blank line after each sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO

from ...errors import LmnError
from ...files import atomic_write
from ...sentence import Sentence, Span
from ...tags import encode


def write_conlleval(path: Path, sentences: Sequence[Sentence], predicted: Iterable[tuple[Span, ...]]) -> int:
    """Write sentences with gold and predicted tags (IOB2), separated by one space.

    Args:
        path: File to write.
        sentences: Gold sentences.
        predicted: Predicted spans of each sentence, which do not overlap.

    Returns:
        Number of tokens with white space, where the script would split them; it is written as `_`.

    Raises:
        LmnError: Entities nest, which tags cannot hold; or the file cannot be written.
    """
    with atomic_write(path) as file:
        return conlleval_to(file, sentences, predicted)


def conlleval_to(file: IO[str], sentences: Sequence[Sentence], predicted: Iterable[tuple[Span, ...]]) -> int:
    """Write what `write_conlleval` writes to an open file, and return the same."""
    spaced = 0
    for sentence, spans in zip(sentences, predicted, strict=True):
        length = len(sentence.tokens)
        try:
            rows = zip(sentence.tokens, encode(sentence.spans, length), encode(spans, length))
        except ValueError as error:
            raise LmnError(
                f"{sentence.id}: {error}",
                "--conlleval",
                "leave it out: nested entities are scored as sets of spans",
            ) from error
        for token, gold, other in rows:
            word = "_".join(token.split()) or "_"
            spaced += word != token
            file.write(f"{word} {gold} {other}\n")
        file.write("\n")
    return spaced
