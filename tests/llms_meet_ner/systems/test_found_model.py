"""Adapters and merged models without a recipe: they load under their name, and their stamp says which weights they have."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from byte_llama import save_byte_llama
from click.testing import CliRunner
from publishing import TEMPLATE, demo_sentences, save_adapter

from llms_meet_ner import LmnError, Tagger, load
from llms_meet_ner.cli.tag import main as lmn_tag
from llms_meet_ner.data_converters import load_card, prompt_spec_of
from llms_meet_ner.eval.cli.score import main as lmn_eval
from llms_meet_ner.eval.publish.weights import write_merged
from llms_meet_ner.systems.finding import find_model
from llms_meet_ner.systems.found_model import FoundModel
from llms_meet_ner.systems.options import SystemOptions

SPEC = replace(prompt_spec_of(load_card("demo"), "bracketed", "short"), template=TEMPLATE)
COMMIT = "c" * 40


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random base model, an adapter on it, and both merged, in folders of these names."""
    folder = tmp_path_factory.mktemp("found")
    save_byte_llama(folder / "base", 0.3, width=64)
    save_adapter(folder / "base", folder / "adapter")
    (folder / "merged").mkdir()
    write_merged(str(folder / "base"), folder / "adapter", folder / "merged", keep_float32=True)
    for path in (folder / "adapter").glob("tokenizer*"):
        shutil.copy(path, folder / "merged")
    for name in ("adapter", "merged"):
        SPEC.save(folder / name / "prompt_spec.json")
    config = folder / "adapter/adapter_config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "base_model_name_or_path": "base"}))
    return folder


@pytest.fixture
def project(made: Path, workdir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with these folders, the Hub out of reach and its cache in `hub`."""
    from huggingface_hub import constants

    for path in made.iterdir():
        shutil.copytree(path, workdir / path.name)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(workdir / "hub"))
    return workdir


def marked(tagger: Tagger) -> list[Any]:
    """Return spans and rounded confidences of a few sentences."""
    tagged = tagger.tag_tokens([sentence.tokens for sentence in demo_sentences(6)])
    return [(one.spans, [round(value or 0, 3) for value in one.confidences]) for one in tagged]


def test_a_merged_model_tags_as_its_adapter(project: Path) -> None:
    expected = marked(load("adapter", language=None))
    assert any(spans for spans, _ in expected)
    assert marked(load("merged", language=None)) == expected
    shutil.rmtree("base")
    (project / "merged/prompt_spec.json").rename("p.json")
    assert marked(load("merged", prompt="p.json", language=None)) == expected
    cached = project / "hub/models--me--whole"
    shutil.copytree("merged", cached / "snapshots" / COMMIT)
    (cached / "refs").mkdir()
    (cached / "refs/main").write_text(COMMIT)
    Path("p.json").rename(cached / "snapshots" / COMMIT / "prompt_spec.json")
    hub = load("me/whole", language=None)
    assert marked(hub) == expected
    assert isinstance(hub.system, FoundModel)
    assert hub.system.weights().revision == COMMIT
    assert hub.system.identity() == {
        "adapter": {"name": "me/whole", "revision": COMMIT}, "recipe": None, "model": "me/whole", "adapter_sha256": None,
        "weights_sha256": {},
    }  # fmt: skip


def test_lmn_tag_takes_a_merged_model(project: Path) -> None:
    text = " ".join(demo_sentences(1)[0].tokens) + "\n"
    words = ["--tokens", "--format", "json"]
    results = [CliRunner().invoke(lmn_tag, ["--adapter", name, *words], input=text) for name in ("adapter", "merged")]
    rows = [json.loads(result.stdout) for result in results]
    places = [[(entity["start"], entity["end"], entity["label"]) for entity in row["entities"]] for row in rows]
    assert places[0] == places[1]


def test_what_is_missing_of_a_merged_model_is_one_error(project: Path) -> None:
    with pytest.raises(LmnError, match=r"^merged: a whole model, and --base is for an adapter; leave it out$"):
        load("merged", base="base", language=None)
    (project / "merged/prompt_spec.json").unlink()
    with pytest.raises(LmnError, match=r"^merged: it has no prompt_spec\.json; name a prompt with --prompt FILE, or "):
        load("merged", language=None)
    SPEC.save(project / "merged/prompt_spec.json")
    (project / "merged/model.safetensors").unlink()
    with pytest.raises(LmnError, match=r"^merged: cannot be loaded: "):
        load("merged", language=None)
    with pytest.raises(LmnError, match=r"^merged: holds no weights \(\*\.safetensors\); copy the model again$"):
        FoundModel(find_model("merged"), SystemOptions()).stamp()
    (project / "merged/config.json").unlink()
    with pytest.raises(
        LmnError, match=r"^merged/adapter_config\.json: no such file; name a folder that training has written"
    ):
        load("merged", language=None)


def test_a_merged_model_is_scored_and_another_is_not_taken_for_it(project: Path) -> None:
    words = ["--adapter", "merged", "--corpus", "demo", "--split", "testb", "--limit", "2"]
    result = CliRunner().invoke(lmn_eval, words)
    assert result.exit_code == 0, result.output
    assert "adapter      merged\n" in result.stdout
    folder = Path("outputs/merged/demo_testb/constrained-first2")
    stamp = json.loads((folder / "run.json").read_text())["stamp"]
    assert (stamp["adapter"], stamp["model"]) == ({"name": "merged", "revision": None}, "merged")
    assert list(stamp["weights_sha256"]) == ["model.safetensors"]
    assert "scoring what is there" in CliRunner().invoke(lmn_eval, words).stderr
    save_byte_llama(project / "other", 0.2)
    shutil.copy("other/model.safetensors", "merged/model.safetensors")
    stale = CliRunner().invoke(lmn_eval, words)
    assert "made with a different weights_sha256; --restart predicts again" in stale.stderr


def test_a_quantised_model_is_another_system(project: Path) -> None:
    plain, four = (FoundModel(find_model("adapter"), SystemOptions(quantise=name)) for name in (None, "4bit"))
    assert (plain.run_name, four.run_name) == ("constrained", "constrained-4bit")
    assert "quantize" not in plain.stamp()
    assert four.stamp() == {**plain.stamp(), "quantize": "4bit"}
    assert plain.sha256 != four.sha256
    assert four.differences(plain.stamp(), []) == plain.differences(four.stamp(), []) == ["quantize"]
    result = CliRunner().invoke(
        lmn_eval, ["--adapter", "adapter", "--corpus", "demo", "--split", "testb", "--limit", "2", "--quantize", "4bit"]
    )
    assert result.exit_code == 0, result.output
    folder = Path("outputs/adapter/demo_testb/constrained-4bit-first2")
    assert json.loads((folder / "run.json").read_text())["stamp"]["quantize"] == "4bit"
    assert json.loads((folder / "scores.json").read_text())["dtype"] == "float32, 4bit"
    tagger = load("adapter", quantize="8bit", language=None)
    assert tagger.dtype == "float32, 8bit"
    assert len(tagger.tag_tokens([["Anna", "left"]])) == 1


def test_a_sentence_that_is_too_long_is_read_in_pieces(project: Path, caplog: pytest.LogCaptureFixture) -> None:
    config = project / "merged/config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "max_position_embeddings": 700}))
    tagger = load("merged", language=None)
    (short, long) = tagger.tag_tokens([["Ada", "left"], ["Ada"] * 200])
    assert (short.pieces, short.tokens) == (1, ("Ada", "left"))
    assert long.pieces > 1
    assert f"'Ada Ada Ada Ada Ada Ada'... has 200 tokens and is read in {long.pieces} pieces" in caplog.text
