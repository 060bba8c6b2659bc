"""Free greedy decoding: the model writes whatever it writes, up to the newline that ends its answer."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
from transformers import DynamicCache, GenerationConfig, StoppingCriteria, StoppingCriteriaList

from ..reading import Ending, first_newline
from ..records import Answer
from .memory import memory_errors
from .model import LoadedModel
from .requests import Request, shared_length


class _SentenceStop(StoppingCriteria):  # type: ignore[misc]
    """Ends each sequence at the end of its answer or at its own length, and all of them once half have ended.

    Args:
        stop_ids: Tokens that end an answer.
        newline_ids: Tokens that hold a newline, at which an answer may end.
        last_lengths: Length at which each sequence is cut off; shape (batch,).
        is_complete: Returns whether a sequence, given by its place in the batch and its ids, has ended at its last token.

    Attributes:
        ended: Whether each sequence has ended by itself; shape (batch,).
    """

    def __init__(
        self, stop_ids: torch.Tensor, newline_ids: torch.Tensor, last_lengths: torch.Tensor,
        is_complete: Callable[[int, list[int]], bool],
    ) -> None:  # fmt: skip
        self.ended = torch.zeros_like(last_lengths, dtype=torch.bool)
        self._stop_ids = stop_ids
        self._newline_ids = newline_ids
        self._last_lengths = last_lengths
        self._is_complete = is_complete

    def __call__(self, input_ids: torch.Tensor, scores: Any, **kwargs: Any) -> torch.Tensor:
        """Return whether each sequence ends, shape (batch,); `input_ids` has shape (batch, length)."""
        last = input_ids[:, -1]
        self.ended |= torch.isin(last, self._stop_ids) | (input_ids.shape[1] >= self._last_lengths)
        for row in torch.nonzero(torch.isin(last, self._newline_ids) & ~self.ended).flatten().tolist():
            self.ended[row] = self._is_complete(row, input_ids[row].tolist())
        return torch.ones_like(self.ended) if 2 * int(self.ended.sum()) >= len(self.ended) else self.ended


class GreedyGenerator:
    """Generates outputs for batches of prompts with transformers' `generate`.

    Args:
        loaded: Model and tokenizer.
        ends: Says at which newline an output ends.
    """

    def __init__(self, loaded: LoadedModel, ends: Ending = first_newline) -> None:
        self._loaded = loaded
        self._ends = ends
        tokenizer = loaded.tokenizer
        pieces = tokenizer.batch_decode([[index] for index in range(len(tokenizer))])
        newline_ids = [index for index, piece in enumerate(pieces) if "\n" in piece]
        self._newline_ids = torch.tensor(newline_ids, device=loaded.device)
        self._stop_ids = torch.tensor(loaded.stop_ids, device=loaded.device)
        self._prefix: list[int] = []
        self._prefix_cache = DynamicCache()
        # the defaults of the model may sample, or penalise repetition, and the output mostly repeats the sentence
        loaded.model.generation_config = GenerationConfig(
            do_sample=False, num_beams=1, eos_token_id=loaded.stop_ids, pad_token_id=tokenizer.pad_token_id
        )

    def prepare(self, prompts: Sequence[Sequence[int]]) -> None:
        """Compute the beginning that all these prompts share, once for all batches."""
        self._prefix = list(prompts[0][: shared_length(prompts)]) if prompts else []
        self._prefix_cache = DynamicCache(config=self._loaded.model.config.get_text_config())
        if self._prefix:
            with torch.inference_mode():
                ids = torch.tensor([self._prefix], device=self._loaded.device)
                self._loaded.model(ids, past_key_values=self._prefix_cache, logits_to_keep=1)

    def generate(self, requests: Sequence[Request]) -> list[Answer]:
        """Return the outputs, each up to the newline that ends it, with spaces as generated and without confidences.

        Raises:
            LmnError: The memory of the device is too small for the batch.
        """
        prompts = [request.prompt for request in requests]
        longest = max(map(len, prompts))
        ids, mask = self._padded(prompts, longest)
        limits = torch.tensor([request.max_new_tokens for request in requests], device=self._loaded.device)
        with memory_errors(requests), torch.inference_mode():
            outputs = self._decode(requests, ids, mask, self._cache(prompts), longest + limits)
        return [
            Answer(self._text(row[longest : longest + request.max_new_tokens], request.tokens))
            for row, request in zip(outputs, requests, strict=True)
        ]

    def _decode(
        self, requests: Sequence[Request], ids: torch.Tensor, mask: torch.Tensor, cache: DynamicCache | None,
        last_lengths: torch.Tensor,
    ) -> list[list[int]]:  # fmt: skip
        """Return the prompts with their answers.

        A finished answer costs as much as an unfinished one, so finished answers leave the batch once they are half of it.

        Args:
            requests: One for each sequence.
            ids: Prompts; shape (batch, length).
            mask: 1 for tokens of the prompts, 0 for padding; shape (batch, length).
            cache: Cache of the shared beginning, or None.
            last_lengths: Length at which each sequence is cut off, with its prompt; shape (batch,).
        """
        done: dict[int, list[int]] = {}
        rows = torch.arange(len(ids), device=ids.device)
        longest = ids.shape[1]

        def is_complete(place: int, row: list[int]) -> bool:
            request = requests[int(rows[place])]
            return self._ends(self._decoded(row[longest:]), request.tokens) is not None

        while len(rows):
            stop = _SentenceStop(self._stop_ids, self._newline_ids, last_lengths[rows], is_complete)
            output = self._loaded.model.generate(
                ids, attention_mask=mask, past_key_values=cache, max_length=int(last_lengths[rows].max()),
                stopping_criteria=StoppingCriteriaList([stop]), return_dict_in_generate=True,
            )  # fmt: skip
            done |= zip(rows[stop.ended].tolist(), output.sequences[stop.ended].tolist(), strict=True)
            going = ~stop.ended
            rows, ids, cache = rows[going], output.sequences[going], output.past_key_values
            mask = torch.nn.functional.pad(mask[going], (0, ids.shape[1] - mask.shape[1]), value=1)
            cache.batch_select_indices(going)
        return [done[row] for row in range(len(done))]

    def _padded(self, prompts: Sequence[Sequence[int]], longest: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return ids and mask of shape (batch, longest): first the shared beginning, then padding, then the rest."""
        pad = self._loaded.tokenizer.pad_token_id
        shared = len(self._prefix) if self._has_prefix(prompts) else 0
        ids, mask = [], []
        for prompt in prompts:
            gap = longest - len(prompt)
            ids.append([*prompt[:shared], *[pad] * gap, *prompt[shared:]])
            mask.append([1] * shared + [0] * gap + [1] * (len(prompt) - shared))
        return torch.tensor(ids, device=self._loaded.device), torch.tensor(mask, device=self._loaded.device)

    def _cache(self, prompts: Sequence[Sequence[int]]) -> DynamicCache | None:
        """Return the cache of the shared beginning, repeated for each prompt; None if a prompt begins differently."""
        if not self._has_prefix(prompts):
            return None
        cache = copy.deepcopy(self._prefix_cache)
        cache.batch_repeat_interleave(len(prompts))
        return cache

    def _has_prefix(self, prompts: Sequence[Sequence[int]]) -> bool:
        length = len(self._prefix)
        return bool(length) and all(
            len(prompt) > length and list(prompt[:length]) == self._prefix for prompt in prompts
        )

    def _text(self, ids: list[int], tokens: tuple[str, ...]) -> str:
        """Decode the ids up to the first one that ends an answer, and cut at the newline that ends the output."""
        text = self._decoded(ids)
        return text[: self._ends(text, tokens)]

    def _decoded(self, ids: list[int]) -> str:
        """Decode the ids up to the first one that ends an answer, without clean-up."""
        stops = set(self._loaded.stop_ids)
        end = next((at for at, token in enumerate(ids) if token in stops), len(ids))
        return str(
            self._loaded.tokenizer.decode(ids[:end], skip_special_tokens=True, clean_up_tokenization_spaces=False)
        )
