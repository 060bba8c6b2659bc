"""The text of a model card, `README.md`, gathered from files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from markupsafe import Markup

from ... import __version__
from ...alignment import STATUSES
from ...counts import Counts
from ...errors import LmnError
from ...formats import is_inline
from ...labels import LabelSet, describe_origins
from ...rendering.markdown import markdown, without_folders
from ...rendering.tables import Table
from ...training.logs import PLOT_FILE, LogPoint, TrainingLog
from ..report.tables import strict_rows
from ..report.terminal import describe_reading
from ..scored_run.run import ScoredRun
from ..scored_run.scores import UNGROUNDED_ROW, ScenarioCounts, Scenarios, Size
from ..scored_run.tables import ratio_cells
from .hyperparameters import Hyperparameters
from .metadata import metadata_yaml
from .publication import Publication
from .scored import scorer_of
from .usage import RECIPE_FILE, commands, pipeline_snippet, python_snippet, rescoring, tag_command

T = TypeVar("T")

_COLUMNS = ("precision", "recall", "F1", "entities in the gold")
_SCENARIOS = {
    "strict": "span and label are right",
    "exact": "the span is right",
    "partial": "spans that overlap count half",
    "ent_type": "the label is right and the spans overlap",
}


def card_text(published: Publication) -> str:
    """Return a model card: metadata, then Markdown, in which the text of others is escaped."""
    spec, runs = published.spec, published.scored.runs
    intervals = [run.analysis.intervals for run in runs]
    seeds = {run.provenance.seed for run in runs if run.provenance.seed is not None}
    parameters = published.parameters
    text = markdown(
        f"eval.publish/{'student' if published.student else 'card'}.md.jinja",
        published=published,
        version=__version__,
        metadata=Markup(metadata_yaml(published)),
        scorers=_different(map(scorer_of, runs)),
        intervals=_different(f"{found.level:.0%}, {found.described}" for found in intervals),
        run_table=_run_table(runs),
        label_table=_label_table,
        scenario_table=_scenario_table,
        public=_public,
        describe_reading=describe_reading,
        describe_origins=describe_origins,
        definition_table=_definition_table(spec.labels),
        label_changes=describe_origins(dict(spec.labels.origins)),
        python=python_snippet(published),
        tag_command=tag_command(published),
        pipeline=pipeline_snippet(published),
        is_inline=is_inline(spec.format),
        parameter_table=_parameter_table(parameters),
        parameters_left_out=parameters.left_out,
        log_table=_log_table(published.log),
        plot_file=Markup(PLOT_FILE),
        commands=commands(published),
        rescoring=rescoring(published),
        recipe_file=RECIPE_FILE,
        seeds=sorted(seeds) or [published.recipe.seed],
        version_table=_version_table(runs),
    )
    return text.rstrip("\n") + "\n"


def _public(reason: str | LmnError) -> str:
    """Return the reason why something is missing, without the folders of this machine and the publisher's remedy."""
    return without_folders(str(LmnError(reason.what, reason.where) if isinstance(reason, LmnError) else reason))


def _different(values: Iterable[T]) -> list[T]:
    """Return the values without repetitions, in order."""
    return list(dict.fromkeys(values))


def _run_table(runs: Sequence[ScoredRun]) -> Table:
    header = (
        "corpus", "split", "run", "sentences", "precision", "recall", "F1", "interval of F1", *STATUSES,
    )  # fmt: skip
    rows = []
    for run in runs:
        scores, interval = run.scores, run.analysis.intervals.micro.f1
        statuses = (f"{count:,}" for count in scores.alignment.statuses.values())
        span = f"{interval.low:.4f} to {interval.high:.4f}"
        rows.append(
            (run.corpus, run.split, run.name, _sized(scores.sentences), *ratio_cells(scores.micro), span, *statuses)
        )
    return Table(header, rows, numbers=False)


def _sized(size: Size) -> str:
    return f"{size.all:,} ({size.docstart:,} -DOCSTART- lines among them)" if size.docstart else f"{size.all:,}"


def _label_table(run: ScoredRun) -> Table:
    """Return the scores of a run by label, with the baselines below."""
    rows = {name: counts for name, counts in strict_rows(run).items() if name != UNGROUNDED_ROW}
    return Table((scorer_of(run), *_COLUMNS), [_row(name, counts) for name, counts in rows.items()])


def _scenario_table(scenarios: Scenarios) -> Table:
    """Return the scores by nervaluate's scenarios."""
    rows = [_row(f"{name} ({_SCENARIOS[name]})", counts) for name, counts in scenarios.by_name.items()]
    return Table(("nervaluate", *_COLUMNS), rows)


def _row(name: str, counts: Counts | ScenarioCounts) -> tuple[str, ...]:
    return (name, *ratio_cells(counts), f"{counts.gold:,}")


def _definition_table(labels: LabelSet) -> Table:
    rows = [(label.name, label.long, label.definition) for label in labels]
    return Table(("label", "name", "definition"), rows, numbers=False)


def _parameter_table(parameters: Hyperparameters) -> Table:
    rows = [(key, _value(value)) for key, value in parameters.values.items()]
    return Table(("key of the recipe", "value"), rows, numbers=False)


def _value(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "null" if value is None else str(value)


def _log_table(log: TrainingLog) -> Table:
    header = ("step", "epoch", "training loss", "evaluation loss", "learning rate")
    return Table(header, [_point(point) for point in log.shown])


def _point(point: LogPoint) -> tuple[str, ...]:
    numbers = [(point.epoch, ".2f"), (point.loss, ".4f"), (point.eval_loss, ".4f"), (point.learning_rate, ".2e")]
    return (f"{point.step:,}", *("" if value is None else format(value, spec) for value, spec in numbers))


def _version_table(runs: Sequence[ScoredRun]) -> Table:
    """Return the versions that runs were scored with; runs with the same versions share a column."""
    columns: dict[tuple[tuple[str, str | None], ...], list[str]] = {}
    for run in runs:
        stamp = (*run.provenance.versions.items(), ("commit", run.provenance.commit))
        columns.setdefault(stamp, []).append(f"{run.corpus} {run.split} {run.name}")
    names = _different(name for stamp in columns for name, _ in stamp)
    rows = [(name, *(dict(stamp).get(name) or "not known" for stamp in columns)) for name in names]
    return Table(("scored with", *("; ".join(of_stamp) for of_stamp in columns.values())), rows, numbers=False)
