"""The bytes that each token of a tokenizer stands for, as a trie (prefix tree).

They are read from the tokenizer's own vocabulary and decoder: byte-level BPE and SentencePiece, with or without byte fallback. A
check at the start encodes some texts and compares the bytes of the tokens with the texts.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from ..errors import LmnError

_PROBES = ("Essex 's captain [sic] | said :", "Ålesund, Şırnak – 東京 😀 € ½", "  two  spaces")
_SPACE = "\u2581"
"""Character that stands for a space in pieces of SentencePiece's kind."""
_BYTE_PIECE = re.compile(r"<0x([0-9A-Fa-f]{2})>")


class Trie(dict[int, "Trie | None"]):
    """A node of a trie: the tokens that begin with some bytes. By the next byte it holds the node below, or None if there is none.

    A node below is made when it is first asked for: a sentence needs few, and those of a whole vocabulary take seconds to make.

    Attributes:
        ids: Ids of the tokens that end here.
    """

    __slots__ = ("_end", "_prefix", "_start", "_tokens", "ids")

    def __init__(self, tokens: Sequence[tuple[bytes, int]], start: int, end: int, prefix: bytes) -> None:
        """Make the node of the tokens that begin with a prefix.

        Args:
            tokens: Bytes and id of each token, sorted.
            start: Place of the first of them that begins with the prefix.
            end: Place after the last one.
            prefix: Bytes that lead to the node.
        """
        super().__init__()
        self._tokens, self._end, self._prefix = tokens, end, prefix
        self._start = bisect_left(tokens, (prefix + b"\0",), start, end)
        self.ids = tuple(index for _, index in tokens[start : self._start])

    def __missing__(self, byte: int) -> Trie | None:
        """Make the node below for a byte."""
        prefix = self._prefix + bytes((byte,))
        start = bisect_left(self._tokens, (prefix,), self._start, self._end)
        last = (
            self._end
            if byte == 0xFF
            else bisect_left(self._tokens, (self._prefix + bytes((byte + 1,)),), start, self._end)
        )
        below = self[byte] = Trie(self._tokens, start, last, prefix) if start < last else None
        return below


class Vocabulary:
    """The tokens of a tokenizer by their bytes.

    Attributes:
        trie: Root of the trie of all tokens that an output may hold.
        leading: Bytes that the tokenizer puts before every text: a space or nothing.
        stop_ids: Ids that end an answer.
    """

    def __init__(self, tokenizer: Any, stop_ids: Iterable[int]) -> None:
        """Read a tokenizer.

        Args:
            tokenizer: Tokenizer of transformers.
            stop_ids: Ids that end an answer.

        Raises:
            LmnError: The bytes of its tokens cannot be found out.
        """
        self.stop_ids = tuple(stop_ids)
        backend = getattr(tokenizer, "backend_tokenizer", None)
        self._normaliser = getattr(backend, "normalizer", None)
        self._is_of_bytes = _is_byte_level(tokenizer)
        self._bytes = _token_bytes(tokenizer, is_byte_level=self._is_of_bytes)
        self.leading = self._check(tokenizer)
        self._single = {text[0] for text in self._bytes.values() if len(text) == 1}
        self._has_bytes = self._single.issuperset(range(0x80, 0xC0))
        self._characters: set[str] = set()
        tokens: list[tuple[bytes, int]] = []
        for index, text in self._bytes.items():
            character = _as_text(text)
            if character is not None and len(character) == 1:
                self._characters.add(character)
            if character is not None or self._has_bytes:
                tokens.append((text, index))  # otherwise a character that was begun could not be finished
        tokens.sort()
        self.trie = Trie(tokens, 0, len(tokens), b"")

    @cached_property
    def _stand_in(self) -> str:
        found = next(
            filter(self._can_spell, ["?", "_", "-", "*", *sorted(filter(str.isalpha, self._characters))]), None
        )
        if found is None:
            raise LmnError("the tokenizer has no token for any character", remedy="use --decoding free")
        return found

    def bytes_of(self, ids: Iterable[int]) -> bytes:
        """Return the bytes of tokens; stop tokens and other special tokens have none."""
        return b"".join(self._bytes.get(index, b"") for index in ids)

    def spellable(self, text: str) -> str:
        """Return a text as the tokenizer reads it, with a question mark for every character that no tokens can write.

        A tokenizer may change characters before it splits a text, so that a model never sees them: Qwen's joins a letter and its
        accent, and to those of SentencePiece's kind U+2581 is a space. A vocabulary of bytes may lack a byte of a character (for some
        models, of rare control characters); a vocabulary of characters may lack the character. If there is no question mark
        either, another character replaces it.
        """
        return "".join(character if self._can_spell(character) else self._stand_in for character in self._read(text))

    def _read(self, text: str) -> str:
        """Return a text as the tokenizer reads it within another one; unchanged if nothing would be left of it."""
        read = text.encode("utf-8", "replace").decode()  # no normaliser takes a lone surrogate
        if self._normaliser is not None:
            read = (
                self._normaliser.normalize_str(f"|{read}|").partition("|")[2].removesuffix("|")
            )  # first, a space may come
        return (read if self._is_of_bytes else read.replace(_SPACE, " ")) or text

    def _can_spell(self, character: str) -> bool:
        if not self._has_bytes:
            return character in self._characters
        return (
            self._single.issuperset(character.encode("utf-8", "surrogatepass"))
            and not "\ud800" <= character <= "\udfff"
        )

    def require(self, text: str, what: str) -> None:
        """Make sure that tokens can write a text.

        Args:
            text: Text that must be written.
            what: Description of the text, for the error.

        Raises:
            LmnError: No tokens can write the text.
        """
        if not all(map(self._can_spell, text)):
            raise LmnError(f"the tokenizer cannot write {what} {text!r}", remedy="use --decoding free")

    def _check(self, tokenizer: Any) -> bytes:
        """Check the bytes of some texts, and return what the tokenizer puts before every text."""
        leading = {b""}
        for text in _PROBES:
            written = self.bytes_of(tokenizer.encode(text, add_special_tokens=False))
            expected = text.encode()
            if written == expected:
                leading.add(b"")
            elif written == b" " + expected:
                leading.add(b" ")
            elif tokenizer.unk_token_id is None and _normalised(tokenizer, text).encode() != written.lstrip(b" "):
                raise LmnError(
                    f"its tokens cannot be read as bytes ({text!r} became {written!r})",
                    type(tokenizer).__name__,
                    "use --decoding free",
                )
        return max(leading, key=len)


def _token_bytes(tokenizer: Any, *, is_byte_level: bool) -> dict[int, bytes]:
    """Return the bytes of every token that is text; added tokens count unless they are special."""
    read = _from_byte_level if is_byte_level else _from_pieces
    added = tokenizer.added_tokens_decoder
    special = set(tokenizer.all_special_ids) | {index for index, token in added.items() if token.special}
    found: dict[int, bytes] = {}
    for piece, index in tokenizer.get_vocab().items():
        if index in special:
            continue
        text = str(added[index]).encode("utf-8", "replace") if index in added else read(piece)
        if text:
            found[index] = text
    return found


def _is_byte_level(tokenizer: Any) -> bool:
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        return False
    decoder: dict[str, Any] = json.loads(backend.decoder.__getstate__()) if backend.decoder else {}
    kinds = {part.get("type") for part in (decoder, *decoder.get("decoders", ()))}
    if "WordPiece" in kinds:
        raise LmnError("a WordPiece vocabulary has no spaces in it", type(tokenizer).__name__, "use --decoding free")
    return "ByteLevel" in kinds


def _byte_level_alphabet() -> dict[str, int]:
    """Return the byte that each character of a byte-level vocabulary stands for (Radford et al. 2019).

    Printable Latin-1 characters stand for their own bytes. The characters from U+0100 on stand for the other bytes, in order.
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    alphabet = {chr(byte): byte for byte in printable}
    others = [byte for byte in range(0x100) if byte not in printable]
    return alphabet | {chr(0x100 + number): byte for number, byte in enumerate(others)}


_ALPHABET = _byte_level_alphabet()


def _from_byte_level(piece: str) -> bytes:
    try:
        return bytes(_ALPHABET[character] for character in piece)
    except KeyError:
        return b""  # the tokenizer itself cannot make this token


def _from_pieces(piece: str) -> bytes:
    found = _BYTE_PIECE.fullmatch(piece)
    if found:
        return bytes([int(found[1], 16)])
    return piece.replace(_SPACE, " ").encode("utf-8", "replace")


def _normalised(tokenizer: Any, text: str) -> str:
    normaliser = getattr(getattr(tokenizer, "backend_tokenizer", None), "normalizer", None)
    return text if normaliser is None else str(normaliser.normalize_str(text)).replace(_SPACE, " ").lstrip(" ")


def _as_text(text: bytes) -> str | None:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return None
