"""Says while a training runs how long a step takes, and how long the rest will take."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..terminal import echo

_FIRST = 2
"""Steps after the first one until the first estimate: the first step also sets things up."""
_REPORTS = 10
"""Estimates of a long training come about as often as this."""


@dataclass(slots=True)
class Pace:
    """Pace of a training, measured from the end of the first step that is seen; evaluations and savings in between count.

    Attributes:
        total: Number of the last step.
        clock: Returns a time in seconds.
    """

    total: int
    clock: Callable[[], float] = time.monotonic
    _first: tuple[int, float] | None = None
    _next: int = 0

    def after(self, step: int) -> str | None:
        """Return a line about the time left, or None where none is due: lines come after the third step, then ever more rarely.

        Args:
            step: Number of the step that has ended, from 1.
        """
        if self._first is None:
            self._first = step, self.clock()
            self._next = step + _FIRST
        if step < self._next or step >= self.total:
            return None
        begun, at = self._first
        each = (self.clock() - at) / (step - begun)
        self._next = step + min(step - begun + 1, max(1, self.total // _REPORTS))
        return (
            f"step {step:,} of {self.total:,}: {each:.2g} s a step, about {in_words(each * (self.total - step))} left"
        )


def in_words(seconds: float) -> str:
    """Return a length of time for people: `40 s`, `12 min`, `1 h 5 min`, `2 d 3 h`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    hours, days = minutes // 60, minutes // 1440
    if days:
        return f"{days} d {hours % 24} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"


def time_left() -> Any:
    """Return a callback for transformers' trainer that prints the time left, in the first process alone."""
    from tqdm import tqdm
    from transformers import TrainerCallback

    class TimeLeft(TrainerCallback):  # type: ignore[misc]
        """Prints what a `Pace` says."""

        pace: Pace | None = None

        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            """Begin to measure."""
            self.pace = Pace(state.max_steps)

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            """Print a line if one is due, above the progress bar."""
            line = self.pace.after(state.global_step) if self.pace and state.is_world_process_zero else None
            if line:
                with tqdm.external_write_mode():
                    echo(line)

    return TimeLeft()
