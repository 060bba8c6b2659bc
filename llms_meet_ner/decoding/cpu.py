"""Whether a CPU computes in bfloat16, by its own word."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

_INSTRUCTIONS = {"amx_bf16": "AMX", "avx512_bf16": "AVX-512 BF16"}
"""Instructions that multiply matrices of bfloat16, by torch's names. Without them a product takes longer than in float32."""
_LIMITS = ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA")
"""Environment variables that keep oneDNN, which multiplies matrices for torch, from newer instructions; the first one set counts."""
_OLDER = frozenset(("SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX2_VNNI_2", "AVX512_CORE", "AVX512_CORE_VNNI"))
_WITHOUT = {
    "amx_bf16": _OLDER | {"AVX512_CORE_BF16", "AVX512_CORE_FP16", "AVX10_1_512", "AVX10_2_512"},
    "avx512_bf16": _OLDER,
}
"""Their values that leave out instructions, by torch's names of these."""


def bfloat16_instructions() -> str | None:
    """Return the name of the instructions with which torch multiplies bfloat16 on this CPU; None if it would imitate them."""
    import torch

    limit = next((value for name in _LIMITS if (value := os.environ.get(name))), "")
    if not torch.backends.mkldnn.is_available():
        return None
    can = torch.cpu.get_capabilities()
    usable = (name for key, name in _INSTRUCTIONS.items() if can.get(key) and limit.upper() not in _WITHOUT[key])
    return next(usable, None)


def imitated_bfloat16(values: Mapping[str, Any], device: str) -> str | None:
    """Return a line for people if a training would imitate bfloat16, which takes many times as long as float32; None otherwise.

    Args:
        values: Values of the recipe.
        device: Type of the device that it trains on, by torch's name.
    """
    if device != "cpu" or not values.get("bf16") or bfloat16_instructions():
        return None
    wanted = " or ".join(_INSTRUCTIONS.values())
    return f"bf16: this CPU has no instructions for bfloat16 ({wanted}), and the training takes many times as long as without bf16"
