"""The answers of a server that were paid for: kept in a file, found again before a request is sent, counted and charged."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import fsum
from pathlib import Path
from threading import Condition
from typing import Any

from ..errors import LmnError, listed
from ..files import unwritable
from ..locking import locked
from ..systems.server import Completion, Usage
from .paid_answers import Paid, Use, read_answers
from .prices import Price, money

ANSWERS_FILE = "answers.jsonl"
"""Name of the file of answers in the folder of a labelled corpus."""
_SPARE = 64
"""Tokens of a chat template that are added to each message of a request in the estimate that bounds its cost."""


@dataclass(frozen=True, slots=True)
class Bill:
    """Requests, and what they cost.

    Attributes:
        requests: Number of answers.
        tokens_in: Number of tokens sent, as far as the server counted them.
        tokens_out: Number of tokens generated, as far as the server counted them.
        uncounted: Number of answers whose tokens the server did not count.
        seconds: Time of all requests together.
        cost: Cost; None if the price is unknown, or the tokens of an answer are.
        currency: Currency of the cost; None if the price is unknown.
    """

    requests: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    uncounted: int = 0
    seconds: float = 0.0
    cost: float | None = None
    currency: str | None = None

    def line(self) -> str:
        """Return the bill in words."""
        uncounted = f" (answers without a count: {self.uncounted:,})" if self.uncounted else ""
        tokens = f"tokens: {self.tokens_in:,} in, {self.tokens_out:,} out{uncounted}"
        return f"requests: {self.requests:,}; {tokens}; cost: {money(self.cost, self.currency)}"


def bill_of(answers: Sequence[Paid], prices: Mapping[str, Price]) -> Bill:
    """Return the bill for some answers, each at the price of the model that gave it.

    Args:
        answers: The answers.
        prices: Prices by the names of the models; one that is missing is unknown.
    """
    counted = [answer.usage for answer in answers if answer.usage]
    costs = [_cost(answer, prices, answer.usage) for answer in answers]
    known = [cost for cost in costs if cost is not None]
    return Bill(
        len(answers), sum(usage.tokens_in for usage in counted), sum(usage.tokens_out for usage in counted),
        len(answers) - len(counted), sum(answer.seconds for answer in answers), fsum(known) if len(known) == len(costs) else None,
        next((price.currency for answer in answers if (price := prices.get(answer.model or ""))), None),
    )  # fmt: skip


def _cost(answer: Paid, prices: Mapping[str, Price], usage: Usage | None) -> float | None:
    """Return the cost of an answer that took some tokens; None if these or the price are unknown."""
    price = prices.get(answer.model or "")
    return price.cost(usage) if price and usage else None


class MaxCostError(LmnError):
    """The next request could take the bill above what the user allows."""


class Ledger:
    """The meter of a run: answers that are in the file are not asked for again.

    Args:
        path: File of the answers, one JSON line each; made with the first answer.
        address: Address of the server, which is part of what an answer is found by.

    Attributes:
        path: The file.
        system: Hash of the system that asks.
        price: Price of the model that is asked; None if it is unknown.
        prices: Known prices, also of models that gave earlier answers.
        new: Number of answers that were paid for since the ledger was opened.

    Raises:
        LmnError: The file cannot be read or written.
    """

    def __init__(self, path: Path, address: str) -> None:
        self.path = path
        self.system = ""
        self.price: Price | None = None
        self.prices: Mapping[str, Price] = {}
        self.new = 0
        self._address = address
        self._max_cost: float | None = None
        self._free = Condition()
        self._under_way: dict[str, float] = {}
        self._stop: MaxCostError | None = None
        self._answers, uses = read_answers(path)
        self._about: dict[tuple[str, str], set[str]] = {}
        for answer in self._answers.values():
            self._about.setdefault((answer.id, answer.system), set()).add(answer.key)
        for use in uses:
            self._about.setdefault((use.id, use.system), set()).add(use.key)
        self._spent = 0.0

    def completion(self, about: str, body: Mapping[str, Any], send: Callable[[], Completion]) -> Completion:
        """Return the answer to a request: the one in the file, or else the server's, which is in the file before it is returned.

        Raises:
            MaxCostError: The answer could take the bill above the limit.
            LmnError: `send` fails.
        """
        key, most = self._key(body), _most(body)
        if known := self._claim(key, self.price.cost(most) if self.price else 0.0):
            self._note_use(Use(key, about, self.system))
            return known.completion
        try:
            start = time.monotonic()
            found = send()
            seconds = time.monotonic() - start
            date = datetime.now(UTC).isoformat(timespec="seconds")
            self._keep(
                Paid(
                    key, about, self.system, str(body["model"]), date, seconds, found.text, found.is_cut, found.usage, most,
                    found.logprobs,
                )
            )  # fmt: skip
        finally:
            with self._free:
                del self._under_way[key]
                self._free.notify_all()
        return found

    def charge(self, prices: Mapping[str, Price], model: str, max_cost: float | None = None) -> None:
        """Set the prices, and the most that all answers in the file may cost; None for no limit.

        Args:
            prices: Prices by the names of the models.
            model: Name of the model that is asked.
            max_cost: The limit, in the currency of the prices.

        Raises:
            LmnError: There is a limit, and no price of the model, or of one that gave an earlier answer.
        """
        self.prices, self.price, self._max_cost = prices, prices.get(model), max_cost
        if max_cost is not None and self.price is None:
            raise LmnError(
                "the price of the model is unknown, so no cost can be bounded", "--max-cost", "name a price card with --prices FILE"
            )  # fmt: skip
        for (
            key,
            answer,
        ) in self._answers.items():  # lines of an earlier version name no model, but the system, whose hash holds it
            if answer.model is None and answer.system == self.system:
                self._answers[key] = replace(answer, model=model)
        unknown = Counter(answer.model or "" for answer in self._answers.values() if answer.model not in prices)
        if max_cost is not None and unknown:
            named = listed(
                [f"{name or 'not said, as in an earlier version'} ({count:,})" for name, count in unknown.items()], 20
            )
            remedy = (
                "name another folder with --out"
                if "" in unknown
                else "name them in the price card, or another folder with --out"
            )
            raise LmnError(
                f"holds answers of models without a price, so no cost can be bounded: {named}", self.path, remedy
            )
        self._spent = sum(map(self._counted, self._answers.values()))

    def knows(self, body: Mapping[str, Any]) -> bool:
        """Return whether the answer to a request is in the file."""
        return self._key(body) in self._answers

    def answers_about(self, sentence: str) -> list[Paid]:
        """Return the answers that the system of this run used for a sentence, also in an earlier part of the run."""
        return [
            self._answers[key] for key in sorted(self._about.get((sentence, self.system), ())) if key in self._answers
        ]

    def total(self) -> Bill:
        """Return the bill for all answers in the file."""
        return bill_of(list(self._answers.values()), self.prices)

    def _key(self, body: Mapping[str, Any]) -> str:
        request = json.dumps([self._address, dict(body)], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(request.encode("utf-8", "surrogatepass")).hexdigest()

    def _claim(self, key: str, most: float) -> Paid | None:
        """Return the answer to a request if it is there; otherwise set aside what it may cost, and return None.

        While the same request is under way, or requests under way may give back what they do not need, this waits.

        Raises:
            MaxCostError: The request may take the bill above the limit, or another one has.
        """
        with self._free:
            while True:
                if key in self._answers:
                    return self._answers[key]
                if self._stop:
                    raise self._stop  # nothing more is sent whose answer nobody would wait for
                if key not in self._under_way and self._has_room(most):
                    self._under_way[key] = most
                    return None
                if not self._under_way:
                    self._stop = self._stopped(most)
                    raise self._stop
                self._free.wait()

    def _has_room(self, most: float) -> bool:
        return self._max_cost is None or self._spent + sum(self._under_way.values()) + most <= self._max_cost

    def _stopped(self, most: float) -> MaxCostError:
        currency = self.price.currency if self.price else None
        request, bill, limit = (money(amount, currency) for amount in (most, self._spent, self._max_cost))
        return MaxCostError(
            f"stopped before a request that may cost up to {request}, with a bill of {bill} and a limit of {limit}; the "
            f"{len(self._answers):,} answers so far are kept", self.path,
            "the same command with a larger --max-cost goes on from here, and pays for none of them again",
        )  # fmt: skip

    def _counted(self, answer: Paid) -> float:
        """Return what an answer counts against the limit: where the server did not count its tokens, the most that it can have cost."""
        bytes_of_text = Usage(0, len(answer.text.encode("utf-8", "surrogatepass")))
        return _cost(answer, self.prices, answer.usage or answer.most or bytes_of_text) or 0.0

    def _keep(self, answer: Paid) -> None:
        with self._free:
            self._answers[answer.key] = answer
            self._about.setdefault((answer.id, answer.system), set()).add(answer.key)
            self._spent += self._counted(answer)
            self.new += 1
            self._append(answer.line(), at_once=True)

    def _note_use(self, use: Use) -> None:
        with self._free:
            known = self._about.setdefault((use.id, use.system), set())
            if use.key not in known:
                known.add(use.key)
                self._append(use.line())

    def _append(self, line: str, *, at_once: bool = False) -> None:
        """Add a line to the file; with `at_once`, wait until it is on the disk."""
        try:
            with locked(self.path), self.path.open("a", encoding="utf-8", newline="\n") as file:
                file.write(line)
                file.flush()
                if at_once:
                    os.fsync(file.fileno())
        except OSError as error:
            raise unwritable(error, self.path) from error


def _most(body: Mapping[str, Any]) -> Usage:
    """Return tokens that a request and its answer cannot exceed: a text has at most as many tokens as bytes."""
    sent = sum(len(str(message["content"]).encode("utf-8", "surrogatepass")) + _SPARE for message in body["messages"])
    return Usage(sent, int(body["max_tokens"]))
