"""Guesses tried by the real readers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters.starting.candidate import Candidate
from llms_meet_ner.data_converters.starting.trying import Place, attempt, best_trial, label_rows, scheme_of

COLUMNS: dict[str, Any] = {"type": "columns", "separator": "tab"}


def place(tmp_path: Path, text: str) -> Place:
    (tmp_path / "a").write_text(text)
    return Place(tmp_path, {"train": "a"}, "en")


@pytest.mark.parametrize(
    ("tags", "scheme", "others"),
    [
        ("B-X I-X O B-X B-X", "IOB2", ()),
        ("I-X I-X O I-X B-X", "IOB1", ()),
        ("B-X I-X E-X O S-X", "IOBES", ()),
        ("B-X E-X O S-X", "IOBES", ("BMES",)),
        ("B-X M-X E-X O S-X", "BMES", ()),
        ("B-X I-X L-X O U-X", "BILOU", ()),
        ("B-X I-X O B-X O I-X O B-X", "IOB2", ()),
    ],
)
def test_the_scheme_with_the_fewest_faults(tmp_path: Path, tags: str, scheme: str, others: tuple[str, ...]) -> None:
    text = "".join(f"w\t{tag}\n" for tag in tags.split())
    assert scheme_of(Candidate(COLUMNS, ""), place(tmp_path, text)) == (scheme, others)


def test_schemes_that_fit_alike_are_all_named(tmp_path: Path) -> None:
    scheme, others = scheme_of(Candidate(COLUMNS, ""), place(tmp_path, "a\tO\n\nb\tO\n"))
    assert scheme == "IOB2"
    assert {"IOB1", "IOBES", "BILOU"} <= set(others)


def test_labels_are_counted_by_the_reader(tmp_path: Path) -> None:
    text = "Ann\tB-Some one\nof\tO\nUlm\tB-LOC\n\nBo\tB-LOC\n"
    trial = attempt(Candidate({**COLUMNS, "scheme": "IOB2"}, ""), place(tmp_path, text), whole=True)
    assert dict(trial.labels) == {"LOC": 2, "Some one": 1}
    assert (trial.sentences.total(), trial.tokens, trial.longest, trial.error) == (2, 4, 3, None)
    assert label_rows(list(trial.labels)) == [{"name": "LOC"}, {"name": "Some_one", "corpus": "Some one"}]


def test_a_key_that_reads_what_would_stop_a_conversion_is_added(tmp_path: Path) -> None:
    spans = '[{"start": 0, "end": 7, "label": "A"}, {"start": 4, "end": 12, "label": "B"}, {"start": 50, "end": 60, "label": "A"}]'
    best, _ = best_trial(
        [Candidate({"type": "spans"}, "")], place(tmp_path, f'{{"text": "one two three", "spans": {spans}}}')
    )
    assert best.candidate.reader.items() >= {"crossing": "longest", "outside": "drop"}.items()
    assert best.log.fatal == 0


def test_nested_entities_make_the_card_nested(tmp_path: Path) -> None:
    spans = '[{"start": 0, "end": 7, "label": "A"}, {"start": 4, "end": 7, "label": "B"}]'
    best, _ = best_trial(
        [Candidate({"type": "spans"}, "")], place(tmp_path, f'{{"text": "one two three", "spans": {spans}}}')
    )
    assert best.candidate.nested
    assert dict(best.labels) == {"A": 1, "B": 1}


def test_offsets_in_utf_16_are_found(tmp_path: Path) -> None:
    rows = [
        f'{{"text": "\\U0001f600 {name} left", "spans": [{{"start": 3, "end": 6, "label": "A"}}]}}'
        for name in ("Ann", "Bob")
    ]
    best, _ = best_trial(
        [Candidate({"type": "spans"}, "")], place(tmp_path, "\n".join(rows).replace("\\U0001f600", "😀"))
    )
    assert best.candidate.reader["offsets"] == "utf-16"
    assert best.sureness == "sure"


def test_raw_annotations_are_doubted(tmp_path: Path) -> None:
    best, _ = best_trial([Candidate(COLUMNS, "")], place(tmp_path, "a\tB-x,B-y\nb\tO\n"))
    assert best.sureness == "guess"
    assert "several tags in one" in best.doubt


def test_no_guess_that_reads_the_files_is_an_error_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(
        LmnError, match=r"a: nothing here looks like annotated text of a known layout; data_converters/README"
    ):
        best_trial([], place(tmp_path, "x"))
    with pytest.raises(LmnError, match="read as spans, the likeliest layout, it ends in an error"):
        best_trial([Candidate({"type": "spans"}, "")], place(tmp_path, '{"text": "x"}'))
