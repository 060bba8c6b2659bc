"""The base model as others can load it."""

from __future__ import annotations

from pathlib import Path

import pytest
from publish_command import call, card_of
from publishing import BASE, trained


def test_a_base_model_in_a_folder(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setenv("HF_TOKEN", "hf_x")
    (workdir / "models/llama").mkdir(parents=True)
    (workdir / "models/llama/README.md").write_text(
        "---\nlicense: other\nlicense_name: tiny\nlicense_link: https://a.bc/l\n---\nx\n"
    )
    trained(workdir, base="models/llama").score("testb", "constrained")
    told = (
        "models/llama: the base model is a folder on this machine, so a card cannot name it; "
        "name it with --base-model OWNER/NAME\n"
    )
    for words in ((), ("--dry-run",), ("--dry-run", "--merged")):
        assert call(*words, code=1).output == f"Error: {told}"
        assert not Path("outputs/tiny/hub").exists()
    call("--dry-run", "--base-model", BASE)
    published = [path for path in Path("outputs/tiny/hub").rglob("*") if path.is_file()]
    assert "scores.json" in {path.name for path in published}
    assert not [path for path in published if b"models/llama" in path.read_bytes()]
    metadata, text = card_of()
    assert (metadata["license"], metadata["license_name"], metadata["license_link"]) == (
        "other",
        "tiny",
        "https://a.bc/l",
    )
    assert "this model: tiny, the licence of the base model" in text
    assert "not a Hub id, which is OWNER/NAME" in call("--dry-run", "--base-model", "models/llama", code=1).output
    assert (
        "the adapter was trained on models/llama, and tiny.yaml names models/other"
        in call("--dry-run", "model_name_or_path=models/other", code=1).output
    )
