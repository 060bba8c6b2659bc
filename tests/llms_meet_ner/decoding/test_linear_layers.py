"""Packed linear layers: which are packed, when, and that they return the same."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from small_models import decode, loaded, requests
from small_tokenizers import byte_level

from llms_meet_ner.decoding import linear_layers
from llms_meet_ner.decoding.linear_layers import PackedLinear, layout_of, pack_linear_layers

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
    assert layout_of(model.model) == "plain"
    assert pack_linear_layers(model.model)
    assert layout_of(model.model) == "packed"
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


class Clock:
    """A clock that goes by what layers take; the machine is three times slower for a while."""

    def __init__(self, slow: range) -> None:
        self.now, self.calls, self._slow = 0.0, 0, slow

    def layer(self, seconds: float) -> Any:
        """Return a layer that takes some seconds on the idle machine."""

        def run(hidden: torch.Tensor) -> torch.Tensor:
            self.now += seconds * (3 if self.calls in self._slow else 1)
            self.calls += 1
            return hidden

        return run


@pytest.mark.parametrize("slow", [range(15), range(3, 25), range(15, 99), range(99)])
def test_a_busy_machine_slows_both_layers_alike(slow: range, monkeypatch: pytest.MonkeyPatch) -> None:
    """They take turns. One after the other, whichever is timed while the machine is busy would lose."""
    clock = Clock(slow)
    monkeypatch.setattr(linear_layers.time, "perf_counter", lambda: clock.now)
    plain, packed = linear_layers._seconds((clock.layer(0.0010), clock.layer(0.0007)), torch.zeros(1))
    assert packed / plain == pytest.approx(0.7)
    assert clock.calls == 30


def test_large_layers_are_timed_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(range(0))
    monkeypatch.setattr(linear_layers.time, "perf_counter", lambda: clock.now)
    linear_layers._seconds((clock.layer(1.0), clock.layer(0.5)), torch.zeros(1))
    assert clock.calls == 10
