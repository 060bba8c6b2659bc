"""Turns whatever a training raises into one line for people, and keeps the rest in a file."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import LmnError, installing
from ..files import atomic_write
from ..terminal import safe

_MEMORY = "memory"
_ARGUMENTS = ("hparams", "hf_argparser.py", "training_args.py")
"""Parts of the names of files that check the keys of a recipe."""
_SMALLER_ROWS = "a smaller --tokens-per-row needs less"
_SMALLER_BATCHES = "a smaller per_device_train_batch_size needs less; a larger gradient_accumulation_steps keeps the examples of a step"


@contextmanager
def training_errors(recipe: Path, output_dir: Path, *, sharing: bool, trainer: str = "LLaMA-Factory") -> Iterator[None]:
    """Turn every error of the block into an `LmnError`, which is one line.

    Args:
        recipe: File of the recipe.
        output_dir: Output folder of the training. The traceback of an error that no key of the recipe explains goes to a file beside it.
        sharing: Whether examples that begin alike share tokens, which decides what needs less memory.
        trainer: Name of what reads the keys of the recipe.

    Raises:
        LmnError: The block raised an exception.
    """
    try:
        yield
    except LmnError:
        raise
    except ImportError as error:
        raise LmnError(
            f"a package for training is missing or does not fit ({_told(error)})", recipe, installing("train")
        ) from error
    except Exception as error:  # LLaMA-Factory, transformers and datasets raise whatever there is
        if is_out_of_memory(error):
            raise LmnError(
                f"out of memory ({_told(error)})",
                recipe,
                f"{_SMALLER_ROWS if sharing else _SMALLER_BATCHES}; checkpoints are kept",
            ) from error
        if _is_about_arguments(error):
            raise LmnError(f"{trainer} refuses it: {_told(error)}", recipe, "correct the key in the recipe") from error
        raise LmnError(
            f"training failed: {type(error).__name__}: {_told(error)}", recipe, _kept(error, output_dir)
        ) from error


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that the memory of the device or of the machine is too small."""
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and _MEMORY in str(error).lower())


def _told(error: BaseException) -> str:
    """Return the first line of an error's message, or its kind if it has none."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else type(error).__name__


def _is_about_arguments(error: BaseException) -> bool:
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and any(part in frames[-1].filename for part in _ARGUMENTS)


def _kept(error: BaseException, output_dir: Path) -> str | None:
    """Keep the traceback of an error in a file; return where it is, as advice."""
    path = output_dir.with_name(f"{output_dir.name}.error.txt")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as file:
            file.write(safe("".join(traceback.format_exception(error))))
        return f"the traceback is in {path}"
    return None
