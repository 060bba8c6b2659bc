"""Servers that mean harm or are broken: one clear error for each answer, in time, and nothing that was finished is lost."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_openai import Answer, Fake, chat, fake_server, marked
from hostile_answers import BROKEN, NO_COMPLETION, NO_MODELS, plain, sent
from served_project import DEMO, KEY, RUN, call, predict, rows, save_mini_project, sources

from llms_meet_ner import LmnError
from llms_meet_ner.characters import harmful_in
from llms_meet_ner.eval.cli.score import main as lmn_eval
from llms_meet_ner.systems.server import Server, ServerOptions

QUICK = ("--concurrency", "1", "--retries", "0", "--timeout", "0.4")


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data of three sentences and a recipe."""
    folder = tmp_path_factory.mktemp("hostile")
    save_mini_project(folder, "none/such", last=43)
    return folder


@pytest.fixture
def project(converted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
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


def refused(fake: Fake, *words: str) -> str:
    """Run lmn-predict, see it end in one error, and return the error's line."""
    result = predict(fake, *QUICK, *words, code=1)
    assert isinstance(result.exception, SystemExit)
    *_, line = result.stderr.splitlines()
    assert line.startswith(f"Error: {fake.url}: ")
    assert "Traceback" not in result.output
    assert len(line) < 3000
    assert harmful_in(line) is None
    return line


@pytest.mark.parametrize("answer", [*BROKEN, *NO_COMPLETION])
def test_an_answer_of_no_use_ends_in_one_error_and_the_run_goes_on(project: Path, fake: Fake, answer: str) -> None:
    hostile = (BROKEN | NO_COMPLETION)[answer]
    fake.before = lambda source, times: Fake.GO if len(fake.requests) == 1 else hostile
    refused(fake)
    kept = (RUN / "predictions.partial.jsonl").read_text().splitlines()
    assert len(kept) == 2  # what the run is of, and the sentence that was answered
    fake.requests.clear()
    fake.before = lambda source, times: Fake.GO
    predict(fake)
    assert len(fake.requests) == 2
    assert [row["output"] for row in rows(RUN / "predictions.jsonl")] == [
        marked(source).split("\n")[0] for source in sources()
    ]


@pytest.mark.parametrize("answer", [*BROKEN, *NO_MODELS])
def test_a_list_of_models_of_no_use_ends_in_one_error(project: Path, fake: Fake, answer: str) -> None:
    fake.listing = (BROKEN | NO_MODELS)[answer]
    refused(fake)
    assert not fake.requests


STRANGE: dict[str, tuple[Answer, str]] = {
    "half a character": (chat("Oslo \ud800 is \udfff\udfff big"), "Oslo \ufffd is \ufffd\ufffd big"),
    "control characters": (chat("a\x00b\x1b[2Jc\x7fd\x85e\u2028f\u202eg\rh"), "a\x00b\x1b[2Jc\x7fd\x85e\u2028f\u202eg\rh"),
    "text in parts": (chat([{"type": "text", "text": "Oslo "}, {"type": "text", "text": "is\nbig"}]), "Oslo is\nbig"),
    "an empty text": (chat(""), ""),
    "no text, as of a filter": (chat(None), ""),
    "usage that cannot be": (
        sent(b'{"choices": [{"message": {"content": "x"}}], "usage": {"prompt_tokens": NaN, "total_tokens": []}, "id": -1e999}'),
        "x",
    ),
    "nothing but a text": (plain({"choices": [{"message": {"content": "x"}}, 5]}), "x"),
    "keys twice": (sent(b'{"choices": [], "choices": [{"message": {"content": "x", "content": "y"}}]}'), "y"),
    "UTF-16": (sent(json.dumps({"choices": [{"message": {"content": "ö"}}]}, ensure_ascii=False).encode("utf-16")), "ö"),
    "half a character as bytes": (sent(b'{"choices": [{"message": {"content": "\xed\xa0\x80"}}]}'), "\ufffd"),
    "another type": ((200, {"Content-Type": "image/png"}, b'{"choices": [{"message": {"content": "x"}}]}'), "x"),
}  # fmt: skip


@pytest.mark.parametrize("answer", STRANGE)
def test_a_strange_answer_with_one_meaning_is_taken_and_what_is_replaced_is_counted(
    project: Path, fake: Fake, answer: str
) -> None:
    strange, output = STRANGE[answer]
    fake.before = lambda source, times: (
        strange if len(fake.requests) == 2 else Fake.GO if len(fake.requests) == 1 else None
    )
    refused(fake)  # the third sentence is not answered: the count outlives the end of the run
    fake.before = lambda source, times: Fake.GO
    result = predict(fake)
    (record,) = [row for row in rows(RUN / "predictions.jsonl") if row["output"] == output]
    replaced = output.count("\ufffd")
    assert record.get("replaced", 0) == replaced
    said = f"predictions.jsonl: lone surrogates that became U+FFFD: {replaced}, in the outputs of {record['id']}\n"
    assert (said in result.stderr) == bool(replaced)


def test_neither_a_redirect_nor_an_echo_gives_the_key_away(project: Path, fake: Fake) -> None:
    with fake_server() as other:
        elsewhere = other.url.replace("127.0.0.1", "localhost") + "/chat/completions"
        fake.before = lambda source, times: (307, {"Location": elsewhere}, b"")
        assert f"gave no answer, and may have moved (307: see {elsewhere})" in refused(fake)
        assert not other.requests
        assert not other.keys
    for status in (200, 307, 400, 401, 403, 404, 429, 500):
        echo = json.dumps({"error": {"message": f"no key {KEY}"}}).encode()
        fake.before = lambda source, times: (status, {"Location": f"/{KEY}"}, echo)  # noqa: B023
        refused(fake)  # `predict` looks for the key in what is printed
    fake.listing = plain({"data": [{"id": f"one-{KEY}"}, {"id": f"two {KEY}"}]})
    refused(fake)


@pytest.mark.parametrize("wait", ["1000000000", "-5", "Fri, 31 Dec 9999 23:59:59 GMT", "nan", "1e9"])
def test_a_server_does_not_decide_how_long_a_run_waits(
    project: Path, fake: Fake, wait: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("anyio.sleep", sleep)
    fake.before = lambda source, times: (503, {"Retry-After": wait}, b"{}")
    refused(fake, "--retries", "2")
    assert len(waited) in (0, 2)  # a wait that is too long is not waited at all
    assert all(0 < seconds <= 120 for seconds in waited)


def test_scoring_meets_such_a_server_with_one_error(project: Path, fake: Fake) -> None:
    words = ["--recipe", "recipe.yaml", "--split", "testb", "--source", str(DEMO), "--engine", "openai"]
    fake.before = lambda source, times: BROKEN["nested deep"]
    result = call(lmn_eval, *words, "--base-url", fake.url, code=1)
    assert isinstance(result.exception, SystemExit)
    assert "answered with something that is not JSON" in result.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "address",
    ["http://[::1/v1", "http://x:99999/v1", "http://\x1b[2J/v1", "ftp://a/v1", "http://é\u202e/v1"],
)
def test_an_address_that_is_none_is_one_error(address: str) -> None:
    with pytest.raises(LmnError, match="--base-url"):
        Server(ServerOptions(address, "m"))


PREDICT = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a suite in the background of a script has it ignored
from llms_meet_ner.cli.predict import main
main()
"""


def test_a_run_of_many_threads_ends_at_once_on_an_error_and_on_ctrl_c(project: Path, fake: Fake) -> None:
    """Eight requests hang; the process neither waits for them nor for their time to run out."""
    hanging = BROKEN["a byte each 50 ms"]
    command = [sys.executable, "-c", PREDICT, "--recipe", "recipe.yaml"]
    command += [
        "--split",
        "testb",
        "--engine",
        "openai",
        "--base-url",
        fake.url,
        "--timeout",
        "500",
        "--concurrency",
        "8",
    ]
    for end in (b"{}", None):
        fake.requests.clear()
        fake.before = lambda source, times: sent(end) if end and len(fake.requests) >= 3 else hanging  # noqa: B023
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            try:
                while len(fake.requests) < 3:
                    assert process.poll() is None
                if end is None:
                    process.send_signal(signal.SIGINT)
                _, said = process.communicate(timeout=30)
            finally:
                process.kill()  # a run that goes on must not hold the suite
        assert process.returncode == 1
        assert said.splitlines()[-1].startswith("Error: " if end else "Aborted!")
        assert "Traceback" not in said
