"""The programs of docs/service.md run, and its tables name what there is."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from capitals_service import Running, running, soon
from paths import ROOT

from llms_meet_ner.cli.serve import main as lmn_serve
from llms_meet_ner.serving import worker
from llms_meet_ner.serving.limits import Limits

PAGE = (ROOT / "docs" / "service.md").read_text(encoding="utf-8")
PROGRAMS = dict(re.findall(r"^```python (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
TEXTS = [f"Name{number} came.  Kent Clark won." for number in range(100)]


@pytest.fixture(scope="module")
def one() -> Iterator[Running]:
    with running(Limits(portion=8)) as service:
        yield service


@pytest.fixture
def source(workdir: Path) -> Path:
    path = workdir / "texts.jsonl"
    path.write_text("".join(json.dumps({"id": number, "text": text}) + "\n" for number, text in enumerate(TEXTS)))
    return path


def run(name: str, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAMS[name], *words], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_a_file_is_tagged_and_a_program_that_was_ended_goes_on(one: Running, source: Path) -> None:
    target = source.with_name("tagged.jsonl")
    run("tag_file.py", str(source), str(target), one.url)
    rows = [json.loads(line) for line in target.read_text().splitlines()]
    assert [(row["id"], row["text"], len(row["entities"])) for row in rows] == [
        (at, text, 2) for at, text in enumerate(TEXTS)
    ]
    whole = target.read_bytes()
    target.write_bytes(whole[: len(whole) // 2])
    run("tag_file.py", str(source), str(target), one.url)
    assert target.read_bytes() == whole


def test_a_file_is_streamed(one: Running, source: Path) -> None:
    rows = [
        json.loads(line) for line in run("stream_file.py", str(source), one.url.removeprefix("http://")).splitlines()
    ]
    assert [(row["id"], row["text"], len(row["entities"])) for row in rows] == [
        (at, text, 2) for at, text in enumerate(TEXTS)
    ]


def test_the_program_that_streams_says_that_lines_have_to_be_sent_again(
    one: Running, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "PAUSE", 0.05)
    few = source.with_name("few.jsonl")
    few.write_text("".join(source.read_text().splitlines(keepends=True)[:8]))
    one.system.is_broken = True
    words = [sys.executable, "-c", PROGRAMS["stream_file.py"], str(few), one.url.removeprefix("http://")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert rows
    assert all(row["retry"] for row in rows)
    assert (done.returncode, "send lines again: those with `retry`" in done.stderr) == (1, True)
    soon(lambda: one.service.state == "failing")
    refused = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert '503: {"error":"the model gives no answers now: Bad: cannot be read"}' in refused.stderr
    one.system.is_broken = False
    soon(lambda: one.service.state == "ready")


def test_the_page_lists_every_metric_and_endpoint_and_limit(one: Running) -> None:
    metrics = {
        name.removesuffix("_created")
        for name in re.findall(r"^# TYPE (lmn_\w+)", one.service.metrics.text().decode(), re.M)
    }
    assert {name.removesuffix("_total") for name in re.findall(r"`(lmn_\w+)`", PAGE)} == {
        name.removesuffix("_total") for name in metrics
    }
    endpoints = set(one.client.get("/openapi.json").json()["paths"]) | {"/openapi.json"}
    assert set(re.findall(r"^\| `(?:GET|POST) (\S+)`", PAGE, re.M)) == endpoints
    limits = re.findall(r"^\| `(--[\w-]+)` \| ([\d,]+)", PAGE, re.M)
    defaults = {option.opts[0]: option.default for option in lmn_serve.params}
    group = [option for option in defaults if option.startswith("--max-")] + ["--queue", "--portion", "--patience"]
    assert {name: int(value.replace(",", "")) for name, value in limits} == {name: defaults[name] for name in group} | {
        "--max-body": 1
    }
    assert defaults["--max-body"] == 1 << 20
