"""`python -m llms_meet_ner.training.sharing RECIPE [key=value ...]`: what each process of a training runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from ...errors import LmnError
from ...terminal import echo, guarded
from ..failures import training_errors
from ..time_left import time_left
from .run import run_training
from .session import SharingOptions

TOKENS_PER_ROW = "LMN_TOKENS_PER_ROW"
"""Environment variable that holds the most tokens of a row; without it, the device decides."""


def main() -> None:
    """Read the recipe as LLaMA-Factory does, and train."""
    with guarded():
        try:
            arguments = _arguments()
            output_dir = arguments.get("output_dir") if isinstance(arguments, dict) else None
            with training_errors(Path(sys.argv[1]), Path(str(output_dir or "training")), sharing=True):
                run_training(arguments, options_from_environment(), [time_left()])
        except LmnError as error:
            echo(f"Error: {error}", err=True)
            sys.exit(1)


def options_from_environment() -> SharingOptions:
    """Return the options that the environment holds.

    Raises:
        LmnError: The variable is no positive whole number.
    """
    text = os.environ.get(TOKENS_PER_ROW)
    if text is None:
        return SharingOptions()
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise LmnError(
            f"not a positive whole number: {text!r}", TOKENS_PER_ROW, "give it one, such as 4096, or leave it out"
        )
    return SharingOptions(int(text))


def _arguments() -> dict[str, Any] | list[str]:
    from llamafactory.hparams import read_args

    arguments: dict[str, Any] | list[str] = read_args()
    return arguments


if __name__ == "__main__":
    main()
