"""Groups of entities by what the training split knows."""

from __future__ import annotations

from llms_meet_ner import Sentence, Span
from llms_meet_ner.eval import Counts
from llms_meet_ner.eval.analysis.groups import Known, score_groups


def test_groups_by_what_the_training_split_knows() -> None:
    def one(text: str, *spans: Span) -> Sentence:
        return Sentence("a/b/0", tuple(text.split()), spans)

    known = Known.of(
        "train", [one("Vaasa left", Span(0, 1, "LOC")), one("Vaasa Anna", Span(0, 1, "ORG"), Span(1, 2, "PER"))]
    )
    gold = one("Vaasa met Anna in Oslo", Span(0, 1, "LOC"), Span(2, 3, "LOC"), Span(4, 5, "LOC"))
    predicted = (Span(0, 1, "LOC"), Span(2, 3, "PER"), Span(4, 5, "LOC"))
    groups = score_groups([gold], [predicted], known)
    assert groups["mention in train"] == {
        "seen": Counts(1, 2, 1), "seen with other labels only": Counts(0, 0, 1), "unseen": Counts(1, 1, 1),
    }  # fmt: skip
    assert groups["labels in train"] == {
        "one label": Counts(0, 1, 1), "several labels": Counts(1, 1, 1), "unseen": Counts(1, 1, 1),
    }  # fmt: skip
    assert groups["entity length"] == {"1": Counts(2, 3, 3)}
    assert groups["sentence length"] == {"1-10": Counts(2, 3, 3)}
    assert list(score_groups([gold], [predicted], None)) == ["entity length", "sentence length"]


def test_very_long_mentions_are_told_apart_by_their_beginning_and_length() -> None:
    words = tuple(f"w{number}" for number in range(400))
    train, other = Sentence("a/b/0", words, (Span(0, 300, "LOC"),)), Sentence("a/b/1", words)
    known = Known.of("train", [train])
    assert known.labels_of(other, Span(0, 300, "ORG")) == ("LOC",)
    assert known.labels_of(other, Span(0, 299, "ORG")) == ()
    assert known.labels_of(other, Span(1, 301, "ORG")) == ()
    assert max(map(len, known.labels)) < 210
