"""Attack the commands by kills and by each other, and count what fails.

PYTHONPATH=tests/support HF_HUB_OFFLINE=1 python tests/verify/kills.py --kills 40 --rounds 100

Each command is killed before every single change that it makes to the file system, and then at random moments by SIGKILL and SIGTERM,
and its disk is made full. After each attack, every reader must see one whole result or refuse with a remedy, the same command must mend
it, and no temporary file may stay. Then two conversions run into one folder at the same time. The exit status is 1 if anything failed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from kill_scenes import SCENES, attack, invoke, made
from killing import full_disk, kill_after, kill_at, started

from llms_meet_ner.data_converters.cli.convert import main as lmn_convert

SEED = 20261126
SIZES = (0, 20, 300, 3_000, 30_000)
"""Sizes of a full disk, in bytes a file."""
Kill = Callable[[Path, Callable[[], object]], bool]


def main() -> int:
    """Run all attacks, print a line for each kind, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=40, help="kills of each command at random moments")
    parser.add_argument("--rounds", type=int, default=100, help="rounds of two conversions at the same time")
    parser.add_argument("--only", action="append", help="command to attack; may be repeated")
    options = parser.parse_args()
    drawn = random.Random(SEED)
    failed = 0
    print(f"{'command':<10} {'attack':<28} {'tried':>6} {'hit':>6} {'failed':>7}", flush=True)
    with tempfile.TemporaryDirectory() as name:
        for command in options.only or SCENES:
            failed += _attack(command, Path(name) / command, options.kills, drawn)
        if not options.only:
            failed += _race(Path(name) / "race", options.rounds)
        os.chdir("/")
    print(f"seed {SEED}: {failed} failed")
    return 1 if failed else 0


def _attack(command: str, folder: Path, kills: int, drawn: random.Random) -> int:
    """Attack a command in all ways, and return how many attacks did harm."""
    states = made(command, folder)
    counts: dict[str, Counter[str]] = {}

    def one(kind: str, kill: Kill) -> bool:
        hit, wrong = attack(command, folder, kill, states)
        counts.setdefault(kind, Counter()).update(tried=1, hit=hit, failed=bool(wrong))
        for what in wrong:
            print(f"    {command}, {kind}, attack {counts[kind]['tried']}: {what}", flush=True)
        return hit

    number = 1
    while one("before each change", lambda place, work, number=number: kill_at(number, place, work)):
        number += 1
    started_at = time.monotonic()
    one("not at all", lambda place, work: kill_at(10**9, place, work))
    lasting = time.monotonic() - started_at
    for count in range(kills):
        by = (signal.SIGKILL, signal.SIGTERM)[count % 2]
        after = drawn.uniform(0, lasting)
        one(f"{by.name} at any moment", lambda _, work, after=after, by=by: kill_after(after, work, by))
    for size in SIZES:
        one("full disk", lambda _, work, size=size: full_disk(size, work))
    for kind, count in counts.items():
        print(f"{command:<10} {kind:<28} {count['tried']:>6} {count['hit']:>6} {count['failed']:>7}", flush=True)
    return sum(count["failed"] for count in counts.values())


def _race(folder: Path, rounds: int) -> int:
    """Convert two formats into one folder at the same time, and return how often an entry was lost."""
    failed = 0
    for _ in range(rounds):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        os.chdir(folder)
        processes = [
            started(lambda fmt=fmt: invoke(lmn_convert, "demo", "--format", fmt, "--out", "data"))  # type: ignore[misc]
            for fmt in ("bracketed", "xml")
        ]
        ended = [os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) for process in processes]
        entries = json.loads((folder / "data/dataset_info.json").read_text())
        if any(ended) or len(entries) != 6:
            failed += 1
            print(f"    race: ended with {ended}, {len(entries)} entries of 6", flush=True)
    print(f"{'convert':<10} {'two into one folder':<28} {rounds:>6} {rounds:>6} {failed:>7}", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
