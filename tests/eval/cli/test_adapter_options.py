"""`lmn-eval --adapter`: any adapter of a folder or of the Hub is scored without a recipe, as its recipe would have scored it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from fake_openai import fake_server
from paths import ROOT
from small_tokenizers import byte_level

from llms_meet_ner import LmnError, PromptSpec
from llms_meet_ner.data_converters import load_card, prompt_spec_of
from llms_meet_ner.data_converters.cli.convert import main as lmn_convert
from llms_meet_ner.eval.cli.score import main as lmn_eval
from llms_meet_ner.prediction import run as predict_module
from llms_meet_ner.prompting.templates import pieces_of
from llms_meet_ner.systems.finding import find_model, results_folder_of
from llms_meet_ner.systems.found_model import FoundModel
from llms_meet_ner.systems.options import SystemOptions

DEMO = ROOT / "data_converters/cards/demo"
CONLL = ROOT / "tests/fixtures/conll2003"
PUBLISHED = "stefan-it/Qwen2.5-7B-CoNLL-2003"
COMMIT, OTHER_COMMIT = "a" * 40, "b" * 40
CARD = """\
extends: demo
name: mini
splits:
  train: {file: demo.train, sentences: "0:12"}
  testb: {file: demo.testb, sentences: "43:48"}
"""
MINI = ("--corpus", "mini.yaml", "--source", str(DEMO), "--split", "testb")


def call(*words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(lmn_eval, list(words))
    assert result.exit_code == code, result.output + str(result.exception)
    assert code == 0 or isinstance(result.exception, SystemExit)
    return result


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model of two small layers that knows the tokens of the template qwen, and an adapter for it without a prompt."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("pull")
    byte_level().save_pretrained(folder / "model")
    tokenizer = AutoTokenizer.from_pretrained(folder / "model")
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    tokenizer.save_pretrained(folder / "model")
    torch.manual_seed(0)
    sizes = {"vocab_size": len(tokenizer), "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2}
    config = LlamaConfig(**sizes, num_attention_heads=2, num_key_value_heads=1, max_position_embeddings=3000)
    model = LlamaForCausalLM(config)
    model.save_pretrained(folder / "model")
    lora = LoraConfig(r=2, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM", init_lora_weights=False)
    get_peft_model(model, lora).save_pretrained(folder / "adapter")
    (folder / "mini.yaml").write_text(CARD)
    return folder


@pytest.fixture
def project(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the model, the adapter in `tuned/final` and a card; the Hub out of reach, its cache in `hub`."""
    from huggingface_hub import constants

    folder = tmp_path / "project"
    shutil.copytree(made / "model", folder / "model")
    shutil.copy(made / "mini.yaml", folder)
    put(made / "adapter", folder / "tuned/final", "model")
    monkeypatch.chdir(folder)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(folder / "hub"))
    return folder


def put(adapter: Path, folder: Path, base: str) -> Path:
    """Copy an adapter, with another base model in its configuration."""
    shutil.copytree(adapter, folder)
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps({**config, "base_model_name_or_path": base}))
    return folder


def cache(hub: Path, name: str, files: Path, commit: str = COMMIT, reference: str = "main") -> None:
    """Put a repository into the cache of the Hub's client, as a download leaves it."""
    folder = hub / f"models--{name.replace('/', '--')}"
    shutil.copytree(files, folder / "snapshots" / commit)
    (folder / "refs").mkdir(exist_ok=True)
    (folder / "refs" / reference).write_text(commit)


def mini_spec() -> PromptSpec:
    return replace(prompt_spec_of(load_card("mini.yaml"), "bracketed", "short"), template=pieces_of("default"))


def run_of(folder: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the stamp of a run and its scores."""
    run, scores = (json.loads((Path(folder) / name).read_text()) for name in ("run.json", "scores.json"))
    return run["stamp"], scores


def test_an_adapter_is_scored_as_with_its_recipe(project: Path) -> None:
    mini_spec().save(project / "tuned/final/prompt_spec.json")
    recipe = {"model_name_or_path": "model", "template": "default", "dataset": "mini.short_train"}
    (project / "r.yaml").write_text(yaml.safe_dump({**recipe, "dataset_dir": "data/alpaca", "output_dir": "outputs/r"}))
    shutil.copytree("tuned/final", "outputs/r")
    assert CliRunner().invoke(lmn_convert, ["mini.yaml", "--source", str(DEMO), "--variant", "short"]).exit_code == 0
    for options in ([], ["--decoding", "free", "--limit", "3", "--baselines", "--batch-size", "2"]):
        name = "free-first3" if options else "constrained"
        with_recipe = call("--recipe", "r.yaml", "--split", "testb", *options).stdout
        pulled = call("--adapter", "tuned/final", *MINI, *options).stdout
        ours, theirs = Path(f"outputs/tuned--final/mini_testb/{name}"), Path(f"outputs/r/mini_testb/{name}")
        assert (ours / "predictions.jsonl").read_bytes() == (theirs / "predictions.jsonl").read_bytes()
        same = pulled.replace("adapter      tuned/final\n", "").replace("tuned--final", "r")
        assert same.split() == with_recipe.split()  # lines are broken elsewhere
    assert "corpus       mini testb, the first 3 sentences only\n" in pulled
    stamp, scores = run_of("outputs/tuned--final/mini_testb/constrained")
    assert stamp["adapter"] == scores["adapter"] == {"name": "tuned/final", "revision": None}
    assert (stamp["recipe"], scores["recipe"], scores["seed"], scores["limit"]) == (None, None, None, None)
    assert stamp["adapter_sha256"] == scores["sha256"]["adapter"] == run_of(str(theirs))[0]["adapter_sha256"]
    assert "adapter" not in run_of(str(theirs))[0], "the stamp of a recipe's run is as it was"


def test_a_served_adapter_is_scored_with_its_prompt(project: Path) -> None:
    mini_spec().save(project / "tuned/final/prompt_spec.json")
    with fake_server() as fake:
        words = ("--adapter", "tuned/final", *MINI, "--engine", "openai", "--base-url", fake.url)
        done = call(*words)
        assert "\nadapter      tuned/final\n" in done.stdout
        stamp, scores = run_of("outputs/tuned--final/mini_testb/free-openai")
        assert (stamp["engine"], stamp["served_model"], scores["sha256"]["adapter"]) == ("openai", "tuned", None)
        assert len(fake.requests) == 5
        assert "scoring what is there" in call(*words).stderr


def test_a_run_goes_on_and_another_prompt_is_refused(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = mini_spec()
    spec.save(project / "p.json")
    words = ("--adapter", "tuned/final", *MINI, "--prompt", "p.json")

    def killed(*arguments: object) -> None:
        raise LmnError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(predict_module, "_write_records", killed)
        assert call(*words, code=1).stderr.endswith("Error: killed\n")
        patch.undo()
    partial = Path("outputs/tuned--final/mini_testb/constrained/predictions.partial.jsonl")
    assert partial.is_file()
    first = call(*words)
    assert not partial.exists()
    again = call(*words)
    assert "scoring what is there" in again.stderr
    assert again.stdout == first.stdout
    replace(spec, instruction="Find what has a name.").save(project / "p.json")
    assert "made with a different instruction; --restart predicts again" in call(*words, code=1).stderr
    assert call(*words, "--restart").stdout


def test_the_published_adapter_by_its_card_from_the_hub(project: Path, made: Path) -> None:
    hub = project / "hub"
    cache(hub, PUBLISHED, put(made / "adapter", project / "a", "Qwen/Qwen2.5-7B"))
    cache(hub, "Qwen/Qwen2.5-7B", project / "model", OTHER_COMMIT)
    done = call(
        "--adapter", PUBLISHED, "--corpus", "conll2003", "--source", str(CONLL), "--split", "testb", "--details"
    )
    assert (
        f"{PUBLISHED}: the prompt is that of card conll2003, bracketed, full, template qwen (published: model card {PUBLISHED})\n"
        in done.stderr
    )
    assert f"\nadapter      {PUBLISHED} at\n             {COMMIT}\n" in done.stdout
    assert f"\npublished: model card {PUBLISHED}; Qwen2.5-7B; bracketed\n" in done.stdout
    assert "  differs in decoding: ours constrained, theirs free\n" in done.stdout
    assert "differs in instruction" not in done.stdout.partition("published: Zhan")[0]
    stamp, scores = run_of(f"outputs/{PUBLISHED.replace('/', '--')}/conll2003_testb/constrained")
    assert stamp["adapter"] == scores["adapter"] == {"name": PUBLISHED, "revision": COMMIT}
    assert stamp["model"] == scores["model"] == "Qwen/Qwen2.5-7B"
    prompt = PromptSpec.from_dict(stamp["prompt"], "run.json")
    assert prompt.without_template() == prompt_spec_of(load_card("conll2003"), "bracketed", "full")
    assert prompt.template == pieces_of("qwen")
    (project / "other.yaml").write_text(
        "extends: mini.yaml\nname: other\nlabels: [{name: ORG}, {name: PER}, {name: LOC}, {name: MISC}]\n"
    )
    call("--adapter", PUBLISHED, "--corpus", "other.yaml", *MINI[2:], "--limit", "1")
    stamp, _ = run_of(f"outputs/{PUBLISHED.replace('/', '--')}/other_testb/constrained-first1")
    assert stamp["prompt"]["instruction"] == prompt.instruction, (
        "on another corpus, too, it is asked in the words that it knows"
    )
    assert not list(hub.rglob("prompt_spec.json")), "what the Hub's client keeps stays as it is"


def test_revisions_have_results_of_their_own(project: Path) -> None:
    mini_spec().save(project / "tuned/final/prompt_spec.json")
    cache(project / "hub", "some/adapter", project / "tuned/final")
    cache(project / "hub", "some/adapter", project / "tuned/final", OTHER_COMMIT, "v1")
    found = find_model("some/adapter")
    assert (found.name, found.revision) == ("some/adapter", COMMIT)
    call("--adapter", "some/adapter", *MINI, "--revision", "v1", "--limit", "1")
    assert run_of("outputs/some--adapter@v1/mini_testb/constrained-first1")[1]["adapter"]["revision"] == OTHER_COMMIT
    gone = call("--adapter", "some/adapter", *MINI, "--revision", "v2", code=1).stderr
    assert gone.startswith(
        "Error: some/adapter: no such folder, and not in the cache of the Hub; name another, or go online\n"
    )
    assert gone.endswith("; name another, or go online\n")


@pytest.mark.parametrize(("key", "dtype", "kept"), [("dtype", "bfloat16", "bf16"), ("torch_dtype", "float16", "fp16")])
def test_on_cuda_the_weights_are_as_the_base_model_was_saved(project: Path, key: str, dtype: str, kept: str) -> None:
    mini_spec().save(project / "tuned/final/prompt_spec.json")
    (project / "model/config.json").write_text(json.dumps({key: dtype}))
    system = FoundModel(find_model("tuned/final"), SystemOptions())
    unset = dict.fromkeys(("bf16", "fp16", "quantization_bit", "quantization_type", "double_quantization"))
    assert system.stamp()["precision"] == {**unset, kept: True}
    weights = system.weights()
    assert (weights.base, weights.adapter, weights.cuda_dtype) == ("model", Path("tuned/final"), "auto")
    assert system.results_folder == Path("outputs/tuned--final")


def test_where_results_go() -> None:
    folders = {
        "outputs/demo": "outputs/demo", "outputs/demo/checkpoint-9": "outputs/demo--checkpoint-9", "USER/NAME": "outputs/USER--NAME",
        "./tuned/": "outputs/tuned", "../x": "outputs/x", "/models/x": "outputs/models--x", ".": "outputs/adapter",
    }  # fmt: skip
    assert {name: str(results_folder_of(name, None)) for name in folders} == folders
    assert str(results_folder_of("a/b", "refs/pr/1")) == "outputs/a--b@refs--pr--1"


def test_what_cannot_be_scored_is_one_line(project: Path) -> None:
    no_prompt = (
        "Error: tuned/final: it has no prompt_spec.json, and its chat template is unknown; name it with "
        "--template NAME, as its recipe does, or the whole prompt with --prompt FILE\n"
    )
    assert call("--adapter", "tuned/final", *MINI, code=1).stderr == no_prompt
    nothing = "Error: nobody/nothing: no such folder, and not in the cache of the Hub;"
    assert call("--adapter", "nobody/nothing", *MINI, code=1).stderr.startswith(nothing)
    asked = call("--adapter", "tuned/final", *MINI, "--template", "default", "--variant", "short", "--limit", "1")
    assert (
        "the prompt is that of card mini, bracketed, short, template default (the adapter itself does not say)"
        in asked.stderr
    )
    mini_spec().save(project / "tuned/final/prompt_spec.json")
    cases = {
        ("--split", "dev"): "mini.yaml: corpus mini has no split 'dev'; it has: train, testb",
        ("--format", "xml"): "tuned/final: its prompt has format bracketed, and not xml; leave --format out",
        ("--variant", "full"): "tuned/final: its prompt has variant short, and not full; leave --variant out",
        ("--template", "qwen"): "tuned/final: its prompt has template default, and not qwen; leave --template out",
        ("--revision", "v1"): "tuned/final: a folder, and --revision v1 is for a Hub id; leave it out",
        (
            "--prompt",
            "gone.json",
        ): "gone.json: no such file; lmn-predict writes it next to the adapter of its recipe, or name one",
        ("--base-model", "gone"): "gone, the base model of tuned/final: no such folder, ",
    }
    for words, message in cases.items():
        assert call("--adapter", "tuned/final", *MINI, *words, code=1).stderr.startswith(f"Error: {message}")
    (project / "model/config.json").write_text("{")
    assert "config.json:1: not JSON" in call("--adapter", "tuned/final", *MINI, code=1).stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--adapter", "x", "--split", "testb"], "--adapter NAME is scored on a corpus; name one with --corpus CARD"),
        (["--adapter", "x", *MINI, "--recipe", "r.yaml"], "--recipe does not go with --adapter"),
        (["--adapter", "x", *MINI, "--predictions", "p"], "--predictions does not go with --adapter"),
        (["--adapter", "x", *MINI, "--untrained"], "--untrained does not go with --adapter"),
        (["--adapter", "x", *MINI, "--engine", "openai", "--base-model", "m"], "--base-model is for --engine local"),
        (["--adapter", "x", *MINI, "--engine", "openai", "--template", "t"], "--template is for --engine local"),
        (["--adapter", "x", *MINI, "seed=3"], "KEY=VALUE does not go with --adapter"),
        (["--adapter", "x", *MINI, "--prompt", "p", "--template", "qwen"], "--template is for an adapter without a prompt"),
        ([*MINI, "--revision", "v1"], "--revision is for --adapter"),
        ([*MINI, "--base-model", "m"], "--base-model is for --adapter"),
    ],
)  # fmt: skip
def test_options_that_do_not_go_together(words: list[str], message: str) -> None:
    assert f"Error: {message}" in call(*words, code=2).stderr
