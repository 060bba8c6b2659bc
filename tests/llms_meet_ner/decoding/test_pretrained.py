"""Loading with the libraries: whatever they raise is one error that names the model."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import pytest
from byte_llama import save_byte_llama
from publishing import save_adapter

from llms_meet_ner import LmnError
from llms_meet_ner.decoding.pretrained import EightBit, FourBit, Quantise, Weights, load_pretrained, load_tokenizer


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


@pytest.mark.parametrize(
    ("quantise", "trained", "cuda", "expected"),
    [
        (None, None, True, None),
        (None, FourBit("fp4", False), True, FourBit("fp4", False)),
        (None, FourBit("fp4", False), False, None),
        ("4bit", None, False, FourBit("nf4", True)),
        ("4bit", FourBit("fp4", False), False, FourBit("fp4", False)),
        ("8bit", FourBit("fp4", False), True, EightBit()),
    ],
)
def test_what_the_user_asks_for_comes_before_the_training(
    quantise: Quantise | None, trained: FourBit | None, cuda: bool, expected: object
) -> None:
    assert Weights("m", four_bit=trained, quantise=quantise).quantisation(cuda=cuda) == expected


@pytest.mark.parametrize(("quantisation", "kind"), [(FourBit("nf4", True), "Linear4bit"), (EightBit(), "Linear8bitLt")])
def test_a_quantised_base_keeps_its_adapter_apart(
    workdir: Path, quantisation: FourBit | EightBit, kind: str
) -> None:  # fmt: skip
    import torch

    save_byte_llama(workdir / "base", width=64)
    save_adapter(workdir / "base", workdir / "a")
    weights = Weights("base", Path("a"))
    model = load_pretrained(weights, "float32", quantisation).eval()
    assert {type(layer).__name__ for layer in model.modules()} > {kind}
    assert [name for name, _ in model.named_parameters() if "lora_A" in name]
    ids = torch.tensor([list(b"Anna saw Kent")])
    plain = load_pretrained(weights, "float32").eval()
    with torch.no_grad():
        found, exact = (one(ids).logits.float() for one in (model, plain))
    assert float((found - exact).std()) < 0.15 * float(exact.std())
    assert not torch.equal(found, exact)


def test_a_hint_about_a_package_that_nobody_asked_for_is_not_shown(
    workdir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # only a CPU with AVX-512 BF16 shows that this is its name
    logger = logging.getLogger("bitsandbytes.backends.cpu.ops")
    logger.setLevel(logging.NOTSET)
    save_byte_llama(workdir / "base")
    load_pretrained(Weights("base"), "float32")
    logger.warning("Failed to load CPU gemm_4bit_forward")
    assert logger.name not in [record.name for record in caplog.records]


def test_what_cannot_be_quantised_is_one_line(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_byte_llama(workdir / "base")
    config = Path("base/config.json")
    before = config.read_text()
    config.write_text(json.dumps({**json.loads(before), "quantization_config": {"quant_method": "gptq", "bits": 4}}))
    with pytest.raises(LmnError, match=r"^base: is saved in a quantised form already; leave --quantize out$"):
        load_pretrained(Weights("base", quantise="8bit"), "float32", EightBit())
    config.write_text(before)
    monkeypatch.setitem(sys.modules, "bitsandbytes", None)
    with pytest.raises(
        LmnError, match=r"^base: quantising needs bitsandbytes \(.*\); pip install 'llms-meet-ner\[quantize\]'"
    ):
        load_pretrained(Weights("base"), "float32", FourBit("nf4", True))
