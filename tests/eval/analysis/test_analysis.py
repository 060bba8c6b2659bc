"""Pairs of entities, confusion, tags, groups and intervals: against other ways of counting, and against counts that others wrote."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from drawn import LABELS, corpora_with_predictions
from hypothesis import given, settings
from hypothesis import strategies as st
from nervaluate import Evaluator
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from llms_meet_ner import Alignment, Sentence, Span
from llms_meet_ner.data_converters import load_card, read_corpus
from llms_meet_ner.eval import Counts, score
from llms_meet_ner.eval.analysis import analyse, examine, pair_up
from llms_meet_ner.eval.analysis.groups import Known, score_groups
from llms_meet_ner.eval.analysis.resampling import differences, intervals
from llms_meet_ner.eval.cli.score import main
from llms_meet_ner.eval.scored_run.differences import KINDS, Analysis, ExaminedSentence, Interval, Pair, count_kinds
from llms_meet_ner.eval.scored_run.files import sentence_line
from llms_meet_ner.eval.scored_run.scores import SCENARIOS
from llms_meet_ner.eval.scoring.counts import scenario_counts
from llms_meet_ner.tags import encode
from llms_meet_ner.typed_json import from_json, to_json

Drawn = tuple[list[Sentence], list[Alignment]]


def paired(sentences: list[Sentence], alignments: list[Alignment]) -> list[tuple[Pair, ...]]:
    return [pair_up(sentence.spans, alignment.spans) for sentence, alignment in zip(sentences, alignments)]


def analysed(sentences: list[Sentence], alignments: list[Alignment]) -> Analysis:
    return analyse(sentences, alignments, paired(sentences, alignments), LABELS)


def kinds(gold: list[Span], predicted: list[Span]) -> list[str]:
    return [pair.kind for pair in pair_up(gold, predicted)]


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"),
    [
        ([(0, 2, "PER")], [(0, 2, "PER")], ["correct"]),
        ([(0, 2, "PER")], [(0, 1, "PER")], ["boundary"]),
        ([(0, 2, "PER")], [(0, 2, "LOC")], ["type"]),
        ([(0, 2, "PER")], [(1, 3, "LOC")], ["both"]),
        ([(0, 2, "PER")], [(2, 3, "PER")], ["missed", "spurious"]),
        ([(0, 3, "PER")], [(0, 1, "PER"), (1, 3, "PER")], ["boundary", "spurious"]),  # the larger overlap
        (
            [(0, 3, "PER")],
            [(0, 2, "LOC"), (2, 3, "PER")],
            ["boundary", "spurious"],
        ),  # the same label before a larger overlap
        ([(0, 1, "PER"), (1, 2, "LOC")], [(0, 2, "PER")], ["boundary", "missed"]),
        ([(0, 3, "ORG"), (0, 1, "LOC")], [(0, 3, "ORG"), (0, 1, "PER")], ["correct", "type"]),  # nested
        ([(0, 3, "ORG"), (0, 3, "LOC")], [(0, 3, "ORG"), (0, 3, "PER")], ["correct", "type"]),  # the same tokens twice
    ],
)
def test_each_kind_of_error(
    gold: list[tuple[int, int, str]], predicted: list[tuple[int, int, str]], expected: list[str]
) -> None:
    found = kinds([Span(*span) for span in gold], [Span(*span) for span in predicted])
    assert Counter(found) == Counter(expected)


SPANS = st.lists(
    st.builds(lambda start, length, label: Span(start, start + length, label), st.integers(0, 8), st.integers(1, 4), st.sampled_from(LABELS)),
    max_size=6, unique=True,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(SPANS, SPANS)
def test_every_entity_is_in_one_pair_and_the_kind_is_what_the_pair_is(gold: list[Span], predicted: list[Span]) -> None:
    pairs = pair_up(gold, predicted)
    assert sorted(pair.gold for pair in pairs if pair.gold) == sorted(gold)
    assert sorted(pair.predicted for pair in pairs if pair.predicted) == sorted(predicted)
    for pair in pairs:
        if pair.gold is None or pair.predicted is None:
            assert pair.kind == ("missed" if pair.gold else "spurious")
            continue
        one, other = pair.gold, pair.predicted
        assert one.start < other.end
        assert other.start < one.end
        same_span, same_label = one.start == other.start and one.end == other.end, one.label == other.label
        assert pair.kind == {(True, True): "correct", (True, False): "type", (False, True): "boundary"}.get(
            (same_span, same_label), "both"
        )
    alone = [pair for pair in pairs if pair.kind in ("missed", "spurious")]
    for pair in alone:  # what overlaps a free entity is taken
        for other in alone:
            if pair.gold and other.predicted:
                assert pair.gold.end <= other.predicted.start or other.predicted.end <= pair.gold.start
    assert pair_up(gold[::-1], predicted[::-1]) == pairs


@pytest.mark.filterwarnings("ignore:A single label was found")
@settings(max_examples=40, deadline=None)
@given(corpora_with_predictions())
def test_counts_add_up_to_the_scores_and_tags_to_those_of_scikit_learn(data: Drawn) -> None:
    sentences, alignments = data
    analysis, scores = analysed(sentences, alignments), score(sentences, alignments)
    document = to_json(analysis)
    assert from_json(Analysis, json.loads(json.dumps(document)), "here") == analysis
    everything = document["errors"]["all"]
    assert list(everything) == list(KINDS)
    both = sum(everything[kind] for kind in ("correct", "boundary", "type", "both"))
    assert (everything["correct"], both + everything["spurious"], both + everything["missed"]) == (
        scores.micro.correct, scores.micro.predicted, scores.micro.gold,
    )  # fmt: skip
    assert sum((count_kinds(pairs).counts for pairs in paired(sentences, alignments)), Counts()) == scores.micro
    matrix = document["confusion"]
    assert sum(map(sum, matrix["rows"])) == sum(everything.values())
    for label, row in document["errors"]["labels"].items():
        at = matrix["names"].index(label)
        assert matrix["rows"][at][at] == row["correct"] + row["boundary"]
        assert matrix["rows"][at][-1] == row["missed"]
        assert matrix["rows"][-1][at] == row["spurious"]
    for groups in analysis.groups.values():
        assert sum(groups.values(), Counts()) == scores.micro

    gold = [tag for sentence in sentences for tag in encode(sentence.spans, len(sentence.tokens))]
    predicted = [tag for s, a in zip(sentences, alignments) for tag in encode(a.spans, len(s.tokens))]
    tags = document["tags"]
    names = tags["confusion"]["names"]
    assert tags["confusion"]["rows"] == confusion_matrix(gold, predicted, labels=names).tolist()
    assert tags["accuracy"] == pytest.approx(np.mean([one == other for one, other in zip(gold, predicted)]))
    theirs = precision_recall_fscore_support(gold, predicted, labels=list(tags["pooled"]), zero_division=0)
    for key, values in zip(("precision", "recall", "f1", "gold"), theirs):
        assert [row[key] for row in tags["pooled"].values()] == pytest.approx(list(values))
    for tag, row in tags["pooled"].items():
        assert row["accuracy"] == pytest.approx(np.mean([(a == tag) == (b == tag) for a, b in zip(gold, predicted)]))


@settings(max_examples=25, deadline=None)
@given(corpora_with_predictions())
def test_averages_over_sentences_are_those_of_scikit_learn_sentence_by_sentence(data: Drawn) -> None:
    sentences, alignments = data
    document = to_json(analysed(sentences, alignments))["tags"]
    found = document["averaged_over_sentences"]
    rows = [(encode(s.spans, len(s.tokens)), encode(a.spans, len(s.tokens))) for s, a in zip(sentences, alignments)]
    for tag, averages in found.items():
        theirs = [
            [float(values[0]) for values in precision_recall_fscore_support(one, other, labels=[tag], zero_division=0)]
            for one, other in rows
        ]
        assert [averages[key] for key in ("precision", "recall", "f1", "support")] == pytest.approx(
            np.mean(theirs, axis=0)
        )
        assert averages["accuracy"] == pytest.approx(
            np.mean([np.mean([(a == tag) == (b == tag) for a, b in zip(one, other)]) for one, other in rows])
        )
        there = [row for row, (one, other) in zip(theirs, rows) if tag in one or tag in other]
        present = document["averaged_over_sentences_with_the_tag"][tag]
        assert [present[key] for key in ("precision", "recall", "f1")] == pytest.approx(np.mean(there, axis=0)[:3])
    assert sum(row["support"] for row in found.values()) == pytest.approx(np.mean([len(one) for one, _ in rows]))


@settings(max_examples=150, deadline=None)
@given(corpora_with_predictions())
def test_nervaluate_by_sentence_adds_up_to_its_own_sums(data: Drawn) -> None:
    sentences, alignments = data
    found = [scenario_counts(s.spans, a.spans) for s, a in zip(sentences, alignments)]
    gold = [encode(s.spans, len(s.tokens)) for s in sentences]
    predicted = [encode(a.spans, len(s.tokens)) for s, a in zip(sentences, alignments)]
    theirs = Evaluator(gold, predicted, tags=list(LABELS), loader="list").evaluate()["overall"]
    for at, name in enumerate(SCENARIOS):
        for key in ("correct", "incorrect", "partial", "missed", "spurious"):
            assert sum(getattr(row[at], key) for row in found) == getattr(theirs[name], key)


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


def ends(interval: Interval) -> tuple[float, float]:
    return interval.low, interval.high


def test_an_interval_is_that_of_a_plain_bootstrap_and_covers_what_it_should() -> None:
    random = np.random.default_rng(1)
    counts = [Counts(int(c), int(c + p), int(c + g)) for c, p, g in random.integers(0, 3, size=(400, 3))]
    found = intervals(counts, [0] * 400, [], resamples=4000).micro
    plain = []
    for _ in range(4000):
        drawn = [counts[at] for at in random.integers(0, 400, size=400)]
        plain.append(sum(one.correct for one in drawn) / sum(one.predicted for one in drawn))
    assert ends(found.precision) == pytest.approx(np.quantile(plain, [0.025, 0.975]), abs=0.004)
    assert intervals(counts, [0] * 400, []) == intervals(counts, [0] * 400, [])
    assert intervals(counts, [0] * 400, [], seed=1) != intervals(counts, [0] * 400, [])
    total = sum(counts, Counts())
    covered = 0
    for _ in range(100):  # samples of a population of these sentences
        sample = [counts[at] for at in random.integers(0, 400, size=200)]
        low, high = ends(intervals(sample, [0] * 200, []).micro.f1)
        covered += low <= total.f1 <= high
    assert covered >= 85


def test_intervals_hold_the_scores_and_are_points_where_all_sentences_are_alike() -> None:
    same = intervals([Counts(1, 2, 2)] * 50, [1] * 50, []).scores
    assert ends(same["micro"].f1) == (0.5, 0.5)
    assert ends(same["micro_with_ungrounded"].precision) == (pytest.approx(1 / 3), pytest.approx(1 / 3))


def test_the_paired_test_gives_the_p_value_of_all_exchanges() -> None:
    first = [Counts(1, 1, 1)] * 3 + [Counts(0, 1, 1)] * 2 + [Counts(1, 1, 2)] * 4
    second = [Counts(0, 1, 1)] * 2 + [Counts(1, 2, 1)] + [Counts(1, 1, 1)] + [Counts(0, 0, 1)] + [Counts(1, 1, 2)] * 4

    def gap(one: list[Counts], other: list[Counts]) -> float:
        return sum(other, Counts()).f1 - sum(one, Counts()).f1

    observed = gap(first, second)
    reached = 0
    for number in range(2**9):
        pairs = [(b, a) if number >> at & 1 else (a, b) for at, (a, b) in enumerate(zip(first, second))]
        reached += abs(gap([a for a, _ in pairs], [b for _, b in pairs])) >= abs(observed) - 1e-12
    f1 = differences(first, second, trials=40_000)[2]
    assert (f1.name, f1.value) == ("f1", pytest.approx(observed))
    assert f1.p_value == pytest.approx(reached / 2**9, abs=0.01)
    same = differences(first, first)
    assert all((one.value, one.p_value, one.interval) == (0, 1, (0, 0)) for one in same)
    with pytest.raises(ValueError, match="9 sentences and 8"):
        differences(first, second[1:])


def test_chance_alone_is_seldom_significant() -> None:
    random = np.random.default_rng(0)
    p_values = []
    for _ in range(100):
        runs = [[Counts(int(right), 1, 1) for right in random.random(60) < 0.7] for _ in range(2)]
        p_values.append(differences(*runs, resamples=10, trials=500)[2].p_value)
    assert sum(value < 0.05 for value in p_values) <= 12


@settings(max_examples=50, deadline=None)
@given(corpora_with_predictions(), corpora_with_predictions(), st.text(max_size=20))
def test_a_line_of_the_sentences_reads_back(data: Drawn, train: Drawn, output: str) -> None:
    sentences, alignments = data
    output = output.encode("utf-8", "replace").decode()
    known, pairs = Known.of("train", train[0]), paired(sentences, alignments)
    analysis = analyse(sentences, alignments, pairs, LABELS, known=known)
    rows = list(examine(sentences, [output] * len(sentences), alignments, pairs, known))
    assert [from_json(ExaminedSentence, json.loads(sentence_line(row)), "here") for row in rows] == rows
    assert [row.predicted for row in rows] == [alignment.spans for alignment in alignments]
    ambiguity = Counter(
        "unseen" if not labels else "one label" if len(labels) == 1 else "several labels"
        for row in rows
        for labels in row.known or ()
    )
    groups = analysis.groups["labels in train"]
    assert ambiguity == Counter({name: counts.gold for name, counts in groups.items()})


# the commands


def predictions(path: Path, wrong: tuple[str, str]) -> Iterator[str]:
    """Write the demo's gold as predictions, with one thing replaced."""
    from llms_meet_ner import get_format

    with path.open("w", encoding="utf-8") as file:
        for sentence in read_corpus(load_card("demo"), "testb"):
            output = get_format("bracketed").render(sentence).replace(*wrong)
            file.write(json.dumps({"id": sentence.id, "output": output, "decoding": "free"}) + "\n")
            yield output


def evaluated(folder: str, wrong: tuple[str, str], *words: str) -> str:
    Path(folder).mkdir()
    list(predictions(Path(folder) / "p.jsonl", wrong))
    result = CliRunner().invoke(
        main, ["--corpus", "demo", "--split", "testb", "--predictions", f"{folder}/p.jsonl", *words]
    )
    assert result.exit_code == 0, result.output
    return result.stdout


def compared(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(main, ["compare", *words])
    assert result.exit_code == code, result.output
    return result.stdout if code == 0 else result.stderr


def test_two_runs_are_compared_and_what_differs_is_named(workdir: Path) -> None:
    evaluated("a", ("| LOC]", "| ORG]"))
    evaluated("b", ("| PER]", "| MISC]"))
    text = compared("a", "b", "--json", "c.json")
    assert text.splitlines()[:2] == ["A  a/scores.json", "B  b/scores.json"]
    document = json.loads(Path("c.json").read_text())
    only_first, only_second = document["only_first"], document["only_second"]
    assert f"gold entities that only A found: {only_first}; only B: {only_second}; of 154" in text
    gold = Counter(span.label for sentence in read_corpus(load_card("demo"), "testb") for span in sentence.spans)
    assert (only_first, only_second) == (gold["PER"], gold["LOC"])
    assert document["differences"]["recall"]["value"] == pytest.approx((gold["LOC"] - gold["PER"]) / 154)
    assert document["differing"] == []
    scores = json.loads(Path("b/scores.json").read_text())
    untrained = {"number": 0, "rule": None, "seed": None, "dataset": None, "ids": None, "sha256": None}
    other = {"decoding": "constrained", "split": "testa", "shots": untrained, "label_origins": {"GPE": "LOC"}}
    Path("b/scores.json").write_text(json.dumps(scores | other))
    lines = compared("a", "b").splitlines()[2:6]
    assert lines == [
        "they differ in split: testb (A); testa (B)",
        "they differ in decoding: free (A); constrained (B)",
        "they differ in examples: none (A); 0, without training (B)",
        "they differ in labels: as the corpus has them (A); GPE -> LOC (B)",
    ]
    shown = {**untrained, "number": 1, "rule": "nearest", "dataset": "d", "sha256": 64 * "1"}
    for folder, sha256 in (("a", 64 * "1"), ("b", 64 * "2")):
        scores = json.loads(Path(folder, "scores.json").read_text())
        Path(folder, "scores.json").write_text(json.dumps(scores | {"shots": {**shown, "sha256": sha256}}))
    told = "1, without training; nearest, of d (SHA-256"
    assert f"they differ in examples: {told} {12 * '1'}) (A); {told} {12 * '2'}) (B)" in compared("a", "b")


def test_what_cannot_be_compared_is_refused(workdir: Path) -> None:
    evaluated("a", ("| LOC]", "| ORG]"))
    assert "b: no such file; lmn-eval writes it" in compared("a", "b", code=1)
    evaluated("b", ("| PER]", "| MISC]"))
    lines = Path("b/sentences.jsonl").read_text().splitlines(keepends=True)
    Path("b/sentences.jsonl").write_text("".join(lines[:-1]))
    assert "100 and 99 sentences, so no pairs can be made" in compared("a", "b", code=1)
    changed = json.loads(lines[0])
    changed["tokens"][0] += "x"
    Path("b/sentences.jsonl").write_text(json.dumps(changed) + "\n" + "".join(lines[1:]))
    assert "other tokens in demo/testb/" in compared("a", "b", code=1)
    Path("b/sentences.jsonl").write_text("{}\n")
    assert "b/sentences.jsonl:1: not as lmn-eval writes it (id is missing); score the run again" in compared(
        "a", "b", code=1
    )
    Path("b/sentences.jsonl").unlink()
    assert "b/sentences.jsonl: no such file; score the run again" in compared("a", "b", code=1)
    Path("b/scores.json").write_text("{}")
    assert "score the run again" in compared("a", "b", code=1)


def test_the_markdown_report_has_the_large_tables_too(workdir: Path) -> None:
    text = evaluated("a", ("| LOC]", "| ORG]"), "--report", "markdown")
    assert "| labels | " in text
    assert "| tags, averaged | accuracy | precision | recall | f1 | support |" in text
    assert "| B-LOC | " in text
    assert "| unseen | " in text
    assert "\ntrain: train\n" in text
