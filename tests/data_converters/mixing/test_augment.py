"""Augmentation: mentions replaced by others of their label, in the training split and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from converting import run
from hypothesis import given
from hypothesis import strategies as st

from llms_meet_ner import LmnError, Sentence, Span
from llms_meet_ner.data_converters import load_card, read_corpus
from llms_meet_ner.data_converters.mixing.augment import Augmentation, added_sentences
from llms_meet_ner.sentence import DOCSTART
from llms_meet_ner.training.dataset_info import load_entry, sibling

ALPACA = Path("data/alpaca")
TRAIN = [
    Sentence("c/train/0", ("Ada", "met", "Bo", "Li"), (Span(0, 1, "PER"), Span(2, 4, "PER"))),
    Sentence("c/train/1", ("in", "Rome"), (Span(1, 2, "LOC"),)),
    Sentence("c/train/2", ("from", "New", "York", "."), (Span(1, 3, "LOC"),)),
    Sentence("c/train/3", ("nobody",)),
]


@st.composite
def corpora(draw: st.DrawFn) -> list[Sentence]:
    """Flat sentences whose tokens outside of entities are small letters and inside capital ones."""
    sentences = []
    for number in range(draw(st.integers(1, 8))):
        tokens: list[str] = []
        spans: list[Span] = []
        for _ in range(draw(st.integers(1, 4))):
            tokens += draw(st.lists(st.sampled_from("abc"), max_size=2))
            start = len(tokens)
            tokens += draw(st.lists(st.sampled_from("XYZ"), min_size=1, max_size=3))
            spans.append(Span(start, len(tokens), draw(st.sampled_from(["P", "Q"]))))
        sentences.append(Sentence(f"c/train/{number}", tuple(tokens), tuple(spans)))
    return sentences


def outside(sentence: Sentence) -> list[tuple[str, ...]]:
    """The tokens before, between and after the entities."""
    places = [0, *(place for span in sentence.spans for place in (span.start, span.end)), len(sentence.tokens)]
    return [sentence.tokens[start:end] for start, end in zip(places[::2], places[1::2])]


def mentions(sentences: list[Sentence]) -> set[tuple[str, tuple[str, ...]]]:
    return {(span.label, s.tokens[span.start : span.end]) for s in sentences for span in s.spans}


@given(corpora(), st.floats(0.1, 4), st.integers(0, 5))
def test_all_but_the_mentions_stays_and_mentions_come_from_the_split(
    own: list[Sentence], share: float, seed: int
) -> None:
    augmentation = Augmentation("train", share, seed)
    try:
        added = added_sentences(own, augmentation)
    except LmnError:
        return
    assert added == added_sentences(own, augmentation)
    assert 0 < len(added) <= round(share * len(own))
    by_id = {sentence.id: sentence for sentence in own}
    for new in added:
        old = by_id[new.id.partition("#aug")[0]]
        assert outside(new) == outside(old)
        assert [span.label for span in new.spans] == [span.label for span in old.spans]
        assert new.tokens != old.tokens
    assert mentions(added) <= mentions(own)
    assert len({s.tokens for s in added} | {s.tokens for s in own}) == len(added) + len({s.tokens for s in own})
    assert len({sentence.id for sentence in added}) == len(added)


def test_every_sentence_is_used_once_before_one_is_used_again() -> None:
    added = added_sentences(TRAIN, Augmentation("train", 1, 3))
    assert sorted(sentence.id for sentence in added) == [
        "c/train/0#aug1", "c/train/0#aug2", "c/train/1#aug1", "c/train/2#aug1",
    ]  # fmt: skip
    assert {"in New York", "from Rome ."} <= {sentence.text for sentence in added}


def test_another_seed_draws_otherwise_and_minus_docstart_minus_lines_do_not_count() -> None:
    train = list(read_corpus("demo", "train"))
    docstarts = [Sentence(f"d/{number}", (DOCSTART,)) for number in range(200)]
    one = added_sentences([*docstarts, *train], Augmentation("train", 0.25))
    assert len(one) == 100
    assert [s.tokens for s in one] == [s.tokens for s in added_sentences(train, Augmentation("train", 0.25))]
    assert [s.tokens for s in one] != [s.tokens for s in added_sentences(train, Augmentation("train", 0.25, 1))]


def test_nested_sentences_are_left_out_and_lend_no_mention() -> None:
    nested = Sentence("c/train/9", ("FC", "Bonn", "won"), (Span(0, 2, "ORG"), Span(1, 2, "LOC")))
    added = added_sentences([*TRAIN, nested], Augmentation("train", 5))
    assert not any(sentence.id.startswith("c/train/9") or "Bonn" in sentence.tokens for sentence in added)


def test_a_label_with_one_mention_gives_nothing() -> None:
    with pytest.raises(
        LmnError, match="has no mention that another one with its label could replace; leave --augment out"
    ):
        added_sentences([TRAIN[1], TRAIN[1], TRAIN[3]], Augmentation("train", 1))
    with pytest.raises(
        LmnError, match=r"--augment 0\.1: this share of the 4 sentences of split train is less than one sentence"
    ):
        added_sentences(TRAIN, Augmentation("train", 0.1))


def test_the_command_adds_to_the_training_split_alone_and_says_so_everywhere(workdir: Path) -> None:
    result = run("demo", "--augment", "0.5", "--seed", "7")
    assert result.stdout.splitlines()[-2:] == [
        "train: 200 of the 600 sentences are copies with replaced mentions (share 0.5, seed 7)",
        "3 data sets in data/alpaca/dataset_info.json",
    ]
    assert sorted(path.name for path in ALPACA.glob("[!.]*")) == [
        "dataset_info.json", "demo.aug50-seed7_train.json", "demo_testa.json", "demo_testb.json",
    ]  # fmt: skip
    rows = json.loads((ALPACA / "demo.aug50-seed7_train.json").read_text())
    assert [row["id"] for row in rows[:400]] == [sentence.id for sentence in read_corpus("demo", "train")]
    assert all(row["id"].endswith("#aug1") for row in rows[400:])
    info = json.loads((ALPACA / "dataset_info.json").read_text())
    assert info["demo.aug50-seed7_train"]["lmn"]["augmented"] == {"share": 0.5, "seed": 7, "sentences": 200}
    assert info["demo_testb"]["lmn"]["augmented"] is None


def test_prediction_finds_the_sentences_of_the_corpus_and_not_those_added(workdir: Path) -> None:
    run("demo", "--augment", "1")
    entry = load_entry(ALPACA, "demo.aug100_train")
    assert sibling(ALPACA, entry, "testa").name == "demo_testa"
    with pytest.raises(LmnError, match=r"demo\.aug100_train \(another number of sentences: it is augmented\)"):
        sibling(ALPACA, entry, "train")
    run("demo", "--split", "train")
    assert sibling(ALPACA, entry, "train").name == "demo_train"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--augment", "0"], "--augment 0: the share of sentences to add is a number above 0; 0.5 adds half as many"),
        (["--augment", "nan"], "--augment nan: the share of sentences to add is a number above 0"),
        (["--augment", "inf"], "--augment inf: the share of sentences to add is a number above 0"),
        (["--augment", "1", "--augment-split", "testb"], "split testb is for scoring, and is not augmented; --augment-split names"),
        (["--augment", "1", "--augment-split", "x"], "has no split 'x'; it has: train, testa, testb"),
        (["--augment", "1", "--split", "testa"], "--augment adds to split train, which is not converted now; name it with --split too"),
        (["--seed", "1"], "--seed and --augment-split belong to --augment SHARE, which is not given"),
    ],
)  # fmt: skip
def test_mistakes_get_one_line(workdir: Path, arguments: list[str], message: str) -> None:
    assert message in run("demo", *arguments, code=1).stderr
    assert not ALPACA.exists()


def test_without_a_split_called_train_it_is_the_first_one_unless_that_is_held_out(workdir: Path) -> None:
    (workdir / "a.yaml").write_text("extends: conll2003\nsplits: {fit: eng.train, test: eng.testb}\n")
    (workdir / "b.yaml").write_text("extends: conll2003\nsplits: {dev: eng.train, fit: eng.testb}\n")
    splits = {name: load_card(f"{name}.yaml") for name in "ab"}
    chosen = Augmentation.of(splits["a"], ("fit",), 1.0, None, None)
    assert chosen == Augmentation("fit", 1.0, 0)
    with pytest.raises(LmnError, match="split dev is for scoring"):
        Augmentation.of(splits["b"], ("dev",), 1.0, None, None)
