"""Greedy generation at its edges: memory that runs out, and text that is cut but never cleaned up."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from llms_meet_ner import LabelSet, LmnError
from llms_meet_ner.decoding.requests import Request
from llms_meet_ner.formats import get_format
from llms_meet_ner.reading import Reading, ending_of


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
    assert generator._text([*tokenizer.encode(text), tokenizer.eos_token_id, 5], ("x",)) == text
    assert generator._text(tokenizer.encode("a b\nc"), ("x",)) == "a b"


class Scripted:
    """A model that writes given texts, one character a step, and a tokenizer whose ids are characters."""

    device, stop_ids, pad_token_id = "cpu", [0], 0

    def __init__(self, *scripts: str) -> None:
        self.model = self.tokenizer = self
        self.config = self
        self.scripts = scripts
        self.prompt = 2
        self.steps = 0

    def get_text_config(self) -> None:
        return None

    def __len__(self) -> int:
        return 128

    def batch_decode(self, rows: list[list[int]]) -> list[str]:
        return [self.decode(row) for row in rows]

    def decode(self, ids: list[int], **how: Any) -> str:
        return "".join(map(chr, ids))

    def batch_select_indices(self, rows: Any) -> None:
        self.scripts = tuple(script for script, kept in zip(self.scripts, rows.tolist()) if kept)

    def generate(self, ids: Any, *, stopping_criteria: Any, max_length: int, **options: Any) -> Any:
        import torch

        done = torch.zeros(len(ids), dtype=torch.bool)
        while not done.all() and ids.shape[1] < max_length:
            at = ids.shape[1] - self.prompt
            new = [
                ord(script[at]) if at < len(script) and not done[row] else 0 for row, script in enumerate(self.scripts)
            ]
            ids = torch.cat([ids, torch.tensor(new)[:, None]], dim=1)
            self.steps += 1
            done |= stopping_criteria(ids, None)
        return SimpleNamespace(sequences=ids, past_key_values=self)


CLEAN = "[Ann | PER] left Rome ."


def scripted(reading: Reading, *scripts: str, name: str = "bracketed", most: int = 150) -> tuple[list[str | None], int]:
    """Return what is generated for scripts of a model, and the number of steps."""
    from llms_meet_ner.decoding.greedy import GreedyGenerator

    model = Scripted(*scripts)
    ends = ending_of(get_format(name), LabelSet.of("PER", "LOC"), reading)
    requests = [Request([1, 1], ("Ann", "left", "Rome", "."), most) for _ in scripts]
    return [answer.text for answer in GreedyGenerator(model, ends).generate(requests)], model.steps  # type: ignore[arg-type]


def test_a_clean_line_ends_at_its_newline_in_both_readings_after_the_same_steps() -> None:
    for script in (f"{CLEAN}\nmore\nand more", f"{CLEAN}\0", CLEAN.replace("left", "leaves") + "\nmore"):
        lenient, published = scripted("lenient", script), scripted("published", script)
        assert lenient == published
        assert lenient[0] == [script.partition("\n")[0].partition("\0")[0]]
    assert scripted("lenient", '{"PER": ["Ann"]}\nmore', name="grouped") == (['{"PER": ["Ann"]}'], 17)


WRAPPED = [f"\n{CLEAN}", f"<think>\nAnn?\n</think>\n\n{CLEAN}", f"Here is the sentence:\n{CLEAN}", f"```\n{CLEAN}"]


def test_wrapping_goes_on_and_the_answer_ends_the_output_each_in_its_own_time() -> None:
    texts, steps = scripted("lenient", *(f"{text}\nnonsense\nand more" for text in WRAPPED), f"{CLEAN}\nx")
    assert texts == [*WRAPPED, CLEAN]
    assert steps == max(map(len, WRAPPED)) + 1
    texts, _ = scripted("published", *(f"{text}\nnonsense" for text in WRAPPED))
    assert texts == ["", "<think>", "Here is the sentence:", "```"]


def test_json_over_several_lines_goes_on_until_it_is_whole() -> None:
    value = '{\n  "PER": [\n    "Ann"\n  ]\n}'
    assert scripted("lenient", f"```json\n{value}\n```\nDone.", name="grouped")[0] == [f"```json\n{value}"]


def test_thinking_that_does_not_end_goes_on_to_the_limit() -> None:
    script = "<think>\n" + "Ann left Rome .\n" * 20
    assert scripted("lenient", script, most=60) == ([script[:60]], 60)


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
