"""The file of the answers that were paid for, one JSON line each, and of the sentences that found an answer there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

from ..files import atomic_write
from ..locking import locked
from ..masking import masked
from ..records import LONGEST_LINE
from ..strict_json import parse_json
from ..systems.server import Completion, Usage
from ..terminal import echo

LONGEST = 4 * LONGEST_LINE
"""Bytes of the longest line that is read. An answer of a server has at most a quarter of them, and JSON writes it in at most three times
as many."""
_LATER = {"model": None, "most": None}
"""Keys that lines of earlier versions lack."""


@dataclass(frozen=True, slots=True)
class Paid:
    """An answer in the file.

    Attributes:
        key: Hash of the request: the server's address, the model, the messages and all settings.
        id: Id of the sentence that was asked about.
        system: Hash of the system that asked.
        model: Name of the model that was asked, by which prices are found; None in files of earlier versions.
        date: Time of the answer, in UTC.
        seconds: Time from the request to the answer, in seconds, with all retries.
        text: Text of the answer; empty if it had none.
        is_cut: Whether a bound on tokens ended it.
        usage: Tokens as the server counted them; None if it did not say.
        most: Tokens that the request could not exceed; None in files of earlier versions.
        logprobs: Log-probabilities as the server sent them; None for none.
    """

    key: str
    id: str
    system: str
    model: str | None
    date: str
    seconds: float
    text: str
    is_cut: bool
    usage: Usage | None
    most: Usage | None
    logprobs: Any = None

    @property
    def completion(self) -> Completion:
        """The answer as the server gave it."""
        return Completion(self.text, self.logprobs, self.is_cut, self.usage)

    def line(self) -> str:
        """Return the line of JSON, with its end."""
        counts = {name: list(value) if (value := getattr(self, name)) else None for name in ("usage", "most")}
        row = {name: getattr(self, name) for name in self.__slots__} | counts
        return masked(json.dumps(row)) + "\n"

    @classmethod
    def of(cls, row: Any) -> Paid:
        """Read what `line` wrote.

        Raises:
            ValueError: The row is something else.
        """
        row = _LATER | row if isinstance(row, dict) else row
        match row:
            case {
                "key": str(), "id": str(), "system": str(), "model": None | str(), "date": str(), "seconds": float(), "text": str(),
                "is_cut": bool(), "usage": None | [int(), int()] as usage, "most": None | [int(), int()] as most, "logprobs": _,
            } if len(row) == len(cls.__slots__):  # fmt: skip
                return cls(**{**row, "usage": usage and Usage(*usage), "most": most and Usage(*most)})
        raise ValueError("not an answer")


class Use(NamedTuple):
    """A sentence that found its answer in the file, where another sentence or system had asked for it.

    Attributes:
        key: Hash of the request.
        id: Id of the sentence.
        system: Hash of the system that asked about it.
    """

    key: str
    id: str
    system: str

    def line(self) -> str:
        """Return the line of JSON, with its end."""
        return masked(json.dumps(self._asdict())) + "\n"

    @classmethod
    def of(cls, row: Any) -> Use | None:
        """Read what `line` wrote; return None for something else."""
        match row:
            case {"key": str(), "id": str(), "system": str()} if len(row) == len(cls._fields):
                return cls(**row)
        return None


def read_answers(path: Path) -> tuple[dict[str, Paid], list[Use]]:
    """Return the answers in a file by their keys, and who found them there.

    Lines that are neither, such as the last one of a killed run, are counted, named and removed. A last line without its end gets one,
    so that nothing is appended to it.
    """
    answers: dict[str, Paid] = {}
    uses: list[Use] = []
    if not path.is_file():
        return answers, uses
    damaged, unended = 0, False
    with locked(path):
        with path.open("rb") as file:
            for line in _lines(file):
                try:
                    row = parse_json(line.decode(), mend=True)
                    if use := Use.of(row):
                        uses.append(use)
                    else:
                        answer = Paid.of(row)
                        answers[answer.key] = answer
                    unended |= not line.endswith(b"\n")
                except ValueError:
                    damaged += 1
        if damaged:
            echo(f"{path}: lines that are cut off or damaged: {damaged:,}; what they answered is asked again", err=True)
        if damaged or unended:
            with atomic_write(path) as text:
                text.writelines(answer.line() for answer in answers.values())
                text.writelines(use.line() for use in uses)
    return answers, uses


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the lines of a file; of a line that is too long, its beginning, which is no JSON."""
    while line := file.readline(LONGEST + 1):
        yield line
        while len(line) > LONGEST and not line.endswith(b"\n"):
            line = file.readline(LONGEST + 1)
            if not line:
                return
