"""Loading weights: what is refused before anything is loaded, and the data type that is chosen."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from byte_llama import save_byte_llama
from standins import SPEC

from llms_meet_ner import LmnError
from llms_meet_ner.decoding import model as model_module
from llms_meet_ner.decoding.model import DTYPES, load_model
from llms_meet_ner.decoding.pretrained import Weights


def test_data_types_have_the_names_of_torch() -> None:
    import torch

    assert [name for name in DTYPES if not isinstance(getattr(torch, name, None), torch.dtype)] == ["auto"]
    with pytest.raises(LmnError, match=r"^no data type 'int8'; there are: auto, float32, bfloat16, float16$"):
        load_model(Weights("x"), SPEC, "int8")  # type: ignore[arg-type]


def test_a_prompt_without_a_template_is_refused() -> None:
    with pytest.raises(
        LmnError, match=r"^the prompt spec names no chat template; predict once with the adapter's recipe"
    ):
        load_model(Weights("x"), SPEC.without_template())


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(LmnError, match=r"prediction needs torch, transformers and peft .*; pip install 'llms-meet-ner"):
        load_model(Weights("x"), SPEC)


def chosen(monkeypatch: pytest.MonkeyPatch, instructions: str | None, *dtype: Any) -> tuple[str, str, str | None]:
    """Load the model in `base` on a CPU with some instructions; return the data type that is noted, the real one, and the remark."""
    monkeypatch.setattr(model_module, "bfloat16_instructions", lambda: instructions)
    loaded = load_model(Weights("base"), SPEC, *dtype)
    return loaded.dtype, str(loaded.model.dtype).removeprefix("torch."), loaded.remark


def test_auto_follows_the_instructions_of_the_cpu_and_says_so(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_byte_llama(workdir / "base")
    assert chosen(monkeypatch, None) == ("float32", "float32", None)
    assert chosen(monkeypatch, "AMX") == (
        "bfloat16", "bfloat16",
        "computes in bfloat16, for which this CPU has instructions (AMX); --dtype float32 is the same on every CPU",
    )  # fmt: skip
    assert chosen(monkeypatch, "AMX", "float32") == ("float32", "float32", None)
    assert chosen(monkeypatch, None, "bfloat16") == ("bfloat16", "bfloat16", None)


def test_auto_leaves_a_quantised_base_in_float32(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_byte_llama(workdir / "base")
    config = json.loads(Path("base/config.json").read_text())
    asked: list[str] = []

    def load(weights: Weights, dtype: str, four_bit: None) -> Any:
        asked.append(dtype)
        raise LmnError("enough")

    monkeypatch.setattr(model_module, "load_pretrained", load)
    for more in ({}, {"quantization_config": {"quant_method": "gptq", "bits": 4}}):
        Path("base/config.json").write_text(json.dumps({**config, **more}))
        with pytest.raises(LmnError, match="enough"):
            chosen(monkeypatch, "AMX")
    assert asked == ["bfloat16", "float32"]
