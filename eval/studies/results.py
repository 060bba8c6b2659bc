"""Results that are kept with the code: counts taken from `scores.json` files, and `RESULTS.md`, which is written from them alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
from markupsafe import Markup

from ...alignment import STATUSES, Status
from ...cli.options import catch_errors
from ...counts import Counts
from ...files import atomic_write, read_json, write_json
from ...rendering.markdown import markdown
from ...rendering.tables import Table
from ...terminal import GuardedCommand
from ...typed_json import from_json, to_json, written_as
from ..published.results import published_page
from ..scored_run.analysis import Interval
from ..scored_run.run import ScoredRun
from ..scored_run.tables import ratio_cells

RESULTS_FOLDER = Path(__file__).parent / "results"
RESULTS_PAGE = Path(__file__).parent / "RESULTS.md"


@dataclass(frozen=True, slots=True)
class Result:
    """One scored run, or a baseline.

    Attributes:
        name: Name of the system.
        format: Output format; empty for a baseline.
        decoding: `constrained` or `free`; empty for a baseline.
        shots: Number of examples in the prompt; None for a trained adapter or a baseline.
        counts: Strict counts over all labels.
        f1_interval: 95 % bootstrap interval of F1 over sentences.
        statuses: Number of sentences by status.
        command: Commands that made it.
        traces: Commit, versions and hashes, as in `scores.json`; empty for a baseline.

    Raises:
        ValueError: A status is missing.
    """

    name: str
    format: str
    decoding: str
    shots: int | None
    counts: Counts
    f1_interval: Interval
    statuses: dict[Status, int]
    command: str
    traces: dict[str, Any]

    def __post_init__(self) -> None:
        if self.format and set(self.statuses) != set(STATUSES):
            raise ValueError(f"statuses: they are {', '.join(STATUSES)}")

    @classmethod
    def of(cls, name: str, run: ScoredRun, command: str, shots: int | None = None) -> Result:
        """Take a result out of a scored run."""
        found = run.provenance
        traces = {"commit": found.commit, "versions": found.versions, "sha256": to_json(found.sha256)}
        return cls(
            name, run.format, run.decoding, shots, run.scores.micro, run.analysis.intervals.micro.f1,
            run.scores.alignment.statuses, command, traces,
        )  # fmt: skip

    @property
    def plain_counts(self) -> dict[str, int]:
        """The counts without their ratios."""
        return asdict(self.counts)


@dataclass(frozen=True, slots=True)
class Study:
    """Runs over one split, for comparison.

    Attributes:
        title: Heading.
        about: Description of training, data and machine, in Markdown.
        corpus: Name of the corpus card.
        split: Split that was scored.
        results: Results in the order of the table.
    """

    title: str
    about: str
    corpus: str
    split: str
    results: tuple[Result, ...]

    @classmethod
    def load(cls, path: Path) -> Study:
        """Read a study.

        Raises:
            LmnError: The file is missing or damaged.
        """
        remedy = "run the study again"
        return from_json(cls, read_json(path, remedy=remedy), path, writer="a study", remedy=remedy)

    def save(self, path: Path) -> None:
        """Write the study as JSON."""
        write_json(path, to_json(self))

    def markdown(self) -> Markup:
        """Return a heading, what it is about, the table and the commands."""
        text = markdown(
            "eval.studies/study.md.jinja",
            study=self,
            about=Markup(self.about.strip()),
            gold=sorted({result.counts.gold for result in self.results}),
            results=Table(_HEADER, [_row(result) for result in self.results], numbers=False),
            commands="\n".join(_commands(self.results)),
        )
        return Markup(text)


written_as(Result, "name format decoding shots counts=plain_counts f1_interval statuses command traces")


_HEADER = ("system", "format", "decoding", "precision", "recall", "F1", "95 % interval of F1", "predicted", *STATUSES)


def _row(result: Result) -> tuple[str, ...]:
    interval = f"{result.f1_interval.low:.4f}-{result.f1_interval.high:.4f}"
    statuses = map(str, result.statuses.values()) if result.format else [""] * len(STATUSES)
    return (
        result.name, result.format, result.decoding, *ratio_cells(result.counts), interval, str(result.counts.predicted), *statuses,
    )  # fmt: skip


def _commands(results: Sequence[Result]) -> list[str]:
    return list(dict.fromkeys(line for result in results for line in result.command.splitlines()))


def results_page(folder: Path = RESULTS_FOLDER) -> str:
    """Return `RESULTS.md` as it follows from the studies in a folder."""
    studies = [Study.load(path).markdown() for path in sorted(folder.glob("*.json"))]
    return markdown("eval.studies/RESULTS.md.jinja", studies=studies, published=published_page())


@click.command(cls=GuardedCommand)
@catch_errors
def main() -> None:
    """Write `RESULTS.md` again."""
    with atomic_write(RESULTS_PAGE) as file:
        file.write(results_page())


if __name__ == "__main__":
    main()
