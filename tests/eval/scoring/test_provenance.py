"""Where a score comes from: what a run noted, and what is known of files of other tools."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conll_predictions import records, score_file, write

from llms_meet_ner.data_converters.readers import CorpusFile
from llms_meet_ner.eval.scoring.provenance import run_stamp, stamp
from llms_meet_ner.files import sha256_of
from llms_meet_ner.systems.system import Facts

FACTS = Facts("m", Path("r.yaml"), 7, adapter_sha256="a" * 64)


@pytest.fixture
def predictions(workdir: Path) -> Path:
    (workdir / "gold.txt").write_text("gold")
    path = workdir / "predictions.jsonl"
    path.write_text("{}\n")
    return path


def test_files_of_other_tools_have_the_adapter_that_is_given(predictions: Path, workdir: Path) -> None:
    gold = CorpusFile(workdir, "gold.txt")
    found = stamp(gold, predictions, FACTS)
    assert (found.seed, found.sha256.adapter) == (7, "a" * 64)
    assert (found.sha256.corpus, found.sha256.predictions) == (sha256_of(workdir / "gold.txt"), sha256_of(predictions))
    assert found.versions["python"]
    assert stamp(gold, predictions, Facts()).sha256.adapter is None
    (workdir / "run.json").write_text(json.dumps({"stamp": {"adapter_sha256": "b" * 64}}))
    other = predictions.rename("other.jsonl")
    assert stamp(gold, other, FACTS).sha256.adapter == "a" * 64
    assert run_stamp(other) == {}


@pytest.mark.parametrize(
    ("content", "adapter"),
    [
        ({"stamp": {"adapter_sha256": "b" * 64}}, "b" * 64),
        ({"stamp": {"adapter_sha256": None}}, None),
        ({"stamp": {"adapter_sha256": 3}}, None),
        ({"stamp": 3}, None),
        ("{", None),
    ],
)
def test_a_run_has_the_adapter_that_it_noted(
    predictions: Path, workdir: Path, content: object, adapter: str | None
) -> None:
    text = content if isinstance(content, str) else json.dumps(content)
    (workdir / "run.json").write_text(text)
    assert stamp(CorpusFile(workdir, "gold.txt"), predictions, FACTS).sha256.adapter == adapter


def test_a_run_json_of_another_tool_beside_the_predictions_is_no_matter(workdir: Path) -> None:
    write(records("testb")).rename("predictions.jsonl")
    for content in ('{"tool": "another"}', "{", '{"stamp": 3}'):
        Path("run.json").write_text(content)
        assert "micro avg       1.0000" in score_file("--predictions", "predictions.jsonl").stdout
