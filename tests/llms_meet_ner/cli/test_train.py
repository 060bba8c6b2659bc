"""`lmn-train`: says what it will train, refuses what would go wrong, and trains as LLaMA-Factory does."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import forked
import pytest
import yaml
from click.testing import CliRunner, Result
from tiny_training import TinyTraining, largest_difference

from llms_meet_ner.cli.train import main as lmn_train
from llms_meet_ner.training.logs import TrainerState

pytest.importorskip("llamafactory")
OUT = Path("outputs/tiny")


@pytest.fixture(autouse=True)
def in_one_process(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Work in an empty folder, without the variables that ask for several processes."""
    for name in ("FORCE_TORCHRUN", "NPROC_PER_NODE", "NNODES", "RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    return iter([None])


def call(*words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(lmn_train, list(words))
    assert result.exit_code == code, result.output + str(result.exception)
    assert "Traceback" not in result.output
    return result


def save(tiny: TinyTraining, **changes: Any) -> str:
    Path("r.yaml").write_text(yaml.safe_dump(tiny.recipe(OUT, **changes)))
    return "r.yaml"


def test_a_dry_run_says_what_would_be_trained(tiny: TinyTraining) -> None:
    lines = call(save(tiny), "--dry-run", "num_train_epochs=2").stdout.splitlines()
    assert lines == [
        f"r.yaml: trains {tiny.folder}/model into outputs/tiny",
        "12 examples, 2 a step, 12 steps",
        "about 486 tokens a step without sharing, about 341 with what examples begin with computed once: the first 142 of all examples",
    ]
    assert call(save(tiny), "--dry-run", "--no-sharing").stdout.splitlines()[-1] == "about 486 tokens a step"
    unshared = call(save(tiny), "--dry-run", "lora_dropout=0.1").stdout.splitlines()
    assert unshared[1].startswith(
        "examples will share no tokens: lora_dropout: 0.1 draws random numbers for every token"
    )
    assert unshared[-1] == "about 486 tokens a step"
    assert not OUT.exists()


def test_without_the_tokenizer_numbers_are_estimates(tiny: TinyTraining) -> None:
    told = call(save(tiny), "--dry-run", "model_name_or_path=no/such-model").stdout
    why = "the tokenizer of no/such-model cannot be fetched (no such folder, and not in the cache of the Hub)"
    assert f"tokens are estimated, since {why}: one token for 3 characters" in told
    assert "they are counted when LLaMA-Factory has loaded the tokenizer, before it loads the model" in told
    cut = call(save(tiny), "--dry-run", "model_name_or_path=no/such-model", "cutoff_len=40")
    assert "tiny_train: cutoff_len 40 cuts about 9 of 12 examples" in cut.stderr
    unknown = ["model_name_or_path=no/such-model", "cutoff_len=40", "stage=pt"]
    refused = call(save(tiny), "--dry-run", *unknown, code=1).stderr
    assert "Error: r.yaml: cutoff_len probably cuts about 9 examples" in refused
    assert " probably cuts none and takes more memory" in refused


@pytest.mark.slow
def test_after_an_estimate_examples_are_counted_before_the_model_is_loaded(tiny: TinyTraining) -> None:
    words = ["lmn-train", save(tiny), "split_special_tokens=true", "cutoff_len=260"]
    done = run(words, tiny)
    assert done.returncode == 1
    assert "tokens are estimated, since split_special_tokens changes the tokenizer" in done.stdout
    assert "counted with the tokenizer: cutoff_len cuts 4 of 12 examples\n" in done.stdout
    assert "    tiny_train, record 3: 303 tokens, of which " in done.stderr
    assert (
        done.stderr.rstrip()
        .splitlines()[-1]
        .startswith("Error: r.yaml: cutoff_len cuts 4 examples, so the model would")
    )
    assert "Traceback" not in done.stderr
    assert "loading weights file" not in done.stderr
    for more in ([], ["--no-sharing"]):
        done = run([*words, "--allow-cut", "max_steps=1", f"output_dir=outputs/cut{len(more)}", *more], tiny)
        assert done.returncode == 0, done.stderr[-3000:]
        assert "counted with the tokenizer: cutoff_len cuts 4 of 12 examples\n" in done.stdout
        assert "tiny_train: cutoff_len 260 cuts 4 of 12 examples" in done.stderr
        assert Path(f"outputs/cut{len(more)}/adapter_model.safetensors").is_file()


def test_a_dry_run_names_what_each_data_set_shares_and_evaluations_that_share_nothing(tiny: TinyTraining) -> None:
    shutil.copytree(tiny.folder / "data", "data")
    rows = json.loads(Path("data/tiny_train.json").read_text())
    Path("data/other.json").write_text(json.dumps([{**row, "instruction": "Name the places."} for row in rows]))
    info = json.loads(Path("data/dataset_info.json").read_text())
    Path("data/dataset_info.json").write_text(json.dumps({**info, "other": {"file_name": "other.json"}}))
    keys = {"dataset": "tiny_train,other", "dataset_dir": "data", "eval_dataset": "other", "compute_accuracy": True}
    lines = call(
        save(tiny, **keys, eval_strategy="steps", per_device_train_batch_size=8), "--dry-run"
    ).stdout.splitlines()
    assert lines[1] == "evaluations will share no tokens: compute_accuracy: true looks at the logits of each example"
    assert lines[-1].endswith("begin with computed once: the first 142 of tiny_train; the first 141 of other")


def test_a_run_that_would_cut_examples_is_refused_until_that_is_allowed(tiny: TinyTraining) -> None:
    recipe = save(tiny, cutoff_len=260)
    refused = call(recipe, "--dry-run", code=1)
    cut, error = refused.stderr.strip().splitlines()[0], refused.stderr.strip().splitlines()[-1]
    assert cut.startswith("tiny_train: cutoff_len 260 cuts 4 of 12 examples")
    assert "    tiny_train, record 3: 303 tokens, of which " in refused.stderr
    assert error.startswith(
        "Error: r.yaml: cutoff_len cuts 4 examples, so the model would learn from damaged ones; cutoff_len="
    )
    remedy = error.split("; ")[1].split()[0]
    assert "cuts" not in call(recipe, "--dry-run", remedy).stderr
    allowed = call(recipe, "--dry-run", "--allow-cut")
    assert "tiny_train: cutoff_len 260 cuts 4 of 12 examples" in allowed.stderr
    assert not OUT.exists()


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["lora_rnk=4"], "Error: r.yaml: LLaMA-Factory has no key 'lora_rnk'; did you mean lora_rank?"),
        (["cutoff_len=x"], "Error: r.yaml: cutoff_len is 'x', and not a whole number; correct cutoff_len in the recipe"),
        (["per_device_train_batch_size=0"], "Error: r.yaml: per_device_train_batch_size is 0, and not a whole number above 0"),
        (["template=nope"], "Error: r.yaml: LLaMA-Factory has no template 'nope'; name one that it has"),
        (["dataset=nope"], "no data set 'nope' (there: tiny_train)"),
        (["dataset_dir=nope"], "Error: nope/dataset_info.json: no such file"),
        (["model_name_or_path=./nope"], "Error: r.yaml: no model in ./nope; the top of the recipe says where it comes from"),
        (["hub_token=abc"], "Error: hub_token: looks like a secret"),
        (["max_samples=-1"], "Error: r.yaml: max_samples is -1, so LLaMA-Factory would find no record; write a whole number above 0"),
        (["streaming=true"], "Error: r.yaml: streaming: true reads a file in as many parts as there are workers"),
        (["val_size=12"], "Error: r.yaml: val_size 12 leaves none of 12 examples to train on; write a smaller one"),
        (["seed"], "Error: 'seed' is not an override; write key=value"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line(words: list[str], line: str, tiny: TinyTraining) -> None:
    told = call(save(tiny), "--dry-run", *words, code=1).stderr
    assert line in told
    assert len(told.strip().splitlines()) == 1
    assert not OUT.exists()


def test_options_that_do_not_go_together_and_variables_that_are_wrong(
    tiny: TinyTraining, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "--tokens-per-row is for sharing" in call(save(tiny), "--no-sharing", "--tokens-per-row", "9", code=2).stderr
    monkeypatch.setenv("FORCE_TORCHRUN", "1")
    monkeypatch.setenv("NPROC_PER_NODE", "three")
    assert "Error: NPROC_PER_NODE: 'three' is not a whole number; unset it" in call(save(tiny), code=1).stderr
    monkeypatch.setenv("NPROC_PER_NODE", "3")
    assert "2 a step" not in call(save(tiny), "--dry-run").stdout
    assert "6 a step in 3 processes, 2 steps" in call(save(tiny), "--dry-run").stdout


def test_data_that_were_changed_are_refused(tiny: TinyTraining) -> None:
    shutil.copytree(tiny.folder / "data", "data")
    info = Path("data/dataset_info.json")
    entry = json.loads(info.read_text())["tiny_train"]
    prompt = {
        "format": "bracketed", "variant": "short", "instruction": "Mark.", "labels": [["PER", "person", ""]], "nested": False,
        "instruction_as": "user", "template": None,
    }  # fmt: skip
    own = {
        "card": "c", "corpus": "c", "split": "train", "format": "bracketed", "variant": "short", "labels": ["PER"], "docstart": "none",
        "sha256": "0" * 64, "command": "lmn-convert c", "prompt": prompt,
    }  # fmt: skip
    info.write_text(json.dumps({"tiny_train": {**entry, "lmn": own}}))
    told = call(save(tiny, dataset_dir="data"), "--dry-run", code=1).stderr
    assert told.startswith("Error: data/")
    assert len(told.strip().splitlines()) == 1


def run(words: list[str], tiny: TinyTraining, main: str = "llms_meet_ner.cli.train:main") -> forked.Done:
    env = {
        "FORCE_TORCHRUN": "0",
        "HF_HOME": str(tiny.folder / "cache"),
        "OMP_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
    }
    return forked.run(main, words, env=env, folder=Path.cwd())


@pytest.mark.slow
def test_a_training_ends_with_the_adapter_of_llama_factory_and_each_goes_on_from_the_other(tiny: TinyTraining) -> None:
    recipe = save(tiny)
    plain = Path("outputs/plain")
    done = run(["llamafactory-cli", "train", recipe, f"output_dir={plain}"], tiny, "llamafactory.cli:main")
    assert done.returncode == 0, done.stderr[-3000:]
    shutil.copytree(plain / "checkpoint-3", OUT / "checkpoint-3")
    done = run(["lmn-train", recipe, "save_steps=2"], tiny)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "goes on from outputs/tiny/checkpoint-3\n" in done.stdout
    assert "the run was not begun by lmn-train" in done.stdout
    assert "Examples share their beginnings: 2 examples a step" in done.stderr
    assert "step 6 of 6" not in done.stdout
    assert done.stdout.rstrip().endswith("adapter: outputs/tiny")
    assert largest_difference(OUT, plain) < 1e-5
    state = TrainerState.read(OUT)
    assert state is not None
    assert state.step == 6

    before = {path: path.read_bytes() for path in OUT.rglob("*") if path.is_file()}
    refused = call(recipe, code=1).stderr
    assert refused.startswith(
        "Error: outputs/tiny/adapter_model.safetensors: the training there has finished, and it is not written over"
    )
    assert {path: path.read_bytes() for path in OUT.rglob("*") if path.is_file()} == before


@pytest.mark.slow
def test_a_training_that_fails_ends_with_one_line(tiny: TinyTraining) -> None:
    done = run(["lmn-train", save(tiny), "deepspeed=none.json"], tiny)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.rstrip().splitlines()[-1].startswith("Error: r.yaml: ")


@pytest.mark.verify
def test_two_processes_train_and_their_failure_passes_through(
    tiny: TinyTraining, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setenv("FORCE_TORCHRUN", "1")
    monkeypatch.setenv("NPROC_PER_NODE", "2")
    recipe = save(tiny, gradient_accumulation_steps=1)
    told = call(recipe)
    assert "12 examples, 2 a step in 2 processes, 6 steps" in told.stdout
    assert "step 3 of 6: " in capfd.readouterr().out
    one = Path("outputs/one")
    monkeypatch.setenv("FORCE_TORCHRUN", "0")
    call(recipe, "gradient_accumulation_steps=2", f"output_dir={one}")
    assert largest_difference(OUT, one) < 1e-5
    monkeypatch.setenv("FORCE_TORCHRUN", "1")
    assert "training ended with status 1" in call(recipe, "output_dir=outputs/x", "deepspeed=none.json", code=1).stderr
    capfd.readouterr()
    call(recipe, "output_dir=outputs/y", "split_special_tokens=true", "cutoff_len=260", code=1)
    told = capfd.readouterr().err
    assert told.count("Error: r.yaml: cutoff_len cuts 4 examples, so the model would learn from damaged ones") == 1
    call(recipe, "output_dir=outputs/z", "split_special_tokens=true", "cutoff_len=260", "--no-sharing", "--allow-cut")
