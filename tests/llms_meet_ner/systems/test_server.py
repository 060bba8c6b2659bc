"""What is asked of a server, and what becomes of its faults."""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path

import pytest
from fake_openai import CONTENT_JSON, Answer, Fake, chat, error, fake_server
from served_project import KEY, RUN, predict, sources

from llms_meet_ner import LmnError
from llms_meet_ner.systems.server import NoAnswerError, Server, ServerOptions, UnreachableError


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
    "not JSON": ((200, CONTENT_JSON, b'{"choices": ['), "answered with something that is not JSON: {"),
    "a page": ((200, {"Content-Type": "text/html"}, b"<html>hello"), "something that is not JSON: <html>hello"),
    "a list": ((200, CONTENT_JSON, b"[1]"), "chat completion"),
    "no choices": ((200, CONTENT_JSON, b'{"choices": []}'), "not a chat completion with a text"),
    "no content": ((200, CONTENT_JSON, b'{"choices": [{"message": {}}]}'), "not a chat completion with a text"),
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


def test_which_model_is_asked(project: Path, fake: Fake) -> None:
    fake.models = ["base", "tuned"]
    several = predict(fake, code=1)
    assert "serves base, tuned; name one with --served-model" in several.stderr
    predict(fake, "--served-model", "base", "--untrained")
    assert {request["model"] for request in fake.requests} == {"base"}
    assert (RUN.parent / "free-openai-untrained/predictions.jsonl").is_file()
    fake.models = []
    assert "does not list the models that it serves" in predict(fake, code=1).stderr


def test_what_the_options_cannot_be_and_a_key_or_package_that_is_missing(
    project: Path, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    for wrong in ({"concurrency": 0}, {"retries": -1}, {"timeout": 0.0}):
        with pytest.raises(LmnError, match="--concurrency is at least 1"):
            ServerOptions(**wrong)  # type: ignore[arg-type]
    monkeypatch.setenv("OPENAI_API_KEY", "schlüssel")
    assert "OPENAI_API_KEY: holds a character that no key has" in predict(fake, code=1).stderr
    monkeypatch.setitem(sys.modules, "openai", None)
    assert "pip install 'llms-meet-ner[openai]'" in predict(fake, code=1).stderr
    assert not fake.requests


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error(400, "no"), LmnError),
        (error(500, "a bug"), LmnError),
        *[(error(status, "later"), NoAnswerError) for status in (429, 502, 503, 504)],
        (lambda handler: time.sleep(0.6), NoAnswerError),
        (None, UnreachableError),
    ],
    ids=["400", "500", "429", "502", "503", "504", "slow", "dropped"],
)
def test_an_error_says_whether_the_same_request_may_be_answered_later(answer: Answer, kind: type[LmnError]) -> None:
    with fake_server() as fake:
        fake.before = lambda source, times: answer
        server = Server(ServerOptions(fake.url, timeout=0.4, retries=0))
        with pytest.raises(LmnError) as raised:
            server.complete("", ["Anna came."], 9)
    assert type(raised.value) is kind
