"""A draft proposer that runs inside vLLM (`custom_class` of its speculative decoding) and proposes copies with guessed marks.

It is the prototype behind docs/decisions/20-proposals-inside-vllm.md, and tests/vllm/speculation.py measures it. It only serves the demo's
template and format, and reads its guesses from the file that LMN_GUESSES names: a JSON object from sentences to guessed entities.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_BEFORE_ANSWER = "\nAssistant:"
_CLOSING = " | "


class CopyProposer:
    """Proposes the rest of the guessed output. It keeps nothing between two calls: rows of a batch change their places.

    Args:
        vllm_config: The configuration of vLLM, all that a proposer is given when it is made.
    """

    def __init__(self, vllm_config: Any) -> None:
        from transformers import AutoTokenizer

        self._most = vllm_config.speculative_config.num_speculative_tokens
        self._tokenizer = AutoTokenizer.from_pretrained(vllm_config.model_config.tokenizer)
        self._guesses = json.loads(Path(os.environ["LMN_GUESSES"]).read_text(encoding="utf-8"))

    def load_model(self, *args: object, **options: object) -> None:
        """Do nothing; vLLM calls it on a CPU."""

    def propose(
        self, sampled_token_ids: list[list[int]], num_tokens: Any, token_ids: Any, slot_mappings: Any = None
    ) -> list[list[int]]:
        """Return the proposal for each row of the batch, an empty one where none is asked for.

        Args:
            sampled_token_ids: Tokens that the model has just written in each row; none where the prompt is not read yet.
            num_tokens: Number of tokens of each row, of the prompt and the output, shape (rows,).
            token_ids: The tokens, shape (rows, length of the longest possible row).
            slot_mappings: Not used.
        """
        rows = [token_ids[row, : num_tokens[row]].tolist() for row in range(len(sampled_token_ids))]
        return [self._rest(row)[: self._most] if new else [] for row, new in zip(rows, sampled_token_ids)]

    def _rest(self, row: list[int]) -> list[int]:
        text = self._tokenizer.decode(row, clean_up_tokenization_spaces=False)
        prompt, found, written = text.rpartition(_BEFORE_ANSWER)
        source = prompt.rpartition("\n")[2].removesuffix(self._tokenizer.eos_token)
        if not found or source not in self._guesses:
            return []
        rest = continuation(source, self._guesses[source], written)
        known = len(self.encode(written))
        whole = self.encode(written + rest)
        begins_alike = whole[:known] == row[len(row) - known :]  # otherwise the tokens of the rest alone
        ending = [] if rest.endswith(_CLOSING) or not rest else [self._tokenizer.eos_token_id]
        return (whole[known:] if begins_alike else self.encode(rest)) + ending

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text."""
        tokens: list[int] = self._tokenizer.encode(text, add_special_tokens=False)
        return tokens


def continuation(source: str, spans: Sequence[tuple[int, int, str]], written: str) -> str:
    """Return the rest of an output: the sentence with the guessed entities that begin after what is written.

    Args:
        source: The sentence.
        spans: Guessed entities: first character, the one after the last, label.
        written: Beginning of the output; it may end anywhere and have other marks.
    """
    at, is_open, mark = state(source, written)
    rest = ""
    if is_open:
        guessed = next(((end, label) for start, end, label in spans if start <= at <= end), None)
        end, label = guessed or (len(source[:at] + source[at:].partition(" ")[0]), "")
        closing = _CLOSING + (f"{label}]" if label else "")
        if not closing.startswith(mark):
            return ""
        rest = closing[len(mark) :] if mark else source[at:end] + closing
        if not label:
            return rest
        at = at if mark else end
    for start, end, label in spans:
        if start >= at:
            rest += f"{source[at:start]}[{source[start:end]}{_CLOSING}{label}]"
            at = end
    return rest + source[at:]


def state(source: str, written: str) -> tuple[int, bool, str]:
    """Return the number of characters of the sentence that are copied, whether an entity is open, and the beginning of a closing mark."""
    at, index, is_open = 0, 0, False
    while index < len(written):
        if (
            is_open
            and written.startswith(_CLOSING[: len(written) - index], index)
            and not source.startswith(_CLOSING, at)
        ):
            closed = written.find("]", index)
            if closed < 0:
                return at, True, written[index:] if len(written) - index > 1 else ""
            index, is_open = closed + 1, False
        elif at < len(source) and written[index] == source[at]:
            at, index = at + 1, index + 1
        elif written[index] == "[" and not is_open:
            index, is_open = index + 1, True
        else:
            break
    return at, is_open, ""
