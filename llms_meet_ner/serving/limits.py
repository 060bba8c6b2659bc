"""Bounds of the service: on what a request may hold, and on what may wait."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the service; each is at least 1.

    Attributes:
        body: Number of bytes of the body of a request, of a line of a stream, and of the lines of a stream that are not answered yet.
        texts: Number of texts in a request; a stream may hold any number.
        characters: Number of characters (code points) of a text.
        requests: Number of requests that are read or answered at a time, streams included.
        queue: Number of sentences that may wait for the model, those of streams aside.
        portion: Number of sentences that are tagged together, at most; twice as many texts of a stream are under way.
        patience: Seconds that a client may take to send the next part of a body, or to take the next part of an answer.

    Raises:
        ValueError: A bound is less than 1.
    """

    body: int = 1 << 20
    texts: int = 1_000
    characters: int = 100_000
    requests: int = 256
    queue: int = 4_096
    portion: int = 64
    patience: float = 30.0

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; a bound is at least 1")
