"""What a training says of its sharing: whether examples are shared, why not, and how many tokens that saves."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...terminal import echo


@dataclass(frozen=True, slots=True)
class SharingOptions:
    """Options of a training.

    Attributes:
        tokens_per_row: Most tokens of a row, at least 1; None takes a default for the device.
    """

    tokens_per_row: int | None = None

    def __post_init__(self) -> None:
        if self.tokens_per_row is not None and self.tokens_per_row < 1:
            raise ValueError(f"tokens_per_row: {self.tokens_per_row} is less than 1")


@dataclass(frozen=True, slots=True)
class SharingOutcome:
    """How a training went, as one of its processes saw it.

    Attributes:
        fallback: Reason why the examples were trained in LLaMA-Factory's own way, as a clause; None if they shared their beginnings.
        attention: Implementation of attention that computed the rows, or None.
        tokens_per_row: Most tokens of a row, or None without sharing.
        steps: Optimizer steps of which the numbers are.
        examples: Examples in these steps.
        rows: Rows that they were merged into.
        tokens: Tokens that were computed.
        tokens_apart: Tokens of the same examples without sharing and without padding.
        evaluated_apart: Reason why examples of evaluations shared nothing, or None.
    """

    fallback: str | None
    attention: str | None = None
    tokens_per_row: int | None = None
    steps: int = 0
    examples: int = 0
    rows: int = 0
    tokens: int = 0
    tokens_apart: int = 0
    evaluated_apart: str | None = None


@dataclass(slots=True)
class Session:
    """State of the sharing of a training in one process.

    Attributes:
        options: Options that the user gave.
        fallback: Reason why nothing is shared, or None.
        attention: Implementation of attention that computes the rows, or None if it is not known yet.
        tokens_per_row: Most tokens of a row, or None if it is not known yet.
        speaks: Whether this process prints.
        began: Whether LLaMA-Factory has begun a supervised training.
        evaluated_apart: Reason why examples of evaluations share nothing, or None.
    """

    options: SharingOptions
    fallback: str | None = None
    attention: str | None = None
    tokens_per_row: int | None = None
    speaks: bool = True
    began: bool = False
    evaluated_apart: str | None = None
    _counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("steps", "examples", "rows", "tokens", "tokens_apart"), 0)
    )

    def fall_back(self, reason: str) -> None:
        """Train in LLaMA-Factory's own way from now on, and say why."""
        self.fallback = reason
        self._say(f"Examples share no tokens, and LLaMA-Factory trains in its own way: {reason}.")

    def evaluate_apart(self, reason: str) -> None:
        """Evaluate in LLaMA-Factory's own way, and say why at the first evaluation."""
        if self.evaluated_apart is None:
            self.evaluated_apart = reason
            self._say(f"Evaluations share no tokens, and LLaMA-Factory evaluates in its own way: {reason}.")

    def count_step(self, examples: int, rows: int, tokens: int, tokens_apart: int) -> None:
        """Count a step; say what sharing saves after the first one."""
        for key, value in zip(self._counts, (1, examples, rows, tokens, tokens_apart), strict=True):
            self._counts[key] += value
        if self._counts["steps"] == 1:
            self._say(
                f"Examples share their beginnings: {examples:,} examples a step in {rows:,} row{'s' if rows > 1 else ''}, "
                f"{tokens:,} tokens instead of {tokens_apart:,} (first step); at most {self.tokens_per_row:,} tokens a row, "
                f"attention {self.attention}."
            )

    def _say(self, line: str) -> None:
        """Print a line if this process prints, above the progress bar."""
        if self.speaks:
            from tqdm import tqdm

            with tqdm.external_write_mode():
                echo(line, err=True)

    def outcome(self) -> SharingOutcome:
        """Return what happened so far."""
        if self.fallback:
            return SharingOutcome(self.fallback)
        return SharingOutcome(
            None, self.attention, self.tokens_per_row, **self._counts, evaluated_apart=self.evaluated_apart
        )
