"""Constrained greedy decoding step by step, as plain as possible, to compare the fast decoder with.

It is a `LogitsProcessor` in transformers' own `generate`, and shares no code with `llms_meet_ner.decoding`. Outputs are handled as
texts, in the alphabet in which a byte-level tokenizer writes its tokens. The most likely token that fits is found by trying all
tokens in order of their scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from tokenizers.pre_tokenizers import ByteLevel
from transformers import GenerationConfig, LogitsProcessor, LogitsProcessorList

MARKS = {"bracketed": ("[", " | LABEL]"), "xml": ("<LABEL>", "</LABEL>")}
"""Opening and closing mark of each format."""


class FlatMarks(LogitsProcessor):  # type: ignore[misc]
    """Keeps only the score of the most likely token with which an output can still become its sentence.

    It works with byte-level tokenizers and flat entities in a format of `MARKS`.
    """

    def __init__(
        self,
        tokenizer: Any,
        sentences: Sequence[Sequence[str]],
        labels: Sequence[str],
        prompt_length: int,
        form: str,
    ) -> None:
        alphabet = ByteLevel(add_prefix_space=False, use_regex=False)
        self._sentences = [[_spell(alphabet, token) for token in tokens] for tokens in sentences]
        self._space = _spell(alphabet, " ")
        self._closers: dict[str, list[str]] = {}  # closing marks by their opening mark
        for label in labels:
            opener, closer = (_spell(alphabet, mark.replace("LABEL", label)) for mark in MARKS[form])
            self._closers.setdefault(opener, []).append(closer)
        self._pieces = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
        self._special = set(tokenizer.all_special_ids)
        firsts = [piece[:1] if index not in self._special else "" for index, piece in enumerate(self._pieces)]
        self._first_characters = sorted(set(firsts) - {""})
        self._by_first = {
            first: torch.tensor([index for index, other in enumerate(firsts) if other == first])
            for first in self._first_characters
        }
        self._stop = tokenizer.eos_token_id
        self._prompt_length = prompt_length

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Return scores of the same shape (batch, vocabulary); in each row, all but one are minus infinity."""
        masked = torch.full_like(scores, float("-inf"))
        for row, tokens in enumerate(self._sentences):
            written = input_ids[row, self._prompt_length :].tolist()
            if self._stop in written:
                masked[row, self._stop] = 0
                continue
            text = "".join(self._pieces[index] for index in written)
            begun = [first for first in self._first_characters if self._can_become(text + first, tokens, 0)]
            candidates = (
                torch.cat([*(self._by_first[first] for first in begun), torch.tensor([self._stop])]).sort().values
            )
            order = torch.sort(scores[row, candidates], descending=True, stable=True).indices
            for index in candidates[order].tolist():
                if self._fits(text, index, tokens):
                    masked[row, index] = scores[row, index]
                    break
        return masked

    def _fits(self, text: str, index: int, tokens: Sequence[str]) -> bool:
        if index == self._stop:
            return self._can_become(text, tokens, 0, complete=True)
        if index in self._special or not self._pieces[index]:
            return False
        return self._can_become(text + self._pieces[index], tokens, 0)

    def _can_become(
        self, text: str, tokens: Sequence[str], at: int, *, closers: Sequence[str] = (), complete: bool = False
    ) -> bool:
        """Whether a text can become the rest of an output that begins before token `at`.

        Args:
            text: Text, in the alphabet of the tokenizer.
            tokens: Tokens of the sentence.
            at: Position of the next token.
            closers: Closing marks of the open entity; empty if none is open.
            complete: Whether the text must be the whole rest.
        """
        token = tokens[at]
        if not complete and token.startswith(text):
            return True
        for opener, its_closers in () if closers else self._closers.items():
            if not complete and opener.startswith(text):
                return True
            if text.startswith(opener) and self._can_become(
                text.removeprefix(opener), tokens, at, closers=its_closers, complete=complete
            ):
                return True
        return text.startswith(token) and self._goes_on(
            text.removeprefix(token), tokens, at, closers=closers, complete=complete
        )

    def _goes_on(self, text: str, tokens: Sequence[str], at: int, *, closers: Sequence[str], complete: bool) -> bool:
        """Do the same for a rest that begins after token `at`."""
        if not text:
            return not complete or (at == len(tokens) - 1 and not closers)
        for closer in closers:
            if not complete and closer.startswith(text):
                return True
            if text.startswith(closer) and self._goes_on(
                text.removeprefix(closer), tokens, at, closers=(), complete=complete
            ):
                return True
        if at == len(tokens) - 1 or not text.startswith(self._space):
            return False
        return self._can_become(text[len(self._space) :], tokens, at + 1, closers=closers, complete=complete)


def _spell(alphabet: Any, text: str) -> str:
    return "".join(piece for piece, _ in alphabet.pre_tokenize_str(text))


def decode(
    model: Any,
    tokenizer: Any,
    prompts: Sequence[Sequence[int]],
    sentences: Sequence[Sequence[str]],
    labels: Sequence[str],
    form: str = "bracketed",
) -> list[list[int]]:
    """Return the output tokens of each prompt, without the stop token.

    Args:
        model: Model of transformers.
        tokenizer: Byte-level tokenizer with an end and a padding token.
        prompts: Prompts in token ids.
        sentences: Tokens of the sentence in each prompt.
        labels: Label set.
        form: Name of a format in `MARKS`.
    """
    longest = max(map(len, prompts))
    pad = tokenizer.pad_token_id
    ids = torch.tensor([[pad] * (longest - len(prompt)) + list(prompt) for prompt in prompts])
    mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    marks = max(len("".join(MARKS[form]).replace("LABEL", label).encode()) for label in labels)
    bound = (
        max(len(" ".join(tokens).encode()) + marks * len(tokens) for tokens in sentences) + 1
    )  # at most one token for each byte
    config = GenerationConfig(
        do_sample=False,
        num_beams=1,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.eos_token_id,
        max_new_tokens=bound,
    )
    processor = FlatMarks(tokenizer, sentences, labels, longest, form)
    with torch.inference_mode():
        output = model.generate(
            ids, attention_mask=mask, generation_config=config, logits_processor=LogitsProcessorList([processor])
        )
    rows = output[:, longest:].tolist()
    return [row[: row.index(tokenizer.eos_token_id)] if tokenizer.eos_token_id in row else row for row in rows]
