"""All output formats after the same training, zero and one examples in the prompt, and the baselines, on one corpus.

Every step is a command that a user could type. What is done is used again, so a study that was killed goes on.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import click

from ...alignment import STATUSES
from ...cli.options import catch_errors
from ...counts import Counts
from ...data_converters.alpaca import prompt_spec_of
from ...data_converters.cards import load_card
from ...errors import LmnError
from ...formats import format_names, is_inline
from ...training.dataset_info import dataset_name
from ...training.recipe import load_recipe
from ..scored_run.files import SCORES_FILE, load_run
from ..scored_run.run import ScoredRun
from .results import RESULTS_FOLDER, Result, Study

VARIANT = "short"
UNTRAINED_BOUNDS = {"offset": 128}
"""Tokens after which an answer without training is cut off, where it would run on to a bound of hundreds for most sentences."""


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """What a study runs on.

    Attributes:
        card: name of the corpus card.
        source: folder of its files.
        recipe: trains one format; the others by overrides.
        split: that is scored.
        out: folder for the scores of every run.
    """

    card: str
    source: Path
    recipe: Path
    split: str
    out: Path

    def overrides(self, fmt: str) -> list[str]:
        """Return what sets the training of a format apart."""
        card = load_card(self.card)
        train = next(iter(card.splits))
        name = dataset_name(card.name, train, prompt_spec_of(card, fmt, VARIANT), card.variant)
        folder = load_recipe(self.recipe).output_dir
        return [f"dataset={name}", f"output_dir={folder.with_name(f'{folder.name}_{fmt}')}"]

    def convert(self, fmt: str) -> list[str]:
        """Return the command that writes the data of a format."""
        return ["lmn-convert", self.card, "--source", str(self.source), "--variant", VARIANT, "--format", fmt]

    def train(self, fmt: str) -> list[str]:
        """Return the command that trains a format."""
        return ["llamafactory-cli", "train", str(self.recipe), *self.overrides(fmt)]

    def score(self, fmt: str, decoding: str, *flags: str) -> tuple[list[str], Path]:
        """Return the command that scores a run, and the folder for its scores."""
        out = self.out / "-".join([fmt, decoding, *(flag.removeprefix("--") for flag in flags)])
        words = [
            "lmn-eval",
            "--recipe",
            str(self.recipe),
            "--split",
            self.split,
            "--source",
            str(self.source),
            "--baselines",
        ]
        return [*words, "--decoding", decoding, *flags, "--out", str(out), *self.overrides(fmt)], out


def _call(words: list[str]) -> None:
    """Run a command of this environment, showing it first.

    Raises:
        LmnError: it failed.
    """
    click.echo(f"$ {shlex.join(words)}")
    command = [str(Path(sys.executable).parent / words[0]), *words[1:]]
    code = subprocess.run(command, env={**os.environ, "HF_HUB_OFFLINE": "1"}, check=False).returncode
    if code:
        raise LmnError(f"{words[0]} ended with status {code}; see its output above")


def _result(
    plan: StudyPlan, run: bool, name: str, fmt: str, decoding: str, shots: int | None, *flags: str
) -> list[Result]:
    """Score a run unless it is scored, and return its result, before it those of the baselines; nothing if it may not run."""
    words, out = plan.score(fmt, decoding, *flags)
    if not (out / SCORES_FILE).is_file():
        if not run:
            return []
        _call(words)
    scored = load_run(out)
    baselines = [
        _baseline(name, counts, scored) for name, counts in (scored.baselines.micro if scored.baselines else {}).items()
    ]
    needed = [plan.convert(fmt)] + ([] if flags else [plan.train(fmt)])
    command = "\n".join(shlex.join(step).replace(str(plan.source), "DIR") for step in [*needed, words])
    return [*baselines, Result.of(name, scored, command, shots)]


def _baseline(name: str, counts: Counts, run: ScoredRun) -> Result:
    title = f"baseline: {name}"
    return Result(
        title, "", "", None, counts, run.analysis.intervals.scores[title].f1, dict.fromkeys(STATUSES, 0), "", {}
    )


@click.command()
@click.option("--card", default="wikigold", show_default=True, help="Corpus card.")
@click.option("--source", type=click.Path(path_type=Path), required=True, help="Folder of the corpus files.")
@click.option(
    "--recipe", type=click.Path(path_type=Path), default=Path("recipes/wikigold_smollm2.yaml"), show_default=True
)
@click.option("--split", default="test", show_default=True)
@click.option("--untrained/--no-untrained", default=True, help="Zero and one examples in the prompt too.")
@click.option("--run/--no-run", default=True, help="--no-run: only what is scored already.")
@click.option("--about", default="", help="Where it ran, for the page.")
@catch_errors
def main(card: str, source: Path, recipe: Path, split: str, untrained: bool, run: bool, about: str) -> None:
    """Train and score every output format on a corpus; write eval/studies/results/CARD.json."""
    plan = StudyPlan(card, source, recipe, split, Path("outputs") / f"study_{card}")
    results: dict[str, Result] = {}

    def add(name: str, fmt: str, decoding: str, shots: int | None, *flags: str) -> None:
        for result in _result(plan, run, name, fmt, decoding, shots, *flags):
            results.setdefault(f"{result.name} {result.format} {result.decoding}", result)

    for fmt in format_names():
        decodings = ["constrained", "free"] if is_inline(fmt) else ["free"]
        if run:
            _call(plan.convert(fmt))
        if run and not load_recipe(recipe, plan.overrides(fmt)).has_adapter:
            _call(plan.train(fmt))
        for decoding in decodings:
            add("trained", fmt, decoding, None)
            if untrained:
                bound = ["--max-new-tokens", str(UNTRAINED_BOUNDS[fmt])] if fmt in UNTRAINED_BOUNDS else []
                add("zero-shot", fmt, decoding, 0, "--shots", "0", *bound)
                add("one-shot", fmt, decoding, 1, "--shots", "1", *bound)
    order = {name: number for number, name in enumerate(["baseline", "zero-shot", "one-shot", "trained"])}
    rows = sorted(results.values(), key=lambda result: order[result.name.partition(":")[0]])
    title = f"Output formats on {load_card(card).title}"
    Study(title, about, card, split, tuple(rows)).save(RESULTS_FOLDER / f"{card}.json")


if __name__ == "__main__":
    main()
