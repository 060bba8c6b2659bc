"""The engine `openai`: what is asked of a server, what becomes of its faults, and that nothing is lost or betrayed."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from fake_openai import CONTENT_JSON, Answer, Fake, chat, error, fake_server, marked
from paths import ROOT

from llms_meet_ner import LmnError
from llms_meet_ner.cli.predict import main as lmn_predict
from llms_meet_ner.data_converters.cli.convert import main as lmn_convert
from llms_meet_ner.eval.cli.score import main as lmn_eval
from llms_meet_ner.systems.server import ServerOptions

DEMO = ROOT / "data_converters/cards/demo"
KEY = "sk-secret-4711"
CARD = """\
extends: demo
name: mini
splits:
  train: {file: demo.train, sentences: "0:2"}
  testb: {file: demo.testb, sentences: "40:52"}
"""
RUN = Path("outputs/mini/mini_testb/free-openai")


def call(command: object, *words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(command, list(words))  # type: ignore[arg-type]
    assert result.exit_code == code, result.output + str(result.exception)
    assert KEY not in result.output + result.stderr
    return result


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working directory with data and a recipe, and no model."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "mini.yaml").write_text(CARD)
    recipe = {"model_name_or_path": "none/such", "template": "default", "dataset": "mini.short_train"}
    recipe |= {"dataset_dir": "data/alpaca", "output_dir": "outputs/mini"}
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    before = Path.cwd()
    os.chdir(folder)
    try:
        call(lmn_convert, "mini.yaml", "--source", str(DEMO), "--variant", "short")
    finally:
        os.chdir(before)
    return folder


@pytest.fixture
def project(converted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPENAI_API_KEY", KEY + "\n")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    folder = tmp_path / "project"
    shutil.copytree(converted, folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def fake() -> Iterator[Fake]:
    with fake_server() as server:
        yield server


def predict(fake: Fake, *words: str, code: int = 0) -> Result:
    base = ["--recipe", "recipe.yaml", "--split", "testb", "--engine", "openai", "--base-url", fake.url]
    return call(lmn_predict, *base, *words, code=code)


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def sources() -> list[str]:
    return [" ".join(row["tokens"]) for row in json.loads(Path("data/alpaca/mini.short_testb.json").read_text())]


def test_a_server_is_asked_for_every_sentence_and_its_answers_become_records(project: Path, fake: Fake) -> None:
    fake.before = lambda source, times: time.sleep(0.1) or Fake.GO  # type: ignore[func-returns-value]
    result = predict(fake, "--concurrency", "4")
    assert f"tuned at {fake.url}, 4 requests at a time" in result.stderr
    assert fake.most == 4
    assert fake.keys == {f"Bearer {KEY}"}
    assert sorted(fake.sources) == sorted(sources())
    request = next(request for request in fake.requests if request["messages"][-1]["content"].endswith(sources()[0]))
    bound = len(sources()[0].encode()) + 4 * len(sources()[0].split()) + 32
    assert request == {
        "model": "tuned", "temperature": 0, "stop": ["\n"], "max_tokens": bound,
        "messages": [{"role": "user", "content": request["messages"][0]["content"]}],
    }  # fmt: skip
    records = rows(RUN / "predictions.jsonl")
    assert [record["output"] for record in records] == [marked(source).split("\n")[0] for source in sources()]
    assert {record["decoding"] for record in records} == {"free"}
    assert all(record["spans"][0] == [0, 1, "PER"] for record in records)
    run = json.loads((RUN / "run.json").read_text())
    assert run["notes"] == {"base_url": fake.url}
    stamp = run["stamp"]
    assert (stamp["engine"], stamp["served_model"], stamp["adapter_sha256"]) == ("openai", "tuned", None)
    assert stamp["prompt"]["template"] is None
    assert not [path for path in project.rglob("*") if path.is_file() and KEY in path.read_text(errors="replace")]
    fake.requests.clear()
    assert "already there, with the same data" in predict(fake).stderr
    assert not fake.requests


def test_scoring_takes_what_a_server_predicted_and_predicts_if_need_be(project: Path, fake: Fake) -> None:
    base = ["--recipe", "recipe.yaml", "--split", "testb", "--source", str(DEMO), "--engine", "openai"]
    first = call(lmn_eval, *base, "--base-url", fake.url)
    again = call(lmn_eval, *base, "--base-url", "http://127.0.0.1:9/v1", "--served-model", "tuned")
    assert "scoring what is there" in again.stderr
    assert first.stdout == again.stdout
    scores = json.loads((RUN / "scores.json").read_text())
    assert (scores["decoding"], scores["sha256"]["adapter"]) == ("free", None)
    other = call(lmn_eval, *base, "--served-model", "other", code=1)
    assert "made with another served_model than there is now" in other.stderr


def test_the_system_message_is_sent_as_one(project: Path, fake: Fake) -> None:
    call(lmn_convert, "mini.yaml", "--source", str(DEMO), "--instruction-as", "system")
    predict(fake, "dataset=mini.system_train", "--max-new-tokens", "7")
    system, user = fake.requests[0]["messages"]
    assert (system["role"], user["role"]) == ("system", "user")
    assert user["content"] in sources()
    assert {request["max_tokens"] for request in fake.requests} == {7}


def half() -> Answer:
    answer = chat("cut off")
    assert answer
    return answer[0], {**CONTENT_JSON, "Content-Length": "4000"}, answer[2]


FAULTS = {
    "429": lambda: error(429, "slow down", retry_after_ms="30"),
    "500": lambda: error(500, "oh", retry_after_ms="30"),
    "503": lambda: error(503, "loading", retry_after_ms="30"),
    "dropped": lambda: None,
    "half an answer": half,
    "slow": lambda: time.sleep(1.2) or Fake.GO,
}


def test_faults_that_pass_change_nothing(project: Path, fake: Fake) -> None:
    predict(fake, "--out", "calm")
    faults = dict(zip(sources(), FAULTS.values()))
    fake.requests.clear()
    fake.before = lambda source, times: faults[source]() if source in faults and times == 0 else Fake.GO
    predict(fake, "--out", "stormy", "--timeout", "0.8", "--retries", "3")
    assert len(fake.requests) == len(sources()) + len(FAULTS)
    assert Path("calm/predictions.jsonl").read_bytes() == Path("stormy/predictions.jsonl").read_bytes()


REFUSALS = {
    "401": (error(401, f"wrong key {KEY}"), r"refused the key (401: wrong key ***); set OPENAI_API_KEY"),
    "403": (error(403, "not yours"), "refused the key (403: not yours)"),
    "404": (error(404, "no tuned"), "(404: no tuned); --served-model names one of: tuned"),
    "400": (error(400, "too long\nby far"), "refused the request (400: too long by far); if it is too long"),
    "429": (error(429, "quota", retry_after_ms="5"), "still no answer after 1 retries (429: quota)"),
    "500": ((500, {"retry-after-ms": "5"}, b"<html>"), "still no answer after 1 retries (500: "),
    "detail": ((422, CONTENT_JSON, b'{"detail": "bad role"}'), "refused the request (422: bad role)"),
    "not JSON": ((200, CONTENT_JSON, b'{"choices": ['), "gave an answer that cannot be read"),
    "a page": ((200, {"Content-Type": "text/html"}, b"<html>hello"), "not a chat completion with a text: <html>hello"),
    "a list": ((200, CONTENT_JSON, b"[1]"), "chat completion"),
    "no choices": ((200, CONTENT_JSON, b'{"choices": []}'), "not a chat completion with a text"),
    "no text": (chat(None), "a model that reasons first is not supported"),
    "no message": ((200, CONTENT_JSON, b'{"choices": [{"index": 0}]}'), "not a chat completion with a text"),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_what_does_not_pass_is_one_error(project: Path, fake: Fake, refusal: str) -> None:
    answer, message = REFUSALS[refusal]
    fake.before = lambda source, times: answer
    result = predict(fake, "--retries", "1", "--concurrency", "3", code=1)
    assert message in result.stderr
    assert result.stderr.splitlines()[-1].startswith(f"Error: {fake.url}: ")
    assert "finished sentences are kept: the same command continues" in result.stderr
    assert isinstance(result.exception, SystemExit)
    if not answer or answer[0] not in (429, 500):
        assert len(fake.requests) <= 3 * 2  # a thread may take one more before it hears of the end
    assert not (RUN / "predictions.jsonl").exists()


def test_a_server_that_is_slow_or_not_there_is_one_error(project: Path, fake: Fake) -> None:
    fake.before = lambda source, times: time.sleep(1.0) or Fake.GO  # type: ignore[func-returns-value]
    slow = predict(fake, "--retries", "0", "--timeout", "0.3", code=1)
    assert "no answer within 0.3 s after 0 retries; --timeout N waits longer" in slow.stderr
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        fake.url = f"http://me:{KEY}@127.0.0.1:{unused.getsockname()[1]}/v1?token={KEY}"
        gone = predict(fake, "--retries", "0", code=1)
    assert "cannot be reached after 0 retries" in gone.stderr
    assert "me:" not in gone.stderr


@pytest.mark.parametrize("workers", ["1", "3"])
def test_a_run_that_failed_goes_on(project: Path, fake: Fake, workers: str) -> None:
    predict(fake, "--out", "whole")
    bad = sorted(sources(), key=len)[2]
    fake.before = lambda source, times: error(401, "expired") if source == bad else Fake.GO
    predict(fake, "--concurrency", workers, code=1)
    kept = {row["batch"] for row in rows(RUN / "predictions.partial.jsonl")[1:]}
    assert len(kept) >= 12 - 2 - int(workers)
    fake.before = lambda source, times: Fake.GO
    fake.requests.clear()
    moved = fake.url.replace("127.0.0.1", "localhost")  # another address does not matter, another model does
    fake.models = ["other"]
    other = predict(fake, code=1)
    assert "an unfinished run with other data, another model or other options" in other.stderr
    predict(fake, "--base-url", moved, "--served-model", "tuned")
    asked = {request["messages"][-1]["content"].rpartition("\n")[2] for request in fake.requests}
    assert len(asked) == 12 - len(kept)  # a set: what was under way when the first run failed may come in late
    assert (RUN / "predictions.jsonl").read_bytes() == Path("whole/predictions.jsonl").read_bytes()
    assert not (RUN / "predictions.partial.jsonl").exists()


def test_which_model_is_asked(project: Path, fake: Fake) -> None:
    fake.models = ["base", "tuned"]
    several = predict(fake, code=1)
    assert "serves base, tuned; name one with --served-model" in several.stderr
    predict(fake, "--served-model", "base", "--untrained")
    assert {request["model"] for request in fake.requests} == {"base"}
    assert (RUN.parent / "free-openai-untrained/predictions.jsonl").is_file()
    fake.models = []
    assert "does not list the models that it serves" in predict(fake, code=1).stderr


def test_options_that_do_not_go_together_are_refused(
    project: Path, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = ["--recipe", "recipe.yaml", "--split", "testb"]
    local = call(lmn_predict, *base, "--base-url", fake.url, code=2)
    assert "--base-url is for --engine openai" in local.stderr
    assert "--retries is for --engine openai" in call(lmn_eval, *base, "--retries", "3", code=2).stderr
    constrained = predict(fake, "--decoding", "constrained", code=2)
    assert "--decoding constrained needs the model's logits, which a server does not give" in constrained.stderr
    assert "--batch-size is for --engine local" in predict(fake, "--batch-size", "4", code=2).stderr
    assert "not the http address of a server" in predict(fake, "--base-url", "localhost:8000", code=2).stderr
    assert "not the http address of a server" in predict(fake, "--base-url", "http://a:b/v1", code=2).stderr
    for wrong in ({"concurrency": 0}, {"retries": -1}, {"timeout": 0.0}):
        with pytest.raises(LmnError, match="--concurrency is at least 1"):
            ServerOptions(**wrong)  # type: ignore[arg-type]
    monkeypatch.setenv("OPENAI_API_KEY", "schlüssel")
    assert "OPENAI_API_KEY: holds a character that no key has" in predict(fake, code=1).stderr
    monkeypatch.setitem(sys.modules, "openai", None)
    assert "pip install 'llms-meet-ner[openai]'" in predict(fake, code=1).stderr
    assert not fake.requests


def test_the_url_may_come_from_the_environment(project: Path, fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", fake.url)
    monkeypatch.delenv("OPENAI_API_KEY")
    call(lmn_predict, "--recipe", "recipe.yaml", "--split", "testb", "--engine", "openai", "--limit", "2")
    assert len(fake.requests) == 2


def test_the_light_install_is_enough(project: Path, fake: Fake) -> None:
    hidden = "import sys; sys.modules.update(dict.fromkeys(('torch', 'transformers', 'llamafactory')))"
    words = ["--recipe", "recipe.yaml", "--split", "testb", "--engine", "openai", "--base-url", fake.url]
    code = f"{hidden}; from llms_meet_ner.cli.predict import main; main({words!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "12 sentences" in done.stdout
