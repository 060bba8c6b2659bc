"""The process: addresses, keys, signals, and its status."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from capitals_service import process, soon

from llms_meet_ner import LmnError
from llms_meet_ner.serving.limits import Limits
from llms_meet_ner.serving.process import Server, address_of, is_loopback, key_for, listening
from llms_meet_ner.serving.service import Service
from llms_meet_ner.tagging.tagger import Tagger

KEY = "a-key-of-20-letters!"


def test_other_machines_need_a_key() -> None:
    assert [is_loopback(host) for host in ("127.0.0.1", "127.8.8.8", "::1", "localhost")] == [True] * 4
    assert [is_loopback(host) for host in ("0.0.0.0", "::", "10.0.0.1", "example.org", "")] == [False] * 5
    assert key_for("localhost", None) is None
    assert key_for("localhost", " \n") is None
    assert key_for("0.0.0.0", f"{KEY}\n") == key_for("localhost", KEY) == KEY
    with pytest.raises(LmnError) as error:
        key_for("0.0.0.0", None)
    assert "0.0.0.0: other machines can reach this address, and there is no key; set LMN_SERVE_KEY (python -c" in str(
        error.value
    )


@pytest.mark.parametrize(
    "key", ["short", "with spaces in the key", "with-ü-and-so-on-and-on", "with\x00-and-so-on-and-on"]
)
def test_a_key_is_long_and_fits_a_header(key: str) -> None:
    with pytest.raises(LmnError) as error:
        key_for("localhost", key)
    assert "LMN_SERVE_KEY: a key has at least 16 characters, all of them ASCII and none a space" in str(error.value)
    assert error.value.remedy
    command = error.value.remedy.removesuffix(" makes one").removeprefix("python -c ").strip('"')
    made = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True).stdout
    assert key_for("0.0.0.0", made)


def test_a_taken_port_and_an_unknown_host_are_one_error() -> None:
    with listening("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        assert address_of(taken) == f"http://127.0.0.1:{port}"
        assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        with pytest.raises(LmnError, match=r"127\.0\.0\.1:\d+.*cannot be listened on: .*choose with --host and --port"):
            listening("127.0.0.1", port)
    with pytest.raises(LmnError, match="cannot be listened on"):
        listening("no.such.host.invalid", 0)


def test_an_address_of_ipv6_is_in_brackets() -> None:
    try:
        listener = listening("::1", 0)
    except LmnError:
        pytest.skip("no IPv6 here")
    with listener:
        assert address_of(listener).startswith("http://[::1]:")


def test_a_signal_ends_it_when_all_accepted_requests_are_answered(tmp_path: Path) -> None:
    with process(tmp_path, "--portion", "1") as one, ThreadPoolExecutor(8) as clients:
        one.closed.touch()
        lines = b"".join(b'{"text": "Name%d"}\n' % number for number in range(2))
        headers = {"Content-Type": "application/x-ndjson"}
        stream = clients.submit(one.client.post, "/tag/stream", content=lines, headers=headers)
        answers = [clients.submit(one.client.post, "/tag", json={"texts": [f"Name{number}."]}) for number in range(5)]
        soon(lambda: one.metric("lmn_queue_sentences") == 6)  # and one in the model
        one.running.send_signal(signal.SIGTERM)
        assert one.says() == "ending when all accepted requests are answered; a second signal ends at once\n"
        one.closed.unlink()
        for number, answer in enumerate(answers):
            assert answer.result().status_code == 200
            assert answer.result().json()["results"][0]["entities"][0]["text"] == f"Name{number}"
        rows = [json.loads(line) for line in stream.result().content.splitlines()]
        assert [row["text"] for row in rows] == ["Name0", "Name1"]
        assert one.running.wait(30) == 0
        assert one.says() == "ended; accepted requests: 6, all answered\n"
        with pytest.raises(httpx.ConnectError):
            one.client.get("/healthz")


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    with process(tmp_path, "--portion", "1") as one, ThreadPoolExecutor(1) as clients:
        one.closed.touch()
        lost = clients.submit(one.client.post, "/tag", json={"texts": ["Ann", "Bob"]})
        soon(lambda: one.metric("lmn_queue_sentences") == 1)  # and one in the model
        one.running.send_signal(signal.SIGINT)
        assert one.says().startswith("ending when all")
        assert one.running.poll() is None
        one.running.send_signal(signal.SIGINT)
        assert one.running.wait(30) == 128 + signal.SIGINT
        assert one.says() == "ended at once; some accepted requests are not answered\n"
        assert isinstance(lost.exception(), httpx.RemoteProtocolError | httpx.ReadError)


def test_a_signal_ends_it_when_nobody_reads_what_it_says(tmp_path: Path) -> None:
    with process(tmp_path, is_closed=True) as one:
        assert one.running.stderr
        one.running.stderr.close()
        one.running.send_signal(signal.SIGTERM)
        assert one.running.wait(30) == 0


def test_a_signal_ends_it_while_the_model_is_loaded(tmp_path: Path) -> None:
    with process(tmp_path, is_closed=True) as one:
        assert one.client.get("/healthz").json()["status"] == "loading"
        one.running.send_signal(signal.SIGTERM)
        assert one.running.wait(30) == 0
        assert one.says().startswith("ending when all")
        assert one.says() == "ended while the model was loaded\n"


def test_a_model_that_cannot_be_loaded_ends_it() -> None:
    def fail() -> Tagger:
        raise LmnError("no such folder", "none", "name another")

    with listening("127.0.0.1", 0) as listener, pytest.raises(LmnError, match="none: no such folder; name another"):
        asyncio.run(Server(Service(fail, Limits())).run_on(listener))
