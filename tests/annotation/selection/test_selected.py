"""What is chosen from a pool: by the strategy, and at random besides."""

from __future__ import annotations

from dataclasses import replace

from llms_meet_ner import Sentence
from llms_meet_ner.annotation.selection.batch import Budget
from llms_meet_ner.annotation.selection.selected import (
    Wish,
    chosen_rows,
    known_sentences,
    pick,
    pool_sha256,
    without_duplicates,
)
from llms_meet_ner.annotation.selection.strategies import Aids, Candidate, strategy_of
from llms_meet_ner.annotation.texts import Origin, Texts
from llms_meet_ner.records import Uncertainty

SENTENCES = [Sentence(f"x/{at:02}", (f"word{at}", "left", "on", f"day{at}")) for at in range(30)]
POOL = [Candidate(one.id, 4, Uncertainty(at / 100, at / 100, -at / 10, 4)) for at, one in enumerate(SENTENCES)]
WISH = Wish(strategy_of("mean-entropy"), Budget(sentences=5), 1, 5.0, None)


def test_the_strategy_chooses_from_what_was_not_drawn_at_random() -> None:
    assert pick(WISH, SENTENCES, POOL, Aids()).by_strategy == (29, 28, 27, 26, 25)
    picked = pick(replace(WISH, at_random=20), SENTENCES, POOL, Aids())
    assert len(picked.at_random) == 20
    rest = [at for at in range(29, -1, -1) if at not in picked.at_random]
    assert list(picked.by_strategy) == rest[:5]
    assert picked.order == (*picked.by_strategy, *picked.at_random)
    chosen = chosen_rows(picked, WISH, POOL, "news", "train")
    assert [row.by for row in chosen] == ["mean-entropy"] * 5 + ["random"] * 20
    assert chosen[0].id == "news/train/0"
    assert chosen[0].score == rest[0] / 100


def test_the_random_ones_are_drawn_whatever_the_strategy_prefers() -> None:
    by_entropy = pick(replace(WISH, at_random=6), SENTENCES, POOL, Aids())
    by_chance = pick(replace(WISH, at_random=6, strategy=strategy_of("random")), SENTENCES, POOL, Aids(seed=1))
    assert by_entropy.at_random == by_chance.at_random
    assert not set(by_chance.by_strategy) & set(by_chance.at_random)


def test_almost_equal_sentences_are_chosen_once() -> None:
    alike = [
        replace(one, tokens=("The", "same", "long", "sentence", "again", str(at % 2)))
        for at, one in enumerate(SENTENCES)
    ]
    picked = pick(replace(WISH, near=0.9, budget=Budget(sentences=1)), alike, POOL, Aids())
    assert picked.by_strategy == (29,)
    assert len(pick(replace(WISH, near=0.9), alike, POOL, Aids()).by_strategy) < 3
    beside = pick(replace(WISH, near=0.9, at_random=1), [alike[0]] * 29 + [SENTENCES[29]], POOL, Aids())
    assert beside.at_random != (29,)
    assert beside.by_strategy == (29,)  # all others are almost the same as the one that was drawn
    assert beside.near == 28


def test_each_text_is_asked_once_and_what_has_labels_not_at_all() -> None:
    texts = Texts("t", "train", (*SENTENCES[:3], SENTENCES[0]), (Origin(None),) * 4, {"lines without text": 2})
    left = without_duplicates(texts, {("word1", "left", "on", "day1")})
    assert [one.id for one in left.sentences] == ["x/00", "x/02"]
    assert left.left_out == {"lines without text": 2, "repeated sentences": 1, "sentences that have labels": 1}
    assert pool_sha256(left.sentences) != pool_sha256(texts.sentences)


def test_the_sentences_of_a_card_are_known_in_all_splits() -> None:
    assert len(known_sentences(["demo"])) > 500
