"""Labelled corpora: every command reads them, and what was written comes back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from annotating import labelled, rows
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from killing import kill_at

from llms_meet_ner import LabelSet, LmnError, Sentence, Span
from llms_meet_ner.annotation.labelled_corpus import (
    SUMMARY_FILE,
    LabelledCorpus,
    check_folder,
    labels_of,
    read_summary,
    write_corpus,
)
from llms_meet_ner.annotation.provenance import PROVENANCE_FILE, LabellingSystem, read_provenance
from llms_meet_ner.annotation.template import load_template
from llms_meet_ner.annotation.texts import Origin, Texts, texts_of_split
from llms_meet_ner.data_converters.cards import load_card
from llms_meet_ner.generation import known_sha256
from llms_meet_ner.records import PredictionRecord
from llms_meet_ner.sentence import Where, tokens_sha1
from llms_meet_ner.systems.choosing import AnswerKind

SYSTEM = LabellingSystem("gpt", "xml", "gpt-1", "0" * 64)
DATE = "2026-11-26T10:00:00+00:00"
CORPUS = LabelledCorpus("mine", "en", LabelSet.of("PER", "LOC"))
TOKENS = st.lists(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r"), min_size=1), min_size=1, max_size=6
)


def record(sentence: Sentence, spans: tuple[Span, ...] = (), status: str = "exact") -> PredictionRecord:
    values = tuple(1 / (n + 2) for n in range(len(spans)))
    return PredictionRecord(sentence.id, "out", tokens_sha1(sentence.tokens), "free", spans, status, (), values)  # type: ignore[arg-type]


def texts(*sentences: Sentence) -> Texts:
    return Texts("news.txt", "train", sentences, tuple(Origin(Where("news.txt", 1), 0, 3) for _ in sentences), {})


@st.composite
def annotated(draw: st.DrawFn) -> tuple[list[str], tuple[Span, ...]]:
    tokens = draw(TOKENS)
    cuts = sorted(draw(st.sets(st.integers(0, len(tokens)), max_size=4)))
    pairs = zip(cuts[::2], cuts[1::2])
    return tokens, tuple(Span(start, end, draw(st.sampled_from(["PER", "LOC"]))) for start, end in pairs)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(annotated(), min_size=1, max_size=4))
def test_what_was_labelled_comes_back_through_the_reader(
    tmp_path: Path, drawn: list[tuple[list[str], tuple[Span, ...]]]
) -> None:
    drawn = [row for row in drawn if row[0] != ["-DOCSTART-"]]
    if not drawn:
        return
    asked = [Sentence(f"x/{number}", tuple(tokens)) for number, (tokens, _) in enumerate(drawn)]
    records = [record(sentence, spans) for sentence, (_, spans) in zip(asked, drawn)]
    write_corpus(tmp_path / "out", CORPUS, texts(*asked), records, SYSTEM, DATE)
    found = labelled(tmp_path / "out", "train")
    assert [(list(one.tokens), one.spans) for one in found] == drawn
    assert [one.id for one in found] == [f"mine/train/{number}" for number in range(len(drawn))]


def test_the_files_of_the_first_version_are_read(tmp_path: Path) -> None:
    asked = Sentence("x/0", ("Essex", "won"))
    summary = write_corpus(tmp_path, CORPUS, texts(asked), [record(asked)], SYSTEM, DATE)
    (provenance,) = read_provenance(tmp_path)
    for name, later in ((SUMMARY_FILE, ["shared"]), (PROVENANCE_FILE, ["shared_with", "review"])):
        row = json.loads((tmp_path / name).read_text())
        (tmp_path / name).write_text(json.dumps({key: value for key, value in row.items() if key not in later}) + "\n")
        assert json.loads((tmp_path / name).read_text()) != row
    assert (read_summary(tmp_path), list(read_provenance(tmp_path))) == (summary, [provenance])


def test_nested_entities_and_joins_and_a_card_s_words_come_back(tmp_path: Path) -> None:
    card = load_card("demo")
    asked = texts_of_split(card, "testb").first(1)
    spans = (Span(0, 2, "ORG"), Span(1, 2, "LOC"))
    corpus = LabelledCorpus("mine", "zh", card.labels, True, "", card)
    write_corpus(tmp_path, corpus, asked, [record(asked.sentences[0], spans)], SYSTEM, DATE)
    written = load_card(tmp_path)
    assert (written.nested, written.join, written.language, written.labels) == (True, "", "zh", card.labels)
    assert written.title == "llms-meet-ner demo corpus, labelled by gpt with the template xml"
    assert written.licence == "CC0 1.0 (public domain) (the texts)"
    assert labelled(tmp_path, "testb")[0].spans == spans


def test_answers_that_cannot_be_read_are_left_out_and_counted_or_kept_empty(tmp_path: Path) -> None:
    asked = [Sentence(f"x/{number}", ("Ada", "left")) for number in range(3)]
    records = [record(asked[0]), record(asked[1], (), "failed"), record(asked[2], (Span(0, 1, "PER"),))]
    summary = write_corpus(tmp_path, CORPUS, texts(*asked), records, SYSTEM, DATE)
    assert (summary.asked, summary.sentences, summary.unreadable, summary.entities) == (3, 2, 1, {"PER": 1})
    lines = rows(tmp_path / "provenance.jsonl")
    assert [(line["id"], line["asked"], line["status"]) for line in lines] == [
        ("mine/train/0", "x/0", "exact"), (None, "x/1", "failed"), ("mine/train/1", "x/2", "exact"),
    ]  # fmt: skip
    assert (lines[0]["file"], lines[0]["line"], lines[0]["start"], lines[0]["end"]) == ("news.txt", 1, 0, 3)
    assert rows(tmp_path / "train.jsonl")[1]["entities"] == [
        {"start": 0, "end": 1, "label": "PER", "text": "Ada", "confidence": 0.5}
    ]
    kept = write_corpus(tmp_path, CORPUS, texts(*asked), records, SYSTEM, DATE, keep_unreadable=True)
    assert (kept.sentences, kept.unreadable, kept.unreadable_kept) == (3, 1, True)
    with pytest.raises(LmnError, match="none of the 1 answers could be read"):
        write_corpus(tmp_path, CORPUS, texts(asked[1]), records[1:2], SYSTEM, DATE)


def test_a_card_of_somebody_else_is_not_written_over(tmp_path: Path) -> None:
    check_folder(tmp_path, "train")
    (tmp_path / "card.yaml").write_text("name: gold\n")
    with pytest.raises(LmnError, match=r"holds a card.yaml that this command did not write; name another folder"):
        check_folder(tmp_path, "train")
    asked = Sentence("x/0", ("Ada", "left"))
    write_corpus(tmp_path, CORPUS, texts(asked), [record(asked)], SYSTEM, DATE)
    check_folder(tmp_path, "train")
    with pytest.raises(LmnError, match=r"train.jsonl: the labels would be written over the text; name another folder"):
        check_folder(tmp_path, "train", tmp_path / "train.jsonl")


@pytest.mark.parametrize("name", ["train.jsonl", "card.yaml"])
def test_what_somebody_changed_by_hand_is_not_written_over(name: str, tmp_path: Path) -> None:
    asked = Sentence("x/0", ("Ada", "left"))
    write_corpus(tmp_path, CORPUS, texts(asked), [record(asked)], SYSTEM, DATE)
    with (tmp_path / name).open("a") as file:
        file.write("\n")
    for split in ("train", "test"):
        with pytest.raises(LmnError, match=rf"{name}: was changed after it was written .*; name another folder"):
            check_folder(tmp_path, split)


@pytest.mark.parametrize("name", ["test.jsonl", "provenance.jsonl", "annotation.json"])
def test_no_file_of_somebody_else_is_written_over(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("{}\n")
    with pytest.raises(LmnError, match=f"{name}: is not of a corpus that lmn-annotate wrote"):
        check_folder(tmp_path, "test")
    (tmp_path / name).rename(tmp_path / "gold.jsonl")
    check_folder(tmp_path, "test")


def test_a_kill_at_any_moment_leaves_the_old_corpus_or_the_new_one_or_none_that_is_described(tmp_path: Path) -> None:
    folder, asked = tmp_path / "out", Sentence("x/0", ("Ada", "left"))

    def write(label: str) -> None:
        write_corpus(folder, CORPUS, texts(asked), [record(asked, (Span(0, 1, label),))], SYSTEM, DATE)

    write("PER")
    seen = set()
    for number in range(1, 100):
        killed = kill_at(number, folder, lambda: write("LOC"))
        check_folder(folder, "train")
        summary = folder / "annotation.json"
        if summary.is_file():
            noted = json.loads(summary.read_text())["sha256"]
            assert all(known_sha256(folder / name) == sha256 for name, sha256 in noted.items())
            seen.add(labelled(folder, "train")[0].spans[0].label)
        if not killed:
            break
        write("PER")
    assert seen == {"PER", "LOC"}


def test_labels_are_those_that_the_system_was_asked_for() -> None:
    card = load_card("demo")
    assert labels_of(None, card).names == card.labels.names
    with pytest.raises(LmnError, match="which labels"):
        labels_of(None, None)


def test_labels_are_described_as_the_card_does() -> None:
    card = load_card("conll2003")
    asked = load_template("published").prompt(card)
    kind = AnswerKind(asked.labels, asked.nested, asked.join)
    assert not any(label.definition for label in asked.labels.labels)
    assert labels_of(kind, card).labels == card.labels.labels
    assert labels_of(kind, None).labels == asked.labels.labels


def test_another_split_in_the_same_folder_takes_the_sentences_of_the_first_away_and_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = Sentence("x/0", ("Ada", "left"))
    for name in ("mine.jsonl", "answers.jsonl"):
        (tmp_path / name).write_text("{}\n")
    write_corpus(tmp_path, CORPUS, texts(asked), [record(asked)], SYSTEM, DATE)
    write_corpus(tmp_path, CORPUS, replace(texts(asked), split="test"), [record(asked)], SYSTEM, DATE)
    assert {path.name for path in tmp_path.glob("*.jsonl")} == {
        "test.jsonl",
        "mine.jsonl",
        "answers.jsonl",
        "provenance.jsonl",
    }
    assert "removed, of an earlier corpus with another split: train.jsonl" in capsys.readouterr().err
    assert list(load_card(tmp_path).splits) == ["test"]
