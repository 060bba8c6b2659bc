"""Tables of ratios: the cells of a row, and what reading scores does not need."""

from __future__ import annotations

import subprocess
import sys

from llms_meet_ner.counts import Counts
from llms_meet_ner.eval.scored_run.tables import ratio_cells, score_table


def test_a_row_has_ratios_with_four_digits_and_the_number_of_gold_entities() -> None:
    counts = Counts(3, 4, 6)
    assert ratio_cells(counts) == ("0.7500", "0.5000", "0.6000")
    table = score_table("seqeval", {"LOC": counts})
    assert table.header == ("seqeval", "precision", "recall", "f1", "support")
    assert list(table.rows) == [("LOC", "0.7500", "0.5000", "0.6000", "6")]


def test_scores_are_read_without_what_draws_them() -> None:
    program = "import sys, llms_meet_ner.eval.scored_run.files; print(*(name for name in sys.modules if name.endswith('rendering.notebook')))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
