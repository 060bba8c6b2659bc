"""A recipe that is sized to a corpus."""

from __future__ import annotations

from pathlib import Path

import pytest

from llms_meet_ner import LmnError, Sentence
from llms_meet_ner.data_converters import load_card
from llms_meet_ner.data_converters.alpaca import prompt_spec_of
from llms_meet_ner.data_converters.starting.recipe_text import MODEL, Device, Sizes, check_model, recipe_text, sizes_of
from llms_meet_ner.training.recipe import load_recipe


@pytest.mark.parametrize(
    ("count", "epochs", "steps", "every"),
    [(1, 10, 10, 1), (600, 5, 375, 38), (2000, 3, 750, 75), (15_000, 2, 3750, 375)],
)
def test_steps_and_evaluations(count: int, epochs: int, steps: int, every: int) -> None:
    spec = prompt_spec_of(load_card("demo"), "bracketed")
    sizes = sizes_of((Sentence(str(n), ("a",)) for n in range(count)), spec, "nobody/none", "qwen")
    assert (sizes.examples, sizes.epochs, sizes.steps, sizes.every) == (count, epochs, steps, every)
    assert 9 <= sizes.steps / sizes.every <= 11


def test_the_cutoff_has_room_for_the_longest_example() -> None:
    spec = prompt_spec_of(load_card("demo"), "bracketed")
    sizes = sizes_of([Sentence("1", ("word",) * 1000)], spec, "nobody/none", "qwen")
    assert sizes.cutoff % 128 == 0
    assert 4000 < sizes.cutoff < 6000
    assert sizes.cutoff_why.endswith("estimated: the tokenizer of nobody/none is not on this machine")


@pytest.mark.parametrize("device", ["gpu", "qlora", "cpu"])
@pytest.mark.parametrize("dev", ["mine_dev", None])
def test_a_recipe_is_read_as_every_command_reads_it(tmp_path: Path, device: Device, dev: str | None) -> None:
    path = tmp_path / "r.yaml"
    sizes = Sizes(100, 10, 130, 13, 512, "estimated")
    data = ("mine_train", dev)
    path.write_text(
        recipe_text(path, "mine", sizes, data, model=MODEL, template="qwen", device=device, commands="#   x")
    )
    recipe = load_recipe(path)
    assert (recipe.dataset, recipe.eval_dataset, recipe.name) == ("mine_train", dev, "mine")
    values = recipe.values
    assert (values["cutoff_len"], values["save_steps"], values["num_train_epochs"]) == (512, 13, 10.0)
    assert values.get("eval_steps") == (13 if dev else None)
    assert (values.get("use_cpu"), values.get("bf16")) == ((True, None) if device == "cpu" else (None, True))
    published = load_recipe(Path("qwen25_conll_qlora")).values
    for key in ("quantization_method", "quantization_bit", "quantization_type", "double_quantization"):
        assert values.get(key) == (published[key] if device == "qlora" else None)
    if device == "qlora":
        assert all(values[key] == published[key] for key in ("lora_rank", "lora_alpha", "learning_rate"))
    assert values["per_device_train_batch_size"] * values["gradient_accumulation_steps"] == 8


@pytest.mark.parametrize(
    ("model", "template"),
    [(MODEL, "qwen"), ("meta-llama/Llama-3.1-8B", "llama3"), ("models/smollm2-135m-instruct", "default")],
)
def test_templates_by_name(model: str, template: str) -> None:
    assert check_model(model, None) == template


def test_a_model_without_a_known_template_is_named() -> None:
    with pytest.raises(LmnError, match=r"nobody/none: no template is known for this model; --template names one"):
        check_model("nobody/none", None)
    assert check_model("nobody/none", "llama3") == "llama3"
