"""Constrained decoding against a plain step-by-step decoder, on architectures with all that attention can hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_tokenizers import byte_level, pieces

from llms_meet_ner import LabelSet, LmnError, PromptSpec, Span, get_format
from llms_meet_ner.decoding.confidence import Choice, confidences, uncertainty
from llms_meet_ner.decoding.constraint import AllowedTokens
from llms_meet_ner.decoding.guesser import EntityGuesser, capitalised_runs
from llms_meet_ner.decoding.requests import Request, shared_length

LABELS = LabelSet.of("PER", "LOC", "MISC")
SENTENCES = [
    tuple(text.split())
    for text in (
        "Hussain , considered surplus to England 's one-day requirements , struck 158 .",
        "[ sic ] Şırnak said : | PER] 😀 New York",
        "x",
        "東京 [ New York ] 1996-08-30",
        "Essex won",
        "U.S. 's ½ match | LOC] in Essex | PER]",
    )
]
IN_XML = [  # other tokens look like marks there
    tuple(text.split())
    for text in (
        "Hussain , considered surplus to England 's one-day requirements , struck 158 .",
        "<PER> sic </PER> Şırnak said : < 😀 New York",
        "x",
        "東京 <LOC>New York</LOC> 1996-08-30",
        "<PER>Essex won",
        "U.S. 's ½ match </LOC> in Essex </PER>",
    )
]
HOSTILE = {"bracketed": SENTENCES, "xml": IN_XML}


def model_of(kind: str, tokenizer: Any) -> Any:
    """Return a tiny random model; its choices are wild, so that proposals are wrong most of the time."""
    import torch
    import transformers

    torch.manual_seed(11)
    sizes: dict[str, Any] = {
        "vocab_size": len(tokenizer), "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "initializer_range": 0.5, "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id,
    }  # fmt: skip
    extra: dict[str, Any] = {
        "Llama": {},
        "Qwen2": {},
        "Mistral": {"sliding_window": 7, "head_dim": 8},
        "Gemma2": {"sliding_window": 7, "head_dim": 8},
        "Gemma3": {"sliding_window": 7, "head_dim": 8, "layer_types": ["sliding_attention", "full_attention"]},
        "Qwen3": {},
        "Granite": {"attention_multiplier": 0.3, "logits_scaling": 2.0},
        "GraniteMoeHybrid": {
            "layer_types": ["attention"] * 2,
            "num_local_experts": 0,
            "shared_intermediate_size": 48,
            "mamba_n_heads": 4,
            "position_embedding_type": "rope",
        },
    }[kind]
    config = getattr(transformers, "Gemma3TextConfig" if kind == "Gemma3" else f"{kind}Config")(**sizes, **extra)
    return getattr(transformers, f"{kind}ForCausalLM")(config).eval()


def loaded(kind: str, tokenizer: Any) -> Any:
    from llms_meet_ner.decoding.model import LoadedModel

    return LoadedModel(model_of(kind, tokenizer), tokenizer, "cpu", "cpu", "float32", [tokenizer.eos_token_id])


def spec(form: str = "bracketed", *, nested: bool = False) -> PromptSpec:
    return PromptSpec(form, "short", "Mark", LABELS, nested=nested)


def requests(tokenizer: Any, form: str = "bracketed") -> list[Request]:
    return [
        Request(tokenizer.encode("Mark entities:\n" + " ".join(tokens) + "\n", add_special_tokens=False), tokens, 1)
        for tokens in HOSTILE[form]
    ]


def decode(model: Any, asked: list[Request], size: int, **options: Any) -> tuple[list[list[int]], list[Any], Any]:
    from llms_meet_ner.decoding.constrained import ConstrainedGenerator

    options = {"spec": spec(), **options}
    generator = ConstrainedGenerator(model, **options)
    ids, outputs = [], []
    for start in range(0, len(asked), size):
        outputs += generator.generate(asked[start : start + size])
        ids += generator.last_ids
    return ids, outputs, generator.work


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
    """An adapter beside its base, not merged, as over a quantised model."""
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
    ids, outputs, _ = decode(model, asked, 1, spec=spec(form, nested=nested), proposals="none")
    for size, proposals in [(6, "none"), (3, "copy"), (1, "marked"), (6, "marked")]:
        others, texts, _ = decode(model, asked, size, spec=spec(form, nested=nested), proposals=proposals)
        assert others == ids
        for got, expected in zip(texts, outputs):
            assert got.text == expected.text
            assert got.confidences == pytest.approx(expected.confidences, abs=2e-4)
            assert tuple(got.uncertainty) == pytest.approx(tuple(expected.uncertainty), abs=2e-4)
    fmt = get_format(form, nested=nested)
    for output, tokens in zip(outputs, HOSTILE[form]):
        alignment = fmt.parse(output.text, tokens, LABELS)
        assert alignment.status == "exact"
        assert len(output.confidences) == len(alignment.spans)
        assert all(0 < value <= 1 for value in output.confidences)


def test_a_prefix_is_computed_once_and_shrinks_when_prompts_begin_otherwise() -> None:
    model = loaded("Llama", byte_level())
    asked = requests(model.tokenizer)
    other = Request([*model.tokenizer.encode("Find "), *asked[0].prompt], SENTENCES[0], 1)
    together = [*asked, other]
    alone = [decode(model, [request], 1)[0][0] for request in together]
    assert decode(model, together, 2)[0] == alone
    _, _, work = decode(model, asked, 6)
    shared = shared_length([request.prompt for request in asked])
    assert shared >= len(model.tokenizer.encode("Mark entities:\n"))
    assert work.computed >= sum(len(request.prompt) - shared for request in asked)
    assert shared_length([]) == 0
    assert shared_length([[1, 2], [1, 2]]) == 1


def test_the_model_is_left_as_it_was() -> None:
    model = loaded("Llama", byte_level())
    before = (model.model.config._attn_implementation, model.model.get_output_embeddings())
    decode(model, requests(model.tokenizer)[:1], 1)
    assert (model.model.config._attn_implementation, model.model.get_output_embeddings()) == before


def test_layers_that_cannot_forget_are_refused() -> None:
    from llms_meet_ner.decoding.constrained import ConstrainedGenerator

    model = loaded("Llama", byte_level())
    model.model.config.layer_types = ["full_attention", "linear_attention"]
    with pytest.raises(LmnError, match="a model with linear_attention; --decoding free"):
        ConstrainedGenerator(model, spec())


def test_a_choice_sums_over_the_tokens_that_write_the_same_markup() -> None:
    moves = AllowedTokens(np.array([3, 5, 8]), {3: 1, 5: 2, 8: 3}, np.array([0, 1, 0]), (b"", b"["))
    logits = np.log(np.array([0.2, 0.3, 0.1], dtype=np.float32))
    choice = Choice.of(moves, logits)
    assert (choice.token, choice.mark) == (5, b"[")
    assert choice.probability == pytest.approx(0.5)
    assert choice.entropy == pytest.approx(np.log(2))
    one = AllowedTokens(np.array([3, 8]), {3: 1, 8: 3}, np.array([0, 0]), (b"",))
    assert Choice.of(one, logits[[0, 2]]) == Choice(3, b"", 1.0, 0.0, is_decision=False)


def test_confidence_is_the_product_of_an_entitys_own_choices() -> None:
    # "[a [b | X] | Y] c" in tokens: [ |a |_[ |b |_| X] |_| Y] |_c
    lengths = [1, 1, 2, 1, 5, 5, 2]
    odds = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3]
    choices = [Choice(0, b"", value, 0.1 * number, is_decision=number > 0) for number, value in enumerate(odds)]
    outer, inner = confidences(choices, lengths, [(0, 15), (3, 10)])
    assert inner == pytest.approx(0.7 * 0.6 * 0.5)
    assert outer == pytest.approx(0.9 * 0.8 * 0.7 * 0.4)  # the third token's space is its own
    # "<X><Y>a</Y> b</X> c" in tokens: <X |>< |Y> |a |</Y> |_b |</X> |_c
    lengths = [2, 2, 2, 1, 4, 2, 4, 2]
    choices_of_tags = [Choice(0, b"", value, 0.1, is_decision=True) for value in (*odds, 0.2)]
    outer_tag, inner_tag = confidences(choices_of_tags, lengths, [(0, 17), (3, 11)])
    assert inner_tag == pytest.approx(0.8 * 0.7 * 0.6 * 0.5)  # opening with this label, and closing there
    assert outer_tag == pytest.approx(0.9 * 0.8 * 0.4 * 0.3)  # the second token opens both
    assert uncertainty(choices) == pytest.approx((0.35, 0.6))
    assert uncertainty([]) == (0.0, 0.0)


def test_guesses_follow_what_was_seen() -> None:
    guesser = EntityGuesser.of(("PER", "LOC"))
    assert capitalised_runs(("The", "New", "York", "and", "Essex")) == [(0, 3), (4, 5)]
    assert [span.label for span in guesser.guess(("in", "Essex")).spans] == ["PER"]
    for _ in range(3):
        guesser.learn(("The", "Hague", "is", "in", "the", "Netherlands"), [Span(1, 2, "LOC"), Span(5, 6, "LOC")])
        guesser.learn(("Mr.", "May", "spoke"), [Span(1, 2, "PER")])
        guesser.learn(("In", "May", "and", "May", "it", "rains"), [])
    assert guesser.guess(("The", "Hague", "in", "Essex", "and", "May")).spans == (Span(1, 2, "LOC"), Span(3, 4, "LOC"))
    for number in range(20):  # a language that writes every noun so
        guesser.learn(("das", f"Haus{number}"), [])
    assert guesser.guess(("das", "Boot", "in", "Hague")).spans == (Span(3, 4, "LOC"),)


@pytest.mark.slow
@pytest.mark.parametrize(("form", "number"), [("bracketed", 30), ("xml", 2)])
def test_sentences_of_the_real_model_equal_the_reference(smollm2: Path, form: str, number: int) -> None:
    from decoding import compare

    result = compare(smollm2, None, number, batch_size=10, most_tokens=9, form=form)
    assert (result.sentences, result.differences) == (number, [])
    assert result.steps > 10 * number
    assert json.loads(json.dumps(result.to_dict()))["sentences"] == number
