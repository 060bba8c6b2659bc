"""A Hub that means harm or is broken: one clear error for each answer, no file outside of the cache, no token to others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_openai import fake_server
from hostile_answers import BROKEN
from hub_server import Fault, HubServer, point_at

from llms_meet_ner import LmnError, hub_client
from llms_meet_ner.characters import harmful_in
from llms_meet_ner.data_converters.readers.datasets import DatasetOptions
from llms_meet_ner.decoding.pretrained import Weights, load_tokenizer
from llms_meet_ner.eval.publish.hub import Destination, Uploaded, upload
from llms_meet_ner.masking import keep_environment
from llms_meet_ner.systems.finding import find_model

datasets = pytest.importorskip("datasets")
TOKEN = "hf_aVerySecretTokenOfMine1234"
REPO = "me/ner"
EVER = 10**6
FILES = {"README.md": b"# A card\n", "adapter_model.safetensors": bytes(range(256)) * 10}
ADAPTER = {"adapter_config.json": b"{}", "adapter_model.safetensors": b"x" * 100}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[HubServer]:
    from huggingface_hub import constants

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no_login"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "a/b/c/cache"))
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    monkeypatch.setattr(hub_client, "READ_SECONDS", 0.4)
    monkeypatch.setattr(hub_client, "WRITE_SECONDS", 0.5)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "a/b/c/cache")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", False)
    keep_environment()
    with HubServer() as server:
        point_at(server, monkeypatch)
        monkeypatch.setattr(datasets.config, "HF_ENDPOINT", server.url)
        server.writers = {TOKEN: {"me"}}
        server.add("someone/base")
        server.add("me/adapter", **ADAPTER)
        server.add("me/whole", **{"config.json": b"{}"})
        yield server


def publish(tmp_path: Path, **how: Any) -> Uploaded:
    folder = tmp_path / "folder"
    folder.mkdir(exist_ok=True)
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    return upload(folder, sorted(FILES), "someone/base", Destination(REPO, retries=0, **how))


def read_data(tmp_path: Path) -> None:
    keys = {"path": "me/data", "tokens": "tokens", "tags": "tags", "scheme": "IOB2"}
    DatasetOptions.of(keys).data(tmp_path, "train").sha256()


WAYS: dict[str, Callable[[Path], object]] = {
    "a model": lambda tmp_path: find_model("me/adapter"),
    "a base model": lambda tmp_path: load_tokenizer(Weights("me/whole")),
    "publishing": publish,
    "a data set": read_data,
}


def refused(way: str, tmp_path: Path) -> str:
    """Meet the Hub in a way, see it end in one error, and return the error's line."""
    with pytest.raises(LmnError) as caught:
        WAYS[way](tmp_path)
    line = str(caught.value)
    assert harmful_in(line) is None
    assert len(line) < 3000
    assert TOKEN not in line
    outside = [
        path for path in tmp_path.rglob("*") if path.is_file() and not path.is_relative_to(tmp_path / "a/b/c/cache")
    ]
    assert {path.name for path in outside} <= FILES.keys()
    return line


@pytest.mark.parametrize("way", ["a model", "publishing"])
@pytest.mark.parametrize("answer", BROKEN)
def test_an_answer_of_no_use_ends_in_one_error(hub: HubServer, tmp_path: Path, answer: str, way: str) -> None:
    hub.faults.append(Fault(".*", "", BROKEN[answer], EVER))
    refused(way, tmp_path)


@pytest.mark.parametrize("answer", list(BROKEN)[::4])
@pytest.mark.parametrize("way", ["a base model", "a data set"])
def test_what_other_libraries_cannot_fetch_ends_in_one_error(
    hub: HubServer, tmp_path: Path, answer: str, way: str
) -> None:
    hub.faults.append(Fault(".*", "", BROKEN[answer], EVER))
    refused(way, tmp_path)


OUTSIDE = "../../../../../evil"


@pytest.mark.parametrize("sha", [OUTSIDE, "main", "", ["a"], 5, {}, "\x1b[2J", "0" * 40 + "\n"])
def test_a_commit_that_is_none_is_refused(hub: HubServer, tmp_path: Path, sha: object) -> None:
    hub.spoil = lambda path, answer: answer | {"sha": sha} if isinstance(answer, dict) and "sha" in answer else answer
    assert "an answer that no Hub gives: sha:" in refused("a model", tmp_path)
    assert "an answer that no Hub gives: sha:" in refused("publishing", tmp_path)


@pytest.mark.parametrize("headers", [{"ETag": f'"{OUTSIDE}"'}, {"ETag": '".."'}, {"X-Repo-Commit": OUTSIDE}])
def test_a_header_that_leads_out_of_the_cache_is_refused(
    hub: HubServer, tmp_path: Path, headers: dict[str, str]
) -> None:
    hub.more_headers = headers
    assert "an answer that no Hub gives: " in refused("a model", tmp_path)
    assert "an answer that no Hub gives: " in refused("a base model", tmp_path)
    assert not list(tmp_path.rglob("evil*"))


@pytest.mark.parametrize("name", [OUTSIDE, "/etc/passwd", "a/../../b", "C:\\b", ["a"]])
def test_a_name_of_a_file_that_leads_out_is_refused(hub: HubServer, tmp_path: Path, name: object) -> None:
    row = {"type": "file", "path": name, "size": 1, "oid": "0" * 40}
    hub.spoil = lambda path, answer: [*answer, row] if "/tree/" in path else answer
    assert "an answer that no Hub gives: path: " in refused("a model", tmp_path)
    siblings = {"siblings": [{"rfilename": name}]}
    hub.spoil = lambda path, answer: answer | siblings if isinstance(answer, dict) and "sha" in answer else answer
    assert "an answer that no Hub gives: rfilename: " in refused("publishing", tmp_path)


STAGES = (
    r"/refs",
    r"/preupload/",
    r"/commit/",
    r"/repos/create",
    r"validate-yaml",
    r"/revision/",
    r"/lfs/objects/batch",
)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize(
    "answer", ["null", "a list", "nested deep", "a page with 200", "an error with 200", "200 empty"]
)
def test_publishing_that_is_broken_off_is_one_error(hub: HubServer, tmp_path: Path, stage: str, answer: str) -> None:
    fault = Fault(".*", stage, BROKEN[answer], EVER)
    hub.faults.append(fault)
    try:
        publish(tmp_path)
    except LmnError:
        refused("publishing", tmp_path)
    assert stage in (r"validate-yaml", r"/repos/create") or REPO not in hub.repos or len(hub.repos[REPO].commits) == 1


def test_the_token_is_masked_and_goes_to_no_other_host(hub: HubServer, tmp_path: Path) -> None:
    hub.faults.append(Fault(".*", "/api/", 403, EVER))  # the stand-in repeats the token in its refusals
    assert "***" in refused("publishing", tmp_path)
    with fake_server() as other:
        elsewhere = other.url.replace("127.0.0.1", "localhost")
        hub.faults[:] = [Fault("GET", "/api/", (302, {"Location": elsewhere}, b""), EVER)]
        refused("a model", tmp_path)
        refused("publishing", tmp_path)
        assert other.keys == {""}


def test_a_wait_that_the_server_asks_for_is_bounded(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    headers = {"Retry-After": "1000000000", "RateLimit": '"api";r=0;t=1000000000'}
    hub.faults.append(Fault("HEAD", "/resolve/", (429, headers, b""), EVER))
    refused("a model", tmp_path)
    assert waited
    assert max(waited) <= 31
