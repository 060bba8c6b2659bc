"""The grid of a budget simulation."""

from __future__ import annotations

import pytest

from llms_meet_ner import LmnError, Sentence
from llms_meet_ner.annotation.simulation.budget_design import (
    PRESETS,
    Cell,
    Grid,
    ordered,
    parse_budgets,
    parse_regimes,
    size_of,
)


def test_the_published_grid_and_the_small_one() -> None:
    published, small = PRESETS["published"], PRESETS["small"]
    assert published.budgets == (1, 2, 3, 5, 7, 10, 12, 15, 20)
    assert (published.folds, small.budgets, small.folds) == (5, (2, 5, 12, 20), 3)
    assert len(list(small.cells())) == 3 * (1 + 4 * 5 + 1)


def test_cells_have_names_of_their_own_and_share_a_seed_in_a_fold() -> None:
    cells = list(Grid((5.0, 2.0), 2, 2, ("expert", "llm", "llm-first")).cells())
    assert [cell.name for cell in cells[:6]] == [
        "fold-1/seed-1/0%/llm",
        "fold-1/seed-1/2%/expert",
        "fold-1/seed-1/2%/llm-first",
        "fold-1/seed-1/5%/expert",
        "fold-1/seed-1/5%/llm-first",
        "fold-1/seed-1/100%/expert",
    ]
    assert len({cell.name for cell in cells}) == len(cells) == 24
    assert len({cell.training_seed(42) for cell in cells}) == 4
    assert Cell(1, 0, 2.0, "expert").training_seed(42) == Cell(1, 0, 5.0, "mixed").training_seed(42)


def test_budgets_of_a_fold_are_nested_and_folds_differ() -> None:
    pool = [Sentence(str(number), ("a",)) for number in range(50)]
    first, second = ordered(pool, 0, 42), ordered(pool, 1, 42)
    assert sorted(one.id for one in first) == sorted(one.id for one in pool)
    assert first == ordered(pool, 0, 42)
    assert first != second
    assert [size_of(budget, 995) for budget in (0.0, 0.01, 2.0, 12.0, 100.0)] == [0, 1, 20, 119, 995]


def test_words_of_the_command_line() -> None:
    assert parse_budgets("12, 2%,0.5") == (0.5, 2.0, 12.0)
    assert parse_regimes("llm-first") == ("expert", "llm-first")
    for text in ("2;5", ""):
        with pytest.raises(LmnError, match="not numbers with commas"):
            parse_budgets(text)
    with pytest.raises(LmnError, match=r"no regime 'gold'.* there are: expert, llm"):
        parse_regimes("expert,gold")
    for budgets in ((2.0, 2.0), (0.0,), (100.0,), ()):
        with pytest.raises(LmnError, match="--budgets"):
            Grid(budgets, 1, 1, ("expert",))
    with pytest.raises(LmnError, match="--regimes"):
        Grid((2.0,), 1, 1, ("expert", "expert"))
