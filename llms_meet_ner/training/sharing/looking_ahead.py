"""Batches of an evaluation, each with the ones that are computed in one pass with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


class Window:
    """Batches that are computed together.

    Attributes:
        batches: The batches, in order.
        sums: Sum of the losses of the labels of each batch, once they are computed; None before.
    """

    def __init__(self) -> None:
        self.batches: list[Mapping[str, Any]] = []
        self.sums: Any = None


class WindowBatch(dict[str, Any]):
    """A batch as the loader gave it, which knows its window.

    Attributes:
        window: The window.
        number: Number of the batch in the window, from 0.
    """

    def __init__(self, batch: Mapping[str, Any], window: Window, number: int) -> None:
        super().__init__(batch)
        self.window = window
        self.number = number


class LookingAhead:
    """A loader of an evaluation that reads some batches ahead and gives them out one by one.

    Whoever iterates over a loader of accelerate may ask it whether the current batch is the last one. So that is what it says for the
    batch that is given out, not for the one that was read.
    """

    def __init__(self, loader: Any, batches: int) -> None:
        self._loader = loader
        self._batches = batches

    def __iter__(self) -> Iterator[WindowBatch]:
        read = iter(self._loader)
        ended = False
        while not ended:
            window = Window()
            last: list[bool] = []
            while len(window.batches) < self._batches and not ended:
                try:
                    window.batches.append(next(read))
                except StopIteration:
                    ended = True
                    break
                last.append(bool(getattr(self._loader, "end_of_dataloader", False)))
                ended = last[-1]  # read no further: the loader forgets its last batch when it is asked for another
            for number, batch in enumerate(window.batches):
                if hasattr(self._loader, "end_of_dataloader"):
                    self._loader.end_of_dataloader = last[number]
                yield WindowBatch(batch, window, number)
        next(read, None)

    def __len__(self) -> int:
        return len(self._loader)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)
