"""Damaged outputs, corpus files, cards and prediction files: a short run of what `make verify` does a million times."""

from __future__ import annotations

from pathlib import Path

import pytest
from fuzzing import Fuzzer, Pool, Tally, fuzz_outputs, rounds, watched

from llms_meet_ner import Alignment, LabelSet, Sentence, Span
from llms_meet_ner.formats import format_names
from llms_meet_ner.formats.bracketed import BracketedFormat

CARDS = ("demo", "wikigold", "wnut17", "germeval2014_nested", "uner_en_ewt", "vitamins_supplements_ner")


def run(fuzzer: Fuzzer, *numbers: int) -> Tally:
    tally = Tally()
    for task in rounds("suite", *numbers, of_round=100):
        tally.add(fuzzer.run(task))
    assert [f"round {failure.seed}, {failure.kind}: {failure.what}" for failure in tally.failures] == []
    return tally


def test_damaged_outputs_of_the_embedded_corpus_are_read() -> None:
    tally = run(Fuzzer(None), 2000, 0, 200, 200)
    assert tally.tried["card"] == tally.tried["predictions file"] == 200
    assert tally.undamaged < tally.lengths.total() / 4


def test_damaged_outputs_of_real_corpora_are_read(corpora: Path) -> None:
    tally = run(Fuzzer(corpora, CARDS), 4000, 300, 0, 100)
    assert tally.median >= 20
    assert sum(count for kind, count in tally.statuses.items() if kind.endswith(", read")) >= 30  # not all are refused
    kinds = {kind for kind in tally.tried if kind.split()[0] in format_names()}
    assert kinds == {f"{name} {shape}" for name in format_names() for shape in ("flat", "nested")}


# The checks themselves: each breach is seen


def pool() -> Pool:
    sentence = Sentence("a/b/0", ("Ada", "met", "Bob", "."), (Span(0, 1, "PER"), Span(2, 3, "PER")))
    return Pool("a b", LabelSet.of("PER"), False, [sentence])


BREACHES = {
    "outside": Alignment((Span(3, 5, "PER"),), "repaired", ("added",)),
    "crossing": Alignment((Span(0, 2, "PER"), Span(1, 3, "PER")), "repaired", ("added",)),
    "nested": Alignment((Span(0, 3, "PER"), Span(1, 2, "PER")), "repaired", ("added",)),
    "another label": Alignment((Span(0, 1, "LOC"),), "repaired", ("added",)),
    "another status": Alignment((), "read", ()),  # type: ignore[arg-type]
    "an unknown reason": Alignment((), "repaired", ("so",)),
    "exact with a reason": Alignment((), "exact", ("added",)),
    "failed with spans": Alignment((Span(0, 1, "PER"),), "failed", ("empty",)),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_each_breach_is_a_failure(breach: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BracketedFormat, "parse", lambda self, text, tokens, labels: BREACHES[breach])
    assert fuzz_outputs(pool(), "bracketed", "s", 3).failures


def test_what_raises_or_never_ends_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fuzzing.PATIENCE", 0.05)

    def never(self: object, *said: object) -> Alignment:
        while True:
            pass

    monkeypatch.setattr(BracketedFormat, "parse", never)
    tally = fuzz_outputs(pool(), "bracketed", "s", 1)
    assert tally.failures[0].what.startswith("SlowError: more than 0.05 s of processor time")
    with watched(tally, "kind", "seed", lambda: "text"):
        raise RecursionError("deep")
    assert (tally.failures[-1].kind, tally.failures[-1].seed) == ("kind", "seed")
    assert tally.failures[-1].what.startswith("RecursionError: deep at test_fuzzed_outputs.py:")
    assert tally.failures[-1].what.endswith("; text")


def test_a_round_is_repeated_by_its_seed() -> None:
    fuzzer = Fuzzer(None)
    task = rounds("again", 200, 0, 0, 0)[0]
    one, other = fuzzer.run(task), fuzzer.run(task)
    assert (one.statuses, one.lengths) == (other.statuses, other.lengths)
    assert one.statuses
