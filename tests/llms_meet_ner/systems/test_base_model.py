"""Models without training on the command line: `--shots`, what a run notes, and which decoding a format allows."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import Result
from converting import forget_hashes
from served_project import DEMO, call, save_mini_project
from small_tokenizers import byte_level

from llms_meet_ner.cli.predict import main as lmn_predict
from llms_meet_ner.eval.cli.score import main as lmn_eval

RUNS = Path("outputs/mini/mini_testb")


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working directory with data, a recipe and a random model of two small layers."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("shots")
    byte_level().save_pretrained(folder / "model")
    torch.manual_seed(0)
    sizes = {"vocab_size": len(byte_level()), "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2}
    config = LlamaConfig(**sizes, num_attention_heads=2, num_key_value_heads=1, max_position_embeddings=1500)
    LlamaForCausalLM(config).save_pretrained(folder / "model")
    save_mini_project(folder, "model", last=44)
    return folder


@pytest.fixture
def project(converted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    folder = tmp_path / "project"
    shutil.copytree(converted, folder)
    monkeypatch.chdir(folder)
    return folder


def predict(*words: str, code: int = 0) -> Result:
    return call(lmn_predict, "--recipe", "recipe.yaml", "--split", "testb", *words, code=code)


def evaluate(*words: str, code: int = 0) -> Result:
    return call(lmn_eval, "--recipe", "recipe.yaml", "--split", "testb", "--source", str(DEMO), *words, code=code)


def answers() -> dict[str, tuple[str, str]]:
    """Return source and output of the training sentences, by id."""
    rows = json.loads(Path("data/alpaca/mini.short_train.json").read_text())
    return {row["id"]: (row["input"], row["output"]) for row in rows}


def test_a_model_without_training_is_scored_with_examples(project: Path) -> None:
    result = evaluate("--shots", "2", "--examples", "covering", "--baselines")
    folder = RUNS / "constrained-shots2-covering-seed42"
    shots = json.loads((folder / "run.json").read_text())["stamp"]["shots"]
    assert (shots["number"], shots["rule"], shots["seed"], shots["dataset"]) == (2, "covering", 42, "mini.short_train")
    assert all(name in answers() for name in shots["ids"])
    scores = json.loads((folder / "scores.json").read_text())
    assert (scores["shots"], scores["decoding"], scores["alignment"]["exact"]) == (shots, "constrained", 4)
    line = f"shots 2, without training; covering, seed 42, of mini.short_train: {', '.join(shots['ids'])}"
    assert line in " ".join(result.stdout.split())
    assert list(scores["baselines"]["micro"]) == ["gazetteer", "capitalised", "majority"]
    assert "scoring what is there" in evaluate("--shots", "2", "--examples", "covering").stderr
    again = predict("--shots", "2", "--examples", "covering", "--batch-size", "16")
    assert "already there, with the same data, model and options" in again.stderr


def test_runs_with_other_examples_are_other_runs(project: Path) -> None:
    for words, name in [
        (["--untrained"], "untrained"),
        (["--shots", "1"], "shots1-random-seed42"),
        (["--shots", "1", "--shots-seed", "3"], "shots1-random-seed3"),
        (["--shots", "1", "--examples", "nearest", "--decoding", "free"], "shots1-nearest"),
    ]:
        predict(*words, "--max-new-tokens", "3") if "free" in words else predict(*words)
        decoding = "free" if "free" in words else "constrained"
        assert (RUNS / f"{decoding}-{name}/predictions.jsonl").is_file()
    assert "scoring what is there" in evaluate("--shots", "0").stderr
    data = Path("data/alpaca/mini.short_train.json")
    data.write_text(re.sub(r"\| (\w+)\]", lambda mark: f"| {'PER' if mark[1] == 'ORG' else 'ORG'}]", data.read_text()))
    forget_hashes(data.parent)
    stale = evaluate("--shots", "1", code=1)
    assert "made with a different shots; --restart predicts again" in stale.stderr
    template = evaluate("--untrained", "template=alpaca", code=1)
    assert "made with a different template" in template.stderr
    assert "made with a different model;" in evaluate("--shots", "0", "model_name_or_path=x", code=1).stderr


def test_shards_show_what_the_whole_run_shows(project: Path) -> None:
    base = ["--shots", "1", "--examples", "nearest"]
    predict(*base)
    for part in ("1/2", "2/2"):
        predict(*base, "--shard", part)
    whole = RUNS / "constrained-shots1-nearest"
    call(lmn_predict, "merge", f"{whole}-shard1of2", f"{whole}-shard2of2", "--out", "merged")
    assert Path("merged/predictions.jsonl").read_bytes() == (whole / "predictions.jsonl").read_bytes()
    stamps = [json.loads((folder / "run.json").read_text())["stamp"]["shots"] for folder in (whole, Path("merged"))]
    assert stamps[0] == stamps[1]


def test_what_does_not_go_together_is_one_error(project: Path) -> None:
    assert "--shots 99, and 1" in predict("--shots", "99", code=1).stderr
    long = predict("--shots", "14", code=1)
    assert "but the model has room for 1,500; take fewer examples with --shots" in long.stderr
    assert "mini/testb/4" in long.stderr
    assert "say --untrained" in predict(code=1).stderr


def as_listing() -> None:
    """Write the converted data as if they were in the format of `Listing`."""
    path = Path("data/alpaca/dataset_info.json")
    info = json.loads(path.read_text())
    for row in info.values():
        row["lmn"]["prompt"]["format"] = "listing"
    path.write_text(json.dumps(info))


def test_a_format_that_does_not_write_the_sentence_again_is_decoded_freely(project: Path, listing: None) -> None:
    as_listing()
    refused = predict("--shots", "0", "--decoding", "constrained", "model_name_or_path=none/such", code=1)
    assert (
        "constrained decoding writes the sentence with marks in it, and the format listing does not" in refused.stderr
    )
    refused = evaluate("--shots", "0", "--decoding", "constrained", "model_name_or_path=none/such", code=1)
    assert "the format listing does not; use --decoding free" in refused.stderr
    predict("--shots", "0", "--max-new-tokens", "2")
    assert (RUNS / "free-untrained/predictions.jsonl").is_file()
    unsure = evaluate("--shots", "0", "--min-confidence", "0.5", code=1)
    assert (
        "--min-confidence: model gives no confidences; leave it out, or use --decoding constrained with"
        in unsure.stderr
    )
