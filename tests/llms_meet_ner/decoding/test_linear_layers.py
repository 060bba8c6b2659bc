"""Packed linear layers: which are packed, when, and that they return the same."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from small_models import decode, loaded, requests
from small_tokenizers import byte_level

from llms_meet_ner.decoding import linear_layers
from llms_meet_ner.decoding.linear_layers import PackedLinear, pack_linear_layers

needs_onednn = pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="this torch has no oneDNN")


def kinds(model: Any) -> set[type]:
    return {type(part) for name, part in model.named_modules() if name.endswith("_proj")}


@needs_onednn
@pytest.mark.parametrize("bias", [True, False])
def test_a_packed_layer_returns_the_same(bias: bool) -> None:
    torch.manual_seed(3)
    layer = torch.nn.Linear(40, 24, bias=bias)
    with torch.inference_mode():
        packed = PackedLinear(layer)
        for hidden in (torch.randn(2, 3, 40), torch.randn(1, 40), torch.randn(5, 2, 40).transpose(0, 1)):
            assert torch.allclose(packed(hidden), layer(hidden), atol=1e-5)


@needs_onednn
def test_a_packed_model_writes_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear_layers, "_SMALLEST", 1)
    monkeypatch.setattr(linear_layers, "_WORTH", float("inf"))
    model = loaded("Llama", byte_level())
    asked = requests(model.tokenizer)
    expected = decode(model, asked, 6)[0]
    assert pack_linear_layers(model.model)
    assert kinds(model.model) == {PackedLinear}
    assert type(model.model.get_output_embeddings()) is torch.nn.Linear
    assert decode(model, asked, 6)[0] == expected
    assert not pack_linear_layers(model.model)  # there are none left


def broken(*_: Any) -> Any:
    raise RuntimeError("not on this processor")


@needs_onednn
@pytest.mark.parametrize("spoil", ["slow", "refused", "absent", "other numbers"])
def test_a_model_stays_as_it_is_where_packing_does_not_pay(spoil: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear_layers, "_SMALLEST", 1)
    monkeypatch.setattr(linear_layers, "_WORTH", 0.0 if spoil == "slow" else float("inf"))
    if spoil == "refused":
        monkeypatch.setattr(torch.ops.mkldnn, "_reorder_linear_weight", broken)
    if spoil == "absent":
        monkeypatch.setattr(torch.ops, "mkldnn", object())
    if spoil == "other numbers":
        monkeypatch.setattr(PackedLinear, "forward", lambda self, hidden: hidden[..., :1] + 1)
    model = loaded("Llama", byte_level()).model
    assert not pack_linear_layers(model)
    assert kinds(model) == {torch.nn.Linear}


@needs_onednn
def test_nothing_is_timed_in_bfloat16(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear_layers, "_SMALLEST", 1)
    monkeypatch.setattr(linear_layers, "_seconds", lambda *_: pytest.fail("a layer is timed"))
    model = loaded("Llama", byte_level()).model.to(torch.bfloat16)
    computes = bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    assert pack_linear_layers(model) == computes
    assert kinds(model) == {PackedLinear if computes else torch.nn.Linear}


def test_small_layers_stay_as_they_are() -> None:
    assert not pack_linear_layers(loaded("Llama", byte_level()).model)
