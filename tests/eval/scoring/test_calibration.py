"""Confidences from records to scores: calibration against scikit-learn and by hand, --min-confidence, and records that are damaged."""

from __future__ import annotations

import json
import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from conll_predictions import constrained_rows, score_rows, scores_of
from hypothesis import given, settings
from hypothesis import strategies as st
from paths import CONLL
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters import load_card, prompt_spec_of, read_corpus
from llms_meet_ner.eval import Counts
from llms_meet_ner.eval.cli.score import main
from llms_meet_ner.eval.scored_run.files import load_evaluation
from llms_meet_ner.eval.scored_run.trust import BINS
from llms_meet_ner.eval.scoring.calibration import THRESHOLDS, calibrate, summarise_uncertainty
from llms_meet_ner.records import Uncertainty

judged_entities = st.lists(st.tuples(st.floats(0, 1).map(lambda value: round(value, 6)), st.booleans()), min_size=1)


def test_by_hand() -> None:
    judged = [(0.95, True), (0.91, True), (0.93, False), (0.55, False), (0.0, False), (0.1, True)]
    found = calibrate(judged, gold=5)
    assert [(row.predicted, row.correct) for row in found.bins] == [
        (2, 1),
        *[(0, 0)] * 4,
        (1, 0),
        *[(0, 0)] * 3,
        (3, 2),
    ]
    first, sixth, last = found.bins[0], found.bins[5], found.bins[9]
    assert (first.gap, sixth.gap, last.gap) == pytest.approx((0.5 - 0.05, 0.55, 0.93 - 2 / 3))
    assert found.expected_calibration_error == pytest.approx((2 * 0.45 + 1 * 0.55 + 3 * (0.93 - 2 / 3)) / 6)
    assert found.maximum_calibration_error == pytest.approx(0.55)
    assert found.brier == pytest.approx((0.05**2 + 0.09**2 + 0.93**2 + 0.55**2 + 0 + 0.9**2) / 6)
    kept = {row.least: row.counts for row in found.thresholds}
    assert [kept[threshold] for threshold in (0.0, 0.5, 0.9, 0.95, 0.99)] == [
        Counts(3, 6, 5), Counts(2, 4, 5), Counts(2, 3, 5), Counts(1, 1, 5), Counts(0, 0, 5),
    ]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(judged_entities)
def test_as_scikit_learn_counts(judged: list[tuple[float, bool]]) -> None:
    found = calibrate(judged, gold=len(judged))
    confidences, correct = map(np.array, zip(*judged))
    accuracy, confidence = calibration_curve(correct, confidences, n_bins=BINS)
    filled = [row for row in found.bins if row.predicted]
    assert [row.accuracy for row in filled] == pytest.approx(list(accuracy))
    assert [row.confidence for row in filled] == pytest.approx(list(confidence))
    weights = [row.predicted / len(judged) for row in filled]
    assert found.expected_calibration_error == pytest.approx(float(np.dot(weights, np.abs(accuracy - confidence))))
    assert found.brier == pytest.approx(brier_score_loss(correct, confidences))
    assert 0 <= found.expected_calibration_error <= found.maximum_calibration_error + 1e-12 <= 1 + 2e-12


@settings(max_examples=30, deadline=None)
@given(judged_entities)
def test_thresholds_keep_ever_fewer(judged: list[tuple[float, bool]]) -> None:
    kept = calibrate(judged, gold=len(judged)).thresholds
    assert [row.least for row in kept] == list(THRESHOLDS)
    rows = [row.counts for row in kept]
    assert rows[0].predicted == len(judged)
    assert all(a.predicted >= b.predicted and a.correct >= b.correct for a, b in pairwise(rows))


def test_calibrated_confidences_have_almost_no_error_and_boasting_ones_much() -> None:
    rng = random.Random(3)
    confidences = [rng.random() for _ in range(40_000)]
    right = [rng.random() < confidence for confidence in confidences]
    assert calibrate(list(zip(confidences, right)), len(right)).expected_calibration_error < 0.01
    assert (
        calibrate(
            [(confidence**0.2, correct) for confidence, correct in zip(confidences, right)], len(right)
        ).expected_calibration_error
        > 0.2
    )


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 9), st.booleans()), max_size=30))
def test_quarters_hold_every_sentence_once(judged: list[tuple[float, bool]]) -> None:
    found = summarise_uncertainty([(Uncertainty(value / 2, value), wrong) for value, wrong in judged])
    assert found.mean_sum == pytest.approx(found.max_sum / 2)
    if len(judged) < 4:
        assert not found.quarters
        return
    assert sum(quarter.sentences for quarter in found.quarters) == len(judged)
    assert sum(quarter.with_errors for quarter in found.quarters) == sum(wrong for _, wrong in judged)
    assert max(q.sentences for q in found.quarters) - min(q.sentences for q in found.quarters) <= 1
    assert all(a.highest <= b.lowest for a, b in pairwise(found.quarters))


def test_a_smallest_confidence_of_0_drops_nothing(workdir: Path) -> None:
    score_rows(constrained_rows())
    score_rows(constrained_rows(), "--min-confidence", "0")
    kept, all_of_them = scores_of("scores.min0.0.json"), scores_of()
    assert (kept.pop("min_confidence"), all_of_them.pop("min_confidence")) == (0.0, None)
    assert kept == all_of_them


def test_a_smallest_confidence_drops_exactly_what_is_below_it(workdir: Path) -> None:
    score_rows(constrained_rows())
    before = Path("scores.json").read_bytes()
    assert [row["confidences"] for row in constrained_rows()] == [None, [0.9, 0.95], [0.9]]
    table = score_rows(constrained_rows(), "--min-confidence", "0.95").stdout
    assert "dropped      2 entities with a confidence below 0.95, before scoring\n" in table
    assert "\nscores.min0.95.json\nmicro F1 0.0000 " in table
    document = scores_of("scores.min0.95.json")
    assert (document["min_confidence"], document["below_min_confidence"]) == (0.95, 2)
    assert document["seqeval"]["labels"]["LOC"]["predicted"] == document["seqeval"]["micro"]["predicted"] == 1
    assert document["calibration"] == json.loads(before)["calibration"]
    assert Path("scores.json").read_bytes() == before


def test_the_sentences_have_the_confidences_of_their_pairs(workdir: Path) -> None:
    score_rows(constrained_rows())
    score_rows(constrained_rows(), "--min-confidence", "0.95")
    kept = [
        [json.loads(line)["confidences"] for line in Path(f"sentences{mark}.jsonl").read_text().splitlines()]
        for mark in ("", ".min0.95")
    ]
    assert kept == [[[], [0.9, 0.95], [0.9]], [[], [0.95], []]]
    lines = Path("sentences.jsonl").read_text()
    Path("sentences.jsonl").write_text(lines.replace("[0.9, 0.95]", "[0.9]"))
    scores = json.loads(Path("scores.json").read_text())
    del scores["sentences_sha256"]
    Path("scores.json").write_text(json.dumps(scores))
    with pytest.raises(
        LmnError, match=r"sentences.jsonl:2: not as lmn-eval writes it \(confidences holds 1 for 2 entities\)"
    ):
        load_evaluation(Path("scores.json"))


@pytest.mark.parametrize(
    ("value", "code", "message"), [("1.01", 2, "not in the range 0<=x<=1"), ("nan", 1, "--min-confidence nan: ")]
)
def test_a_smallest_confidence_is_a_probability(workdir: Path, value: str, code: int, message: str) -> None:
    assert message in score_rows(constrained_rows(), "--min-confidence", value, code=code).stderr


REFUSED = (
    "so no entity can be dropped for its confidence; predict with --decoding constrained, or leave --min-confidence out"
)


def test_predictions_without_confidences_cannot_be_filtered(workdir: Path) -> None:
    free = [row | {"confidences": None, "uncertainty": None, "decoding": "free"} for row in constrained_rows()]
    other = [{"predict": row["output"], "confidences": "high", "uncertainty": 0.3} for row in constrained_rows()]
    mixed = [*constrained_rows()[:2], free[2]]
    for found, line, decoding in ((free, 1, "free"), (other, 1, "unknown"), (mixed, 3, "constrained+free")):
        message = f"Error: p.jsonl:{line}: no confidences (decoding: {decoding}), {REFUSED}\n"
        assert score_rows(found, "--min-confidence", "0.5", code=1).stderr == message
        assert "reliability" not in score_rows(found).stdout
        assert scores_of()["calibration"] is None
    assert scores_of()["uncertainty"]["sentences"] == 1


def test_free_decoding_is_refused_before_it_predicts(workdir: Path) -> None:
    (workdir / "r.yaml").write_text("model_name_or_path: m\ntemplate: qwen\ndataset: a\noutput_dir: o\n")
    (workdir / "o").mkdir()
    prompt_spec_of(load_card("conll2003"), "bracketed").save(workdir / "o/prompt_spec.json")
    words = ["--recipe", "r.yaml", "--corpus", "conll2003", "--source", str(CONLL), "--split", "testb"]
    result = CliRunner().invoke(main, [*words, "--decoding", "free", "--min-confidence", "0.5"])
    assert result.stderr.endswith(
        "o gives no confidences; leave it out, or use --decoding constrained with the format bracketed or xml, here or on a server "
        "that lists probabilities (docs/serving.md)\n"
    )


def test_constrained_predictions_without_any_entity_score_as_such(workdir: Path) -> None:
    found = [
        row | {"output": " ".join(s.tokens), "spans": [], "confidences": []}
        for row, s in zip(constrained_rows(), read_corpus("conll2003", "testb", CONLL))
    ]
    score_rows(found, "--min-confidence", "0.5")
    assert scores_of("scores.min0.5.json")["below_min_confidence"] == 0
    assert scores_of("scores.min0.5.json")["calibration"] is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"confidences": 0.9}, "confidences are 0.9, and not a list of 2, one for each span; predict again"),
        ({"confidences": [0.9]}, "confidences are [0.9], and not a list of 2, one for each span; predict again"),
        ({"confidences": [0.9, 1.1]}, "a confidence is 1.1, and not a number from 0 to 1; predict again"),
        ({"confidences": [0.9, 10**200]}, "a confidence is 1000"),
        ({"confidences": [0.9, float("nan")]}, "a confidence is nan, and not"),
        ({"confidences": [True, 0.9]}, "a confidence is True, and not"),
        ({"confidences": ["0.9", 0.9]}, "a confidence is '0.9', and not"),
        ({"spans": None}, "confidences without their spans ([start, end, label] each, without repetition); predict again"),
        ({"spans": [[0, 1, "ORG"], [0, 1, "ORG"]]}, "confidences without their spans"),
        ({"spans": [[0, 1, "ORG"], [1, 1, "ORG"]]}, "confidences without their spans"),
        ({"spans": [[0, 1, "ORG"], [1, "ORG"]]}, "confidences without their spans"),
        ({"spans": [[0, 1, "ORG"], [1, 2, "LOC"]]}, "the output aligns to [2, 3, 'LOC'], which is not among the record's spans, so its confidence is not known; predict again, or take the confidences out"),
        ({"uncertainty": 0.3}, "uncertainty is 0.3, and not a mean and a max in nats; predict again"),
        ({"uncertainty": {"mean": 0.1}}, "uncertainty is {'mean': 0.1}, and not"),
        ({"uncertainty": {"mean": -0.1, "max": 0.2}}, "uncertainty is {'mean': -0.1, 'max': 0.2}, and not"),
        ({"uncertainty": {"mean": 0.1, "max": 10**200}}, "uncertainty is {'mean': 0.1, 'max': 1000"),
    ],
)  # fmt: skip
def test_damaged_confidences_are_named(workdir: Path, change: dict[str, Any], message: str) -> None:
    found = constrained_rows()
    found[1] |= change
    assert f"Error: p.jsonl:2: {message}" in score_rows(found, code=1).stderr
