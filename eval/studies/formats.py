"""Compare all output formats on one corpus: after the same training, with zero and one examples in the prompt, and with the baselines.

Every step is a command that a user could type. A step that is done is not repeated, so a study that was killed can be continued.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

import click

from ...alignment import STATUSES
from ...cli.options import allow_cut_option, catch_errors
from ...counts import Counts
from ...data_converters.alpaca import prompt_spec_of
from ...data_converters.cards import load_card
from ...decoding.requests import DECODINGS, FREE
from ...formats import format_names, is_inline
from ...terminal import GuardedCommand
from ...training.dataset_info import dataset_name
from ...training.recipe import load_recipe
from ..scored_run.files import SCORES_FILE, load_run
from ..scored_run.run import ScoredRun
from .commands import run_command
from .results import RESULTS_FOLDER, Result, Study

VARIANT = "short"
UNTRAINED_BOUNDS = {"offset": 128}
"""Bound in tokens on answers without training, in formats whose own bound would be hundreds of tokens for most sentences."""


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """Data and model of a study.

    Attributes:
        card: Name of the corpus card.
        source: Folder of the corpus files.
        recipe: Recipe that trains one format; overrides train the others.
        split: Split that is scored.
        out: Folder for the scores of all runs.
        allow_cut: Whether to train although the recipe's `cutoff_len` cuts examples.
    """

    card: str
    source: Path
    recipe: Path
    split: str
    out: Path
    allow_cut: bool = False

    def overrides(self, fmt: str) -> list[str]:
        """Return the overrides with which the recipe trains a format."""
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
        return ["lmn-train", str(self.recipe), *["--allow-cut"] * self.allow_cut, *self.overrides(fmt)]

    def score(self, fmt: str, decoding: str, *flags: str) -> tuple[list[str], Path]:
        """Return the command that scores a run, and the folder for its scores."""
        out = self.out / "-".join([fmt, decoding, *(flag.removeprefix("--") for flag in flags)])
        source = ["--source", str(self.source)]
        words = ["lmn-eval", "--recipe", str(self.recipe), "--split", self.split, *source, "--baselines"]
        return [*words, "--decoding", decoding, *flags, "--out", str(out), *self.overrides(fmt)], out


def _result(
    plan: StudyPlan, run: bool, name: str, fmt: str, decoding: str, shots: int | None, *flags: str
) -> list[Result]:
    """Score a run unless that is done, and return the results of the baselines and its own; nothing if it may not run."""
    words, out = plan.score(fmt, decoding, *flags)
    if not (out / SCORES_FILE).is_file():
        if not run:
            return []
        run_command(*words)
    scored = load_run(out)
    counted = scored.baselines.micro if scored.baselines else {}
    baselines = [_baseline(name, counts, scored) for name, counts in counted.items()]
    needed = [plan.convert(fmt)] + ([] if flags else [plan.train(fmt)])
    command = "\n".join(shlex.join(step).replace(str(plan.source), "DIR") for step in [*needed, words])
    return [*baselines, Result.of(name, scored, command, shots)]


def _baseline(name: str, counts: Counts, run: ScoredRun) -> Result:
    title = f"baseline: {name}"
    interval = run.analysis.intervals.scores[title].f1
    return Result(title, "", "", None, counts, interval, dict.fromkeys(STATUSES, 0), "", {})


@click.command(cls=GuardedCommand)
@click.option("--card", default="wikigold", show_default=True, help="Corpus card.")
@click.option("--source", type=click.Path(path_type=Path), required=True, help="Folder of the corpus files.")
@click.option(
    "--recipe", type=click.Path(path_type=Path), default=Path("recipes/wikigold_smollm2.yaml"), show_default=True
)
@click.option("--split", default="test", show_default=True)
@click.option("--untrained/--no-untrained", default=True, help="Also score zero and one examples in the prompt.")
@click.option("--run/--no-run", default=True, help="--no-run: use only what is already scored.")
@click.option("--about", default="", help="Text for the page, about what ran on which machine.")
@allow_cut_option
@catch_errors
def main(
    card: str, source: Path, recipe: Path, split: str, untrained: bool, run: bool, about: str, allow_cut: bool
) -> None:  # fmt: skip
    """Train and score every output format on a corpus; write eval/studies/results/CARD.json."""
    plan = StudyPlan(card, source, recipe, split, Path("outputs") / f"study_{card}", allow_cut)
    results: dict[str, Result] = {}

    def add(name: str, fmt: str, decoding: str, shots: int | None, *flags: str) -> None:
        for result in _result(plan, run, name, fmt, decoding, shots, *flags):
            results.setdefault(f"{result.name} {result.format} {result.decoding}", result)

    for fmt in format_names():
        decodings = DECODINGS if is_inline(fmt) else (FREE,)
        if run:
            run_command(*plan.convert(fmt))
        trained = load_recipe(recipe, plan.overrides(fmt))
        if run and not trained.is_trained:
            trained.check_data()
            run_command(*plan.train(fmt))
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
