"""The labels of a model on the pool: matched by the ids that were asked, and refused where they say nothing about the pool."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from paths import DEMO
from simulated import CARD, PERSON

from llms_meet_ner import LmnError, Sentence
from llms_meet_ner.annotation.labelled_corpus import LabelledCorpus, write_corpus
from llms_meet_ner.annotation.provenance import LabellingSystem
from llms_meet_ner.annotation.simulation.llm_labels import read_llm_labels
from llms_meet_ner.annotation.simulation.pool import Pool, read_pool
from llms_meet_ner.annotation.texts import Texts, texts_of_split
from llms_meet_ner.data_converters import load_card
from llms_meet_ner.records import PredictionRecord, Uncertainty
from llms_meet_ner.sentence import tokens_sha1


def record(sentence: Sentence, status: str, entropy: float | None) -> PredictionRecord:
    spans = (PERSON,) if status == "exact" else ()
    uncertainty = None if entropy is None else Uncertainty(entropy / 2, entropy)
    return PredictionRecord(
        sentence.id, "out", tokens_sha1(sentence.tokens), "free", spans, status, (), None, uncertainty  # type: ignore[arg-type]
    )  # fmt: skip


def write_labels(
    folder: Path, pool: Pool, split: str = "train", shots: dict[str, Any] | None = None, entropy: float | None = 0.1
) -> Texts:
    """Write a labelled corpus, of which the first answer could not be read."""
    texts = texts_of_split(pool.card, split, DEMO)
    records = [
        record(one, "exact" if at else "failed", entropy and entropy * at) for at, one in enumerate(texts.sentences)
    ]
    corpus = LabelledCorpus("llm", "en", pool.card.labels, origin=pool.card)
    write_corpus(
        folder, corpus, texts, records, LabellingSystem("gpt", "xml", "gpt-1", "0" * 64), "2026-11-26T10:00:00+00:00"
    )
    (folder / "run").mkdir()
    (folder / "run" / "run.json").write_text(json.dumps({"plan_sha256": "0", "stamp": {"shots": shots}}))
    return texts


@pytest.fixture
def pool(workdir: Path) -> Pool:
    Path("mini.yaml").write_text(CARD)
    return read_pool(load_card("mini.yaml"), DEMO)


def test_labels_are_matched_by_the_id_that_was_asked_and_missing_ones_are_said(pool: Pool) -> None:
    texts = write_labels(Path("llm"), pool)
    labels = read_llm_labels(Path("llm"), pool)
    assert set(labels.sentences) == {one.id for one in texts.sentences[1:]}
    gold = pool.train[3]
    assert labels.sentences[gold.id].tokens == gold.tokens
    assert labels.sentences[gold.id].spans == (PERSON,)
    assert labels.certainties[gold.id] == pytest.approx(-0.3)
    assert (labels.missing, labels.examples) == (1, ())
    assert "sentences of the pool without labels of the model, left out of what it has labelled: 1" in labels.lines()
    changed = replace(labels, sentences=labels.sentences | {gold.id: gold})
    surer = replace(labels, certainties=labels.certainties | {gold.id: 0.0})
    assert len({one.labels_sha256 for one in (labels, changed, surer)}) == 3
    assert labels.labels_sha256 == read_llm_labels(Path("llm"), pool).labels_sha256
    write_labels(Path("sure"), pool, entropy=None)
    assert not read_llm_labels(Path("sure"), pool).certainties


def test_labels_of_another_split_or_with_other_labels_are_refused(pool: Pool) -> None:
    write_labels(Path("llm"), pool, split="dev")
    with pytest.raises(LmnError, match="has no sentence of the pool, mini train"):
        read_llm_labels(Path("llm"), pool)
    with pytest.raises(LmnError, match="name a folder that lmn-annotate run has written"):
        read_llm_labels(Path("none"), pool)


@pytest.mark.parametrize(
    ("shots", "examples"),
    [
        (
            {"number": 2, "dataset": "mini train", "ids": ["mini/train/1", "mini/train/2"]},
            ["mini/train/1", "mini/train/2"],
        ),
        ({"number": 0, "dataset": None, "ids": None}, []),
        ({"number": 2, "dataset": "other train", "ids": ["other/train/1"]}, []),
        ({"number": 2, "dataset": "mini-news train", "ids": ["mini-news/train/1"]}, []),
        ({"number": 1, "dataset": "mini.short_dev", "ids": None}, None),
    ],
)
def test_gold_that_the_model_was_shown_has_been_paid_for(
    pool: Pool, shots: dict[str, Any], examples: list[str] | None
) -> None:
    write_labels(Path("llm"), pool, shots=shots)
    labels = read_llm_labels(Path("llm"), pool)
    assert [one.id for one in labels.examples] == ([one.id for one in pool.dev] if examples is None else examples)
    few = read_pool(pool.card, DEMO, dev_sentences=5)
    assert len(read_llm_labels(Path("llm"), few).examples) == len(labels.examples)
    assert any("charged to every regime" in line for line in labels.lines()) == bool(labels.examples)


@pytest.mark.parametrize(
    ("shots", "message"),
    [
        ({"number": 2, "dataset": "mini test", "ids": ["mini/test/1"]}, "gold of the test split"),
        ({"number": 2, "dataset": "mini train", "ids": None}, "from all the gold of the pool"),
        ({"number": 2, "dataset": "mini train", "ids": ["mini/train/99"]}, "was shown mini/train/99, whose words"),
        ({"number": 2, "dataset": "mini_rest", "ids": None}, "gold of mini_rest, which is not train"),
    ],
)
def test_gold_of_test_or_of_the_whole_pool_is_refused(pool: Pool, shots: dict[str, Any], message: str) -> None:
    write_labels(Path("llm"), pool, shots=shots)
    with pytest.raises(LmnError, match=message):
        read_llm_labels(Path("llm"), pool)
