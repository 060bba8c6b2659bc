"""The answers of a server that were paid for: kept in a file, found again before a request is sent, counted and charged."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Condition
from typing import Any

from ..errors import LmnError
from ..files import atomic_write, unwritable
from ..locking import locked
from ..masking import masked
from ..records import LONGEST_LINE
from ..strict_json import parse_json
from ..systems.server import Completion, Usage
from ..terminal import echo
from .prices import Price, money

ANSWERS_FILE = "answers.jsonl"
"""Name of the file of answers in the folder of a labelled corpus."""
_SPARE = 64
"""Tokens of a chat template that are added to each message of a request in the estimate that bounds its cost."""


@dataclass(frozen=True, slots=True)
class Paid:
    """An answer in the file.

    Attributes:
        key: Hash of the request: the server's address, the model, the messages and all settings.
        id: Id of the sentence that was asked about.
        system: Hash of the system that asked.
        date: Time of the answer, in UTC.
        seconds: Time from the request to the answer, in seconds, with all retries.
        text: Text of the answer.
        is_cut: Whether a bound on tokens ended it.
        usage: Tokens as the server counted them; None if it did not say.
        logprobs: Log-probabilities as the server sent them; None for none.
    """

    key: str
    id: str
    system: str
    date: str
    seconds: float
    text: str
    is_cut: bool
    usage: Usage | None
    logprobs: Any = None

    @property
    def completion(self) -> Completion:
        """The answer as the server gave it."""
        return Completion(self.text, self.logprobs, self.is_cut, self.usage)

    def line(self) -> str:
        """Return the line of JSON, with its end."""
        usage = list(self.usage) if self.usage else None
        row = {name: getattr(self, name) for name in self.__slots__} | {"usage": usage}
        return masked(json.dumps(row)) + "\n"

    @classmethod
    def of(cls, row: Any) -> Paid:
        """Read what `line` wrote.

        Raises:
            ValueError: The row is something else.
        """
        match row:
            case {
                "key": str(), "id": str(), "system": str(), "date": str(), "seconds": float(), "text": str(), "is_cut": bool(),
                "usage": None | [int(), int()] as usage, "logprobs": _,
            } if len(row) == len(cls.__slots__):  # fmt: skip
                return cls(**{**row, "usage": None if usage is None else Usage(*usage)})
        raise ValueError("not an answer")


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


def bill_of(answers: list[Paid], price: Price | None) -> Bill:
    """Return the bill for some answers."""
    counted = [answer.usage for answer in answers if answer.usage]
    used = Usage(sum(usage.tokens_in for usage in counted), sum(usage.tokens_out for usage in counted))
    known = price is not None and len(counted) == len(answers)
    return Bill(
        len(answers), *used, len(answers) - len(counted), sum(answer.seconds for answer in answers),
        price.cost(used) if price and known else None, price.currency if price else None,
    )  # fmt: skip


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
        price: Price of the model; None if it is unknown.
        new: Number of answers that were paid for since the ledger was opened.

    Raises:
        LmnError: The file cannot be read or written.
    """

    def __init__(self, path: Path, address: str) -> None:
        self.path = path
        self.system = ""
        self.price: Price | None = None
        self.new = 0
        self._address = address
        self._max_cost: float | None = None
        self._free = Condition()
        self._under_way: dict[str, float] = {}
        self._stop: MaxCostError | None = None
        self._answers = _read_answers(path)
        self._used: dict[str, set[str]] = {}
        self._about: dict[str, list[Paid]] = {}
        for answer in self._answers.values():
            self._about.setdefault(answer.id, []).append(answer)
        self._spent = 0.0

    def completion(self, about: str, body: Mapping[str, Any], send: Callable[[], Completion]) -> Completion:
        """Return the answer to a request: the one in the file, or else the server's, which is in the file before it is returned.

        Raises:
            MaxCostError: The answer could take the bill above the limit.
            LmnError: `send` fails.
        """
        key, most = self._key(body), self._most(body)
        with self._free:
            self._used.setdefault(about, set()).add(key)
        if known := self._claim(key, most):
            return known.completion
        try:
            start = time.monotonic()
            found = send()
            seconds = time.monotonic() - start
            date = datetime.now(UTC).isoformat(timespec="seconds")
            answer = Paid(key, about, self.system, date, seconds, found.text, found.is_cut, found.usage, found.logprobs)
            self._keep(answer, most)
        finally:
            with self._free:
                del self._under_way[key]
                self._free.notify_all()
        return found

    def charge(self, price: Price | None, max_cost: float | None = None) -> None:
        """Set the price of the model, which is known when its name is, and the most that all answers may cost; None for no limit.

        Raises:
            LmnError: There is a limit, and no price.
        """
        if max_cost is not None and price is None:
            raise LmnError(
                "the price of the model is unknown, so no cost can be bounded", "--max-cost", "name a price card with --prices FILE"
            )  # fmt: skip
        self.price, self._max_cost = price, max_cost
        self._spent = sum(map(self._cost, self._answers.values()))

    def knows(self, body: Mapping[str, Any]) -> bool:
        """Return whether the answer to a request is in the file."""
        return self._key(body) in self._answers

    def answers_about(self, sentence: str) -> list[Paid]:
        """Return the answers that the system of this run used for a sentence, also in an earlier part of the run."""
        own = {answer.key for answer in self._about.get(sentence, []) if answer.system == self.system}
        return [self._answers[key] for key in sorted(own | self._used.get(sentence, set())) if key in self._answers]

    def total(self) -> Bill:
        """Return the bill for all answers in the file."""
        return bill_of(list(self._answers.values()), self.price)

    def _key(self, body: Mapping[str, Any]) -> str:
        request = json.dumps([self._address, dict(body)], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(request.encode("utf-8", "surrogatepass")).hexdigest()

    def _most(self, body: Mapping[str, Any]) -> float:
        """Return a cost that the answer to a request cannot exceed: a text has at most as many tokens as bytes."""
        if self.price is None or self._max_cost is None:
            return 0.0
        sent = sum(len(str(message["content"]).encode()) + _SPARE for message in body["messages"])
        return self.price.cost(Usage(sent, int(body["max_tokens"])))

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

    def _cost(self, answer: Paid) -> float:
        """Return what an answer counts against the limit; tokens that the server did not count are counted as bytes."""
        if self.price is None:
            return 0.0
        return self.price.cost(answer.usage or Usage(0, len(answer.text.encode("utf-8", "surrogatepass"))))

    def _keep(self, answer: Paid, most: float) -> None:
        with self._free:
            self._answers[answer.key] = answer
            self._about.setdefault(answer.id, []).append(answer)
            self._spent += self._cost(answer) if answer.usage else most
            self.new += 1
            try:
                with locked(self.path), self.path.open("a", encoding="utf-8", newline="\n") as file:
                    file.write(answer.line())
                    file.flush()
                    os.fsync(file.fileno())
            except OSError as error:
                raise unwritable(error, self.path) from error


def _read_answers(path: Path) -> dict[str, Paid]:
    """Return the answers in a file by their keys.

    Lines that are not answers, such as the last one of a killed run, are counted, named and removed. A last line without its end gets one,
    so that nothing is appended to it.
    """
    found: dict[str, Paid] = {}
    if not path.is_file():
        return found
    damaged, unended = 0, False
    with locked(path):
        with path.open("rb") as file:
            while line := file.readline(LONGEST_LINE):
                try:
                    answer = Paid.of(parse_json(line.decode(), mend=True))
                    found[answer.key] = answer
                    unended |= not line.endswith(b"\n")
                except ValueError:
                    damaged += 1
        if damaged:
            echo(f"{path}: lines that are cut off or damaged: {damaged:,}; what they answered is asked again", err=True)
        if damaged or unended:
            with atomic_write(path) as text:
                text.writelines(answer.line() for answer in found.values())
    return found
