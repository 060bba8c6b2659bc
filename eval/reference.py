"""Step-by-step constrained greedy decoding, written as plainly as it can be: what the fast decoder is compared with.

A `LogitsProcessor` in transformers' own `generate`. It shares no code with `llms_meet_ner.constraint` or
`llms_meet_ner.generation.constrained`: outputs are compared as texts, in the alphabet in which a byte-level tokenizer writes
its tokens, and of all tokens the likeliest that fits is looked for from the top of the list.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from tokenizers.pre_tokenizers import ByteLevel
from transformers import GenerationConfig, LogitsProcessor, LogitsProcessorList


class FlatBrackets(LogitsProcessor):  # type: ignore[misc]
    """Leaves of each row's scores only that of the likeliest token with which the output can still become its sentence.

    For byte-level tokenizers and flat entities in the bracketed format.
    """

    def __init__(
        self, tokenizer: Any, sentences: Sequence[Sequence[str]], labels: Sequence[str], prompt_length: int
    ) -> None:
        alphabet = ByteLevel(add_prefix_space=False, use_regex=False)
        self._sentences = [[_spell(alphabet, token) for token in tokens] for tokens in sentences]
        self._space = _spell(alphabet, " ")
        self._closers = [_spell(alphabet, f" | {label}]") for label in labels]
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
        """Return scores of the same shape (batch, vocabulary), all but one of a row minus infinity."""
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
        self, text: str, tokens: Sequence[str], at: int, *, inside: bool = False, complete: bool = False
    ) -> bool:
        """Whether a text that begins before token `at` is the beginning of an output (or all of it, if `complete`)."""
        token = tokens[at]
        if not complete and token.startswith(text):
            return True
        if (
            text.startswith("[")
            and not inside
            and self._can_become(text[1:], tokens, at, inside=True, complete=complete)
        ):
            return True
        return text.startswith(token) and self._goes_on(
            text.removeprefix(token), tokens, at, inside=inside, complete=complete
        )

    def _goes_on(self, text: str, tokens: Sequence[str], at: int, *, inside: bool, complete: bool) -> bool:
        """Do the same for a text that begins after token `at`."""
        if not text:
            return not complete or (at == len(tokens) - 1 and not inside)
        if inside and any(
            (not complete and closer.startswith(text))
            or (
                text.startswith(closer)
                and self._goes_on(text.removeprefix(closer), tokens, at, inside=False, complete=complete)
            )
            for closer in self._closers
        ):
            return True
        if at == len(tokens) - 1 or not text.startswith(self._space):
            return False
        return self._can_become(text[len(self._space) :], tokens, at + 1, inside=inside, complete=complete)


def _spell(alphabet: Any, text: str) -> str:
    return "".join(piece for piece, _ in alphabet.pre_tokenize_str(text))


def decode(
    model: Any, tokenizer: Any, prompts: Sequence[Sequence[int]], sentences: Sequence[Sequence[str]], labels: Sequence[str]
) -> list[list[int]]:  # fmt: skip
    """Return the output tokens of each prompt, without the stop token.

    Args:
        model: of transformers.
        tokenizer: byte-level, with an end and a padding token.
        prompts: token ids.
        sentences: tokens of the sentence in each prompt.
        labels: of the entities.
    """
    longest = max(map(len, prompts))
    pad = tokenizer.pad_token_id
    ids = torch.tensor([[pad] * (longest - len(prompt)) + list(prompt) for prompt in prompts])
    mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    bound = max(4 * len(" ".join(tokens).encode()) + 64 for tokens in sentences)
    config = GenerationConfig(
        do_sample=False,
        num_beams=1,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.eos_token_id,
        max_new_tokens=bound,
    )
    processor = FlatBrackets(tokenizer, sentences, labels, longest)
    with torch.inference_mode():
        output = model.generate(
            ids, attention_mask=mask, generation_config=config, logits_processor=LogitsProcessorList([processor])
        )
    rows = output[:, longest:].tolist()
    return [row[: row.index(tokenizer.eos_token_id)] if tokenizer.eos_token_id in row else row for row in rows]
