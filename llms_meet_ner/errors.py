"""The one exception that a command turns into a message instead of a traceback."""

from __future__ import annotations


class LmnError(Exception):
    """A user's mistake or a bad file: the message says where, what was seen and what to do.

    Every command prints the message on standard error and exits with 1.
    """
