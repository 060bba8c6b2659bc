"""Attention in two parts, the shared beginning and the own sentence, against attention over both at once."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")


@settings(deadline=None)
@given(
    seed=st.integers(0, 1000),
    shared=st.integers(0, 9),
    counts=st.lists(st.integers(1, 6), min_size=1, max_size=4),
    window=st.sampled_from([None, 2, 5, 100]),
    softcap=st.sampled_from([None, 3.0]),
    groups=st.integers(1, 3),
    value_size=st.sampled_from([8, 4]),
    half=st.booleans(),
)
def test_both_parts_together_are_plain_attention(
    seed: int,
    shared: int,
    counts: list[int],
    window: int | None,
    softcap: float | None,
    groups: int,
    value_size: int,
    half: bool,
) -> None:
    from llms_meet_ner.decoding.kv_cache import KeyValueCache
    from llms_meet_ner.decoding.packed_attention import Pass, attend

    torch.manual_seed(seed)
    kinds, size, tokens = 2, 8, sum(counts)
    cache, layer = KeyValueCache(), torch.nn.Module()
    layer.layer_idx = 0
    dtype = torch.float16 if half else torch.float32
    first = [torch.randn(shared, kinds, width).to(dtype) for width in (size, value_size)]
    if shared:
        cache.reserve(1, shared)
        cache.write(0, torch.zeros(shared, dtype=torch.long), torch.arange(shared), *first)
        cache.share_first_row(shared)
    query = torch.randn(tokens, kinds * groups, size).to(dtype)
    own = [torch.randn(tokens, kinds, width).to(dtype) for width in (size, value_size)]
    rows = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
    within = torch.cat([torch.arange(count) for count in counts])
    numbers = torch.zeros(len(counts), max(counts), dtype=torch.long)
    grid = torch.full_like(numbers, shared)
    numbers[rows, within], grid[rows, within] = torch.arange(tokens), shared + within
    cache.reserve(len(counts), max(counts))
    this = Pass(rows, shared + within, within, within, numbers, grid, shared, max(counts), cache)
    found, _ = attend(
        layer, query.transpose(0, 1)[None], own[0].transpose(0, 1)[None], own[1].transpose(0, 1)[None], None,
        sliding_window=window, softcap=softcap, lmn_pass=this,
    )  # fmt: skip
    for token in range(tokens):
        start = token - int(within[token])
        keys, values = (torch.cat([first[part], own[part][start : token + 1]]).float() for part in (0, 1))
        keys, values = (part[-window:] if window else part for part in (keys, values))
        for head in range(kinds * groups):
            scores = keys[:, head // groups] @ query[token, head].float() * size**-0.5
            scores = softcap * torch.tanh(scores / softcap) if softcap else scores
            expected, near = scores.softmax(0) @ values[:, head // groups], 1e-2 if half else 1e-5
            assert found.dtype == dtype
            torch.testing.assert_close(found[0, token, head].float(), expected, atol=near, rtol=10 * near)
