"""Damages a million outputs of real corpora, and thousands of corpus files, cards and prediction files, and reads them all.

    python tests/verify/fuzz.py --corpora DIR [--outputs N] [--files N] [--seed S] [--shards N] [--work FOLDER] [--out FILE]
    python tests/verify/fuzz.py --corpora DIR --round outputs/17 --seed S    repeats one round, to look at its failure

Nothing may raise but `LmnError` for a file, and an output is always read: tests/support/fuzzing.py says what holds of the result. The work
is cut into shards; a shard that is done leaves its counts in the work folder, so that a run that was stopped goes on where it was.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from fuzzing import Failure, Fuzzer, Round, Tally, rounds

_FUZZERS: dict[Path | None, Fuzzer] = {}


def fuzzer_of(corpora: Path | None) -> Fuzzer:
    """Return the fuzzer of this process, which reads the corpora once."""
    if corpora not in _FUZZERS:
        _FUZZERS[corpora] = Fuzzer(corpora)
    return _FUZZERS[corpora]


def run_shard(corpora: Path | None, tasks: list[Round], result: Path) -> dict[str, object]:
    """Carry out the rounds of a shard, and leave the counts in a file."""
    started = time.process_time()
    tally = Tally()
    fuzzer = fuzzer_of(corpora)
    for task in tasks:
        tally.add(fuzzer.run(task))
    row = {
        "tried": tally.tried, "failures": tally.failures, "undamaged": tally.undamaged, "statuses": tally.statuses, "lengths": list(tally.lengths.items()),
        "steps": tally.steps, "processor_seconds": round(time.process_time() - started, 1),
    }  # fmt: skip
    result.parent.mkdir(parents=True, exist_ok=True)
    part = result.with_suffix(".part")
    part.write_text(json.dumps(row), encoding="utf-8")
    part.replace(result)
    return row


def tally_of(row: dict[str, object]) -> Tally:
    """Return what a shard left."""
    known: dict = row  # type: ignore[type-arg]
    return Tally(
        Counter(known["tried"]), [Failure(*failure) for failure in known["failures"]], known["undamaged"], Counter(known["statuses"]),
        Counter(dict(known["lengths"])), known["steps"],
    )  # fmt: skip


@click.command()
@click.option(
    "--corpora",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    envvar="LMN_CORPORA",
    help="Folder of the real corpora.",
)
@click.option(
    "--outputs", default=1_250_000, show_default=True, help="Number of outputs; a sixth of them comes out undamaged."
)
@click.option(
    "--files",
    default=30_000,
    show_default=True,
    help="Number of damaged corpus files; half as many cards, and prediction files.",
)
@click.option("--seed", default="1", show_default=True)
@click.option("--shards", default=20, show_default=True, help="Number of parts that the work is cut into.")
@click.option("--workers", default=2, show_default=True, help="Number of processes.")
@click.option(
    "--work",
    type=click.Path(path_type=Path),
    default=Path("build/fuzz"),
    show_default=True,
    help="Folder for the counts of each shard.",
)
@click.option("--out", type=click.Path(path_type=Path), help="File for the counts of all.")
@click.option("--round", "only", help="Carry out only the round of this name, such as outputs/17000.")
def main(
    corpora: Path | None, outputs: int, files: int, seed: str, shards: int, workers: int, work: Path, out: Path | None, only: str | None
) -> None:  # fmt: skip
    """Damage, read, count; exit with 1 if anything failed."""
    tasks = rounds(seed, outputs, files, files // 3, files // 3)
    click.echo(f"seed {seed}, {len(tasks):,} rounds, corpora: {corpora or 'only the embedded one'}", err=True)
    if only:
        tally = fuzzer_of(corpora).run(next(task for task in tasks if task.seed == f"{seed}/{only}"))
        finish(tally, 0.0, None)
    tally, seconds = Tally(), 0.0
    with ProcessPoolExecutor(workers) as pool:
        waiting = []
        for number in range(shards):
            result = work / f"{seed}-{outputs}-{files}-{number}of{shards}.json"
            if not result.is_file():
                waiting.append((number, pool.submit(run_shard, corpora, tasks[number::shards], result)))
                continue
            waiting.append((number, pool.submit(json.loads, result.read_text(encoding="utf-8"))))
        for number, future in waiting:
            row = future.result()
            tally.add(tally_of(row))
            seconds += float(row["processor_seconds"])  # type: ignore[arg-type]
            click.echo(
                f"shard {number} of {shards}: {tally.tried.total():,} tried, {len(tally.failures):,} failed", err=True
            )
    finish(tally, seconds, out)


def finish(tally: Tally, seconds: float, out: Path | None) -> None:
    """Print what was tried and what failed, and end the program."""
    click.echo("\n".join(tally.lines()))
    click.echo(f"processor time: {seconds:,.0f} s")
    for failure in tally.failures[:20]:
        click.echo(f"\nround {failure.seed}, {failure.kind}: {ascii(failure.what)[:3000]}")
    if out:
        failed = Counter(failure.kind for failure in tally.failures)
        row = {
            "tried": {kind: {"tried": tried, "failed": failed[kind]} for kind, tried in sorted(tally.tried.items())},
            "all": {"tried": tally.tried.total(), "failed": len(tally.failures)},
            "undamaged_outputs": tally.undamaged,
            "statuses": dict(sorted(tally.statuses.items())),
            "median_tokens": tally.median,
        }
        out.write_text(json.dumps(row, indent=2) + "\n", encoding="utf-8")
    sys.exit(bool(tally.failures))


if __name__ == "__main__":
    main()
