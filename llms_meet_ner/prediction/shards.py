"""One part of a run of several, for the jobs of a cluster."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from ..errors import LmnError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Shard:
    """Every n-th sentence of a corpus.

    Attributes:
        number: Number of the part, from 1.
        of: Number of parts, n.
    """

    number: int
    of: int

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            LmnError: There is no such part.
        """
        if not 1 <= self.number <= self.of:
            raise LmnError(
                "no such shard", f"{self.number}/{self.of}",
                f"of {self.of} there are 1/{self.of} to {self.of}/{self.of}",
            )  # fmt: skip

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read `i/n`.

        Raises:
            LmnError: The text is something else.
        """
        found = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text)
        if not found:
            raise LmnError("not a shard", repr(text), "write i/n: 1/8 is the first of eight")
        return cls(int(found[1]), int(found[2]))

    def part(self, whole: Sequence[T]) -> Sequence[T]:
        """Return this part of a sequence."""
        return whole[self.number - 1 :: self.of]

    def stamp(self, sentences: list[list[str]]) -> dict[str, Any]:
        """Return what a run notes of its part, for JSON.

        Args:
            sentences: Id and hash of each sentence of the whole.
        """
        return {"number": self.number, "of": self.of, "sentences_sha256": sentences_sha256(sentences)}


def sentences_sha256(sentences: list[list[str]]) -> str:
    """Return a hash of the ids and hashes of sentences."""
    return hashlib.sha256(json.dumps(sentences).encode()).hexdigest()
