"""What a labelling will take, before the first text is sent: requests, tokens, money."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import LmnError, installing
from ..sentence import Sentence
from ..standard_input import kept_from_libraries
from ..systems.served_model import ServerSystem
from ..systems.server import Usage
from .ledger import Ledger
from .prices import Price, money

_BYTES_A_TOKEN = 4
"""Bytes of text that a token is taken to have where no tokenizer is at hand. It is a rule of thumb for English."""
Counter = Callable[[str], int]
"""Returns the number of tokens of a text."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a labelling will take.

    Attributes:
        sentences: Number of sentences.
        requests: Number of requests that are left; long sentences take several.
        known: Number of requests whose answers are there from an earlier run.
        tokens_in: Number of tokens to send, without those that a server's chat template adds.
        least_out: Number of tokens of answers that mark nothing.
        most_out: Number of tokens at which the server would cut the answers off.
        counted_by: What counted the tokens, in words.
        price: Price of the model; None if it is unknown.
        shared: Number of requests that are equal to an earlier one, and are neither sent nor charged again.
    """

    sentences: int
    requests: int
    known: int
    tokens_in: int
    least_out: int
    most_out: int
    counted_by: str
    price: Price | None
    shared: int = 0

    @property
    def costs(self) -> tuple[float, float] | None:
        """The least and the most that it costs; None if the price is unknown."""
        if self.price is None:
            return None
        least, most = (self.price.cost(Usage(self.tokens_in, out)) for out in (self.least_out, self.most_out))
        return least, most

    def lines(self) -> list[str]:
        """Return the plan in words."""
        lines = [f"sentences: {self.sentences:,}; requests: {self.requests:,}"]
        if self.known:
            lines[0] += f"; answers that are there already, and cost nothing more: {self.known:,}"
        if self.shared:
            lines[0] += f"; equal to an earlier one, and sent once: {self.shared:,}"
        lines.append(
            f"tokens in: {self.tokens_in:,}; out: from {self.least_out:,} (nothing marked) to {self.most_out:,} (bounds of the requests); "
            f"{self.counted_by}"
        )
        if self.costs is None or self.price is None:
            lines.append("cost: unknown, no price of the model is known; --prices FILE names a price card")
            return lines
        least, most = (money(cost, self.price.currency) for cost in self.costs)
        lines.append(f"cost: from {least} to {most}, at {self.price.origin}")
        return lines


def plan(
    system: ServerSystem, sentences: Sequence[Sentence], ledger: Ledger | None, price: Price | None, tokenizer: str | None = None
) -> Plan:  # fmt: skip
    """Return what a labelling by a server will take. The server may be asked for its list of models; no text is sent.

    Args:
        system: System that will ask.
        sentences: Sentences to label.
        ledger: Answers that are there already; None for none.
        price: Price of the model; None if it is unknown.
        tokenizer: Folder with the tokenizer of the model; None for an estimate.

    Raises:
        LmnError: The tokenizer cannot be loaded, or the server does not answer.
    """
    count, counted_by = _counter(tokenizer)
    requests = known = shared = tokens_in = least = most = 0
    seen: set[str] = set()
    for piece, body in system.bodies(sentences):
        request = json.dumps(body, sort_keys=True)
        if request in seen:
            shared += 1
            continue
        seen.add(request)
        if ledger and ledger.knows(body):
            known += 1
            continue
        requests += 1
        tokens_in += sum(count(str(message["content"])) for message in body["messages"])
        least += count(system.nothing(piece).text or "")
        most += int(body["max_tokens"])
    return Plan(len(sentences), requests, known, tokens_in, min(least, most), most, counted_by, price, shared)


def _counter(tokenizer: str | None) -> tuple[Counter, str]:
    """Return what counts tokens, and its name."""
    if tokenizer is None:
        return _estimated, f"an estimate of {_BYTES_A_TOKEN} bytes a token (--tokenizer FOLDER counts)"
    if not Path(tokenizer).is_dir():
        raise LmnError("no such folder", tokenizer, "name the folder of a model with --tokenizer")
    try:
        with kept_from_libraries():
            from transformers import AutoTokenizer

            loaded = AutoTokenizer.from_pretrained(tokenizer, local_files_only=True, trust_remote_code=False)
    except ImportError as error:
        raise LmnError(f"a tokenizer needs transformers ({error})", tokenizer, installing("tag")) from error
    except (OSError, ValueError) as error:
        raise LmnError(
            f"holds no tokenizer ({error})", tokenizer, "name the folder of a model with --tokenizer"
        ) from error
    return lambda text: len(loaded.encode(text, add_special_tokens=False)), f"counted with the tokenizer of {tokenizer}"


def _estimated(text: str) -> int:
    return -(-len(text.encode("utf-8", "surrogatepass")) // _BYTES_A_TOKEN)
