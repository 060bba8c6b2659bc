"""Measures what commands cost before they do anything: `--help` of each, and `lmn-tag` on one sentence against its imports alone.

    python tests/benchmarks/startup.py
    python tests/benchmarks/startup.py --adapter outputs/demo_smollm2 --rounds 5 --only lmn-tag

Each line is the best of some rounds, in which everything runs in turn, each time in a fresh process with one thread. A first run of each,
which is not counted, compiles what is not compiled and fills the disk cache. Look at the ratios: processor time, divided by that of
`import torch, transformers, peft`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from configparser import ConfigParser
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
SENTENCE = "Peter Blackburn flew from London to Brussels on Thursday .\n"
IMPORTS = "import torch, transformers, peft"


class Cost(NamedTuple):
    """Seconds that a process took.

    Attributes:
        processor: Processor time, its own and the system's.
        wall: Time from its start to its end.
    """

    processor: float
    wall: float


def cost(words: Sequence[str]) -> Cost:
    """Run a command on one sentence to its end.

    Raises:
        SystemExit: The command failed.
    """
    settings = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryFile("w+") as sentence, tempfile.TemporaryFile("w+") as said:
        sentence.write(SENTENCE)
        sentence.seek(0)
        began = time.perf_counter()
        process = subprocess.Popen(
            words, stdin=sentence, stdout=subprocess.DEVNULL, stderr=said, env={**settings, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
        )  # fmt: skip
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise SystemExit(f"{' '.join(words)}: exit status {process.returncode}\n{said.read()[-2000:]}")
    return Cost(used.ru_utime + used.ru_stime, wall)


def commands(adapter: Path | None) -> dict[str, list[str]]:
    """Return what is measured, by the names in the table; the imports come first."""
    settings = ConfigParser()
    settings.read(ROOT / "setup.cfg", encoding="utf-8")
    mains = [line.partition("=") for line in settings["options.entry_points"]["console_scripts"].split("\n") if line]
    found = {IMPORTS: [sys.executable, "-c", IMPORTS]}
    if adapter is not None:
        found["lmn-tag, one sentence"] = [str(BIN / "lmn-tag"), "--adapter", str(adapter)]
        found["lmn-tag --tokens, one sentence"] = [str(BIN / "lmn-tag"), "--adapter", str(adapter), "--tokens"]
    for name, _, main in mains:
        module, _, function = main.strip().partition(":")
        call = f"import sys; sys.argv = [{name.strip()!r}, '--help']; from {module} import {function}; {function}()"
        found[f"{name.strip()} --help"] = [sys.executable, "-c", call]
    return found


def lines(measured: dict[str, list[Cost]]) -> Iterator[str]:
    """Yield the lines of the table."""
    width = max(map(len, measured))
    yield f"{'':<{width}}  processor s    wall s     ratio"
    alone = None
    for name, costs in measured.items():
        processor, wall = (min(values) for values in zip(*costs))
        alone = alone or processor
        yield f"{name:<{width}}{processor:>13.2f}{wall:>10.2f}{processor / alone:>10.2f}"


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--adapter", type=Path, default=Path("outputs/demo_smollm2"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="only what has this in its name; ratios are then to the first line")
    options = parser.parse_args()
    adapter = options.adapter if options.adapter.is_dir() else None
    if adapter is None:
        print(f"{options.adapter} is not there, so lmn-tag is left out: run make demo", file=sys.stderr)
    wanted = {name: words for name, words in commands(adapter).items() if options.only in name}
    measured: dict[str, list[Cost]] = {name: [] for name in wanted}
    for number in range(options.rounds + 1):
        for name, words in wanted.items():
            took = cost(words)
            if number:
                measured[name].append(took)
    print("\n".join(lines(measured)))


if __name__ == "__main__":
    main()
