"""Where a score comes from: what a run noted, and what is known of files of other tools."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from conll_predictions import records, score_file, write

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters.readers import CorpusFile
from llms_meet_ner.eval.cli.score import main as lmn_eval
from llms_meet_ner.eval.scored_run.files import load_run
from llms_meet_ner.eval.scoring.provenance import provenance_of, run_stamp
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
    found = provenance_of(gold, predictions, FACTS)
    assert (found.seed, found.sha256.adapter) == (7, "a" * 64)
    assert (found.sha256.corpus, found.sha256.predictions) == (sha256_of(workdir / "gold.txt"), sha256_of(predictions))
    assert found.versions["python"]
    assert provenance_of(gold, predictions, Facts()).sha256.adapter is None
    (workdir / "run.json").write_text(json.dumps({"stamp": {"adapter_sha256": "b" * 64}}))
    other = predictions.rename("other.jsonl")
    assert provenance_of(gold, other, FACTS).sha256.adapter == "a" * 64
    assert run_stamp(other) == {}


@pytest.mark.parametrize(
    ("content", "adapter"),
    [
        ({"stamp": {"adapter_sha256": "b" * 64}}, "b" * 64),
        ({"stamp": {"adapter_sha256": None}}, None),
        ({"stamp": {"adapter_sha256": 3}}, None),
    ],
)
def test_a_run_has_the_adapter_that_it_noted(
    predictions: Path, workdir: Path, content: object, adapter: str | None
) -> None:
    (workdir / "run.json").write_text(json.dumps(content))
    assert provenance_of(CorpusFile(workdir, "gold.txt"), predictions, FACTS).sha256.adapter == adapter


def test_a_run_json_of_another_tool_beside_the_predictions_is_no_matter(workdir: Path) -> None:
    write(records("testb")).rename("predictions.jsonl")
    Path("run.json").write_text('{"tool": "another"}')
    assert "micro avg       1.0000" in score_file("--predictions", "predictions.jsonl").stdout


@pytest.mark.parametrize(("text", "what"), [('{"stamp": 3}', "holds no stamp of a run"), ('{"stamp"', "not JSON")])
def test_damaged_notes_of_a_run_are_an_error(predictions: Path, workdir: Path, text: str, what: str) -> None:
    """Taken for a file of another tool, XML predictions would be read as bracketed, and score 0 without a word."""
    (workdir / "run.json").write_text(text)
    with pytest.raises(LmnError) as caught:
        run_stamp(predictions)
    assert caught.value.what.startswith(what)
    assert "run.json" in (caught.value.where or "")
    assert caught.value.remedy == "predict again; or delete run.json, and say with --format what the predictions are"


def test_predictions_next_to_damaged_notes_are_not_scored(workdir: Path) -> None:
    (workdir / "run.json").write_text('{"stamp": {"pro')
    (workdir / "predictions.jsonl").write_text('{"output": "<PER>Ann</PER>"}\n')
    result = CliRunner().invoke(
        lmn_eval, ["--corpus", "demo", "--split", "testb", "--predictions", "predictions.jsonl"]
    )
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: run.json:1: not JSON")
    assert len(result.stderr.splitlines()) == 1


def test_the_data_type_of_a_run_is_in_its_scores(workdir: Path) -> None:
    write(records("testb", lambda sentence, output: output))
    predictions = Path("p.jsonl").rename("predictions.jsonl")
    stamp = {"dtype": "auto", "resolved_dtype": "bfloat16"}
    for noted, shown, kept in (
        (stamp, ", bfloat16", "bfloat16"),
        ({"resolved_dtype": ["x"]}, "", None),
        ({}, "", None),
    ):
        Path("run.json").write_text(json.dumps({"stamp": noted}))
        table = score_file("--predictions", str(predictions)).stdout
        assert f"predictions  predictions.jsonl (decoding: free{shown})\n" in table
        assert load_run(Path("scores.json")).dtype == kept
        assert ("dtype" in json.loads(Path("scores.json").read_text())) == (kept is not None)
