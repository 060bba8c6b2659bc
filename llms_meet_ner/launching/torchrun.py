"""`python -m llms_meet_ner.launching.torchrun ...`: torchrun, which ends with one line and an exit status if a process fails."""

from __future__ import annotations

import sys

from ..terminal import echo


def main() -> None:
    """Run torchrun with the words of the command line.

    Raises:
        SystemExit: A process failed, or a signal ended them all.
    """
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.run import main as torchrun

    try:
        torchrun(sys.argv[1:])
    except ChildFailedError as error:
        rank, failure = error.get_first_failure()
        echo(f"process {rank} of the training ended first, with status {failure.exitcode}", err=True)
        raise SystemExit(exit_status(failure.exitcode)) from None
    except SignalException as error:
        raise SystemExit(128 + error.sigval) from None


def exit_status(code: int) -> int:
    """Return the exit status of a command for that of a process, which is negative for a signal."""
    return code if code > 0 else 128 - code


if __name__ == "__main__":
    main()
