"""The service under load, ended and killed: what was accepted is answered, and clients that try again lose and double nothing."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from paths import ROOT
from tiny_encoders import save_tiny_student

from llms_meet_ner.data_converters import load_card, read_corpus
from llms_meet_ner.tagging.loading import load

CLIENTS = 64
(TAG_FILE,) = re.findall(
    r"^```python tag_file.py\n(.*?)^```$", (ROOT / "docs/service.md").read_text("utf-8"), re.M | re.S
)


@contextmanager
def served(student: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """Start `lmn-serve` with a student, and wait until it is ready."""
    command = [
        Path(sys.executable).with_name("lmn-serve"),
        "--adapter",
        student,
        "--port",
        str(port),
        "--portion",
        "16",
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr
            seen = ""
            while "serving " not in seen:
                line = process.stderr.readline()
                assert line, seen
                seen += line
            yield process
        finally:
            process.kill()


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_student(tmp_path_factory.mktemp("student"))


@pytest.fixture(scope="module")
def texts(corpora: Path) -> list[str]:
    return [
        sentence.text
        for split in ("train", "test")
        for sentence in read_corpus(load_card("wikigold"), split, corpora / "wikigold")
    ]


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        found: int = free.getsockname()[1]
    return found


@pytest.mark.verify
def test_every_accepted_request_is_answered_when_the_service_is_ended(
    student: Path, texts: list[str], port: int
) -> None:
    outcomes: Counter[str] = Counter()
    with served(student, port) as process, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=300) as client:

        def ask(number: int) -> None:
            for at in range(number, len(texts), CLIENTS):
                try:
                    answer = client.post("/tag", json={"texts": [texts[at]]})
                except (httpx.ConnectError, httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
                    outcomes["not accepted: no connection"] += 1
                    return
                if answer.status_code == 503:
                    assert answer.json()["error"].startswith("the service is ending")
                    outcomes["not accepted: 503"] += 1
                    return
                assert answer.status_code == 200
                assert answer.json()["results"][0]["text"] == texts[at]
                outcomes["answered"] += 1

        with ThreadPoolExecutor(CLIENTS) as clients:
            asking = [clients.submit(ask, number) for number in range(CLIENTS)]
            while outcomes["answered"] < 200:
                time.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            for one in asking:
                one.result()
        assert process.wait(120) == 0
        assert process.stderr
        said = process.stderr.read()
    print(dict(outcomes))
    assert 200 <= outcomes["answered"] < len(texts)
    assert f"accepted requests: {outcomes['answered']:,}, all answered" in said


@pytest.mark.verify
def test_no_text_is_lost_or_doubled_when_the_service_is_killed(
    student: Path, texts: list[str], port: int, tmp_path: Path
) -> None:
    """Clients run the program of docs/service.md, each with a part of the texts, while the service is killed and started again."""
    parts = [[{"id": at, "text": texts[at]} for at in range(number, len(texts), 8)] for number in range(8)]
    for number, rows in enumerate(parts):
        (tmp_path / f"{number}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    words = [
        ["-c", TAG_FILE, str(tmp_path / f"{number}.jsonl"), str(tmp_path / f"{number}.out"), f"http://127.0.0.1:{port}"]
        for number in range(8)
    ]
    clients = [
        subprocess.Popen([sys.executable, *one], stderr=subprocess.PIPE, env={**os.environ, "no_proxy": "*"})
        for one in words
    ]
    kills = 0
    try:
        while any(client.poll() is None for client in clients):
            with served(student, port) as process:
                before = written(tmp_path)
                while any(client.poll() is None for client in clients) and (
                    kills == 3 or written(tmp_path) < before + len(texts) // 5
                ):
                    time.sleep(0.02)
                if any(client.poll() is None for client in clients):
                    process.kill()
                    kills += 1
    finally:
        for client in clients:
            client.kill()
    assert kills == 3
    tagger = load(student)
    for number, rows in enumerate(parts):
        found = [json.loads(line) for line in (tmp_path / f"{number}.out").read_text().splitlines()]
        assert [(row["id"], row["text"]) for row in found] == [(row["id"], row["text"]) for row in rows]
        expected = tagger.tag([row["text"] for row in rows])
        assert [[(entity["start"], entity["end"], entity["label"]) for entity in row["entities"]] for row in found] == [
            [(entity.start, entity.end, entity.label) for entity in tagged.entities] for tagged in expected
        ]


def written(folder: Path) -> int:
    """Return how many lines the clients have written."""
    return sum(path.read_bytes().count(b"\n") for path in folder.glob("*.out"))
