"""Tokens as an encoder reads them: the subwords of each, and the windows of a sentence."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import LmnError, listed
from .windows import Window, windows_of

_NAMED = 5
"""Number of tokens that a line for people names."""


@dataclass(frozen=True, slots=True)
class ReadWindow:
    """A window as token ids of the encoder.

    Attributes:
        ids: Token ids, with the special ones around them.
        firsts: For each word that is answered from here, the position of its first subword in `ids`.
    """

    ids: tuple[int, ...]
    firsts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ReadSentence:
    """A sentence as the encoder reads it.

    Attributes:
        words: Positions of the tokens that have subwords, which all windows together answer in this order.
        windows: Windows of the sentence, in order; none if no token has a subword.
    """

    words: tuple[int, ...]
    windows: tuple[ReadWindow, ...]

    @property
    def length(self) -> int:
        """Number of token ids of all its windows, which is what it costs to read; 0 without one."""
        return sum(len(window.ids) for window in self.windows)


@dataclass(slots=True)
class ReadingNotes:
    """What was not read as it stands, so that it can be said.

    Attributes:
        unread: Tokens without a subword, each as often as it stands there.
        trimmed: Tokens with more subwords than a window takes, which are read up to that.
        in_windows: Name and number of windows of each sentence that is longer than one window.
        by_sentence: By name, a row for each sentence that was not read as it stands: the number of its windows, and how many of its tokens
            are unread and trimmed. Several sentences may have one name.
    """

    unread: list[str] = field(default_factory=list)
    trimmed: list[str] = field(default_factory=list)
    in_windows: list[tuple[str, int]] = field(default_factory=list)
    by_sentence: dict[str, list[dict[str, int]]] = field(default_factory=dict)

    def add(self, name: str, windows: int, unread: Sequence[str], trimmed: Sequence[str]) -> None:
        """Take what was not read as it stands of the next sentence."""
        self.unread += unread
        self.trimmed += trimmed
        if windows > 1:
            self.in_windows.append((name, windows))
        if windows > 1 or unread or trimmed:
            row = {"windows": windows, "unread": len(unread), "trimmed": len(trimmed)}
            self.by_sentence.setdefault(name, []).append(row)

    def lines(self) -> list[str]:
        """Return lines for people; none if everything was read as it stands."""
        found = []
        if self.in_windows:
            named = listed([f"{name} ({count} windows)" for name, count in self.in_windows], _NAMED)
            found.append(
                f"sentences longer than the encoder's window, read in windows that overlap and answered as a whole: "
                f"{len(self.in_windows):,}: {named}"
            )
        if self.unread:
            found.append(
                f"tokens without a subword of the encoder, which are not read and can only lie inside an entity: "
                f"{len(self.unread):,}: {_shown(self.unread)}"
            )
        if self.trimmed:
            found.append(
                f"tokens longer than a whole window, read up to its end: {len(self.trimmed):,}: {_shown(self.trimmed)}"
            )
        return found


def _shown(tokens: Sequence[str]) -> str:
    """Return the first tokens for people; one that nobody can see, such as a lone variation selector, by its codes."""
    unseen = {token for token in tokens if all(unicodedata.category(character)[0] in "CMZ" for character in token)}
    shown = [ascii(token) if token in unseen else repr(token) for token in dict.fromkeys(tokens)]
    return listed([f"{text:.40}" for text in shown], _NAMED)


@dataclass(frozen=True, slots=True)
class Subwords:
    """A tokenizer that reads sentences token by token.

    Attributes:
        tokenizer: Fast tokenizer of transformers.
        window: Number of token ids that the encoder reads at once, special ones included.
        overlap: Number of subwords that two windows share.
        before: Special ids before a text.
        after: Special ids after it.
        space: What stands before each token: a space, or nothing.
    """

    tokenizer: Any
    window: int
    overlap: int
    before: tuple[int, ...]
    after: tuple[int, ...]
    space: str

    @classmethod
    def of(cls, tokenizer: Any, window: int, overlap: int | None = None) -> Subwords:
        """Make the reader of a tokenizer.

        Args:
            tokenizer: Tokenizer of transformers.
            window: Number of token ids that the encoder reads at once.
            overlap: Number of subwords that two windows share; None for a quarter of a window.

        Raises:
            LmnError: The tokenizer is none of the fast ones, or a window has no room for two subwords and the overlap.
        """
        if not getattr(tokenizer, "is_fast", False):
            raise LmnError(
                "has no fast tokenizer, which alone says what subwords a token has", tokenizer.name_or_path, "take another encoder"
            )  # fmt: skip
        bare = tokenizer(["a"], is_split_into_words=True, add_special_tokens=False)["input_ids"]
        whole = tokenizer(["a"], is_split_into_words=True)["input_ids"]
        at = next((at for at in range(len(whole)) if bare and whole[at : at + len(bare)] == bare), None)
        if at is None:
            raise LmnError(
                "its tokenizer reads a word otherwise with special tokens around it, so that they cannot be told apart",
                tokenizer.name_or_path, "take another encoder",
            )  # fmt: skip
        before, after = tuple(whole[:at]), tuple(whole[at + len(bare) :])
        room = window - len(before) - len(after)
        overlap = room // 4 if overlap is None else overlap
        if room < 2 or overlap > room // 2:
            raise LmnError(
                f"a window of {window} has room for {room} subwords, and {overlap} of them are shared",
                remedy="a window has room for two subwords, and shares at most half of them",
            )
        return cls(tokenizer, window, overlap, before, after, _space_before(tokenizer))

    @property
    def room(self) -> int:
        """Number of subwords of a window, without the special ones."""
        return self.window - len(self.before) - len(self.after)

    @property
    def padding(self) -> int:
        """Token id that fills a row; the encoder does not read it."""
        return int(self.tokenizer.pad_token_id or 0)

    def read(
        self, sentences: Sequence[tuple[str, Sequence[str]]], notes: ReadingNotes | None = None
    ) -> list[ReadSentence]:
        """Return sentences as the encoder reads them.

        Args:
            sentences: Names and tokens of the sentences.
            notes: Takes what is not read as it stands.
        """
        if not sentences:
            return []
        notes = ReadingNotes() if notes is None else notes
        rows = [[self.space + token for token in tokens] for _, tokens in sentences]
        encoded = self.tokenizer(rows, is_split_into_words=True, add_special_tokens=False, verbose=False)
        return [
            self._one(name, tokens, encoded["input_ids"][number], encoded.word_ids(number), notes)
            for number, (name, tokens) in enumerate(sentences)
        ]

    def _one(
        self, name: str, tokens: Sequence[str], ids: Sequence[int], words: Sequence[int | None], notes: ReadingNotes
    ) -> ReadSentence:
        """Put the subwords of a sentence together by word, and words into windows."""
        by_word: dict[int, list[int]] = {}
        for word, token_id in zip(words, ids, strict=True):
            if word is not None:
                by_word.setdefault(word, []).append(token_id)
        read = sorted(by_word)
        parts = [by_word[word][: self.room] for word in read]
        windows = windows_of([len(part) for part in parts], self.room, self.overlap)
        unread = [token for word, token in enumerate(tokens) if word not in by_word]
        notes.add(name, len(windows), unread, [tokens[word] for word in read if len(by_word[word]) > self.room])
        return ReadSentence(tuple(read), tuple(self._window(parts, window) for window in windows))

    def _window(self, parts: Sequence[list[int]], window: Window) -> ReadWindow:
        ids = list(self.before)
        firsts = []
        for word in range(window.start, window.end):
            if window.own_start <= word < window.own_end:
                firsts.append(len(ids))
            ids += parts[word]
        return ReadWindow((*ids, *self.after), tuple(firsts))


def _space_before(tokenizer: Any) -> str:
    """Return what stands before each token: a space for byte-level tokenizers (RoBERTa, ModernBERT), which know words by it."""
    pre_tokenizer = tokenizer.backend_tokenizer.pre_tokenizer
    state = json.loads(pre_tokenizer.__getstate__()) if pre_tokenizer else {}
    byte_level = [part for part in _parts(state) if part.get("type") == "ByteLevel"]
    return " " if any(not part.get("add_prefix_space") for part in byte_level) else ""


def _parts(state: Any) -> list[dict[str, Any]]:
    """Return the pre-tokenizers of a tokenizer's JSON, those in a sequence one by one."""
    inner = [part for one in state.get("pretokenizers", []) for part in _parts(one)]
    return inner or [state]
