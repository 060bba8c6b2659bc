"""vLLM itself: it serves the demo's adapter on loopback, and is compared with the model that runs here.

make test-vllm runs this after make demo. All is computed in float32, where rounding decides nothing but the last digits of confidences.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from fault_proxy import KINDS, fault_proxy
from paths import ROOT
from small_models import SENTENCES as HOSTILE
from vllm_server import VENV, VllmServer

from llms_meet_ner import Sentence
from llms_meet_ner.cli.predict import main as lmn_predict
from llms_meet_ner.records import PARTIAL_FILE, PREDICTIONS_FILE
from llms_meet_ner.systems.options import SystemOptions
from llms_meet_ner.systems.recipe_adapter import RecipeAdapter
from llms_meet_ner.systems.served_model import ServedModel
from llms_meet_ner.systems.server import ServerOptions
from llms_meet_ner.training.recipe import load_recipe

RECIPE = "recipes/demo_smollm2.yaml"
NAME = "demo_smollm2"
SENTENCES, SOME = 100, 32
DECODINGS = ("free", "constrained")
GRAMMATICAL = r"""root ::= "[ " \" | \\ \\n {1,3} [^"] (?: é\u200b | \x00 # LOC] 'ORG ] ] end"""
DIGITS = 0.0002
"""Difference of confidences that rounding explains: records keep four digits."""
pytestmark = pytest.mark.vllm
Row = dict[str, Any]


@pytest.fixture(scope="module")
def vllm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VllmServer]:
    assert (VENV / "bin/vllm").is_file(), "make test-vllm builds .venv-vllm"
    assert (ROOT / "outputs" / NAME / "adapter_config.json").is_file(), "run make demo first"
    before = Path.cwd()
    os.chdir(ROOT)
    server = VllmServer(RECIPE, NAME, tmp_path_factory.mktemp("vllm") / "server.log")
    try:
        server.start()
        yield server
    finally:
        server.kill()
        os.chdir(before)


@pytest.fixture(scope="module")
def calm(vllm: VllmServer, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[Row]]:
    """Records of the server that nothing disturbs."""
    folder = tmp_path_factory.mktemp("calm")

    def records(decoding: str) -> list[Row]:
        if not (folder / decoding).is_dir():
            predict(*there(vllm, decoding), "--out", str(folder / decoding))
        return rows(folder / decoding)

    return records


def there(vllm: VllmServer, decoding: str) -> list[str]:
    """Return the words that ask the server."""
    return ["--engine", "openai", "--base-url", vllm.url, "--served-model", NAME, "--decoding", decoding]


def words(*more: str) -> list[str]:
    return ["--recipe", RECIPE, "--split", "testb", *more]


def predict(*more: str, code: int = 0) -> Result:
    result = CliRunner().invoke(lmn_predict, words(*more))
    assert result.exit_code == code, result.output + str(result.exception)
    return result


def rows(folder: Path) -> list[Row]:
    return [json.loads(line) for line in (folder / PREDICTIONS_FILE).read_text(encoding="utf-8").splitlines()]


def without_digits(records: list[Row]) -> list[Row]:
    return [{key: value for key, value in row.items() if key not in ("confidences", "uncertainty")} for row in records]


def largest_difference(some: list[Row], others: list[Row]) -> float:
    """Return the largest difference of two confidences, or of the uncertainty of two sentences."""
    found = [0.0]
    for one, other in zip(some, others, strict=True):
        found += [abs(a - b) for a, b in zip(one["confidences"], other["confidences"], strict=True)]
        found += [abs(one["uncertainty"][key] - other["uncertainty"][key]) for key in ("mean", "max")]
    return max(found)


@pytest.mark.parametrize("decoding", DECODINGS)
def test_vllm_writes_what_the_model_here_writes(
    calm: Callable[[str], list[Row]], decoding: str, tmp_path: Path
) -> None:
    predict("--decoding", decoding, "--dtype", "float32", "--out", str(tmp_path / "here"))
    here, served = rows(tmp_path / "here"), calm(decoding)
    assert len(served) == SENTENCES
    assert without_digits(served) == without_digits(here)
    if decoding == "constrained":
        assert {row["status"] for row in served} == {"exact"}
        confidences = sum(len(row["confidences"]) for row in served)
        difference = largest_difference(here, served)
        print(f"\n{confidences} confidences, at most {difference:.4f} apart")
        assert confidences > SENTENCES
        assert difference <= DIGITS


@pytest.mark.parametrize("decoding", DECODINGS)
def test_faults_on_the_way_change_nothing(
    vllm: VllmServer, calm: Callable[[str], list[Row]], decoding: str, tmp_path: Path
) -> None:
    with fault_proxy(vllm.port, seed=5, slow=16.0) as faults:
        stormy = ["--base-url", faults.url, "--timeout", "15", "--retries", "9", "--concurrency", "3"]
        predict(*there(vllm, decoding), *stormy, "--limit", str(SOME), "--out", str(tmp_path / "stormy"))
    assert sorted(fault for fault in faults.met if fault) == sorted(KINDS)
    assert without_digits(rows(tmp_path / "stormy")) == without_digits(calm(decoding)[:SOME])


@pytest.mark.parametrize("decoding", DECODINGS)
def test_a_run_goes_on_after_the_server_was_killed(
    vllm: VllmServer, calm: Callable[[str], list[Row]], decoding: str, tmp_path: Path
) -> None:
    """The command ends with an error, and the same command asks only for what is not there."""
    asked = [*there(vllm, decoding), "--limit", str(SOME), "--concurrency", "2", "--out", str(tmp_path)]
    with begun(*asked, "--retries", "1") as command:
        wait_for_lines(command, tmp_path / PARTIAL_FILE, 8)
        vllm.kill()
        _, said = command.communicate(timeout=300)
    assert command.returncode == 1
    assert "cannot be reached after 1 retries" in said
    assert "finished sentences are kept" in said
    assert "Traceback" not in said
    kept = lines(tmp_path / PARTIAL_FILE)
    assert 8 <= kept < SOME
    vllm.start()
    predict(*asked)
    assert vllm.finished() == SOME - kept
    assert without_digits(rows(tmp_path)) == without_digits(calm(decoding)[:SOME])


def test_a_command_waits_for_a_server_that_is_started_again(
    vllm: VllmServer, calm: Callable[[str], list[Row]], tmp_path: Path
) -> None:
    asked = [*there(vllm, "free"), "--limit", str(SOME), "--concurrency", "2", "--out", str(tmp_path)]
    with begun(*asked, "--retries", "200") as command:
        wait_for_lines(command, tmp_path / PARTIAL_FILE, 8)
        vllm.kill()
        vllm.start()
        _, said = command.communicate(timeout=600)
    assert command.returncode == 0, said
    assert 0 < vllm.finished() <= SOME - 8
    assert rows(tmp_path) == calm("free")[:SOME]


def begun(*more: str) -> subprocess.Popen[str]:
    """Start lmn-predict in a process of its own."""
    program = str(Path(sys.executable).with_name("lmn-predict"))
    return subprocess.Popen(
        [program, *words(*more)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )


def wait_for_lines(command: subprocess.Popen[str], path: Path, number: int) -> None:
    deadline = time.monotonic() + 300
    while lines(path) < number:
        assert command.poll() is None, command.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def lines(path: Path) -> int:
    """Return the number of finished sentences in a partial file, whose first line names the run."""
    return path.read_bytes().count(b"\n") - 1 if path.is_file() else 0


def test_long_sentences_are_read_in_pieces(vllm: VllmServer) -> None:
    """By the window that vLLM lists, and where that leaves it open, because vLLM refuses."""
    options = ServerOptions(vllm.url, NAME)
    system = ServedModel(load_recipe(ROOT / RECIPE), SystemOptions("free", max_new_tokens=8), options, None)
    words = {"it": 150, "Kratie": 200, "so": 300}
    sentences = [Sentence(word, (word,) * count) for word, count in words.items()]
    job = system.prepare(sentences)
    assert [len(parts) for parts in job.cut.pieces] == [1, 1, 2]  # type: ignore[union-attr]
    assert [len(answer.pieces) for answer in job.answers()] == [0, 2, 2]


def test_hostile_tokens_come_back_as_they_are(vllm: VllmServer) -> None:
    """Their grammars are quoted right, and what they look like decides nothing."""
    recipe, server = load_recipe(ROOT / RECIPE), ServerOptions(vllm.url, NAME)
    tokens = [*HOSTILE, tuple(GRAMMATICAL.split(" "))]
    sentences = [Sentence(str(number), words) for number, words in enumerate(tokens)]
    served = ServedModel(recipe, SystemOptions("constrained", server=server), server, None).answer(sentences)
    here = RecipeAdapter(recipe, SystemOptions("constrained", dtype="float32")).answer(sentences)
    assert [answer.text for answer in served] == [answer.text for answer in here]


def test_a_wrong_name_is_answered_with_the_right_ones(vllm: VllmServer, tmp_path: Path) -> None:
    asked = ["--engine", "openai", "--base-url", vllm.url, "--decoding", "free", "--limit", "2", "--out", str(tmp_path)]
    unnamed = predict(*asked, code=1)
    assert "name one with --served-model" in unnamed.stderr
    wrong = predict(*asked, "--served-model", "tuned", code=1)
    assert f"--served-model names one of: models/smollm2-135m-instruct, {NAME}" in wrong.stderr


@pytest.mark.parametrize("dialect", ["llamacpp", "sglang"])
def test_a_grammar_in_another_servers_dialect_is_noticed(vllm: VllmServer, dialect: str, tmp_path: Path) -> None:
    """vLLM ignores keys that it does not know."""
    asked = [*there(vllm, "constrained"), "--grammar", dialect, "--out", str(tmp_path)]
    assert "grammar" in predict(*asked, code=1).stderr
    assert not (tmp_path / PREDICTIONS_FILE).exists()
