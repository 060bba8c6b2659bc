"""Packed passes: the shared beginning, the model before and after, and layers that are refused."""

from __future__ import annotations

import numpy as np
import pytest
from small_models import SENTENCES, decode, loaded, requests, spec
from small_tokenizers import byte_level

from llms_meet_ner import LmnError
from llms_meet_ner.decoding.requests import Request, shared_length


def test_a_prefix_is_computed_once_and_shrinks_when_prompts_begin_differently() -> None:
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


@pytest.mark.parametrize("kind", ["Llama", "Gemma2"])
def test_a_model_in_bfloat16_chooses_by_logits_in_float32(kind: str) -> None:
    import torch

    from llms_meet_ner.decoding.packed import PackedModel, Segment

    model = loaded(kind, byte_level())
    model.model.to(torch.bfloat16)
    packed = PackedModel(model)
    with packed.in_place():
        logits = packed.forward([Segment(0, 0, [5, 6, 7], 2)], np.arange(3, 60))
    assert (logits.shape, logits.dtype) == ((2, 57), np.float32)
    found = torch.from_numpy(logits)
    assert not torch.equal(found, found.to(torch.bfloat16).float())
    assert {tensor.dtype for pair in packed._cache._layers.values() for tensor in pair} == {torch.bfloat16}


def test_layers_that_cannot_forget_are_refused() -> None:
    from llms_meet_ner.decoding.constrained import ConstrainedGenerator

    model = loaded("Llama", byte_level())
    model.model.config.layer_types = ["full_attention", "linear_attention"]
    with pytest.raises(LmnError, match="a model with linear_attention; use --decoding free"):
        ConstrainedGenerator(model, spec())
