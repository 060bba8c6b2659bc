"""The real thing: LLaMA-Factory serves SmolLM2 with an adapter, behind a proxy that injects faults."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from click.testing import CliRunner, Result
from fault_proxy import KINDS, fault_proxy
from paths import ROOT

from llms_meet_ner.cli.predict import main as lmn_predict
from llms_meet_ner.data_converters.cli.convert import main as lmn_convert

DEMO = ROOT / "data_converters/cards/demo"
BIN = Path(sys.executable).parent
CARD = """\
extends: demo
name: mini
splits:
  train: {file: demo.train, sentences: "0:2"}
  testb: {file: demo.testb, sentences: "43:48"}
"""
BASE = ["--recipe", "recipe.yaml", "--split", "testb", "--max-new-tokens", "7"]
pytestmark = pytest.mark.slow


class Served(NamedTuple):
    """A working directory and the port of the server of its adapter."""

    folder: Path
    port: int

    @property
    def asked(self) -> list[str]:
        """Words that ask the server itself."""
        return [*BASE, "--engine", "openai", "--base-url", f"http://127.0.0.1:{self.port}/v1"]


def call(command: object, *words: str) -> Result:
    result = CliRunner().invoke(command, list(words))  # type: ignore[arg-type]
    assert result.exit_code == 0, result.output + str(result.exception)
    return result


def make_adapter(model: Path, folder: Path) -> None:
    """Save a random adapter: large enough to change the outputs."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(3)
    base = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    tuned = get_peft_model(base, LoraConfig(r=4, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM"))
    for name, weight in tuned.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.1)
    tuned.save_pretrained(folder)


@pytest.fixture(scope="module")
def served(smollm2: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    (folder / "mini.yaml").write_text(CARD)
    recipe: dict[str, Any] = {"model_name_or_path": str(smollm2), "template": "default", "output_dir": "outputs/mini"}
    recipe |= {"dataset": "mini.short_train", "dataset_dir": "data/alpaca"}
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    monkey = pytest.MonkeyPatch()
    monkey.chdir(folder)
    call(lmn_convert, "mini.yaml", "--source", str(DEMO), "--variant", "short")
    monkey.undo()
    make_adapter(smollm2, folder / "outputs/mini")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    api = {"model_name_or_path": str(smollm2), "adapter_name_or_path": "outputs/mini", "template": "default"}
    (folder / "api.yaml").write_text(yaml.safe_dump({**api, "infer_dtype": "float32"}))
    environment = {**os.environ, "API_HOST": "127.0.0.1", "API_PORT": str(port)}
    environment["API_MODEL_NAME"] = "mini"
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [BIN / "llamafactory-cli", "api", "api.yaml"], env=environment, stdout=log, stderr=log, cwd=folder
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/v1/models", process, folder / "server.log")
        served = Served(folder, port)
        monkey.chdir(folder)
        call(lmn_predict, *served.asked, "--out", "calm")
        monkey.undo()
        yield served
    finally:
        process.kill()
        process.wait()


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(log.read_text()[-3000:])


def outputs(path: Path) -> list[str]:
    return [json.loads(line)["output"] for line in path.read_text().splitlines()]


def test_faults_on_the_way_to_a_real_server_change_nothing(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(served.folder)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with fault_proxy(served.port, seed=5, slow=6.0) as faults:
        stormy = ["--base-url", faults.url, "--timeout", "5", "--retries", "9", "--concurrency", "3"]
        call(lmn_predict, *served.asked, *stormy, "--out", "stormy")
    assert sorted(fault for fault in faults.met if fault) == sorted(KINDS)
    assert faults.met.count(None) >= 5
    assert Path("calm/predictions.jsonl").read_bytes() == Path("stormy/predictions.jsonl").read_bytes()
    for number in ("1", "2"):
        call(lmn_predict, *served.asked, "--shard", f"{number}/2")
    call(lmn_predict, "merge", *(f"outputs/mini/mini_testb/free-openai-shard{number}of2" for number in (2, 1)))
    merged = Path("outputs/mini/mini_testb/free-openai/predictions.jsonl")
    assert merged.read_bytes() == Path("calm/predictions.jsonl").read_bytes()


def test_a_server_writes_what_the_model_here_writes(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """The template is the same on both sides, temperature 0 is greedy, and the adapter is served.

    Spaces aside: LLaMA-Factory's server may take those before punctuation away.
    """
    monkeypatch.chdir(served.folder)
    call(lmn_predict, *BASE, "--decoding", "free", "--out", "here")
    call(lmn_predict, *BASE, "--decoding", "free", "--untrained", "--limit", "2", "--out", "base")
    here, there, base = (outputs(Path(name) / "predictions.jsonl") for name in ("here", "calm", "base"))
    assert ["".join(text.split()) for text in here] == ["".join(text.split()) for text in there]
    assert len(set(here)) == 5
    assert base != here[:2]
