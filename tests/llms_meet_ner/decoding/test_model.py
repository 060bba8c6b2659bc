"""Loading weights: what is refused before anything is loaded."""

from __future__ import annotations

import sys

import pytest
from standins import SPEC

from llms_meet_ner import LmnError
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
