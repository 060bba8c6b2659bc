"""The data of a simulation: no text is in two places, and what is left out is counted."""

from __future__ import annotations

from pathlib import Path

import pytest
from paths import DEMO

from llms_meet_ner import LmnError, Sentence
from llms_meet_ner.annotation.simulation.pool import read_pool, separated, tokens_of
from llms_meet_ner.data_converters import load_card

MINI = """\
extends: demo
name: mini
splits:
  train: {file: demo.train, sentences: "0:40"}
  dev: {file: demo.train, sentences: "30:50"}
  test: {file: demo.testb, sentences: "0:20"}
"""


def of(name: str, *texts: str) -> list[Sentence]:
    return [Sentence(f"{name}/{number}", tuple(text.split())) for number, text in enumerate(texts)]


def test_a_text_stays_in_one_place_test_before_dev_before_the_pool() -> None:
    pool = separated(
        load_card("demo"),
        of("train", "In test", "in DEV", "new", "New", "ｎｅｗ", "-DOCSTART-", "ﬁne words"),
        of("dev", "in dev", "IN TEST", "fine words"),
        of("test", "in test", "In test"),
    )
    assert [sentence.text for sentence in pool.train] == ["new"]
    assert [sentence.text for sentence in pool.dev] == ["in dev", "fine words"]
    assert [sentence.text for sentence in pool.test] == ["in test"]
    assert pool.left_out == {
        "sentences of test that stand in test before": 1,
        "sentences of dev that stand in test": 1,
        "sentences of pool that stand in test": 1,
        "sentences of pool that stand in dev": 2,
        "sentences of pool that stand in pool before": 2,
        "document separators of pool": 1,
    }
    assert "left out, sentences of pool that stand in dev: 2" in pool.lines()
    assert tokens_of(pool.dev) == 4


def test_a_pool_is_read_from_the_files_of_a_corpus(workdir: Path) -> None:
    Path("mini.yaml").write_text(MINI)
    card = load_card("mini.yaml")
    pool = read_pool(card, DEMO, dev_sentences=15)
    assert (len(pool.train), len(pool.dev), len(pool.test)) == (30, 15, 20)
    assert pool.left_out == {"sentences of pool that stand in dev": 10}
    whole = read_pool(card, DEMO).dev
    assert pool.dev != whole[:15]  # which would be a few documents
    assert sorted((*pool.dev, *pool.other_dev), key=whole.index) == list(whole)
    assert list(pool.dev) == sorted(pool.dev, key=whole.index)
    assert (
        pool.dev == read_pool(card, DEMO, dev_sentences=15).dev != read_pool(card, DEMO, dev_sentences=15, seed=1).dev
    )
    with pytest.raises(LmnError, match="holds 20 sentences"):
        read_pool(card, DEMO, dev_sentences=21)
    with pytest.raises(LmnError, match="three splits"):
        read_pool(card, DEMO, ("train", "dev", "dev"))
