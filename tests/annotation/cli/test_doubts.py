"""`lmn-annotate doubts`, with a tiny encoder: the list, the page, a run that goes on, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from annotating import annotate, labelled, rows
from tiny_encoders import student_recipe

from llms_meet_ner import LabelSet
from llms_meet_ner.data_converters import load_card, read_corpus
from llms_meet_ner.students.beliefs import beliefs_of
from llms_meet_ner.students.encoder import load_student
from llms_meet_ner.students.student_file import StudentFile

pytest.importorskip("torch")

WORDS = ("doubts", "demo", "--split", "testa", "--limit", "40", "--folds", "2", "--out", "d", "--recipe", "tiny.yaml")


def test_doubts_are_ranked_and_a_run_goes_on_where_it_stopped(workdir: Path) -> None:
    student_recipe(workdir, eval_dataset=None)
    planned = annotate(*WORDS, "--dry-run")
    assert "folds: 2, of single sentences: no documents are known\ntrainings: 2, of " in planned.stdout
    assert not Path("d").exists()
    result = annotate(*WORDS, "--keep-models", "num_train_epochs=25")
    assert "fold 1 of 2: F1 0." in result.stderr
    doubts = rows(Path("d/doubts.jsonl"))
    gold = [span for one in list(read_corpus(load_card("demo"), "testa"))[:40] for span in one.spans]
    assert len([one for one in doubts if one["gold"]]) == len(gold)
    assert [one["rank"] for one in doubts] == list(range(1, len(doubts) + 1))
    summary = json.loads(Path("d/doubts.json").read_text())
    assert sum(summary["doubts"].values()) == len(doubts)
    assert (summary["overrides"], summary["adapters"]) == (["num_train_epochs=25"], {})
    assert "sentences, most doubtful first, with the gold\nnext: lmn-annotate export d/review --tool " in result.stdout
    worst = list(dict.fromkeys(one["id"] for one in doubts if one["score"] > 0.5))
    assert [one["asked"] for one in rows(Path("d/review/provenance.jsonl"))] == worst
    assert {one.tokens: one.spans for one in labelled(Path("d/review"), "testa")} == {
        one.tokens: one.spans for one in read_corpus(load_card("demo"), "testa") if one.id in worst
    }
    page = Path("d/doubts.html").read_text()
    assert "demo testa: doubts about the gold" in page
    assert f"#kind=all&amp;at={doubts[0]['id'].replace('/', '%2F')}" in page

    student = load_student(Path("d/student-0"))
    sentences = {one.id: one for one in read_corpus(load_card("demo"), "testa")}
    judged = rows(Path("d/fold-0.jsonl"))
    for row, belief in zip(judged, beliefs_of(student, [sentences[one["id"]] for one in judged], 8), strict=True):
        assert row["confidences"] == pytest.approx(belief.answer.confidences, abs=1e-4)
        assert row["confidences"] == pytest.approx(
            [belief.of_entity(span) for span in belief.answer.spans or ()], abs=1e-4
        )
        assert all(sum(tags) == pytest.approx(1, abs=1e-4) for tags in row["tags"])
        assert len(row["tags"]) == len(sentences[row["id"]].tokens)

    again = annotate("doubts", *WORDS[1:], "num_train_epochs=25")
    assert "fold 1" not in again.stderr
    assert again.stdout == result.stdout
    lines = Path("d/rows.jsonl").read_text().splitlines(keepends=True)
    Path("d/rows.jsonl").write_text("".join(lines[:-1]))
    went_on = annotate(*WORDS, "--number", "3", "--suggest", "judges", "num_train_epochs=25")
    assert (
        "to be reviewed: 3 sentences, most doubtful first, with what the judges prefer in 3 of them" in went_on.stdout
    )
    assert [one["asked"] for one in rows(Path("d/review/provenance.jsonl"))] == worst[:3]
    assert "fold 1" not in went_on.stderr
    assert "fold 2 of 2" in went_on.stderr
    assert rows(Path("d/doubts.jsonl")) == doubts

    assert "other settings: steps was" in annotate(*WORDS, code=1).stderr
    text = Path("d/review/testa.jsonl").read_text()
    Path("d/review/testa.jsonl").write_text(text + text)
    assert "d/review/testa.jsonl: was changed after it was written" in annotate(*WORDS, "--dry-run", code=1).stderr
    Path("d/review/testa.jsonl").write_text(text)
    Path("d/fold-1.jsonl").write_text("")
    damaged = annotate(*WORDS, "num_train_epochs=25", code=1)
    assert "d/fold-1.jsonl: missing, or not as it was written; name another folder with --out" in damaged.stderr


def test_other_systems_are_checked_before_anything_is_trained_and_answer_after(workdir: Path) -> None:
    student_recipe(workdir, eval_dataset=None)
    Path("other").mkdir()
    other = StudentFile(LabelSet.of("X"), "linear", 64, 16, " ", False, "demo", ("elsewhere",), "m", "r", 1)
    other.save(Path("other"))
    for words in (WORDS, (*WORDS, "--dry-run")):
        said = annotate(*words, "--adapter", "other", code=1).stderr
        assert said.startswith("Error: other: answers with X, and the corpus has ")
    assert not Path("d").exists()
    annotate(*WORDS, "--keep-models", "max_steps=2")
    Path("d/student-0").rename("other-student")
    result = annotate(*WORDS, "--adapter", "other-student", "max_steps=2")
    summary = json.loads(Path("d/doubts.json").read_text())
    (folder,) = Path("d/others").iterdir()
    assert folder.name == f"other-student-{summary['adapters']['other-student'][:8]}"
    assert "other-student: not known whether it was trained on demo testa" in result.stderr
    assert all(one["others"].keys() == {"other-student"} for one in rows(Path("d/doubts.jsonl")))
