"""Measures how long it takes to read outputs that are built to be slow, at growing lengths of their sentence.

    python tests/benchmarks/growth.py
    python tests/benchmarks/growth.py --sizes 1250,2500 --format grouped
    PYTHONPATH=FOLDER python tests/benchmarks/growth.py  # another version, put there by pip install --target FOLDER

For each format, flat and nested, the table shows the slowest attack at each number of tokens, in seconds of processor time. The
attacks are those of tests/support/adversaries.py. One that takes longer than --most is ended, and its time is given as `>`.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from adversaries import ADVERSARIES, LABELS, Case

from llms_meet_ner.formats import get_format
from llms_meet_ner.reading import read_output


class _TooSlowError(Exception):
    """Reading an output took too long."""


def _end(signal_number: int, frame: object) -> None:
    raise _TooSlowError


def seconds(name: str, case: Case, nested: bool, most: int) -> float:
    """Return the processor time of reading an output; infinity if it takes longer than `most` seconds."""
    output_format = get_format(name, nested=nested)
    signal.signal(signal.SIGALRM, _end)
    began = time.process_time()
    signal.alarm(most)
    try:
        read_output(output_format, case.output, case.tokens, LABELS)
    except _TooSlowError:
        return float("inf")
    finally:
        signal.alarm(0)
    return time.process_time() - began


def lines(sizes: list[int], formats: list[str], most: int) -> Iterator[str]:
    """Yield the lines of a table."""
    yield f"{'format':<12}{'entities':<10}" + "".join(f"{size:>9}" for size in sizes) + "  slowest at the last size"
    for name in formats:
        for nested in (False, True):
            slowest = [max(_timed(name, nested, size, most)) for size in sizes]
            cells = [f"{'>' + str(most) if taken > most else format(taken, '.2f'):>9}" for taken, _ in slowest]
            yield f"{name:<12}{'nested' if nested else 'flat':<10}{''.join(cells)}  {slowest[-1][1]}"


def _timed(name: str, nested: bool, size: int, most: int) -> Iterator[tuple[float, str]]:
    for attack, build in ADVERSARIES[name].items():
        yield seconds(name, build(name, size, nested), nested, most), attack


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1250,2500,5000,10000", help="numbers of tokens, with commas between")
    parser.add_argument("--format", choices=ADVERSARIES, help="only this format")
    parser.add_argument("--most", type=int, default=20, help="seconds after which an attack is ended (20)")
    options = parser.parse_args()
    formats = [options.format] if options.format else list(ADVERSARIES)
    for line in lines([int(size) for size in options.sizes.split(",")], formats, options.most):
        print(line, flush=True)


if __name__ == "__main__":
    main()
