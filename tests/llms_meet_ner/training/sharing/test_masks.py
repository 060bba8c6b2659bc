"""Masks of rows: what an example alone sees, in each implementation of attention."""

from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sharing_examples import drawn_examples

torch = pytest.importorskip("torch")
masking = pytest.importorskip("transformers.masking_utils")

from llms_meet_ner.training.sharing.forward import label_losses, row_inputs  # noqa: E402
from llms_meet_ner.training.sharing.masks import RowMasks, ShownRow, block_mask, make_mask  # noqa: E402
from llms_meet_ner.training.sharing.rows import UNLABELLED, Example, build_rows  # noqa: E402

FUNCTIONS = {
    "causal": masking.causal_mask_function,
    "window": masking.sliding_window_causal_mask_function(3),
    "chunks": masking.and_masks(masking.causal_mask_function, lambda batch, head, query, key: query // 4 == key // 4),
}


@settings(max_examples=60, deadline=None)
@given(drawn_examples(), st.sampled_from(sorted(FUNCTIONS)))
def test_a_token_sees_what_it_sees_in_its_example_alone(examples: list[Any], name: str) -> None:
    alone = FUNCTIONS[name]
    for row in build_rows(examples, 15):
        seen = ShownRow.of(row, "cpu").matrix(alone)[0, 0]
        expected = torch.zeros_like(seen)
        for leaf in row.leaves:
            own = [index for index in range(leaf + 1) if leaf < row.ends[index]]
            for place, query in enumerate(own):
                for other, key in enumerate(own):
                    expected[query, key] |= bool(alone(0, 0, torch.tensor(place), torch.tensor(other)))
        assert torch.equal(seen, expected)


@settings(max_examples=10, deadline=None)
@given(drawn_examples(), st.sampled_from(sorted(FUNCTIONS)))
def test_every_implementation_gets_the_same_mask(examples: list[Any], name: str) -> None:
    from torch.nn.attention.flex_attention import create_mask

    row = ShownRow.of(build_rows(examples, 1000)[0], "cpu")
    length = len(row.ends)
    seen = make_mask("sdpa", row, mask_function=FUNCTIONS[name], q_length=length, kv_length=length)
    added = make_mask("eager", row, mask_function=FUNCTIONS[name], dtype=torch.bfloat16)
    assert added.dtype == torch.bfloat16
    assert torch.equal(added == 0, seen)
    assert torch.equal(added == torch.finfo(torch.bfloat16).min, ~seen)
    blocks = block_mask(row, FUNCTIONS[name])
    assert blocks.shape == seen.shape
    assert torch.equal(create_mask(blocks.mask_mod, 1, 1, length, length, device="cpu"), seen)


def test_a_mask_of_another_length_is_refused() -> None:
    row = ShownRow.of(build_rows([Example((1, 2), (-100, 2))], 10)[0], "cpu")
    with pytest.raises(ValueError, match=r"a mask of \[3\] tokens is asked for a row of 2"):
        make_mask("sdpa", row, mask_function=FUNCTIONS["causal"], q_length=3, kv_length=3)


def test_transformers_functions_come_back_when_the_block_ends() -> None:
    interface = masking.ALL_MASK_ATTENTION_FUNCTIONS
    before = {kind: interface[kind] for kind in ("sdpa", "eager", "flex_attention")}
    masks = RowMasks()
    with masks.installed():
        assert interface["sdpa"] is not before["sdpa"]
        asked: dict[str, Any] = {
            "batch_size": 1,
            "q_length": 2,
            "kv_length": 2,
            "mask_function": FUNCTIONS["causal"],
            "device": "cpu",
        }
        assert interface["sdpa"](**asked) is None  # transformers leaves a causal mask to the kernel
        assert masks.made == 0
    assert {kind: interface[kind] for kind in before} == before


def test_flex_attention_computes_the_same_losses() -> None:
    """Without compilation, on a CPU, where it has no backward pass; not run on a GPU."""
    import transformers
    from torch.nn.attention.flex_attention import flex_attention
    from transformers.integrations import flex_attention as integration

    prompt = (1, 2, 3, 4, 5, 6, 7)
    rests = ((1, 2, 3), (1, 4, 4, 4, 5), (1, 7))
    examples = [Example(prompt + rest, (UNLABELLED,) * 8 + rest[1:]) for rest in rests]
    (row,) = build_rows(examples, 100)
    torch.manual_seed(0)
    sizes = {
        "vocab_size": 9,
        "hidden_size": 32,
        "intermediate_size": 8,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
    }
    config = transformers.MistralConfig(**sizes, num_key_value_heads=1, sliding_window=5, initializer_range=0.5)
    model = transformers.MistralForCausalLM(config).eval()
    masks = RowMasks()
    losses = []
    inputs = row_inputs(row, "cpu", keeps_logits=True)
    for kind in ("sdpa", "flex_attention"):
        model.set_attn_implementation(kind)
        with (
            torch.no_grad(), masks.installed(), masks.showing(ShownRow.of(row, "cpu")),
            mock.patch.object(integration.WrappedFlexAttention, "__call__", return_value=flex_attention),
        ):  # fmt: skip
            losses.append(label_losses(model(**inputs.inputs).logits, inputs))
    assert masks.made == 2
    torch.testing.assert_close(losses[0], losses[1], rtol=1e-5, atol=1e-5)
