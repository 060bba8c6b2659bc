"""The area under the ROC curve of confidences: against scikit-learn, weighted and unweighted, and where there is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conll_predictions import constrained_rows, score_rows, scores_of
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from llms_meet_ner.eval.analysis import resampling, separation
from llms_meet_ner.eval.analysis.separation import separate
from llms_meet_ner.eval.scored_run.files import load_run

Judged = list[list[tuple[float, bool]]]
confidences = st.floats(0, 1).map(lambda value: round(value, 1))  # many are equal
judged_sentences = st.lists(st.lists(st.tuples(confidences, st.booleans()), max_size=4), min_size=1, max_size=20)


def test_by_hand() -> None:
    found = separate([[(0.9, True), (0.2, False)], [], [(0.5, True), (0.5, False)]])
    assert found is not None
    assert found.auroc == (1 + 1 + 1 + 0.5) / 4


@settings(max_examples=60, deadline=None)
@given(judged_sentences)
def test_as_scikit_learn_counts(judged: Judged) -> None:
    values, right = [value for row in judged for value, _ in row], [correct for row in judged for _, correct in row]
    found = separate(judged, resamples=20)
    if len(set(right)) < 2:
        assert found is None
        return
    assert found is not None
    assert found.auroc == pytest.approx(roc_auc_score(right, values))


def test_the_interval_is_that_of_resampled_sentences() -> None:
    generator = np.random.default_rng(5)
    judged = [[(round(float(generator.beta(4, 2)), 2), bool(generator.random() < 0.7)) for _ in range(3)] for _ in range(40)]  # fmt: skip
    areas = []
    for _ in range(2000):
        drawn = [pair for at in generator.integers(40, size=40) for pair in judged[at]]
        areas.append(roc_auc_score([correct for _, correct in drawn], [value for value, _ in drawn]))
    found = separate(judged, resamples=2000)
    assert found is not None
    assert (found.interval.low, found.interval.high) == pytest.approx(np.quantile(areas, [0.025, 0.975]), abs=0.015)


def test_memory_is_bounded_by_entities_and_the_parts_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(5)
    judged = [[(float(generator.random()), at % 3 > 0) for at in range(100)] for _ in range(2)]
    whole = separate(judged, resamples=50)
    sizes = []

    def areas(weights: Any, right: Any, starts: Any) -> Any:
        sizes.append(weights.size)
        return found(weights, right, starts)

    found = separation._areas
    monkeypatch.setattr(separation, "_areas", areas)
    monkeypatch.setattr(resampling, "_IN_MEMORY", 1000)
    assert separate(judged, resamples=50) == whole
    assert max(sizes) <= 1000


def test_scores_hold_it_and_earlier_files_lack_it(workdir: Path) -> None:
    rows = constrained_rows()
    rows[1]["spans"][0][2] = "LOC"
    score_rows([row | {"output": None} for row in rows])
    assert scores_of()["calibration"]["separation"] is not None
    assert load_run(Path("scores.json")).calibration
    document = json.loads(Path("scores.json").read_text())
    del document["calibration"]["separation"]
    Path("scores.json").write_text(json.dumps(document))
    calibration = load_run(Path("scores.json")).calibration
    assert calibration
    assert calibration.separation is None
