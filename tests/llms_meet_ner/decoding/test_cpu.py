"""A CPU computes in bfloat16 only if it says so, and if oneDNN may use what it has."""

from __future__ import annotations

import pytest

from llms_meet_ner.decoding.cpu import bfloat16_instructions, imitated_bfloat16


@pytest.fixture(autouse=True)
def _no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"):
        monkeypatch.delenv(name, raising=False)


def has(monkeypatch: pytest.MonkeyPatch, **capabilities: object) -> None:
    import torch

    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"architecture": "x86_64", **capabilities})


def test_what_the_cpu_says_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    has(monkeypatch, avx512_f=True, avx512_bf16=True, amx_bf16=False)
    assert bfloat16_instructions() == "AVX-512 BF16"
    has(monkeypatch, avx512_bf16=True, amx_bf16=True)
    assert bfloat16_instructions() == "AMX"
    for others in (
        {},
        {"avx512_f": True, "avx512_vnni": True, "amx_tile": True},
        {"architecture": "arm64", "bf16": True},
    ):
        has(monkeypatch, **others)
        assert bfloat16_instructions() is None


def test_torch_still_names_the_instructions_so() -> None:
    import torch

    capabilities = torch.cpu.get_capabilities()
    if capabilities["architecture"] == "x86_64":
        assert {"amx_bf16", "avx512_bf16"} <= set(capabilities)


@pytest.mark.parametrize(
    ("name", "value", "used"),
    [
        ("ONEDNN_MAX_CPU_ISA", "AVX2", False),
        ("DNNL_MAX_CPU_ISA", "avx512_core_vnni", False),
        ("ONEDNN_MAX_CPU_ISA", "AVX512_CORE_BF16", True),
        ("ONEDNN_MAX_CPU_ISA", "ALL", True),
        ("ONEDNN_MAX_CPU_ISA", "", True),
    ],
)
def test_a_limit_on_onednn_counts(name: str, value: str, used: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    has(monkeypatch, avx512_bf16=True)
    monkeypatch.setenv(name, value)
    assert (bfloat16_instructions() is not None) == used


@pytest.mark.parametrize(
    ("limit", "found"),
    [
        ("AVX512_CORE_BF16", "AVX-512 BF16"),
        ("avx512_core_fp16", "AVX-512 BF16"),
        ("AVX10_1_512", "AVX-512 BF16"),
        ("AVX512_CORE_AMX", "AMX"),
        ("AVX10_1_512_AMX", "AMX"),
        ("AVX512_CORE_VNNI", None),
    ],
)
def test_a_limit_below_amx_leaves_the_older_instructions(
    limit: str, found: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    has(monkeypatch, avx512_bf16=True, amx_bf16=True)
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", limit)
    assert bfloat16_instructions() == found
    has(monkeypatch, amx_bf16=True)
    assert bfloat16_instructions() == (found if found == "AMX" else None)


def test_torch_without_onednn_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    has(monkeypatch, avx512_bf16=True)
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    assert bfloat16_instructions() is None


def test_a_training_that_would_imitate_bfloat16_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    has(monkeypatch, avx512_f=True)
    said = imitated_bfloat16({"bf16": True}, "cpu")
    assert said is not None
    assert said.startswith("bf16: this CPU has no instructions for bfloat16 (AMX or AVX-512 BF16)")
    assert imitated_bfloat16({"bf16": True}, "cuda") is None
    assert imitated_bfloat16({"bf16": False}, "cpu") is None
    has(monkeypatch, avx512_bf16=True)
    assert imitated_bfloat16({"bf16": True}, "cpu") is None
