"""A service whose model is behind a server (`lmn-serve --engine openai`): its answers, and what clients get when that server fails."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from capitals_service import Running, process, running, soon
from fake_openai import Answer, Fake, error, fake_server

from llms_meet_ner.serving import worker
from llms_meet_ner.serving.limits import Limits
from llms_meet_ner.systems.server import ServerOptions
from llms_meet_ner.tagging.loading import load

GONE = "the model gives no answers now: "
NDJSON = {"Content-Type": "application/x-ndjson"}
LMN_SERVE = (str(Path(sys.executable).with_name("lmn-serve")),)


@pytest.fixture(scope="module")
def server() -> Iterator[Fake]:
    with fake_server() as found:
        yield found


@pytest.fixture(scope="module")
def one(server: Fake) -> Iterator[Running]:
    """A service that asks the server about 4 sentences at a time, and about a failed one once."""
    options = ServerOptions(server.url, retries=0)
    with (
        pytest.MonkeyPatch.context() as patch,
        running(Limits(portion=4), load=lambda: load(corpus="demo", server=options, language="en")) as service,
    ):
        patch.setattr(worker, "PAUSE", 0.05)
        yield service


@pytest.fixture
def fake(server: Fake, one: Running) -> Iterator[Fake]:
    """The server, which answers again after the test."""
    yield server
    server.before = lambda source, times: Fake.GO
    soon(lambda: one.service.state == "ready")


def fails(answer: Answer) -> Callable[[str, int], Answer]:
    return lambda source, times: answer


def keep_busy(one: Running, clients: ThreadPoolExecutor) -> Future[httpx.Response]:
    """Send a request, and wait until the server has it."""
    accepted = one.service.accepted
    answer = clients.submit(one.tag, "Busy came.")
    soon(lambda: one.service.accepted > accepted and not one.depth)
    return answer


FAULTS = {
    "gone": (None, "cannot be reached after 0 retries"),
    "429": (error(429, "slow down"), "still no answer after 0 retries (429: slow down)"),
    "500": (error(500, "out of memory"), "still no answer after 0 retries (500: out of memory)"),
    "503": (error(503, "starting"), "still no answer after 0 retries (503: starting)"),
    "401": (error(401, "no key"), "refused the key (401: no key)"),
    "no chat": ((200, {}, b"[1]"), "answered with something that is not a chat completion with a text: [1]"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_server_that_fails_is_one_message_and_the_service_goes_on_with_it(
    one: Running, fake: Fake, fault: str
) -> None:
    answer, told = FAULTS[fault]
    fake.before = fails(answer)
    refused = one.tag("Anna came.", "Bob came.")
    assert (refused.status_code, "retry-after" in refused.headers) == (503, True)
    assert refused.json()["error"].startswith(f"{GONE}{fake.url}: {told}")
    assert not [part for part in ("; ", "--", "Traceback") if part in refused.json()["error"]]
    soon(lambda: one.service.state == "failing")
    health = one.client.get("/healthz")
    assert (health.status_code, health.json()["status"], health.json()["model"]) == (503, "failing", fake.url)
    asked = fake.sources.count("Eve came .")
    at_once = [one.tag("Eve came."), one.client.post("/tag/stream", content=b"{}", headers=NDJSON)]
    assert [(other.status_code, other.json()) for other in at_once] == [(503, refused.json())] * 2
    assert fake.sources.count("Eve came .") == asked
    fake.before = fails(Fake.GO)
    soon(lambda: one.client.get("/healthz").status_code == 200)
    assert [row["entities"][0]["text"] for row in one.tag("Eve came.", "Bob came.").json()["results"]] == ["Eve", "Bob"]


def test_what_waits_is_refused_at_once_and_a_stream_says_where_to_go_on(one: Running, fake: Fake) -> None:
    gate, more = threading.Event(), threading.Event()

    def fail(source: str, times: int) -> Answer:
        assert gate.wait(30)
        return None

    def body() -> Iterator[bytes]:
        yield b"".join(b'{"id": %d, "text": "Eve came."}\n' % number for number in range(6))
        assert more.wait(30)
        yield b'{"id": 6, "text": "Eve came."}\n'

    fake.before = fail
    before = len(fake.requests)
    with ThreadPoolExecutor(5) as clients:
        busy = keep_busy(one, clients)
        stream = clients.submit(one.client.post, "/tag/stream", content=body(), headers=NDJSON)
        soon(lambda: one.depth == 6)
        waiting = [clients.submit(one.tag, *[f"Name{number} came." for number in range(50)]) for _ in range(3)]
        soon(lambda: one.depth == 156)
        gate.set()
        answers = [answer.result() for answer in (busy, *waiting)]
        more.set()
        rows = [json.loads(line) for line in stream.result().content.splitlines()]
    assert {answer.status_code for answer in answers} == {503}
    assert [row.get("id") for row in rows] == [0, 1, 2, 3, 4, 5, None]
    assert {row["error"].partition("http")[0] for row in rows} == {GONE}
    assert [row["retry"] for row in rows] == [True] * 7
    assert (rows[-1]["line"], rows[-1]["stopped"]) == (7, True)
    assert {source.split()[0] for source in fake.sources[before:]} - {"Anna"} == {
        "Busy"
    }  # and what the worker asks by itself


@pytest.mark.parametrize(
    ("answer", "status", "told"),
    [
        (error(400, "filtered"), 422, "refused the request (400: filtered)"),
        (error(500, "a bug"), 422, "still no answer after 0 retries (500: a bug)"),
        (error(429, "slow"), 503, "still no answer after 0 retries (429: slow)"),
        (error(504, "slow"), 503, "still no answer after 0 retries (504: slow)"),
        (error(408, "slow"), 503, "still no answer after 0 retries (408: slow)"),
        (error(409, "locked"), 503, "still no answer after 0 retries (409: locked)"),
    ],
)
def test_a_text_that_the_server_refuses_fails_alone(
    one: Running, fake: Fake, answer: Answer, status: int, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    gate = threading.Event()

    def before(source: str, times: int) -> Answer:
        assert gate.wait(30)
        return answer if source.startswith("Bad") else Fake.GO

    fake.before = before
    with ThreadPoolExecutor(4) as clients:
        busy = keep_busy(one, clients)
        texts = ["Anna came.", "Bad came.", "Bob came."]
        waiting = [clients.submit(one.tag, text) for text in texts]
        soon(lambda: one.depth == 3)
        gate.set()
        statuses = [answer.result().status_code for answer in (busy, *waiting)]
        assert statuses == [200, 200, status, 200]
        assert waiting[1].result().json() == {"error": f"{GONE if status == 503 else ''}{fake.url}: {told}"}
    assert one.service.state == "ready"
    assert "gives no answers: " not in caplog.text  # the model was never at fault


def test_a_text_that_fails_when_it_is_asked_for_alone_is_not_asked_for_again(one: Running, fake: Fake) -> None:
    fake.before = lambda source, times: Fake.GO if source.startswith("Anna saw") else error(400, "filtered")
    refused = one.tag("Lone came.")
    assert (refused.status_code, refused.json()["error"]) == (422, f"{fake.url}: refused the request (400: filtered)")
    assert fake.sources.count("Lone came .") == 1


def test_a_server_that_goes_while_texts_are_asked_for_apart_is_at_fault(one: Running, fake: Fake) -> None:
    """It answers the sentence that the worker asks it for after the first failure, but not after the second."""
    asked_apart = threading.Event()

    def before(source: str, times: int) -> Answer:
        if source.startswith("Anna saw"):
            return error(503, "still gone") if asked_apart.is_set() else Fake.GO
        if not times:
            return error(500, "odd")
        asked_apart.set()
        return error(503, "gone")

    fake.before = before
    refused = one.tag("Mo came.", "Jo came.")
    assert (refused.status_code, refused.json()["error"]) == (
        503, f"{GONE}{fake.url}: still no answer after 0 retries (503: still gone)",
    )  # fmt: skip
    soon(lambda: one.service.state == "failing")


def test_the_command_serves_it_outlives_it_and_ends(tmp_path: Path) -> None:
    with fake_server() as fake:
        words = (
            "--engine",
            "openai",
            "--base-url",
            fake.url,
            "--corpus",
            "demo",
            "--retries",
            "0",
            "--concurrency",
            "3",
        )
        with process(tmp_path, *words, command=LMN_SERVE, name=fake.url) as one:
            text = "  Zo\u00eb won.\n\n\U0001f600 Kent came."
            (row,) = one.client.post("/tag", json={"texts": [text]}).json()["results"]
            assert row == {
                "text": text,
                "entities": [
                    {"start": at, "end": end, "label": "PER", "text": text[at:end], "confidence": None}
                    for at, end in ((2, 5), (12, 13))
                ],
            }
            fake.before = fails(None)
            refused = one.client.post("/tag", json={"texts": [text]})
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "10")
            assert refused.json()["error"].startswith(f"{GONE}{fake.url}: cannot be reached after 0 retries (")
            assert one.says().startswith(f"the model gives no answers: {fake.url}: cannot be reached")
            assert one.client.get("/healthz").json()["status"] == "failing"
            one.running.send_signal(signal.SIGTERM)
            assert one.running.wait(30) == 0
            assert "Traceback" not in one.running.stderr.read()  # type: ignore[union-attr]
