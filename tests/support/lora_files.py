"""Files of adapters that nothing can load, as small as the checks of their configuration allow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def tensor_file(path: Path, shapes: dict[str, list[int]]) -> Path:
    """Write a safetensors file of zeros in float32."""
    rows: dict[str, Any] = {}
    at = 0
    for name, shape in shapes.items():
        size = 4
        for number in shape:
            size *= number
        rows[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + size]}
        at += size
    header = json.dumps(rows).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(at))
    return path


def lora_files(folder: Path, *, rank: int = 8, **keys: Any) -> Path:
    """Write an adapter for one module with a configuration, and return its folder."""
    name = "base_model.model.model.layers.0.self_attn.q_proj"
    tensor_file(
        folder / "adapter_model.safetensors",
        {f"{name}.lora_A.weight": [rank, 2], f"{name}.lora_B.weight": [2, rank]},
    )
    config = {"peft_type": "LORA", "r": rank, "lora_alpha": 8, "target_modules": ["q_proj"], **keys}
    (folder / "adapter_config.json").write_text(json.dumps(config))
    return folder
