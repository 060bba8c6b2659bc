"""The outcome of a budget simulation as tables, Markdown and a page."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from simulated import cell_row
from strict_html import parsed

from llms_meet_ner.annotation.simulation.budget_report import all_tables, charts, write_report
from llms_meet_ner.annotation.simulation.budget_summary import Paid, summarise
from llms_meet_ner.annotation.simulation.expert_price import ExpertPrice

PRICE = ExpertPrice(0.01, 0.0, "EUR", "2026-11-26", "contract")
PAID = Paid(10, 100, 0, 0, PRICE, None, None)
ROWS = [
    cell_row(0, "llm", 5, 5), cell_row(2, "expert", 4, 3), cell_row(2, "llm-first", 6, 7), cell_row(100, "expert", 10, 10),
]  # fmt: skip


def test_tables_say_scores_differences_saturation_and_cost() -> None:
    scores, differences, dev, saturation, money = all_tables(summarise(ROWS, PAID, 4))
    assert scores.header == ("budget", "sentences", "tokens", "llm", "expert", "llm-first", "best-on-dev")
    assert [row[:3] for row in scores.rows] == [
        ("0 %", "10", "100"),
        ("2 %", "12", "120"),
        ("all gold", "110", "1,100"),
    ]
    assert scores.rows[1][4].startswith("0.300 (")
    assert differences.header == ("budget", "llm-first", "best-on-dev")
    assert differences.rows[0][1].startswith("+0.400 (+")
    assert differences.notes == ("at no budget is the upper end of the interval below 0: llm-first, best-on-dev",)
    assert dev.rows[2][4].startswith("1.000")
    assert saturation.rows[0] == ("expert", "0.9900", "not reached", "not reached")
    assert money.rows[1] == ("2 %", "", "1.20", "unknown", "unknown")
    unpriced = all_tables(summarise(ROWS, replace(PAID, expert=None), 4))
    assert len(unpriced) == 4
    assert len(all_tables(summarise(ROWS[1:2], PAID, 4))) == 3  # nothing to compare with, no gold of the whole pool


def test_files_hold_the_same_tables_and_a_chart_for_each_axis(tmp_path: Path) -> None:
    summary = summarise(ROWS, PAID, 4)
    drawn = charts(summary)
    assert [key.name for key in drawn[0].legend] == ["llm", "expert", "llm-first", "best-on-dev"]
    assert not drawn[2].legend  # only the cost of the expert alone is known
    assert [chart.title for chart in drawn] == [
        "F1 on test by sentences that an expert has labelled",
        "F1 on test by tokens that an expert has labelled",
        "F1 on test by cost in EUR",
    ]
    write_report(summary, ["pool: <40>"], tmp_path)
    page = (tmp_path / "summary.html").read_text()
    parsed(page)
    assert "pool: &lt;40&gt;" in page
    assert page.count("<svg role") == 3
    assert "| 2 % | 12 | 120 |" in (tmp_path / "summary.md").read_text()
    written = json.loads((tmp_path / "summary.json").read_text())
    assert written["facts"] == ["pool: <40>"]
    assert written["points"][1]["test"]["mean"] == 0.3
