"""The choice of attention, and the length of rows that fit in memory."""

from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch")

from llms_meet_ner.training.sharing.attention import (  # noqa: E402
    LONGEST,
    ON_A_CPU,
    choose_attention,
    default_tokens_per_row,
    tokens_that_fit,
)

SEVEN_BILLION = SimpleNamespace(
    hidden_size=3584, intermediate_size=18944, num_hidden_layers=28, num_attention_heads=28, vocab_size=152064
)
GIGABYTE = 10**9


@pytest.mark.parametrize(
    ("current", "flex", "device", "chosen"),
    [
        ("sdpa", True, "cuda", "flex_attention"),
        ("sdpa", False, "cuda", "sdpa"),
        ("sdpa", True, "cpu", "sdpa"),
        ("sdpa", True, "mps", "sdpa"),
        ("eager", True, "cuda", "eager"),  # LLaMA-Factory chose it for a reason
    ],
)
def test_flex_attention_is_chosen_where_gpu_and_model_allow(current: str, flex: bool, device: str, chosen: str) -> None:
    assert choose_attention(current, supports_flex=flex, device=device) == chosen


def test_rows_grow_with_the_memory_and_most_without_a_mask_of_all_pairs() -> None:
    lengths = {
        kind: tokens_that_fit(SEVEN_BILLION, 40 * GIGABYTE, kind, 2) for kind in ("flex_attention", "sdpa", "eager")
    }
    assert lengths["eager"] < lengths["sdpa"] < lengths["flex_attention"] < LONGEST
    assert tokens_that_fit(SEVEN_BILLION, 20 * GIGABYTE, "sdpa", 2) < lengths["sdpa"]
    assert tokens_that_fit(SEVEN_BILLION, 10_000 * GIGABYTE, "flex_attention", 2) == LONGEST
    assert tokens_that_fit(SEVEN_BILLION, 0, "sdpa", 2) == 1


def test_the_device_decides_the_default() -> None:
    assert default_tokens_per_row(None, "sdpa", torch.device("cpu")) == ON_A_CPU
