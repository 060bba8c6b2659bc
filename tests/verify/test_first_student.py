"""The walk of docs/first_student.md, on real text with real models."""

from __future__ import annotations

from pathlib import Path

import pytest
from first_student import walk
from paths import ROOT


@pytest.mark.verify
def test_a_models_labels_beside_corrected_sentences_make_a_better_student_than_these_alone(
    corpora: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    if not Path("outputs/demo_smollm2").is_dir() or not Path("models/minilm-l6-v2").is_dir():
        pytest.skip("make demo first")
    seconds, f1 = walk(corpora, tmp_path, texts=300, number=50)
    assert f1["LLM labels and 50 corrected"] > f1["50 corrected alone"]
    assert seconds
