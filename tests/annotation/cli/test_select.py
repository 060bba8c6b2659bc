"""`lmn-annotate select`: the sentences most worth a label, with suggestions, chosen by a tiny real student."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from annotating import annotate, labelled, rows
from fake_openai import Fake

pytest.importorskip("torch")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working directory with a tiny student and a text of twelve sentences, of which two stand twice."""
    from tiny_encoders import student_recipe

    from llms_meet_ner.data_converters import load_card, read_corpus
    from llms_meet_ner.students.training import prepare, train
    from llms_meet_ner.training.recipe import load_recipe

    folder = tmp_path_factory.mktemp("select")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        recipe = load_recipe(student_recipe(folder, eval_dataset=None, max_steps=30))
        train(prepare(recipe, [recipe.dataset], []), None)
        texts = [" ".join(sentence.tokens) for sentence in list(read_corpus(load_card("demo"), "testb"))[:12]]
        Path("news.txt").write_text("\n".join([*texts, texts[0].upper(), texts[1]]) + "\n")
    return folder


@pytest.fixture(autouse=True)
def _there(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)


SELECT = ("select", "news.txt", "--tokens", "--adapter", "outputs/tiny")


def test_chosen_sentences_come_best_first_with_suggestions(place: Path) -> None:
    said = annotate(*SELECT, "--number", "4", "--random", "2", "--out", "one")
    assert "12 sentences chosen by entropy-per-cost" in said.stdout
    assert "drawn at random besides: 2 sentences" in said.stdout
    assert "left out, repeated sentences: 2" in said.stderr
    chosen = rows(Path("one/selection.jsonl"))
    assert [row["rank"] for row in chosen] == [1, 2, 3, 4, 5, 6]
    assert [row["by"] for row in chosen] == ["entropy-per-cost"] * 4 + ["random"] * 2
    scores = [row["score"] for row in chosen[:4]]
    assert scores == sorted(scores, reverse=True)
    assert len({row["asked"] for row in chosen}) == 6
    corpus = labelled(Path("one"), "train")
    assert [sentence.id for sentence in corpus] == [row["id"] for row in chosen]
    assert [len(sentence.tokens) for sentence in corpus] == [row["tokens"] for row in chosen]
    assert [row["asked"] for row in rows(Path("one/provenance.jsonl"))] == [row["asked"] for row in chosen]
    selection = json.loads(Path("one/selection.json").read_text())
    assert (selection["pool"], selection["chosen"], selection["at_random"]) == (12, 4, 2)
    assert selection["left_out"] == {"repeated sentences": 2}
    best = {
        record["id"]: record["uncertainty"]["mean"] * record["uncertainty"]["choices"] for record in rows(Path("one/run/predictions.jsonl"))
    }  # fmt: skip
    by_hand = {row["asked"]: best[row["asked"]] / (5 + row["tokens"]) for row in chosen}
    assert [row["score"] for row in chosen] == pytest.approx(list(by_hand.values()))


def test_the_answers_are_kept_for_another_strategy_and_known_sentences_are_left_out(place: Path) -> None:
    annotate(*SELECT, "--number", "4", "--out", "two")
    again = annotate(*SELECT, "--strategy", "clusters", "--token-budget", "40", "--out", "two")
    assert "already there" in again.stderr
    assert json.loads(Path("two/selection.json").read_text())["tokens"] <= 40
    said = annotate(*SELECT, "--number", "3", "--not-in", "two", "--out", "three")
    assert "left out, sentences that have labels: " in said.stderr
    chosen = {sentence.tokens for sentence in labelled(Path("three"), "train")}
    assert not chosen & {sentence.tokens for sentence in labelled(Path("two"), "train")}


def test_where_chance_chooses_only_what_was_chosen_is_answered(place: Path) -> None:
    annotate(*SELECT, "--strategy", "random", "--number", "3", "--out", "four")
    assert len(rows(Path("four/run/predictions.jsonl"))) == 3
    assert len(labelled(Path("four"), "train")) == 3
    assert "--restart writes over them" in annotate(*SELECT, "--number", "3", "--out", "four", code=1).stderr


def test_mistakes_are_said_before_a_sentence_is_answered(place: Path, fake: Fake) -> None:
    assert "how much may be labelled?" in annotate(*SELECT, "--out", "five", code=1).stderr
    annotate(*SELECT, "--strategy", "random", "--number", "12", "--out", "six")
    said = annotate(*SELECT, "--number", "3", "--not-in", "six", "--out", "five", code=1).stderr
    assert "no sentence is left to choose from" in said
    server = ("--engine", "openai", "--base-url", fake.url, "--labels", "conll2003", "--number", "3", "--out", "five")
    said = annotate("select", "news.txt", *server, code=1).stderr
    assert "gives no uncertainty, which --strategy entropy-per-cost goes by" in said
    assert not fake.requests
    assert not Path("five").exists()
