"""Constrained decoding against a plain step-by-step decoder, on architectures with all that attention can hold."""

from __future__ import annotations

import functools
import json
import math
import random
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_models import HOSTILE, LABELS, SENTENCES, decode, loaded, model_of, requests, spec
from small_tokenizers import byte_level, pieces

from llms_meet_ner import Span, get_format
from llms_meet_ner.decoding import constrained
from llms_meet_ner.decoding.guesser import EntityGuesser
from llms_meet_ner.decoding.reach import PassCost
from llms_meet_ner.decoding.requests import Request

TOKENIZER = byte_level()


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        ("Llama", "bracketed"), ("Qwen2", "bracketed"), ("Mistral", "bracketed"), ("Gemma2", "bracketed"),
        ("Gemma3", "bracketed"), ("Qwen3", "bracketed"), ("Granite", "bracketed"), ("GraniteMoeHybrid", "bracketed"),
        ("Qwen2", "xml"),
    ],
)  # fmt: skip
def test_the_result_is_that_of_a_plain_logits_processor(kind: str, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from reference_decoder import decode as decode_plainly

    if (
        kind == "GraniteMoeHybrid"
    ):  # the reference's: transformers 5.6 asks a cache without state-space layers for their state
        from transformers.models.granitemoehybrid.modeling_granitemoehybrid import GraniteMoeHybridModel

        monkeypatch.setattr(GraniteMoeHybridModel, "_update_mamba_mask", lambda *_: None)
    model = loaded(kind, byte_level())
    asked = requests(model.tokenizer, form)
    sentences = HOSTILE[form]
    expected = decode_plainly(
        model.model, model.tokenizer, [request.prompt for request in asked], sentences, LABELS.names, form
    )
    assert sum(map(len, expected)) > 60
    taught = EntityGuesser.of(LABELS.names)
    taught.learn(SENTENCES[0], [Span(0, 1, "LOC"), Span(5, 9, "MISC")])
    for size, options in [
        (1, {"proposals": "none"}), (6, {"proposals": "none"}), (2, {"proposals": "copy"}), (6, {"proposals": "copy"}),
        (1, {"proposals": "marked"}), (4, {"proposals": "marked"}), (6, {"guesser": taught}),
    ]:  # fmt: skip
        ids, outputs, work = decode(model, asked, size, spec=spec(form), **options)
        assert ids == expected, options
        assert work.steps == sum(map(len, ids))
        fmt = get_format(form)
        assert [fmt.parse(got.text, tokens, LABELS).status for got, tokens in zip(outputs, sentences)] == ["exact"] * 6


def gemma3_with_vision(tokenizer: Any) -> Any:
    """Gemma 3 from 4B on comes with a tower for images, of which sentences need nothing."""
    import torch
    from transformers import Gemma3Config, Gemma3ForConditionalGeneration

    torch.manual_seed(12)
    text = model_of("Gemma3", tokenizer).config.to_dict() | {"vocab_size": len(tokenizer) + 3}
    vision = {
        "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 28,
        "patch_size": 14,
    }  # fmt: skip
    extra = {f"{name}_token_index": len(tokenizer) + at for at, name in enumerate(("image", "boi", "eoi"))}
    config = Gemma3Config(text_config=text, vision_config=vision, mm_tokens_per_image=4, **extra)
    return Gemma3ForConditionalGeneration(config).eval()


def llama_with_adapter(tokenizer: Any) -> Any:
    """An adapter on its base, not merged, as on a quantised model."""
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False, task_type="CAUSAL_LM")
    return get_peft_model(model_of("Llama", tokenizer), config).eval()


@pytest.mark.parametrize("make", [gemma3_with_vision, llama_with_adapter])
def test_models_in_wrappers_decode_alike(make: Any) -> None:
    from reference_decoder import decode as decode_plainly

    from llms_meet_ner.decoding.model import LoadedModel

    tokenizer = byte_level()
    asked = requests(tokenizer)
    model = make(tokenizer)
    expected = decode_plainly(model, tokenizer, [request.prompt for request in asked], SENTENCES, LABELS.names)
    wrapped = LoadedModel(model, tokenizer, "cpu", "cpu", "float32", [tokenizer.eos_token_id])
    assert decode(wrapped, asked, 4)[0] == expected


@pytest.mark.parametrize(
    ("form", "pieced", "nested"),
    [
        ("bracketed", False, False), ("bracketed", False, True), ("bracketed", True, False), ("bracketed", True, True),
        ("xml", False, True), ("xml", True, False),
    ],
)  # fmt: skip
def test_proposals_and_batches_change_nothing_else(form: str, pieced: bool, nested: bool) -> None:
    model = loaded("Llama", pieces(byte_fallback=True, leading_space=True) if pieced else byte_level())
    asked = requests(model.tokenizer, form)
    prompt = spec(form, nested=nested)
    ids, outputs, _ = decode(model, asked, 1, spec=prompt, proposals="none")
    for size, proposals in [(6, "none"), (3, "copy"), (1, "marked"), (6, "marked")]:
        others, texts, _ = decode(model, asked, size, spec=prompt, proposals=proposals)
        assert others == ids
        for got, expected in zip(texts, outputs):
            assert got.text == expected.text
            assert got.confidences == pytest.approx(expected.confidences, abs=2e-4)
            assert astuple(got.uncertainty) == pytest.approx(astuple(expected.uncertainty), abs=1e-3)
    fmt = prompt.output_format()
    for output, tokens in zip(outputs, HOSTILE[form]):
        alignment = fmt.parse(output.text, tokens, LABELS)
        assert alignment.status == "exact"
        assert len(output.confidences) == len(alignment.spans)
        assert all(0 < value <= 1 for value in output.confidences)


@functools.cache
def step_by_step() -> list[list[int]]:
    return decode(loaded("Llama", TOKENIZER), requests(TOKENIZER), 6, proposals="none")[0]


@settings(max_examples=3, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32), size=st.sampled_from([1, 4, 6]), proposals=st.sampled_from(["copy", "marked"]))
def test_proposals_cut_at_any_place_change_nothing(seed: int, size: int, proposals: str) -> None:
    model = loaded("Llama", TOKENIZER)
    expected = step_by_step()
    places = random.Random(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(constrained, "best_reach", lambda chances, _: places.randint(1, len(chances)))
        assert decode(model, requests(TOKENIZER), size, proposals=proposals)[0] == expected


def test_the_cost_of_a_pass_says_how_far_proposals_reach() -> None:
    model = loaded("Llama", TOKENIZER)
    work, ids = {}, []
    for name, tokens in {"tokens": 0.0, "both": 8.0, "passes": math.inf}.items():
        found, _, work[name] = decode(model, requests(TOKENIZER), 6, pass_cost=PassCost(tokens, is_fixed=True))
        ids.append(found)
    assert ids[0] == ids[1] == ids[2]
    assert work["tokens"].passes > work["both"].passes > work["passes"].passes
    assert work["tokens"].computed < work["both"].computed < work["passes"].computed


def test_the_cost_of_a_pass_is_measured_as_passes_run() -> None:
    cost = PassCost(32.0)
    decode(loaded("Llama", TOKENIZER), requests(TOKENIZER), 6, pass_cost=cost)
    assert cost.seconds is not None
    assert cost.tokens >= 1


@pytest.mark.parametrize(("form", "nested"), [("bracketed", False), ("bracketed", True), ("xml", False)])
def test_a_sentence_without_spaces_is_written_without_spaces(form: str, nested: bool) -> None:
    model = loaded("Llama", byte_level())
    tokens = ("乙", "丁", "a", "乙")
    prompt = spec(form, nested=nested, join="")
    source = model.tokenizer.encode("Mark entities:\n" + prompt.source(tokens) + "\n", add_special_tokens=False)
    asked = [Request(source, tokens, 1), Request(source, tokens[1:], 1)]
    ids, outputs, _ = decode(model, asked, 1, spec=prompt, proposals="none")
    assert decode(model, asked, 2, spec=prompt, proposals="marked")[0] == ids
    for output, request in zip(outputs, asked):
        alignment = prompt.output_format().parse(output.text, request.tokens, LABELS)
        assert alignment.status == "exact"
        assert len(output.confidences) == len(alignment.spans)
        assert " ".join(request.tokens) not in output.text


@pytest.mark.slow
@pytest.mark.parametrize(("form", "number"), [("bracketed", 10), ("xml", 2)])
def test_sentences_of_the_real_model_equal_the_reference(smollm2: Path, form: str, number: int) -> None:
    from decoding import compare

    result = compare(smollm2, None, number, batch_size=5, most_tokens=9, form=form)
    assert (result.sentences, result.differences) == (number, [])
    assert result.steps > 10 * number
    assert json.loads(json.dumps(result.to_dict()))["sentences"] == number


def test_where_the_cost_is_fixed_earlier_batches_change_no_pass() -> None:
    from llms_meet_ner.decoding.constrained import ConstrainedGenerator

    model = loaded("Llama", TOKENIZER)
    asked = requests(model.tokenizer)
    taken = []
    for before in ([], asked[3:]):
        generator = ConstrainedGenerator(
            model, spec(), guesser=EntityGuesser.of(LABELS.names), pass_cost=PassCost(2, is_fixed=True)
        )
        for one in before:
            generator.generate([one])
        generator.generate(asked[:3])
        taken.append(generator.last_passes)
    assert taken[0] == taken[1]


def test_marks_and_words_are_counted_apart() -> None:
    from llms_meet_ner.decoding.constrained import ConstrainedGenerator

    model = loaded("Llama", TOKENIZER)
    request = Request(model.tokenizer.encode("x"), ("in", "Rome", "now"), 1)
    checked = set()
    for proposals in ("marked", "copy"):
        generator = ConstrainedGenerator(model, spec(), proposals=proposals)  # type: ignore[arg-type]
        generator.generate([request])
        checked |= set(generator._chances._checked)
    assert {("plan", "word"), ("plan", "opener"), ("plan", "capital")} <= checked
