"""Whether a CPU computes in bfloat16, by its own word."""

from __future__ import annotations

import os

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
