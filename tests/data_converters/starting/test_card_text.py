"""The text of a new card."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from llms_meet_ner.data_converters import load_card
from llms_meet_ner.data_converters.starting.card_text import FIRST_LINE, card_text
from llms_meet_ner.data_converters.starting.splits import as_ranges


def test_a_card_loads_whatever_its_labels_and_files_are_called(tmp_path: Path) -> None:
    keys: dict[str, Any] = {
        "name": "no",
        "language": "no",
        "splits": {
            "train": {"file": "a: #b.conll", "sentences": as_ranges(range(0, 4000, 2))},
            "off": "on",
        },
        "reader": {"type": "columns", "scheme": "IOB2", "comments": ["#\t", '# "x" = ']},
        "docstart": "none",
        "nested": True,
        "labels": [{"name": "no"}, {"name": "Disease_or_x", "corpus": "Disease or: 'x' # \u202e"[:-1]}, {"name": "1"}],
    }
    text = card_text(keys, {"no": 1, "1": 2000}, ["layout: columns (sure: \x1b[2J it is)", "x " * 100])
    (tmp_path / "card.yaml").write_text(text)
    card = load_card(tmp_path)
    assert text.startswith(FIRST_LINE)
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 140
    assert card.labels.names == ("no", "Disease_or_x", "1")
    assert card.labels.corpus_names[1] == "Disease or: 'x' # "
    assert [split.file for split in card.splits.values()] == ["a: #b.conll", "on"]
    assert len(card.splits["train"].ranges) == 2000
    assert (card.name, card.language, card.nested) == ("no", "no", True)
    assert "name: '1' # 2,000 entities" in text
    assert 'definition: "" # say in one line what counts as Disease_or_x' in text
