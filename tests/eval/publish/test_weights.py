"""Published weights: rounded, kept, or refused."""

from __future__ import annotations

import hashlib
from pathlib import Path

from publish_command import call, card_of
from publishing import Trained


def test_rounded_weights_and_those_that_are_kept(tiny: Trained) -> None:
    import torch
    from safetensors.torch import load_file

    tiny.score()
    call("--dry-run")
    trained_file, published = (
        tiny.output / "adapter_model.safetensors",
        Path("outputs/tiny/hub/adapter_model.safetensors"),
    )
    before, after = load_file(trained_file), load_file(published)
    assert {name: tensor.to(torch.bfloat16).tolist() for name, tensor in before.items()} == {
        n: t.tolist() for n, t in after.items()
    }
    assert {tensor.dtype for tensor in after.values()} == {torch.bfloat16}
    for path in (trained_file, published):
        assert hashlib.sha256(path.read_bytes()).hexdigest() in card_of()[1]
    first = {path.name: path.read_bytes() for path in Path("outputs/tiny/hub").rglob("*") if path.is_file()}
    call("--dry-run")
    assert {path.name: path.read_bytes() for path in Path("outputs/tiny/hub").rglob("*") if path.is_file()} == first, (
        "the same again, byte for byte"
    )
    call("--dry-run", "--keep-float32", "--out", "elsewhere")
    assert Path("elsewhere/adapter_model.safetensors").read_bytes() == trained_file.read_bytes()
    assert "The file here is that adapter, unchanged." in card_of(Path("elsewhere"))[1]
    broken = {**before, "a.lora_A.weight": before["a.lora_A.weight"] / 0}
    from safetensors.torch import save_file

    save_file(broken, trained_file)
    assert "a.lora_A.weight holds NaN, or numbers that are too large for bfloat16" in call("--dry-run", code=1).output
    trained_file.write_bytes(b"x" * 100)
    assert "adapter_model.safetensors: cannot be read (" in call("--dry-run", code=1).output
