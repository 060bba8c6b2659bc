"""Loading with the libraries: whatever they raise is one error that names the model."""

from __future__ import annotations

from pathlib import Path

import pytest
from byte_llama import save_byte_llama
from publishing import save_adapter

from llms_meet_ner import LmnError
from llms_meet_ner.decoding.pretrained import Weights, load_pretrained, load_tokenizer


@pytest.mark.parametrize(
    "error", [AttributeError("'list' object has no attribute 'get'"), AssertionError(), ImportError("x\ny")]
)
def test_what_a_library_raises_is_one_error(error: Exception, workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import transformers

    def fail(*args: object, **options: object) -> None:
        raise error

    Path("m").mkdir()
    monkeypatch.setattr(transformers.AutoTokenizer, "from_pretrained", fail)
    with pytest.raises(LmnError) as seen:
        load_tokenizer(Weights("m", Path("a"), remedy="--base MODEL names the base model"))
    what = str(error).split("\n")[0] or "AssertionError"
    assert str(seen.value) == f"m with a: cannot be loaded: {what}; --base MODEL names the base model"


def test_a_model_loads_in_the_data_type_that_is_asked_for(workdir: Path) -> None:
    import torch

    save_byte_llama(workdir / "base")
    assert load_pretrained(Weights("base"), "bfloat16").dtype == torch.bfloat16
    assert load_tokenizer(Weights("base")).eos_token == "</s>"


@pytest.mark.parametrize("saved", ["float32", "bfloat16"])
def test_weights_with_an_adapter_in_them_are_rounded_once(workdir: Path, saved: str) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    save_byte_llama(workdir / "base")
    if saved != "float32":
        AutoModelForCausalLM.from_pretrained("base", dtype=saved).save_pretrained("base")
    save_adapter(workdir / "base", workdir / "a")
    weights = Weights("base", Path("a"))
    wide, narrow = load_pretrained(weights, "float32"), load_pretrained(weights, "bfloat16")
    assert (narrow.dtype, narrow.config.dtype) == (torch.bfloat16, torch.bfloat16)
    assert narrow.model.rotary_emb.inv_freq.dtype == torch.float32
    rounded = dict(narrow.named_parameters())
    assert all(torch.equal(rounded[name], weight.to(torch.bfloat16)) for name, weight in wide.named_parameters())
