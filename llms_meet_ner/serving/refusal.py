"""Why a request gets no answer of the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Reason = Literal["key", "type", "size", "input", "text", "slow", "busy", "full", "loading", "ending", "failing"]
"""Reasons, as the metrics count them."""
STATUS: Mapping[Reason, int] = {
    "key": 401,
    "slow": 408,
    "size": 413,
    "type": 415,
    "input": 422,
    "text": 422,
    "busy": 503,
    "full": 503,
    "loading": 503,
    "ending": 503,
    "failing": 503,
}
"""HTTP status of each reason: 503 says that the same request may be answered later."""


class RefusedError(Exception):
    """A request, or a text of it, that is not answered.

    Attributes:
        reason: Reason that the metrics count.
        message: One line for people.
        retry_after: Whole seconds after which the client may try again; None if that would not help.
    """

    def __init__(self, reason: Reason, message: str, retry_after: int | None = None) -> None:
        super().__init__(reason, message, retry_after)
        self.reason = reason
        self.message = message
        self.retry_after = retry_after

    @property
    def status(self) -> int:
        """HTTP status."""
        return STATUS[self.reason]

    @property
    def may_pass(self) -> bool:
        """Whether the same request may be answered later."""
        return self.status == 503
