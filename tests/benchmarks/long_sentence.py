"""Measures the memory that a run takes for one very long sentence, up to a number of seconds.

    python tests/benchmarks/long_sentence.py --words 9200
    python tests/benchmarks/long_sentence.py --words 9200 --other FOLDER  # another version, put there by pip install --target FOLDER

The model is not trained, so the run may take long; the memory is at its highest in the first passes over the longest piece.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

CHILD = """
import sys
from pathlib import Path
from llms_meet_ner import LabelSet, PromptSpec, Sentence
from llms_meet_ner.prompting.templates import pieces_of
from llms_meet_ner.systems.finding import ModelFiles
from llms_meet_ner.systems.found_model import FoundModel
from llms_meet_ner.systems.options import SystemOptions
spec = PromptSpec("bracketed", "short", "Mark PER and LOC.", LabelSet.of("PER", "LOC"), template=pieces_of("default"))
found = ModelFiles("long", spec, sys.argv[1], None, "0" * 40, Path("outputs/long"))
words = "Ada Lovelace met Charles Babbage in London and wrote the first program for his engine there .".split()
count = int(sys.argv[2])
sentence = Sentence("long", tuple((words * (count // len(words) + 1))[:count]))
FoundModel(found, SystemOptions(batch_size=1)).prepare([sentence]).answers()
"""


def peak(words: int, model: str, seconds: int, other: Path | None) -> tuple[float, str]:
    """Return the highest resident memory in GB up to the end of a run or a number of seconds, and whether it has ended."""
    environment = {**os.environ, **({"PYTHONPATH": str(other)} if other else {})}
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, model, str(words)], env=environment, stderr=subprocess.DEVNULL
    )
    highest, end = 0.0, time.monotonic() + seconds
    while child.poll() is None and time.monotonic() < end:
        time.sleep(0.5)
        try:
            status = Path(f"/proc/{child.pid}/status").read_text()
        except OSError:
            break
        sizes = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
        highest = max([highest, *(int(size) / 1e6 for size in sizes)])
    state = "still running" if child.poll() is None else "ended" if child.returncode == 0 else "failed"
    child.kill()
    child.wait()
    return highest, state


def main() -> None:
    """Print the peak of this version, and of another one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--words", type=int, default=9200)
    parser.add_argument("--model", default="models/smollm2-135m-instruct")
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--other", type=Path)
    options = parser.parse_args()
    versions = {"this": None} | ({"other": options.other} if options.other else {})
    print(f"{'version':<10}{'peak GB':>9}  after {options.seconds} s at most")
    for name, folder in versions.items():
        highest, state = peak(options.words, options.model, options.seconds, folder)
        print(f"{name:<10}{highest:>9.2f}  {state}")


if __name__ == "__main__":
    main()
