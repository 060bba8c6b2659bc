"""The cache of keys and values: room that grows, places that are written again, and a shared beginning."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")


def _written(rows: list[int], places: list[int], numbers: list[float], cache: Any) -> None:
    tokens = torch.tensor(numbers).reshape(-1, 1, 1)
    cache.write(0, torch.tensor(rows), torch.tensor(places), tokens, -tokens)


def _read(cache: Any, rows: int, length: int) -> list[list[float]]:
    keys, values = cache.read(0, rows, length)
    assert torch.equal(keys, -values)
    return keys[:, 0, :, 0].tolist()


def test_what_is_written_stays_when_the_cache_grows_and_a_place_is_written_again() -> None:
    from llms_meet_ner.decoding.kv_cache import KeyValueCache

    cache = KeyValueCache()
    cache.reserve(1, 2)
    _written([0, 0], [0, 1], [1.0, 2.0], cache)
    cache.reserve(3, 100)
    _written([2, 0], [99, 1], [3.0, 4.0], cache)
    found = _read(cache, 3, 100)
    assert (found[0][:2], found[2][99], found[1]) == ([1.0, 4.0], 3.0, [0.0] * 100)
    cache.move(0, 1, 1)
    assert _read(cache, 2, 2) == [[1.0, 4.0], [1.0, 0.0]]


def test_the_first_row_becomes_the_shared_beginning_and_can_be_shortened() -> None:
    from llms_meet_ner.decoding.kv_cache import KeyValueCache

    cache = KeyValueCache()
    assert cache.shared(0) is None
    cache.reserve(1, 3)
    _written([0, 0, 0], [0, 1, 2], [1.0, 2.0, 3.0], cache)
    cache.share_first_row(3)
    cache.reserve(2, 1)
    _written([1], [0], [5.0], cache)
    assert _read(cache, 2, 1) == [[0.0], [5.0]]
    for length in (3, 2):
        cache.shorten_shared(length)
        keys, values = cache.shared(0)
        assert (keys.flatten().tolist(), values.flatten().tolist()) == (
            [1.0, 2.0, 3.0][:length],
            [-1.0, -2.0, -3.0][:length],
        )
    cache.shorten_shared(0)
    assert cache.shared(0) is None
