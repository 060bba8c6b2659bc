"""Greedy generation at its edges: memory that runs out, and text that is cut but never cleaned up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.decoding.requests import Request


@pytest.fixture(scope="module")
def generator(smollm2: Path) -> Any:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from llms_meet_ner.decoding.greedy import GreedyGenerator
    from llms_meet_ner.decoding.model import LoadedModel

    tokenizer = AutoTokenizer.from_pretrained(smollm2)
    model = AutoModelForCausalLM.from_pretrained(smollm2, dtype="float32").eval()
    return GreedyGenerator(LoadedModel(model, tokenizer, "cpu", "cpu", "float32", [tokenizer.eos_token_id]))


def test_generation_stops_at_the_first_newline_and_is_not_sampled(generator: Any) -> None:
    tokenizer = generator._loaded.tokenizer
    prompts = [tokenizer.encode(text) for text in ("Paris is the capital of", "1, 2, 3, 4, 5,", "One.\nTwo.\nThree.\n")]
    limits = [24, 7, 16]
    expected = [step_by_step(generator, prompt, limit) for prompt, limit in zip(prompts, limits)]
    requests = [Request(prompt, ("unused",), limit) for prompt, limit in zip(prompts, limits)]
    assert [generated.text for generated in generator.generate(requests)] == expected
    assert [generator.generate([request])[0].text for request in requests] == expected
    assert all(expected)
    assert not any("\n" in text for text in expected)


def test_answers_that_have_ended_leave_the_batch_and_change_no_other(generator: Any) -> None:
    tokenizer, model = generator._loaded.tokenizer, generator._loaded.model
    texts = ("1, 2, 3, 4, 5,", "Paris is the capital of", "A, B, C, D,", "Once upon a time there was a", "One, two,")
    requests = [Request(tokenizer.encode(text), ("x",), limit) for text, limit in zip(texts, (4, 20, 9, 14, 4))]
    sizes: list[int] = []
    hook = model.register_forward_pre_hook(
        lambda module, args, values: sizes.append(len(values["input_ids"])), with_kwargs=True
    )
    together = generator.generate(requests)
    hook.remove()
    assert together == [generator.generate([request])[0] for request in requests]
    assert sorted(sizes, reverse=True) == sizes
    assert (sizes[0], sizes[-1]) == (5, 1)
    assert sum(sizes) < 4 * len(sizes)


def step_by_step(generator: Any, prompt: list[int], limit: int) -> str:
    """The likeliest token again and again, one forward pass over everything for each."""
    import torch

    loaded, ids = generator._loaded, list(prompt)
    text = ""
    while len(ids) < len(prompt) + limit and "\n" not in text:
        with torch.inference_mode():
            best = int(loaded.model(torch.tensor([ids])).logits[0, -1].argmax())
        if best in loaded.stop_ids:
            break
        ids.append(best)
        text = loaded.tokenizer.decode(ids[len(prompt) :])
    return text.partition("\n")[0]


def test_spaces_are_as_generated(generator: Any) -> None:
    tokenizer = generator._loaded.tokenizer
    text = ' Essex \'s captain , [ sic ] said : " no " .'
    assert generator._text([*tokenizer.encode(text), tokenizer.eos_token_id, 5]) == text
    assert generator._text(tokenizer.encode("a b\nc")) == "a b"


@pytest.mark.parametrize("kind", ["cuda", "cpu", "host"])
def test_memory_that_runs_out_is_one_error_with_the_remedy(
    generator: Any, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    import torch

    errors = {
        "cuda": torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        "cpu": RuntimeError("[enforce fail at alloc_cpu.cpp:121] DefaultCPUAllocator: can't allocate memory"),
        "host": MemoryError(),
    }

    def fail(*args: Any, **kwargs: Any) -> None:
        raise errors[kind]

    monkeypatch.setattr(generator._loaded.model, "generate", fail)
    with pytest.raises(
        LmnError, match=r"out of memory with 2 prompts of up to 3 tokens; run again with a smaller --batch-size"
    ):
        generator.generate([Request([1, 2], ("a",), 4), Request([1, 2, 3], ("a",), 4)])
