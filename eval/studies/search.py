"""A search: recipes with other learning rates, ranks, batch sizes, ..., trained and scored one after the other with Optuna."""

from __future__ import annotations

import json
import os
import re
import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from ...cli.options import ended_by_sigterm
from ...counts import Counts
from ...decoding.requests import resolve_decoding
from ...errors import LmnError, installing
from ...generation import Generation
from ...rendering.markdown import table
from ...rendering.tables import Table
from ...strict_json import parse_json
from ...terminal import echo
from ...training.launch import OnEvaluation, TrainingError, TrainingOutcome, launch_training
from ...training.logs import TrainingLog, has_finished
from ...typed_json import to_json, written_as
from .search_plan import Range, Scalar, SearchPlan, word
from .trial import score_trial

_JOURNAL = "journal.log"
_RANDOM_FIRST = 5
_UNPRUNED_FIRST = 3
_STUDY = "search"
_FOLDER = re.compile(r"trial-[0-9]{1,9}")
Train = Callable[[Path, Sequence[str], Path, OnEvaluation, Sequence[int]], TrainingOutcome]
"""Trains as `launch_training` does."""
ScoreTrial = Callable[[SearchPlan, Sequence[str]], Counts]
"""Scores as `score_trial` does."""
Outcome = Literal["scored", "pruned", "failed", "killed"]


def train_shared(
    recipe: Path, overrides: Sequence[str], output_dir: Path, on_evaluation: OnEvaluation, keep_open: Sequence[int] = (),
    *, allow_cut: bool = False,
) -> TrainingOutcome:  # fmt: skip
    """Train a trial with lmn-train, as `launch_training` does; a training that has finished is taken as it is.

    lmn-train refuses a finished adapter. A search that was killed while it scored one finds it when it tries the trial again. With
    `allow_cut`, it trains although examples are cut.
    """
    flags = ["--allow-cut"] * allow_cut
    if not has_finished(output_dir):
        return launch_training(
            recipe, overrides, output_dir, on_evaluation, keep_open, trainer="lmn-train", flags=flags
        )
    log = TrainingLog.read(output_dir)
    for number, loss in enumerate(log.eval_losses, 1):
        on_evaluation(number, loss)
    return TrainingOutcome(log.last_step, False)


@dataclass(frozen=True, slots=True)
class Trial:
    """A row of the table.

    Attributes:
        number: Number of the trial, from 0 in the order of their start.
        state: `scored`; `pruned`, which ended early for its evaluation loss; `failed`; `killed`, and tried again as a later trial.
        parameters: Searched keys and those tied to them; empty if the trial was killed before all were noted.
        steps: Number of training steps, or None if it failed.
        counts: Strict counts over all labels on the development split; None unless scored.
        seconds: Duration of training and scoring together, in the attempt that finished; None if it was killed.
        folder: Folder of its adapter.
        note: Remark on the trial; may be empty.
    """

    number: int
    state: Outcome
    parameters: dict[str, Scalar]
    steps: int | None
    counts: Counts | None
    seconds: float | None
    folder: str
    note: str


written_as(Trial, "trial=number state parameters steps *counts seconds folder note")


class Search:
    """A search in its folder, and the study of Optuna that remembers it.

    Args:
        plan: Plan of the search.
        train: Trains a trial.
        score: Scores the adapter of a trial.

    Raises:
        LmnError: Optuna is missing, or the folder holds another search.
    """

    def __init__(self, plan: SearchPlan, train: Train = train_shared, score: ScoreTrial = score_trial) -> None:
        self.plan = plan
        self._train = train
        self._score = score
        with _damage_named(plan):
            self._study = _open_study(plan)
            self.trials()
            self._retry_killed()

    def run(self, keep_open: Sequence[int] = ()) -> None:
        """Run the missing trials, and write the tables after each.

        Raises:
            LmnError: The very first trial fails, probably not because of its parameters; or a trial cannot be scored.
        """
        from optuna.trial import TrialState

        self.write()
        while (done := self._finished()) < self.plan.trials:
            self._study.sampler = _sampler(self.plan, done)
            trial = self._study.ask(_distributions(self.plan))
            echo(f"trial {trial.number}: {' '.join(self._words(trial.params))}", err=True)
            try:
                self._run_trial(trial, keep_open)
            except TrainingError as error:
                trial.set_user_attr("note", str(error))
                alone = not any(other.counts for other in self.trials())
                trial.set_user_attr("failed", not alone)
                self._study.tell(trial, state=TrialState.FAIL)
                if alone:
                    self._try_again(trial)
                    self.write()
                    raise LmnError(
                        str(error), f"trial {trial.number}", "fix that, and call the search again"
                    ) from error
            self.write()

    def trials(self) -> list[Trial]:
        """Return all trials that have been started, by number."""
        return [_row(self.plan, trial) for trial in self._study.trials if trial.state.is_finished()]

    @property
    def best(self) -> Trial | None:
        """The scored trial with the highest F1, the first of equals; None if no trial has an entity right."""
        right = (trial for trial in self.trials() if trial.counts and trial.counts.correct)
        return max(right, key=lambda trial: (trial.counts.f1 if trial.counts else 0, -trial.number), default=None)

    def command(self, trial: Trial) -> str:
        """Return the command that trains a trial's parameters again, in the recipe's own `output_dir`."""
        words = [word(key, value) for key, value in {**self.plan.overrides, **trial.parameters}.items()]
        flags = ["--allow-cut"] * self.plan.allow_cut
        return shlex.join(["lmn-train", str(self.plan.recipe.path), *flags, *words])

    def write(self) -> None:
        """Write `search.json` and `search.md`."""
        best = self.best
        with Generation() as files:
            with files.write(self.plan.out / "search.md", gone_first=True) as file:
                file.write(f"{table(self.table())}\n")
                file.write(f"\n    {self.command(best)}\n" if best else "")
            files.write_json(self.plan.out / "search.json", self._document(best), gone_first=True)
            files.put()

    def _document(self, best: Trial | None) -> dict[str, Any]:
        """Return the content of `search.json`."""
        return {
                "schema": 1, **self.plan.definition(), "recipe": str(self.plan.recipe.path), "trials": self.plan.trials,
                "best": best.number if best else None, "command": self.command(best) if best else None,
                "rows": to_json(self.trials()),
        }  # fmt: skip

    def table(self) -> Table:
        """Return a table with a row for each trial, the best first and those without a score last."""
        best = self.best
        trials = sorted(
            self.trials(), key=lambda trial: (trial.counts is None, -trial.counts.f1 if trial.counts else 0)
        )
        names = [*self.plan.space, *self.plan.tie]
        rows = []
        for trial in trials:
            ratios = [trial.counts.precision, trial.counts.recall, trial.counts.f1] if trial.counts else [None] * 3
            notes = (
                ["best"] if best and trial.number == best.number else [] if trial.state == "scored" else [trial.state]
            )
            rows.append((
                str(trial.number),
                *(_short(trial.parameters[name]) if name in trial.parameters else "-" for name in names),
                "-" if trial.steps is None else str(trial.steps),
                *("-" if value is None else f"{value:.4f}" for value in ratios),
                "-" if trial.seconds is None else f"{trial.seconds:.0f}",
                "; ".join([*notes, *([trial.note] if trial.note else [])]),
            ))  # fmt: skip
        return Table(("trial", *names, "steps", "precision", "recall", "F1", "seconds", ""), rows, numbers=False)

    def _run_trial(self, trial: Any, keep_open: Sequence[int]) -> None:
        """Train and score a trial, or take the result of one with the same parameters, and tell Optuna."""
        from optuna.trial import TrialState

        same = next((other for other in self._study.trials if other.values and other.params == trial.params), None)
        if same:
            for key, value in {**same.user_attrs, "seconds": 0.0, "note": f"as trial {same.number}"}.items():
                trial.set_user_attr(key, value)
            self._study.tell(trial, same.value)
            return
        folder = self.plan.out / trial.user_attrs.get("folder", f"trial-{trial.number}")
        trial.set_user_attr("folder", folder.name)
        words = [*self._words(trial.params), word("output_dir", str(folder))]
        started = time.monotonic()
        trained = self._train(self.plan.recipe.path, words, folder, self._on_evaluation(trial), keep_open)
        trial.set_user_attr("steps", trained.steps)
        if not trained.stopped:
            counts = self._score(self.plan, words)
            trial.set_user_attr("counts", [counts.correct, counts.predicted, counts.gold])
        trial.set_user_attr("seconds", round(time.monotonic() - started, 1))
        if trained.stopped:
            self._study.tell(trial, state=TrialState.PRUNED)
        else:
            self._study.tell(trial, counts.f1)

    def _words(self, parameters: dict[str, Scalar]) -> list[str]:
        return [word(key, value) for key, value in self.plan.values(parameters).items()]

    def _on_evaluation(self, trial: Any) -> OnEvaluation:
        """Return a function that reports evaluation losses to Optuna and returns whether to stop."""

        def report(number: int, loss: float) -> bool:
            trial.report(-loss, number)
            return self.plan.prune and bool(trial.should_prune())

        return report

    def _finished(self) -> int:
        """Return the number of trials that ended, without those that were killed and are tried again."""
        return sum(trial.state != "killed" for trial in self.trials())

    def _retry_killed(self) -> None:
        """Put trials that were running when an earlier call was killed first in the queue; they continue in their folders."""
        from optuna.trial import TrialState

        for trial in self._study.get_trials(states=(TrialState.RUNNING,)):
            self._study.tell(trial.number, state=TrialState.FAIL)
            self._try_again(trial)

    def _try_again(self, trial: Any) -> None:
        """Put the parameters of a trial first in the queue, to be trained in the same folder, where training finds its checkpoints.

        A trial that was killed before all its parameters were noted has trained nothing; the next one draws them again, by the same seed.
        """
        folder = trial.user_attrs.get("folder")
        queued = getattr(trial, "system_attrs", {}).get(
            "fixed_params", {}
        )  # of a trial that was itself another attempt
        parameters = {**queued, **trial.params}
        if parameters.keys() >= self.plan.space.keys():
            self._study.enqueue_trial(parameters, {"folder": folder} if folder else None)


@contextmanager
def _damage_named(plan: SearchPlan) -> Iterator[None]:
    """Turn what Optuna raises for a damaged journal, and what damaged notes of a trial raise, into one error."""
    try:
        yield
    except (
        ArithmeticError,
        AssertionError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise LmnError(
            f"cannot be read as the journal of a search ({type(error).__name__}: {error})", plan.out / _JOURNAL,
            "move the folder away, or give this search another out",
        ) from error  # fmt: skip


def _open_study(plan: SearchPlan) -> Any:
    try:
        import optuna
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend
    except ImportError as error:
        raise LmnError(f"a search needs Optuna ({error})", remedy=installing("search")) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    journal = plan.out / _JOURNAL
    journal.parent.mkdir(parents=True, exist_ok=True)
    _mend(journal)
    _check_lines(journal)
    study = optuna.create_study(
        storage=JournalStorage(JournalFileBackend(str(journal))), study_name=_STUDY, direction="maximize", load_if_exists=True,
        pruner=optuna.pruners.MedianPruner(n_startup_trials=_UNPRUNED_FIRST, n_warmup_steps=2),
    )  # fmt: skip
    definition = json.loads(json.dumps(plan.definition()))
    known = study.user_attrs.get("definition", definition)
    differing = [key for key in definition if known.get(key) != definition[key]]
    if differing:
        raise LmnError(
            f"holds a search with another {', '.join(differing)}", plan.out, "give this one another out, or move the folder away"
        )  # fmt: skip
    study.set_user_attr("definition", definition)
    return study


def _mend(journal: Path) -> None:
    """Remove what a kill during writing leaves: half a line, and Optuna's lock. The search has its own lock."""
    journal.with_name(f"{journal.name}.lock").unlink(missing_ok=True)
    if journal.is_file():
        content = journal.read_bytes()
        if not content.endswith(b"\n"):
            os.truncate(journal, content.rfind(b"\n") + 1)  # which a kill cannot divide


def _check_lines(journal: Path) -> None:
    """Read each line of a journal before Optuna does, which takes what no other file may hold.

    Raises:
        ValueError: A line is not JSON as `parse_json` reads it.
    """
    if journal.is_file():
        for line in filter(str.strip, journal.read_text(encoding="utf-8").split("\n")):
            parse_json(line)


def _sampler(plan: SearchPlan, done: int) -> Any:
    """Return the sampler of the next trial. Each has its own seed, so that a continued search draws what an undisturbed one would."""
    from optuna.samplers import RandomSampler, TPESampler

    seed = plan.seed + done
    return RandomSampler(seed) if plan.sampler == "random" else TPESampler(n_startup_trials=_RANDOM_FIRST, seed=seed)


def _distributions(plan: SearchPlan) -> dict[str, Any]:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    found: dict[str, Any] = {}
    for key, values in plan.space.items():
        if not isinstance(values, Range):
            found[key] = CategoricalDistribution(values)
        elif isinstance(values.low, int) and isinstance(values.high, int):
            found[key] = IntDistribution(values.low, values.high, log=values.log)
        else:
            found[key] = FloatDistribution(values.low, values.high, log=values.log)
    return found


def _row(plan: SearchPlan, trial: Any) -> Trial:
    """Return a finished trial of Optuna as a row of the table."""
    attributes = trial.user_attrs
    states: dict[str, Outcome] = {
        "COMPLETE": "scored",
        "PRUNED": "pruned",
        "FAIL": "failed" if attributes.get("failed") else "killed",
    }
    state = states[trial.state.name]
    counts = Counts(*attributes["counts"]) if state == "scored" else None
    values = (
        {key: value for key, value in plan.values(trial.params).items() if key not in plan.overrides}
        if trial.params.keys() >= plan.space.keys()
        else {}
    )
    folder = str(plan.out / _folder_name(attributes["folder"])) if "folder" in attributes else ""
    match attributes.get("steps"), attributes.get("seconds"), attributes.get("note", ""):
        case (None | int() as steps, None | int() | float() as seconds, str(note)):
            return Trial(trial.number, state, values, steps, counts, seconds, folder, note)
        case found:
            raise ValueError(f"{found!r:.60} are not steps, seconds and a remark")


def _folder_name(name: Any) -> str:
    """Return the name of a trial's folder, which lies in the folder of the search.

    Raises:
        ValueError: The name leads elsewhere.
    """
    if not isinstance(name, str) or not _FOLDER.fullmatch(name):
        raise ValueError(f"{name!r:.60} is not the name of a trial's folder")
    return name


def _short(value: Scalar) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


@contextmanager
def _only_one(out: Path) -> Iterator[int]:
    """Hold a lock on a search's folder, which trainings inherit. Another search in the folder is refused, without waiting.

    Yields:
        File descriptor of the lock.

    Raises:
        LmnError: Another search holds it, or a training that outlived its search.
    """
    import fcntl

    out.mkdir(parents=True, exist_ok=True)
    with (out / "search.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise LmnError(
                "another search is running there, or a training that it left behind",
                out,
                "wait until it has ended, or end it",
            ) from error
        yield file.fileno()


def run_search(plan: SearchPlan) -> Search:
    """Run a search, which has its folder to itself, and return it.

    Raises:
        LmnError: Another search runs in the folder, or `Search` or its `run` fails.
    """
    dev = plan.recipe.dev_entry(plan.split)
    plan = replace(plan, decoding=resolve_decoding(plan.decoding, dev.spec.format))
    with _only_one(plan.out) as lock, ended_by_sigterm():
        search = Search(plan, partial(train_shared, allow_cut=plan.allow_cut))
        search.run([lock])
    return search
