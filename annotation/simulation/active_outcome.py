"""The outcome of a simulation of active learning: tables, a chart, a page, and numbers for JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...files import atomic_write, write_json
from ...rendering.charts import Axis, Chart, PointSeries, curves
from ...rendering.html import page
from ...rendering.markdown import markdown
from ...rendering.tables import Table
from ...typed_json import to_json
from ..selection.strategies import RANDOM
from .active import START, Round, read_counts
from .active_curves import LEVEL, Comparison, Curve, compare, end_of, f1_of, stop_of
from .active_plan import ActivePlan
from .pool import Pool, tokens_of
from .rows import Rows

SUMMARY_FILE, PAGE_FILE, MARKDOWN_FILE = "summary.json", "active.html", "active.md"


@dataclass(frozen=True, slots=True)
class Stop:
    """Where the rule stops a strategy with a seed.

    Attributes:
        seed: The seed.
        round: Number of the round after which it stops; None if it does not.
        tokens: Number of tokens labelled by then, or by the last round.
        dev_f1: F1 on dev then.
        test_f1: F1 on test then; None as long as rounds are missing.
    """

    seed: int
    round: int | None
    tokens: int
    dev_f1: float
    test_f1: float | None


@dataclass(frozen=True, slots=True)
class StrategyOutcome:
    """What a strategy has come to.

    Attributes:
        strategy: Its name.
        tokens: Mean number of tokens after the start and after each round.
        sentences: Mean number of sentences, likewise.
        test_f1: F1 on test, mean over seeds; empty as long as rounds are missing.
        test_f1_sd: Standard deviation of that over seeds; 0 with one seed.
        dev_f1: F1 on dev, mean over seeds.
        dev_f1_sd: Standard deviation of that, likewise.
        stops: Where the rule stops each seed.
        against_random: Comparison with `random`; None for that itself.
    """

    strategy: str
    tokens: tuple[float, ...]
    sentences: tuple[float, ...]
    test_f1: tuple[float, ...]
    test_f1_sd: tuple[float, ...]
    dev_f1: tuple[float, ...]
    dev_f1_sd: tuple[float, ...]
    stops: tuple[Stop, ...]
    against_random: Comparison | None


@dataclass(frozen=True, slots=True)
class ActiveOutcome:
    """The outcome of a simulation.

    Attributes:
        corpus: Name of the corpus.
        pool_tokens: Number of tokens of the pool.
        dev_tokens: Number of tokens of dev, which has labels from the start on, whatever the strategy; they are in no curve.
        seeds: The seeds.
        seconds: Longest time of a round, in seconds.
        rows: Number of finished trainings.
        trainings: Number of trainings of the plan.
        complete: Whether every run has all its rounds, or has been stopped by the rule. Until then only dev is looked at.
        end_tokens: Number of tokens at which all comparisons end: the last that every curve reaches; None without a curve.
        short: Runs with fewer rounds than planned, as `STRATEGY, seed N: M of R rounds`.
        outcomes: A row for each strategy, `random` first.
    """

    corpus: str
    pool_tokens: int
    dev_tokens: int
    seeds: tuple[int, ...]
    seconds: float
    rows: int
    trainings: int
    complete: bool
    end_tokens: float | None
    short: tuple[str, ...]
    outcomes: tuple[StrategyOutcome, ...]


def outcome_of(plan: ActivePlan, pool: Pool, rows: Rows, out: Path) -> ActiveOutcome:
    """Return the outcome of the rounds that are finished; seeds of which a strategy has no round yet are left out.

    Raises:
        LmnError: A file of counts is missing or damaged.
    """
    complete = all(_is_whole(name, seed, plan, rows, out) for name in plan.strategies for seed in plan.seeds)
    found = {name: _curves(name, plan, rows, out, on_test=complete) for name in plan.strategies}
    seeds = tuple(seed for seed in plan.seeds if all(seed in by_seed for by_seed in found.values()))
    chosen = {name: {seed: by_seed[seed] for seed in seeds} for name, by_seed in found.items()}
    end = end_of([curve for by_seed in chosen.values() for curve in by_seed.values()]) if seeds else None
    short = [
        f"{name}, seed {seed}: {len(curve.tokens) - 1} of {plan.rounds} rounds"
        for name, by_seed in chosen.items() for seed, curve in by_seed.items() if len(curve.tokens) <= plan.rounds
    ]  # fmt: skip
    outcomes = [
        _outcome(
            name, plan, mine, rows, out, None if name == RANDOM else compare(mine, chosen[RANDOM], end), on_test=complete
        )
        for name, mine in chosen.items()
    ] if end is not None else []  # fmt: skip
    seconds = max((row["seconds"] for _, row in rows.items()), default=0.0)
    return ActiveOutcome(
        pool.card.name, tokens_of(pool.train), tokens_of(pool.dev), seeds, seconds, len(rows), plan.trainings, complete, end,
        tuple(short), tuple(outcomes),
    )  # fmt: skip


def _is_whole(name: str, seed: int, plan: ActivePlan, rows: Rows, out: Path) -> bool:
    """Whether a run has all its rounds, or has been stopped by the rule."""
    rounds = _rounds(name, seed, plan, rows)
    if len(rounds) > plan.rounds:
        return True
    return (
        plan.stops and len(rounds) > 1 and stop_of(plan.stop, [read_counts(out, one)[0] for one in rounds]) is not None
    )


def _rounds(name: str, seed: int, plan: ActivePlan, rows: Rows) -> list[Round]:
    """Return the finished rounds of a strategy with a seed, the start first."""
    rounds = [Round(START, seed, 0), *(Round(name, seed, number) for number in range(1, plan.rounds + 1))]
    done = [one.cell in rows for one in rounds]
    return rounds[: done.index(False)] if False in done else rounds


def _curves(name: str, plan: ActivePlan, rows: Rows, out: Path, *, on_test: bool) -> dict[int, Curve]:
    """Return the curves of a strategy by seed, those with one round at least, on test or on dev."""
    curves_of: dict[int, Curve] = {}
    for seed in plan.seeds:
        rounds = _rounds(name, seed, plan, rows)
        if len(rounds) > 1:
            tokens = np.array([(rows.get(one.cell) or {})["tokens"] for one in rounds], dtype=np.float64)
            curves_of[seed] = Curve(tokens, np.stack([read_counts(out, one)[int(on_test)] for one in rounds]))
    return curves_of


def _outcome(
    name: str, plan: ActivePlan, mine: Mapping[int, Curve], rows: Rows, out: Path, against: Comparison | None, *, on_test: bool
) -> StrategyOutcome:  # fmt: skip
    rounds = {seed: _rounds(name, seed, plan, rows) for seed in mine}
    length = min(len(one) for one in rounds.values())
    by_round = [[rows.get(one[number].cell) or {} for one in rounds.values()] for number in range(length)]
    test = _mean_and_spread(by_round, "test") if on_test else ((), ())
    return StrategyOutcome(
        name, tuple(_mean(several, "tokens") for several in by_round), tuple(_mean(several, "sentences") for several in by_round),
        *test, *_mean_and_spread(by_round, "dev"),
        tuple(_stop(plan, seed, found, rows, out, on_test=on_test) for seed, found in rounds.items()), against,
    )  # fmt: skip


def _mean_and_spread(
    by_round: Sequence[Sequence[Mapping[str, Any]]], split: str
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the mean of F1 over seeds after each round, and its standard deviation; 0 with one seed."""
    f1 = np.array([[float(f1_of(row[split])) for row in several] for several in by_round])
    spread = f1.std(1, ddof=1) if f1.shape[1] > 1 else np.zeros(len(f1))
    return tuple(f1.mean(1).tolist()), tuple(spread.tolist())


def _mean(rows: Sequence[Mapping[str, Any]], key: str) -> float:
    return float(np.mean([row[key] for row in rows]))


def _stop(plan: ActivePlan, seed: int, rounds: Sequence[Round], rows: Rows, out: Path, *, on_test: bool) -> Stop:
    number = stop_of(plan.stop, [read_counts(out, one)[0] for one in rounds])
    row = rows.get(rounds[-1 if number is None else number].cell) or {}
    return Stop(seed, number, row["tokens"], float(f1_of(row["dev"])), float(f1_of(row["test"])) if on_test else None)


def tables_of(outcome: ActiveOutcome, plan: ActivePlan) -> list[Table]:
    """Return the outcome as tables: F1 by round, comparisons with chance, and stops."""
    if not outcome.outcomes:
        return []
    return [_by_round(outcome, plan), _against_random(outcome), _stops(outcome, plan)]


def _split_of(outcome: ActiveOutcome) -> str:
    return "test" if outcome.complete else "dev"


def _f1_of(one: StrategyOutcome, split: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    return (one.test_f1, one.test_f1_sd) if split == "test" else (one.dev_f1, one.dev_f1_sd)


def _by_round(outcome: ActiveOutcome, plan: ActivePlan) -> Table:
    split = _split_of(outcome)
    names = [one.strategy for one in outcome.outcomes]
    length = max(len(one.tokens) for one in outcome.outcomes)
    rows = [
        (str(number), *(cell for one in outcome.outcomes for cell in _cells(one, number, split)))
        for number in range(length)
    ]
    header = ("round", *(cell for name in names for cell in (f"{name} sentences", "tokens", "F1 ± sd")))
    notes = [
        f"micro F1 on {split}, mean and standard deviation over {len(outcome.seeds)} seeds; nothing was chosen or stopped by test",
        f"dev: {outcome.dev_tokens:,} tokens, labelled for every strategy and in no column",
        f"by tokens alone; a sentence may cost more besides: entropy-per-cost and clusters count {plan.overhead:g} tokens for it",
    ]
    if not outcome.complete:
        notes.append(
            f"{outcome.rows} of {outcome.trainings} trainings: on dev, since test is not looked at before the end"
        )
    if outcome.short:
        notes.append(f"curves that end early, stopped or not finished: {'; '.join(outcome.short)}")
    return Table(header, rows, tuple(notes), f"F1 on {split} by labelled tokens")


def _cells(one: StrategyOutcome, number: int, split: str) -> tuple[str, str, str]:
    if number >= len(one.tokens):
        return "-", "-", "-"
    f1, spread = _f1_of(one, split)
    return f"{one.sentences[number]:,.0f}", f"{one.tokens[number]:,.0f}", f"{f1[number]:.4f} ± {spread[number]:.4f}"


def _against_random(outcome: ActiveOutcome) -> Table:
    rows = []
    for one in outcome.outcomes:
        if found := one.against_random:
            low, high = found.area_interval
            rows.append((
                one.strategy, f"{found.area:.4f}", f"{found.area_gain:+.4f}", f"{low:+.4f} to {high:+.4f}", _share(found.saved),
                " to ".join(map(_share, found.saved_interval)),
            ))  # fmt: skip
    percent, end = f"{LEVEL:.0%}", f"{outcome.end_tokens or 0:,.0f} tokens"
    notes = [
        f"all up to {end}, the last that every strategy and seed has",
        f"area: mean of F1 on {_split_of(outcome)} over these tokens; gain: less that of random",
        f"saved: share of the tokens saved at the F1 that random reaches with {end}; curves are means over seeds, made to rise "
        "(isotonic regression)",
        f"intervals: {percent}, paired bootstrap over seeds and sentences; {len(outcome.seeds)} seeds say little about other seeds",
    ]
    header = ("strategy", "area", "gain", f"{percent} interval", "saved", f"{percent} interval")
    return Table(header, rows, tuple(notes), "Against random")


def _share(value: float | None) -> str:
    return "not reached" if value is None else f"{value:+.0%}"


def _stops(outcome: ActiveOutcome, plan: ActivePlan) -> Table:
    rows = []
    for one in outcome.outcomes:
        for stop in one.stops:
            at = "not stopped" if stop.round is None else f"after round {stop.round}"
            rows.append(
                (
                    f"{one.strategy}, seed {stop.seed}",
                    at,
                    f"{stop.tokens:,}",
                    f"{stop.dev_f1:.4f}",
                    "-" if stop.test_f1 is None else f"{stop.test_f1:.4f}",
                )
            )
    rule = {
        "published": f"gain of F1 on dev under {plan.stop.least} after at least {plan.stop.after} rounds",
        "noise": f"gain of F1 on dev over {plan.stop.window} rounds not above its standard error (paired bootstrap over sentences)",
        "none": "never",
    }[plan.stop.name]
    kept = "" if plan.stops else "; the rounds went on all the same"
    return Table(
        ("run", "stops", "tokens", "dev F1", "test F1"), rows, (f"rule: {rule}{kept}",), "Where the rule stops"
    )


def chart_of(outcome: ActiveOutcome) -> Chart:
    """Return the curves as a chart."""
    split = _split_of(outcome)
    series = [
        PointSeries(
            one.strategy, list(zip(one.tokens, _f1_of(one, split)[0], strict=True)),
            [f"{one.strategy}, round {number}: F1 {f1:.4f}" for number, f1 in enumerate(_f1_of(one, split)[0])], colour=number,
        )
        for number, one in enumerate(outcome.outcomes)
    ]  # fmt: skip
    title = f"F1 on {split} by labelled tokens, means over seeds"
    return curves(title, series, Axis("tokens", shape=",.0f"), Axis("F1", shape=".2f"))


def save_outcome(outcome: ActiveOutcome, plan: ActivePlan, settings: Mapping[str, Any], out: Path) -> None:
    """Write the outcome: JSON, Markdown and a page.

    Raises:
        LmnError: A file cannot be written.
    """
    tables = tables_of(outcome, plan)
    write_json(out / SUMMARY_FILE, {"settings": dict(settings), **to_json(outcome), "tables": to_json(tables)})
    with atomic_write(out / MARKDOWN_FILE) as file:
        file.write(markdown("annotation.simulation/active.md.jinja", tables=tables))
    with atomic_write(out / PAGE_FILE) as file:
        title = f"Active learning on {outcome.corpus}"
        facts = f"{outcome.rows} of {outcome.trainings} trainings; seeds: {', '.join(map(str, outcome.seeds))}"
        charts = [chart_of(outcome)] if outcome.outcomes else []
        file.writelines(
            page("annotation.simulation/active.html.jinja", title=title, facts=facts, charts=charts, tables=tables)
        )
