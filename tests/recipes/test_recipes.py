"""Every recipe is read by LLaMA-Factory's own parser, trains on a training split, and opens with what it needs.

LLaMA-Factory refuses bfloat16 on a CPU without `use_cpu`, and DeepSpeed outside torchrun. The tests here change those two keys;
`test_trainings.py` trains with the DeepSpeed configurations.
"""

import dataclasses
import json
import re
import shlex
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from paths import ROOT

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters import load_card
from llms_meet_ner.eval.studies.search_plan import Range, load_plan
from llms_meet_ner.launching.arguments import student_arguments
from llms_meet_ner.prompting.templates import pieces_of
from llms_meet_ner.students.settings import StudentKeys, trainer_values
from llms_meet_ner.training.recipe import load_recipe
from llms_meet_ner.training.sharing.conditions import broken_by_model

parser = pytest.importorskip("llamafactory.hparams.parser")
TrainingArguments = pytest.importorskip("transformers").TrainingArguments

FILES = sorted(path.relative_to(ROOT) for path in (ROOT / "recipes").rglob("*") if path.suffix in {".yaml", ".yml"})
SEARCHES = [path for path in FILES if path.parts[1] == "search"]
STUDENTS = [path for path in FILES if path.parts[1] == "students"]
RECIPES = [path for path in FILES if path not in [*SEARCHES, *STUDENTS]]
MIXES = ROOT / "data_converters" / "mixes"
EVERY_RECIPE = pytest.mark.parametrize("recipe", RECIPES, ids=str)
TEST_SPLITS = {"test", "testb"}
DEV_SPLITS = {"dev", "val", "testa"}
PUBLISHED_BATCH = 8
OUR_BATCHES = {"multinerd_a": 32, "multinerd_b": 32, "turkish_gemma3_4b": 16}


def name_of(recipe: Path) -> str:
    """Return the path under recipes/ as one word."""
    return "_".join(recipe.relative_to("recipes").with_suffix("").parts)


def header(recipe: Path) -> list[str]:
    """Return the comment lines at the top of a recipe, without their `#`."""
    lines = (ROOT / recipe).read_text(encoding="utf-8").splitlines()
    end = next(index for index, line in enumerate(lines) if not line.startswith("#"))
    return [line[1:].rstrip() for line in lines[:end]]


def commands(recipe: Path) -> list[list[str]]:
    """Return the commands of a recipe's header as words, with continuation lines joined."""
    joined = "\n".join(header(recipe)).replace("\\\n", " ").replace("$M", next(iter(models(recipe)), ""))
    lines = [line.strip() for line in joined.splitlines()]
    return [shlex.split(line) for line in lines if re.match(r"([A-Z_]+=\S+ +)*(llamafactory-cli|lmn-\w+) ", line)]


def models(recipe: Path) -> dict[str, float]:
    """Return the lines of a header's table of models: the keys to change, and the published F1."""
    rows = [line.split("|") for line in header(recipe) if line.lstrip().startswith("model_name_or_path=")]
    return {words.strip(): float(f1) for words, f1 in rows}


def training_commands(recipe: Path) -> list[list[str]]:
    return [words for words in commands(recipe) if {"lmn-train", "llamafactory-cli"} & set(words)]


def split_command(words: list[str]) -> tuple[dict[str, str], list[str]]:
    """Return the environment variables before a command, and the words after `lmn-train` or `llamafactory-cli train`."""
    at = words.index("lmn-train" if "lmn-train" in words else "llamafactory-cli")
    rest = words[at + 1 :]
    if words[at] == "llamafactory-cli":
        assert rest.pop(0) == "train"
    return dict(word.split("=", 1) for word in words[:at]), rest


def parse(recipe: dict[str, Any]) -> tuple[Any, Any, Any, Any, Any]:
    changed = {key: value for key, value in recipe.items() if key != "deepspeed"} | {"use_cpu": True}
    parsed: tuple[Any, Any, Any, Any, Any] = parser.get_train_args(changed)
    return parsed


def read(recipe: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / recipe).read_text(encoding="utf-8"))
    return content


def corpus_of(dataset: str) -> tuple[str, str, set[str]]:
    """Return the card or mix of a data set `<corpus>[.<variant>]_<split>`, its split, and all splits of the corpus."""
    name, _, split = dataset.rpartition("_")
    corpus, _, variant = name.partition(".")
    assert variant in {"", "short"}
    mix = MIXES / f"{corpus}.yaml"
    if mix.is_file():
        content = yaml.safe_load(mix.read_text(encoding="utf-8"))
        return corpus, split, {"train", *(held_out for held_out in ("dev", "test") if held_out in content)}
    return corpus, split, set(load_card(corpus).splits)


@pytest.fixture(autouse=True)
def in_an_empty_folder_of_one_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Work in an empty folder: the parser looks into output_dir, and a checkout in use may hold finished runs."""
    monkeypatch.chdir(tmp_path)
    for variable in ("LOCAL_RANK", "RANK", "WORLD_SIZE", "FORCE_TORCHRUN"):
        monkeypatch.delenv(variable, raising=False)


def test_all_recipes_are_here() -> None:
    assert [name_of(path) for path in RECIPES] == [
        "ace2005",
        "conll_models",
        "continue_domain",
        "demo_smollm2",
        "genia",
        "llammlein_germeval",
        "multinerd_a",
        "multinerd_b",
        "qwen25_conll",
        "qwen25_conll_qlora",
        "qwen25_conll_zero2",
        "qwen25_conll_zero3",
        "turkish_gemma3_4b",
        "turkish_run1",
        "turkish_run2",
        "turkish_run3",
        "turkish_run4",
        "turkish_run5",
        "turkish_run6",
        "wikigold_smollm2",
    ]
    assert [path.as_posix() for path in SEARCHES] == ["recipes/search/qwen25_conll.yaml"]
    assert [path.stem for path in STUDENTS] == [
        "minilm_demo",
        "minilm_wikigold",
        "mpnet_wikigold",
        "multinerd_a",
        "multinerd_b",
    ]


@pytest.mark.parametrize("path", STUDENTS, ids=str)
def test_the_recipe_of_a_student_has_keys_that_are_taken_and_chooses_on_dev(path: Path) -> None:
    recipe = student_arguments(load_recipe(ROOT / path))
    assert recipe.is_student
    train, dev = (corpus_of(str(recipe.values[key]))[1] for key in ("dataset", "eval_dataset"))
    assert train == "train"
    assert dev in DEV_SPLITS
    values = trainer_values(recipe, StudentKeys.of(recipe)) | {"use_cpu": True}
    assert TrainingArguments(**values).get_warmup_steps(1000) == 100
    found = [words for words in commands(path) if words[0] == "lmn-train"]
    assert len(found) == 2
    for words in found:
        assert words[1] == path.as_posix()
        student_arguments(load_recipe(ROOT / path, words[2:]))


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
    assert len(found) >= 3
    plain = [words for words in found if "llamafactory-cli" in words]
    assert found[-1:] == plain  # the plain way comes last, once, and trains as the first command does
    assert split_command(plain[0]) == split_command(found[0])
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
    datasets += [(name, DEV_SPLITS) for name in keys.get("eval_dataset", "").split(",") if name]
    for name, allowed in datasets:
        _, split, splits = corpus_of(name.strip())
        assert split in allowed
        assert split in splits


@EVERY_RECIPE
def test_what_stops_early_keeps_the_best_adapter_by_its_evaluation(recipe: Path) -> None:
    keys = read(recipe)
    wanted = {"load_best_model_at_end": True, "metric_for_best_model": "eval_loss", "greater_is_better": False}
    if "early_stopping_steps" in keys:
        assert {key: keys.get(key) for key in wanted} == wanted
        assert keys["save_steps"] % keys["eval_steps"] == 0
        assert parse(keys)[3].early_stopping_steps == keys["early_stopping_steps"]
    else:
        assert not set(wanted) & set(keys)


@EVERY_RECIPE
def test_it_never_overwrites_and_has_an_output_folder_of_its_own(recipe: Path) -> None:
    keys = read(recipe)
    assert keys["output_dir"] == f"outputs/{name_of(recipe)}"
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
    corpus, _, splits = corpus_of(read(recipe)["dataset"])
    scoring = [words for words in commands(recipe) if words[:2] == ["lmn-eval", "--recipe"]]
    assert all(words[2:4] == [recipe.as_posix(), "--split"] for words in scoring)
    assert [words[4] for words in scoring if not set(words[5:]) - set(next(iter(models(recipe)), "").split())] == [
        *(TEST_SPLITS & splits)
    ]
    curves = [words for words in commands(recipe) if words[:2] == ["lmn-eval", "curve"]]
    assert all(words[2:4] == ["--recipe", recipe.as_posix()] for words in curves)
    converting = [words[1:] for words in commands(recipe) if words[0] == "lmn-convert"]
    mixed = [["mix", f"data_converters/mixes/{corpus}.yaml"], [f"data/mixes/{corpus}"]]
    if (MIXES / f"{corpus}.yaml").is_file():
        assert converting == mixed
    else:
        assert [words[0] for words in converting] == [corpus]


@pytest.mark.parametrize("recipe", [path for path in RECIPES if path.stem != "demo_smollm2"], ids=str)
def test_every_command_keeps_the_effective_batch_which_is_the_published_one_where_there_is_one(recipe: Path) -> None:
    for words in training_commands(recipe):
        environment, arguments = split_command(words)
        overrides = dict(word.split("=", 1) for word in arguments[1:])
        keys = read(recipe) | {key: yaml.safe_load(value) for key, value in overrides.items()}
        processes = int(environment.get("NPROC_PER_NODE", "1")) * int(environment.get("NNODES", "1"))
        assert processes * keys["per_device_train_batch_size"] * keys["gradient_accumulation_steps"] == OUR_BATCHES.get(
            name_of(recipe), PUBLISHED_BATCH
        )


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


def test_the_eight_models_are_one_recipe_each_of_which_llama_factory_parses_and_lmn_predict_takes() -> None:
    recipe = Path("recipes/conll_models.yaml")
    found = {}
    outputs = set()
    for words, f1 in models(recipe).items():
        changed = dict(word.split("=", 1) for word in words.split())
        assert set(changed) == {"model_name_or_path", "template", "output_dir"}
        parse(read(recipe) | changed)
        pieces_of(changed["template"])
        outputs.add(changed["output_dir"])
        found[changed["model_name_or_path"]] = (changed["template"], f1)
    assert found == {
        "meta-llama/Llama-3.1-8B": ("llama3", 0.9385),
        "meta-llama/Llama-3.2-3B": ("llama3", 0.9354),
        "Qwen/Qwen2.5-7B": ("qwen", 0.9373),
        "Qwen/Qwen3-4B-Base": ("qwen3_nothink", 0.9337),
        "ibm-granite/granite-3.3-8b-base": ("granite3", 0.9376),
        "ibm-granite/granite-4.0-micro-base": ("granite4", 0.9315),
        "google/gemma-2-9b": ("gemma2", 0.9364),
        "google/gemma-3-4b-pt": ("gemma", 0.9368),
    }
    assert len(outputs) == 8
    first = dict(word.split("=", 1) for word in next(iter(models(recipe))).split())
    assert {key: read(recipe)[key] for key in first} == first
    ours = read(recipe) | dict.fromkeys(first)
    published = read(Path("recipes/qwen25_conll.yaml"))
    assert {key: value for key, value in published.items() if key not in first}.items() <= ours.items()


def test_a_reasoning_template_is_refused() -> None:
    with pytest.raises(LmnError, match="ReasoningTemplate"):
        pieces_of("qwen3")


@pytest.mark.parametrize("search", SEARCHES, ids=str)
def test_a_search_changes_keys_of_llama_factory_and_scores_on_dev(
    search: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    plan = load_plan(search)
    parameters = {key: values.low if isinstance(values, Range) else values[-1] for key, values in plan.space.items()}
    parse(plan.recipe.values | plan.values(parameters) | {"output_dir": "nowhere"})
    assert plan.split in DEV_SPLITS
    assert plan.split == corpus_of(plan.recipe.values["eval_dataset"])[1]
    assert ["lmn-eval", "search", search.as_posix()] in commands(search)


def test_every_deepspeed_configuration_is_used_and_clips_gradients() -> None:
    configurations = sorted((ROOT / "recipes").rglob("*.json"))
    used = {keys["deepspeed"] for keys in map(read, RECIPES) if "deepspeed" in keys}
    assert {path.relative_to(ROOT).as_posix() for path in configurations} == used
    for path in configurations:
        content = json.loads(path.read_text(encoding="utf-8"))
        assert content["gradient_clipping"] == "auto"
        assert path.stem == f"zero{content['zero_optimization']['stage']}"


def test_the_header_says_where_nothing_is_shared() -> None:
    """Gemma 3 has a processor of images from 4B on; the conditions of sharing name it."""
    texts = {recipe.name: (ROOT / recipe).read_text(encoding="utf-8") for recipe in RECIPES}
    told = {name for name, text in texts.items() if "has a processor of images" in text}
    there = {name for name, text in texts.items() if re.search("model_name_or_path(=|: )google/gemma-3-4b", text)}
    assert told == there == {"gemma3_4b.yaml", "run3.yaml", "run5.yaml", "run6.yaml", "conll_models.yaml"}
    model = SimpleNamespace(config=SimpleNamespace())
    assert "processor of images" in str(broken_by_model(model, processor=object()))


def test_the_gemma_template_is_gemma3s_without_the_vision_tower() -> None:
    from llamafactory.data.template import TEMPLATES

    gemma, gemma3 = TEMPLATES["gemma"], TEMPLATES["gemma3"]
    assert type(gemma) is type(gemma3)
    assert dataclasses.replace(gemma3, mm_plugin=gemma.mm_plugin) == gemma
    assert gemma3.mm_plugin.image_token is not None  # what makes the collator add a blank image
    assert gemma.mm_plugin.image_token is None
