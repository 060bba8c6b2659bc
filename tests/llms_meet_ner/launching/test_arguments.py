"""The keys of a recipe, checked as LLaMA-Factory reads them: one line for whatever a hand-edited file holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest
import yaml

from llms_meet_ner import LmnError
from llms_meet_ner.launching.arguments import student_arguments, training_arguments, unfit
from llms_meet_ner.training.recipe import load_recipe

pytest.importorskip("llamafactory")
KEYS = {
    "model_name_or_path": "m", "template": "qwen", "stage": "sft", "do_train": True, "dataset": "d", "output_dir": "o",
    "finetuning_type": "lora", "lora_rank": 8, "learning_rate": 1.0e-4, "deepspeed": "zero2.json",
}  # fmt: skip


def save(**changes: Any) -> Path:
    path = Path("r.yaml")
    path.write_text(yaml.safe_dump({**KEYS, **changes}))
    return path


def refused(path: Path, *words: str) -> str:
    with pytest.raises(LmnError) as caught:
        training_arguments(path, words)
    line = str(caught.value)
    assert "\n" not in line
    return line


def test_values_are_those_that_llama_factory_reads(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from llamafactory.hparams import read_args

    path = save()
    path.write_text(path.read_text() + "warmup_steps: 1e-1\nnum_train_epochs: 3\n")  # a text by the rules of YAML 1.1
    words = ["learning_rate=2e-5", "seed=43", "dataset=a,b", "use_cpu=true", "report_to=none"]
    recipe = training_arguments(path, words)
    monkeypatch.setattr("sys.argv", ["train", str(path), *words])
    assert recipe.values == read_args() == load_recipe(path, words).values
    assert recipe.values["learning_rate"] == 2e-5
    assert recipe.values["warmup_steps"] == 0.1


def test_a_student_takes_the_same_numbers(workdir: Path) -> None:
    text = "task: token-classification\nmodel_name_or_path: m\ndataset: d\noutput_dir: o\nweight_decay: 1e-2\n"
    Path("s.yaml").write_text(text)
    recipe = student_arguments(load_recipe(Path("s.yaml"), ["learning_rate=1e-4"]))
    assert (recipe.values["learning_rate"], recipe.values["weight_decay"]) == (0.0001, 0.01)
    with pytest.raises(LmnError, match=r"learning_rate is '1e-4x', and not a number"):
        student_arguments(load_recipe(Path("s.yaml"), ["learning_rate=1e-4x"]))


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"lora_rnk": 8}, "r.yaml: LLaMA-Factory has no key 'lora_rnk'; did you mean lora_rank?"),
        ({"zzzzzz": 8}, "r.yaml: LLaMA-Factory has no key 'zzzzzz'; take it out of the recipe"),
        ({"lora_rank": "x"}, "r.yaml: lora_rank is 'x', and not a whole number; correct lora_rank in the recipe"),
        ({"lora_rank": 8.5}, "r.yaml: lora_rank is 8.5, and not a whole number; correct lora_rank in the recipe"),
        ({"lora_rank": None}, "r.yaml: lora_rank is None, and not a whole number; correct lora_rank in the recipe"),
        ({"learning_rate": [1]}, "r.yaml: learning_rate is [1], and not a number; correct learning_rate in the recipe"),
        ({"bf16": "yes please"}, "r.yaml: bf16 is 'yes please', and not true or false; correct bf16 in the recipe"),
        (
            {"finetuning_type": "lorra"},
            "r.yaml: finetuning_type is 'lorra', and not lora, oft, freeze, full; correct finetuning_type in the recipe",
        ),
        ({"do_train": False}, "r.yaml: do_train is not true, so nothing would be trained; add do_train: true to the recipe"),
        ({"output_dir": 7}, "r.yaml: output_dir is 7, and not a word; put it in quotes if it is one"),
    ],
)  # fmt: skip
def test_a_key_or_a_value_that_there_is_not(changes: dict[str, Any], line: str, workdir: Path) -> None:
    assert refused(save(**changes)) == line


def test_files_and_words_that_are_no_recipe(workdir: Path) -> None:
    assert refused(Path("none.yaml")).startswith("none.yaml: no such file")
    other = save().rename("r.txt")
    assert refused(other) == "r.txt: LLaMA-Factory reads recipes with the ending .yaml; rename it"
    assert "'seed' is not an override; write key=value" in refused(save(), "seed")
    assert refused(save(), "seed=x").startswith("r.yaml: seed is 'x', and not a whole number")
    Path("r.yaml").write_text("- a\n")
    assert refused(Path("r.yaml")) == "r.yaml:1: a recipe is a mapping of keys"


def test_remedies_work(workdir: Path) -> None:
    save(lora_rnk=8, do_train=False)
    assert training_arguments(save(lora_rank=16), ["do_train=true"]).values["lora_rank"] == 16


def test_kinds_of_values() -> None:
    for kind, value in [(int, 3), (float, 3), (float, 1e-4), (bool, True), (int | None, None), (Literal["a"] | None, "a"), (str, 3), (Any, [])]:  # fmt: skip
        assert unfit(kind, value) is None
    assert unfit(int | None, True) == "a whole number"
    assert unfit(int | float, "1") == "a whole number or a number"
    assert unfit(Literal["a", "b"], "c") == "a, b"
