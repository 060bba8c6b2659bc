"""Every recipe is read by LLaMA-Factory's own parser, trains on a training split, and opens with what it needs.

LLaMA-Factory refuses bfloat16 on a CPU without `use_cpu`, and DeepSpeed outside torchrun, so those two keys are
changed here; `test_deepspeed.py` trains under the DeepSpeed configurations.
"""

import dataclasses
import json
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

parser = pytest.importorskip("llamafactory.hparams.parser")

ROOT = Path(__file__).resolve().parents[2]
RECIPES = sorted(path.relative_to(ROOT) for path in (ROOT / "recipes").rglob("*") if path.suffix in {".yaml", ".yml"})
CARDS = ROOT / "data_converters" / "cards"
EVERY_RECIPE = pytest.mark.parametrize("recipe", RECIPES, ids=str)
TEST_SPLITS = {"test", "testb"}
PUBLISHED_BATCH = 8


def header(recipe: Path) -> list[str]:
    """The comment lines a recipe opens with, without their `#`."""
    lines = (ROOT / recipe).read_text(encoding="utf-8").splitlines()
    end = next(index for index, line in enumerate(lines) if not line.startswith("#"))
    return [line[1:].rstrip() for line in lines[:end]]


def commands(recipe: Path) -> list[list[str]]:
    """The commands of a recipe's header as words, continuation lines joined."""
    joined = "\n".join(header(recipe)).replace("\\\n", " ")
    lines = [line.strip() for line in joined.splitlines()]
    return [shlex.split(line) for line in lines if re.match(r"([A-Z_]+=\S+ +)*(llamafactory-cli|lmn-\w+) ", line)]


def training_commands(recipe: Path) -> list[list[str]]:
    return [words for words in commands(recipe) if "llamafactory-cli" in words]


def split_command(words: list[str]) -> tuple[dict[str, str], list[str]]:
    """Environment variables before a command, and the words after `llamafactory-cli train`."""
    at = words.index("llamafactory-cli")
    assert words[at + 1] == "train"
    return dict(word.split("=", 1) for word in words[:at]), words[at + 2 :]


def parse(recipe: dict[str, Any]) -> tuple[Any, Any, Any, Any, Any]:
    changed = {key: value for key, value in recipe.items() if key != "deepspeed"} | {"use_cpu": True}
    parsed: tuple[Any, Any, Any, Any, Any] = parser.get_train_args(changed)
    return parsed


def read(recipe: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / recipe).read_text(encoding="utf-8"))
    return content


def card_of(dataset: str) -> tuple[dict[str, Any], str]:
    """The card behind a data set name `<card>[.<variant>]_<split>`, and the split."""
    name, _, split = dataset.rpartition("_")
    card, _, variant = name.partition(".")
    assert variant in {"", "short"}
    found = [path for path in (CARDS / f"{card}.yaml", CARDS / card / "card.yaml") if path.is_file()]
    assert len(found) == 1, f"{dataset}: no card {card}"
    content: dict[str, Any] = yaml.safe_load(found[0].read_text(encoding="utf-8"))
    return content, split


@pytest.fixture(autouse=True)
def nowhere_without_the_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Work in an empty folder: the parser looks into output_dir, and a checkout in use may hold finished runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for variable in ("LOCAL_RANK", "RANK", "WORLD_SIZE", "FORCE_TORCHRUN"):
        monkeypatch.delenv(variable, raising=False)


def test_all_recipes_are_here() -> None:
    assert [path.stem for path in RECIPES] == [
        "demo_smollm2",
        "gemma3_4b_conll",
        "llama31_conll",
        "llammlein_germeval",
        "qwen25_conll",
        "qwen25_conll_qlora",
        "qwen25_conll_zero2",
        "qwen25_conll_zero3",
    ]


@EVERY_RECIPE
def test_llama_factory_accepts_it_and_the_warm_up_is_a_ratio(recipe: Path) -> None:
    _, data, training, finetuning, _ = parse(read(recipe))
    assert finetuning.stage == "sft"
    assert finetuning.finetuning_type == "lora"
    assert training.do_train
    assert not training.do_predict
    assert not training.predict_with_generate  # LLaMA-Factory samples; prediction is lmn-predict's
    assert data.dataset_dir == "data/alpaca"
    assert training.get_warmup_steps(1000) == 100
    assert training.seed == 42


@EVERY_RECIPE
def test_every_training_command_of_the_header_parses(recipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = training_commands(recipe)
    assert len(found) >= 2
    for words in found:
        _, arguments = split_command(words)
        assert arguments[0] == recipe.as_posix()
        monkeypatch.setattr(sys, "argv", ["train", str(ROOT / recipe), *arguments[1:]])
        overridden = parser.read_args()  # merges key=value arguments as the command does
        assert set(overridden) >= set(read(recipe))
        parse(overridden)


@EVERY_RECIPE
def test_it_trains_on_a_training_split_and_watches_no_test_split(recipe: Path) -> None:
    keys = read(recipe)
    assert "val_size" not in keys
    assert ("eval_dataset" in keys) == ("eval_strategy" in keys)
    datasets = [(name, {"train"}) for name in keys["dataset"].split(",")]
    datasets += [(name, {"dev", "testa"}) for name in keys.get("eval_dataset", "").split(",") if name]
    for name, allowed in datasets:
        card, split = card_of(name.strip())
        assert split in allowed
        assert split in card["splits"]


@EVERY_RECIPE
def test_it_never_overwrites_and_has_an_output_folder_of_its_own(recipe: Path) -> None:
    keys = read(recipe)
    assert keys["output_dir"] == f"outputs/{recipe.stem}"
    assert keys["overwrite_output_dir"] is False
    assert keys["save_strategy"] == "steps"
    assert keys["report_to"] == "none"
    assert keys["plot_loss"] is True


@EVERY_RECIPE
def test_the_header_says_what_is_needed_and_whose_the_result_is(recipe: Path) -> None:
    lines = header(recipe)
    sections = [line.strip() for line in lines if re.match(r" (Prerequisites|Commands|Hardware|Result)\b", line)]
    assert [section.split()[0] for section in sections] == ["Prerequisites", "Commands", "Hardware", "Result"]
    assert re.match(r"Result \((published\b.*; not run here|measured\b.+|not run here\b.*)\)$", sections[-1])
    assert re.search(r"pip install -e '\.\[train\b", "\n".join(lines))
    scoring = [words for words in commands(recipe) if words[0] == "lmn-eval"]
    card, _ = card_of(read(recipe)["dataset"])
    assert [words[:4] for words in scoring] == [["lmn-eval", "--recipe", recipe.as_posix(), "--split"]]
    assert scoring[0][4] in TEST_SPLITS & set(card["splits"])
    converting = [words for words in commands(recipe) if words[0] == "lmn-convert"]
    assert [words[1] for words in converting] == [card["name"]]


@pytest.mark.parametrize("recipe", [path for path in RECIPES if path.stem != "demo_smollm2"], ids=str)
def test_every_command_keeps_the_published_effective_batch(recipe: Path) -> None:
    for words in training_commands(recipe):
        environment, arguments = split_command(words)
        overrides = dict(word.split("=", 1) for word in arguments[1:])
        keys = read(recipe) | {key: yaml.safe_load(value) for key, value in overrides.items()}
        processes = int(environment.get("NPROC_PER_NODE", "1")) * int(environment.get("NNODES", "1"))
        assert processes * keys["per_device_train_batch_size"] * keys["gradient_accumulation_steps"] == PUBLISHED_BATCH


def test_the_published_hyperparameters() -> None:
    published = {
        "model_name_or_path": "Qwen/Qwen2.5-7B",
        "template": "qwen",
        "lora_rank": 256,
        "lora_alpha": 512,
        "lora_target": "all",
        "num_train_epochs": 2.0,
        "learning_rate": 2.0e-5,
        "lr_scheduler_type": "cosine",
        "per_device_train_batch_size": 1,
        "gradient_accumulation_steps": 8,
        "cutoff_len": 2048,
        "bf16": True,
        "logging_steps": 50,
        "save_steps": 500,
        "eval_steps": 500,
        "save_total_limit": 3,
        "dataset": "conll2003_train",
        "eval_dataset": "conll2003_testa",
    }
    for stem in ("qwen25_conll", "qwen25_conll_zero2", "qwen25_conll_zero3"):
        keys = read(Path(f"recipes/{stem}.yaml"))
        changed = {} if stem == "qwen25_conll" else {"gradient_accumulation_steps": 2}
        assert {key: keys[key] for key in published} == published | changed


def test_every_deepspeed_configuration_is_used_and_clips_gradients() -> None:
    configurations = sorted((ROOT / "recipes").rglob("*.json"))
    used = {keys["deepspeed"] for keys in map(read, RECIPES) if "deepspeed" in keys}
    assert {path.relative_to(ROOT).as_posix() for path in configurations} == used
    for path in configurations:
        content = json.loads(path.read_text(encoding="utf-8"))
        assert content["gradient_clipping"] == "auto"
        assert path.stem == f"zero{content['zero_optimization']['stage']}"


def test_the_gemma_template_is_gemma3s_without_the_vision_tower() -> None:
    from llamafactory.data.template import TEMPLATES

    gemma, gemma3 = TEMPLATES["gemma"], TEMPLATES["gemma3"]
    assert type(gemma) is type(gemma3)
    assert dataclasses.replace(gemma3, mm_plugin=gemma.mm_plugin) == gemma
    assert gemma3.mm_plugin.image_token is not None  # what makes the collator add a blank image
    assert gemma.mm_plugin.image_token is None
