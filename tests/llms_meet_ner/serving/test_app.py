"""The endpoints, asked over real connections: answers as lmn-tag gives them, limits, keys, many clients, and clients that go."""

from __future__ import annotations

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from capitals_service import SHA256, Running, running, soon
from click.testing import CliRunner
from standins import stand_in_load

import llms_meet_ner
from llms_meet_ner.cli.tag import main as lmn_tag
from llms_meet_ner.serving.limits import Limits

TEXTS = ["Anna came.  Kent Clark won.", "", "  no\u2028one \U0001f600 Bob ", "a " * 300, "Zo\u00eb in \u0130zmir"]


def tagged_by_command(texts: list[str], monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    monkeypatch.setattr("llms_meet_ner.cli.tag.load", stand_in_load)
    done = CliRunner().invoke(
        lmn_tag, ["--adapter", "x", "--format", "json"], input="".join(f"{text}\n" for text in texts)
    )
    return [json.loads(line) for line in done.stdout.split("\n")[:-1]]


def test_answers_are_those_of_lmn_tag(shared: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = shared.tag(*TEXTS)
    assert answer.status_code == 200
    assert answer.json() == {"results": tagged_by_command(TEXTS, monkeypatch)}
    assert answer.json()["results"][3]["pieces"] == 2
    assert shared.tag().json() == {"results": []}


def test_the_service_says_what_it_is(shared: Running) -> None:
    assert shared.client.get("/healthz").json() == {
        "status": "ready", "model": "capitals", "stamp_sha256": SHA256, "version": llms_meet_ner.__version__,
    }  # fmt: skip
    described = shared.client.get("/openapi.json").json()
    assert {"/tag", "/tag/stream", "/healthz", "/metrics", "/"} == set(described["paths"])
    answers = described["components"]["schemas"]
    schema = {"$ref": "#/components/schemas/Answers", "components": {"schemas": answers}}
    jsonschema.validate(shared.tag(*TEXTS).json(), schema)
    body = described["paths"]["/tag"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    jsonschema.validate({"texts": TEXTS}, body)


def test_the_description_of_a_stream_fits_every_kind_of_line(shared: Running) -> None:
    described = shared.client.get("/openapi.json").json()
    line = described["paths"]["/tag/stream"]["post"]["responses"]["200"]["content"]["application/x-ndjson"]["schema"]
    checker = jsonschema.Draft202012Validator(line | {"components": described["components"]})
    sent = b'{"id": 1, "text": "Anna came."}\n{"id": 2, "text": 3}\n{"id": 3, "text": "Bad"}\nno JSON\n'
    answer = shared.client.post("/tag/stream", content=sent, headers={"Content-Type": "application/x-ndjson"})
    rows = [json.loads(row) for row in answer.content.splitlines()]
    assert [sorted({"entities", "error"} & set(row)) for row in rows] == [["entities"], ["error"], ["error"], ["error"]]
    for row in rows:
        checker.validate(row)
    assert not checker.is_valid({"id": 1, "text": "Anna came."})  # neither entities nor an error


@pytest.mark.parametrize(
    ("sent", "status", "told"),
    [
        ({"json": ["a"]}, 422, 'the body is not an object with a list of texts: {"texts": ["..."]}'),
        ({"json": {"texts": "a"}}, 422, 'the body is not an object with a list of texts: {"texts": ["..."]}'),
        ({"json": {"texts": ["a", 3]}}, 422, "texts[1] is 3, not a text"),
        ({"json": {"texts": [], "text": ""}}, 422, "'text' is no key of a request; there is: texts"),
        ({"json": {"texts": ["a"] * 1001}}, 422, "1,001 texts are more than 1,000; send fewer at a time, or a stream"),
        ({"json": {"texts": ["Bad"]}}, 422, "Bad: cannot be read"),
        ({"content": b"x" * (1 << 20 | 1), "headers": {"Content-Type": "application/json"}}, 413, "a body of 1,048,577 bytes is longer than 1,048,576 bytes; send fewer texts at a time"),
        ({"data": {"texts": "a"}}, 415, "Content-Type is 'application/x-www-form-urlencoded'; send Content-Type: application/json"),
    ],
)  # fmt: skip
def test_a_request_that_cannot_be_answered_is_one_message(
    shared: Running, sent: dict[str, Any], status: int, told: str
) -> None:
    answer = shared.client.post("/tag", **sent)
    assert (answer.status_code, answer.json()) == (status, {"error": told})


def test_a_path_that_does_not_exist_is_one_message(shared: Running) -> None:
    assert shared.client.get("/tags").json() == {"error": "Not Found: GET /tags"}
    assert shared.client.get("/tag").json() == {"error": "Method Not Allowed: GET /tag"}


def test_clients_at_the_same_time_share_portions_and_get_their_own_answers() -> None:
    with running(Limits(portion=32)) as one:
        one.system.gate.clear()
        with ThreadPoolExecutor(40) as clients:
            answers = [clients.submit(one.tag, "Name0 came.")]
            soon(lambda: one.system.is_busy)
            answers += [clients.submit(one.tag, f"Name{number} came.") for number in range(1, 40)]
            soon(lambda: one.depth == 39)
            one.system.gate.set()
            for number, answer in enumerate(answers):
                assert answer.result().json()["results"][0]["entities"][0]["text"] == f"Name{number}"
        assert one.system.asked[1:] == [1, 32, 7]


def test_a_full_queue_refuses_and_loses_nothing() -> None:
    with running(Limits(queue=3, portion=1, requests=5)) as one:
        one.system.gate.clear()
        with ThreadPoolExecutor(6) as clients:
            busy = clients.submit(one.tag, "Busy.")
            soon(lambda: one.system.is_busy)
            waiting = [clients.submit(one.tag, f"Name{number}.") for number in range(3)]
            soon(lambda: one.depth == 3)
            full = one.tag("Late.")
            assert (full.status_code, full.headers["retry-after"]) == (503, "1")
            assert full.json()["error"] == "the queue has no room for 1 sentences: 3 of 3 wait; try again later"
            stream = clients.submit(
                one.client.post,
                "/tag/stream",
                content='{"text": "Ann"}',
                headers={"Content-Type": "application/x-ndjson"},
            )
            soon(lambda: one.metric("lmn_requests_under_way") == 5)
            places = one.tag("Late.")
            assert (places.status_code, places.headers["retry-after"]) == (503, "1")
            assert places.json()["error"] == "5 requests are under way; try again later"
            one.system.gate.set()
            assert [answer.result().status_code for answer in (busy, *waiting, stream)] == [200] * 5
            assert one.tag("Late.").status_code == 200
        assert one.metric('lmn_refused_total{reason="full"}') == 1
        assert one.metric('lmn_refused_total{reason="busy"}') == 1


def test_a_client_that_goes_hurts_nobody_and_its_sentences_are_not_tagged() -> None:
    with running(Limits(portion=8)) as one:
        one.system.gate.clear()
        with ThreadPoolExecutor(2) as clients:
            busy = clients.submit(one.tag, "Busy.")
            soon(lambda: one.system.is_busy)
            content = json.dumps({"texts": ["Gone. Gone.", "Gone."]}).encode()
            port = httpx.URL(one.url).port
            with socket.create_connection(("127.0.0.1", port or 0)) as going:
                going.sendall(
                    b"POST /tag HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                    % len(content)
                    + content
                )
                soon(lambda: one.depth == 3)
            stays = clients.submit(one.tag, "Stays.")
            soon(lambda: one.depth == 4)
            soon(lambda: one.metric("lmn_requests_under_way") == 2)
            one.system.gate.set()
            assert busy.result().json()["results"][0]["entities"][0]["text"] == "Busy"
            assert stays.result().json()["results"][0]["entities"][0]["text"] == "Stays"
        assert one.system.asked[1:] == [1, 1]
        assert one.metric('lmn_requests_total{path="/tag",status="499"}') == 1


def test_a_key_opens_everything_but_the_page_and_the_health() -> None:
    key = "a-key-of-20-letters!"
    with running(key=key) as one:
        for path in ("/", "/healthz"):
            assert one.client.get(path).status_code == 200
        paths = [
            ("GET", "/metrics"),
            ("GET", "/openapi.json"),
            ("POST", "/tag"),
            ("POST", "/tag/stream"),
            ("POST", "/drawn"),
        ]
        for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": f"Basic {key}"}, {"Authorization": key}):
            for method, path in paths:
                answer = one.client.request(method, path, headers=headers)
                assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
                assert answer.json() == {"error": "wrong or missing key; send Authorization: Bearer KEY"}
        good = {"Authorization": f"Bearer {key}"}
        assert one.client.get("/metrics", headers=good).status_code == 200
        assert one.client.post("/tag", json={"texts": ["Anna"]}, headers=good).status_code == 200


def test_nothing_is_answered_while_the_model_is_loaded() -> None:
    with running(wait=False) as one:
        soon(lambda: one.server.started)
        health = one.client.get("/healthz")
        assert (health.status_code, health.json()["status"], health.json()["model"]) == (503, "loading", None)
        answer = one.tag("Anna")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        stream = one.client.post("/tag/stream", content="{}", headers={"Content-Type": "application/x-ndjson"})
        assert (stream.status_code, stream.headers["retry-after"]) == (503, "5")
        assert answer.json() == stream.json() == {"error": "the model is being loaded; try again later"}
        one.system.gate.set()
        soon(lambda: one.client.get("/healthz").status_code == 200)


def test_a_student_answers_as_lmn_tag_does(workdir: Path) -> None:
    """Texts in requests of other sizes than the portions of the command; an exported student, which is made and loaded without torch."""
    from tiny_encoders import save_tiny_onnx

    from llms_meet_ner.data_converters import load_card, read_corpus
    from llms_meet_ner.tagging.loading import load

    student = save_tiny_onnx(workdir / "student").parent
    texts = [sentence.text for sentence in read_corpus(load_card("demo"), "testb")][:24]
    tagger = load(student)
    expected = [tagged.to_dict() for tagged in tagger.tag(texts)]
    assert sum(len(row["entities"]) for row in expected) > 20
    with running(Limits(portion=7), load=lambda: load(student)) as one, ThreadPoolExecutor(8) as clients:
        rows = [
            row
            for answer in clients.map(lambda at: one.tag(*texts[at : at + 3]), range(0, 24, 3))
            for row in answer.json()["results"]
        ]
    places = [[(entity["start"], entity["end"], entity["label"]) for entity in row["entities"]] for row in rows]
    assert places == [
        [(entity["start"], entity["end"], entity["label"]) for entity in row["entities"]] for row in expected
    ]
    for row, other in zip(rows, expected, strict=True):
        assert [entity["confidence"] for entity in row["entities"]] == pytest.approx(
            [entity["confidence"] for entity in other["entities"]], abs=2e-4
        )
