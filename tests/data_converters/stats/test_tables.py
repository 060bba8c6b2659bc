"""Tables of counts: the contents of their cells."""

from __future__ import annotations

from harbour import SMALL, counted

from llms_meet_ner.data_converters.stats.tables import label_table, pair_table, percent, seen_table, size_table


def test_a_count_has_its_share_of_something() -> None:
    assert percent(1_234, 22_000) == "1,234 (5.6%)"
    assert percent(0, 0) == "0"


def test_docstart_and_nesting_have_rows_only_where_they_occur() -> None:
    rows = [name for name, *_ in size_table(counted(SMALL)).rows]
    assert not [name for name in rows if "DOCSTART" in name or "nest" in name]
    with_docstart = {**SMALL, "train": [[("-DOCSTART-", "O")], *SMALL["train"]]}
    table = size_table(counted(with_docstart))
    assert ("-DOCSTART- lines, not counted here", "1", "0") in table.rows


def test_tables_of_labels_and_pairs() -> None:
    stats = counted(SMALL)
    assert label_table(stats).rows == [
        ("SHIP", "1 (50.0%)", "1 (50.0%)", "1.00", "1"),
        ("PORT", "1 (50.0%)", "1 (50.0%)", "1.00", "1"),
    ]
    assert pair_table(stats).rows == [("PORT and SHIP", "1")]
    assert seen_table(stats).rows[-1] == (
        "test, all labels", "2", "1 (50.0%)", "1 (50.0%)", "0 (0.0%)", "2", "1 (50.0%)", "1 (50.0%)", "0 (0.0%)",
    )  # fmt: skip
