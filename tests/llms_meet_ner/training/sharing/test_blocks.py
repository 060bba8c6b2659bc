"""Attention by blocks: the same outputs and gradients as with the whole mask, from fewer pairs of tokens."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sharing_examples import drawn_examples

torch = pytest.importorskip("torch")
masking = pytest.importorskip("transformers.masking_utils")

from transformers.integrations.sdpa_attention import sdpa_attention_forward  # noqa: E402
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS  # noqa: E402

from llms_meet_ner.training.sharing import blocks  # noqa: E402
from llms_meet_ner.training.sharing.blocks import BlockedAttention, blocks_of  # noqa: E402
from llms_meet_ner.training.sharing.masks import RowMasks, ShownRow  # noqa: E402
from llms_meet_ner.training.sharing.rows import UNLABELLED, Example, build_rows  # noqa: E402

CAUSAL = masking.causal_mask_function


def computed(attend: Any, length: int, seen: Any) -> list[Any]:
    """Return outputs and gradients of two query heads that share a key head, each of shape [1, ...]."""
    torch.manual_seed(length)
    query = torch.randn(1, 2, length, 4, requires_grad=True)
    key, value = (torch.randn(1, 1, length, 4, requires_grad=True) for _ in range(2))
    module = torch.nn.Module()
    module.num_key_value_groups = 2
    output, _ = attend(module, query, key, value, seen, scaling=0.3)
    output.backward(torch.randn(output.shape, generator=torch.Generator().manual_seed(1)))
    return [output, query.grad, key.grad, value.grad]


@settings(deadline=None, max_examples=50)
@given(drawn_examples(), st.sampled_from([2, 3, 5]))
def test_blocks_give_the_outputs_and_gradients_of_the_whole_mask(examples: list[Any], queries: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "QUERIES", queries)
        for row in build_rows(examples, 20):
            seen = ShownRow.of(row, "cpu").matrix(CAUSAL)
            blocked = BlockedAttention()
            blocked.learn(seen)
            found = computed(blocked.instead_of(sdpa_attention_forward), len(row), seen)
            for one, other in zip(found, computed(sdpa_attention_forward, len(row), seen), strict=True):
                torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


def test_a_block_leaves_out_the_keys_of_other_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "QUERIES", 2)
    examples = [Example((7, 8, end, end), (UNLABELLED, UNLABELLED, UNLABELLED, end)) for end in (1, 2)]
    (row,) = build_rows(examples, 10)
    found = blocks_of(ShownRow.of(row, "cpu").matrix(CAUSAL))
    assert [(block.start, block.end, block.keys.tolist()) for block in found] == [
        (0, 2, [0, 1]), (2, 4, [0, 1, 2, 3]), (4, 6, [0, 1, 4, 5]),
    ]  # fmt: skip


def test_a_model_computes_the_row_that_is_shown_by_blocks_and_others_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "QUERIES", 2)
    (row,) = build_rows([Example((1, 2, 3, 4), (UNLABELLED, UNLABELLED, UNLABELLED, 4))], 10)
    before = ALL_ATTENTION_FUNCTIONS["sdpa"]
    lengths: list[int] = []

    def noting(module: Any, query: Any, *others: Any, **more: Any) -> Any:
        lengths.append(query.shape[2])
        return sdpa_attention_forward(module, query, *others, **more)

    monkeypatch.setitem(ALL_ATTENTION_FUNCTIONS._local_mapping, "sdpa", noting)
    masks = RowMasks()
    with masks.installed():
        with masks.showing(ShownRow.of(row, "cpu")):
            asked = {"batch_size": 1, "q_length": 4, "kv_length": 4, "mask_function": CAUSAL, "device": "cpu"}
            seen = masking.ALL_MASK_ATTENTION_FUNCTIONS["sdpa"](**asked)
            computed(ALL_ATTENTION_FUNCTIONS["sdpa"], 4, seen)
            computed(ALL_ATTENTION_FUNCTIONS["sdpa"], 4, seen.clone())
        computed(ALL_ATTENTION_FUNCTIONS["sdpa"], 4, seen)
    assert lengths == [2, 2, 4, 4]
    assert ALL_ATTENTION_FUNCTIONS["sdpa"] is noting
    assert before is not noting
