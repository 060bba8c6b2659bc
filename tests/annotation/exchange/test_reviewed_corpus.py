"""The corpus that people have corrected."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import tool_exports
from tool_exports import save_corpus

from llms_meet_ner import LmnError
from llms_meet_ner.annotation.exchange.importing import read_export
from llms_meet_ner.annotation.exchange.prodigy import Prodigy
from llms_meet_ner.annotation.exchange.reviewed_corpus import read_review_summary, write_reviewed
from llms_meet_ner.annotation.exchange.suggestions import read_suggestions
from llms_meet_ner.annotation.provenance import read_provenance
from llms_meet_ner.data_converters.cards import load_card
from llms_meet_ner.data_converters.corpus import read_corpus


def test_files_hold_what_their_summary_says_and_another_split_takes_their_place(tmp_path: Path) -> None:
    folder = save_corpus(tmp_path / "mine", [(["Ada", "left"], [(0, 1, "PER")]), (["It", "rained"], [])])
    found = read_suggestions(load_card(folder), "train")
    record = Prodigy().record(found.sentences[0], [])
    export = tool_exports.write(
        "prodigy", tmp_path / "in.jsonl", [tool_exports.finished("prodigy", record, [(0, 3, "LOC")])]
    )
    imported = read_export(export, Prodigy(), found)
    out = tmp_path / "out"
    summary = write_reviewed(out, "out", found, imported, "prodigy", export)
    assert read_review_summary(out) == summary
    assert (summary.annotators, summary.verdicts, summary.left_out) == (
        {"ada": 1},
        {"rejected": 1},
        {"not in the export": 1},
    )
    assert (summary.kept, summary.added, summary.removed, summary.entities) == (0, 1, 1, {"LOC": 1})
    assert [(row.id, row.asked, row.system) for row in read_provenance(out)] == [
        ("out/train/0", "mine/train/0", "mine"), (None, "mine/train/1", "mine"),
    ]  # fmt: skip
    assert [sentence.spans[0].label for sentence in read_corpus(out, "train")] == ["LOC"]
    write_reviewed(out, "out", replace(found, split="test"), imported, "prodigy", export)
    assert not (out / "train.jsonl").exists()
    assert list(load_card(out).splits) == ["test"]
    (out / "annotation.json").write_text("{}")
    with pytest.raises(LmnError, match="name a folder that lmn-annotate import has written"):
        read_review_summary(out)
