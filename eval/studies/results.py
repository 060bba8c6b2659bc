"""Results that are kept with the code: rows of counts taken out of `scores.json` files, and `RESULTS.md`, written from them alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from ...cli.options import catch_errors
from ...errors import LmnError
from ...files import atomic_write, read_json, write_json
from ..published.comparison import published_page
from ..scoring.counts import Counts

RESULTS_FOLDER = Path(__file__).parent / "results"
RESULTS_PAGE = Path(__file__).parent / "RESULTS.md"
_STATUSES = ("exact", "repaired", "failed")


@dataclass(frozen=True, slots=True)
class Result:
    """One scored run, or a baseline.

    Attributes:
        name: of the system.
        format: of the outputs; empty for a baseline.
        decoding: `constrained` or `free`; empty likewise.
        shots: examples in the prompt; None for a trained adapter or a baseline.
        counts: strict, over all labels.
        f1_interval: 95 % bootstrap interval of F1 over sentences.
        statuses: sentences `exact`, `repaired`, `failed`.
        command: that made it.
        traces: commit, versions and hashes, as in `scores.json`.
    """

    name: str
    format: str
    decoding: str
    shots: int | None
    counts: Counts
    f1_interval: tuple[float, float]
    statuses: tuple[int, int, int]
    command: str
    traces: dict[str, Any]

    @classmethod
    def of(cls, name: str, document: dict[str, Any], command: str, shots: int | None = None) -> Result:
        """Take a result out of what a `scores.json` holds."""
        return cls(
            name, document["format"], document["decoding"], shots, Counts.from_dict((document["seqeval"] or document["spans"])["micro"]),
            tuple(document["analysis"]["intervals"]["scores"]["micro"]["f1"]),
            tuple(document["alignment"][status] for status in _STATUSES), command,
            {key: document[key] for key in ("commit", "versions", "sha256")},
        )  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Return a mapping for JSON."""
        return {
            "name": self.name, "format": self.format, "decoding": self.decoding, "shots": self.shots,
            "counts": {"correct": self.counts.correct, "predicted": self.counts.predicted, "gold": self.counts.gold},
            "f1_interval": self.f1_interval,
            "statuses": dict(zip(_STATUSES, self.statuses)), "command": self.command, "traces": self.traces,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> Result:
        """Read what `to_dict` wrote."""
        return cls(
            row["name"], row["format"], row["decoding"], row["shots"], Counts.from_dict(row["counts"]),
            tuple(row["f1_interval"]),
            tuple(row["statuses"][status] for status in _STATUSES), row["command"], row["traces"],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Study:
    """Runs over one split that are to be compared.

    Attributes:
        title: a heading.
        about: what was trained on what, where it ran, in Markdown.
        corpus: the card's name.
        split: its split.
        results: in the order of the table.
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
            LmnError: the file is missing or damaged.
        """
        row = read_json(path, remedy="run the study again")
        try:
            results = tuple(map(Result.from_dict, row["results"]))
            return cls(row["title"], row["about"], row["corpus"], row["split"], results)
        except (KeyError, TypeError, ValueError) as error:
            raise LmnError(f"{path}: not a study ({type(error).__name__}: {error}); run it again") from error

    def save(self, path: Path) -> None:
        """Write the study as JSON."""
        write_json(path, {
            "title": self.title, "about": self.about, "corpus": self.corpus, "split": self.split,
            "results": [result.to_dict() for result in self.results],
        })  # fmt: skip

    def markdown(self) -> str:
        """Return a heading, what it is about, the table and the commands."""
        gold = {result.counts.gold for result in self.results}
        head = "| system | format | decoding | precision | recall | F1 | 95 % interval of F1 | predicted | exact | repaired | failed |"
        lines = [
            f"## {self.title}", "", self.about.strip(), "",
            f"Corpus {self.corpus}, split {self.split}, {' and '.join(map(str, sorted(gold)))} gold entities; strict micro averages.", "",
            head, "|---|---|---|---|---|---|---|---|---|---|---|", *map(_row, self.results), "",
            "Commands:", "", "```sh", *_commands(self.results), "```",
        ]  # fmt: skip
        return "\n".join(lines) + "\n"


def _row(result: Result) -> str:
    counts = result.counts
    ratios = " | ".join(f"{value:.4f}" for value in (counts.precision, counts.recall, counts.f1))
    interval = "{:.4f}-{:.4f}".format(*result.f1_interval)
    statuses = " | ".join(map(str, result.statuses)) if result.format else " | | "
    return f"| {result.name} | {result.format} | {result.decoding} | {ratios} | {interval} | {counts.predicted} | {statuses} |"


def _commands(results: Sequence[Result]) -> list[str]:
    return list(dict.fromkeys(line for result in results for line in result.command.splitlines()))


def results_page(folder: Path = RESULTS_FOLDER) -> str:
    """Return `RESULTS.md` as it follows from the studies in a folder."""
    head = [
        "# Results", "",
        "Written by `python -m llms_meet_ner.eval.studies.results` from the files in `eval/studies/results/`, which hold the counts of",
        "each run's `scores.json` with its versions, hashes and, where it ran in a checkout, its commit. No number of ours is typed by",
        "hand; what others published stands at the end.", "",
    ]  # fmt: skip
    studies = [Study.load(path).markdown() for path in sorted(folder.glob("*.json"))]
    return "\n".join([*head, *studies, published_page()])


@click.command()
@catch_errors
def main() -> None:
    """Write `RESULTS.md` anew."""
    with atomic_write(RESULTS_PAGE) as file:
        file.write(results_page())


if __name__ == "__main__":
    main()
