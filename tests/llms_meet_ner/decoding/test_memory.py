"""Memory that runs out."""

from __future__ import annotations

import pytest
import torch

from llms_meet_ner import LmnError
from llms_meet_ner.decoding.memory import memory_errors
from llms_meet_ner.decoding.requests import Request

REQUESTS = [Request([1, 2], ("a",), 4), Request([1, 2, 3], ("a",), 4)]


@pytest.mark.parametrize(
    "error",
    [
        torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:121] DefaultCPUAllocator: can't allocate memory"),
        MemoryError(),
    ],
    ids=["cuda", "cpu", "host"],
)
def test_every_way_to_run_out_is_one_error_with_the_remedy(error: Exception) -> None:
    with pytest.raises(LmnError) as raised, memory_errors(REQUESTS):
        raise error
    assert raised.value.what == "out of memory with 2 prompts of up to 3 tokens"
    assert str(raised.value.remedy).startswith("run again with a smaller --batch-size")


def test_other_errors_pass() -> None:
    with pytest.raises(RuntimeError, match="shapes"), memory_errors(REQUESTS):
        raise RuntimeError("shapes do not fit")
