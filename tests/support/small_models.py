"""Tiny random models of many architectures, and sentences that are hard to decode."""

from __future__ import annotations

from typing import Any

from llms_meet_ner import LabelSet, PromptSpec
from llms_meet_ner.decoding.requests import Request
from llms_meet_ner.sentence import SPACE, Join

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


def spec(form: str = "bracketed", *, nested: bool = False, join: Join = SPACE) -> PromptSpec:
    return PromptSpec(form, "short", "Mark", LABELS, nested=nested, join=join)


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
    return ids, outputs, generator.cost


def tiny_llama(**changes: Any) -> Any:
    """Return a random Llama of two layers with nine tokens, whose predictions are far from uniform."""
    import torch
    import transformers

    torch.manual_seed(0)
    sizes = {
        "vocab_size": 9,
        "hidden_size": 8,
        "intermediate_size": 8,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
    }
    return transformers.LlamaForCausalLM(transformers.LlamaConfig(**sizes, initializer_range=0.5, **changes)).eval()
