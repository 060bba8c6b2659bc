"""lmn-publish and the Hub: the real client against a server that refuses what the Hub refuses, and breaks down on demand."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hub_server import FIRST, Fault, HubServer, point_at

from llms_meet_ner import LmnError
from llms_meet_ner.eval.publish.hub import Destination, Uploaded, find_token, upload

TOKEN = "hf_aVerySecretTokenOfMine1234"
FILES = {
    "README.md": b"---\nlicense: mit\nlanguage: en\n---\n\n# A card\n",
    "adapter_config.json": b"{}\n",
    "adapter_model.safetensors": bytes(range(256)) * 5000,
    "prompt_spec.json": b'{"format": "bracketed"}\n',
}
REPO = "me/ner"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[HubServer]:
    from huggingface_hub import constants

    with HubServer() as server:
        point_at(server, monkeypatch)
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no_login"))
        monkeypatch.delenv("HUGGING_FACE_HUB_TOKEN", raising=False)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        server.writers = {TOKEN: {"me"}, "hf_reader": set()}
        server.add("someone/base")
        yield server


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that were waited, in the place of waiting."""
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    return waited


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "folder"
    place.mkdir()
    for name, content in FILES.items():
        (place / name).write_bytes(content)
    (place / ".lmn-publish.json").write_text("not to be published")
    return place


def publish(folder: Path, to: Destination | None = None) -> Uploaded:
    return upload(folder, sorted(FILES), "someone/base", to or Destination(REPO))


def fails(folder: Path, to: Destination | None = None) -> str:
    with pytest.raises(LmnError) as caught:
        publish(folder, to)
    assert TOKEN not in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_one_commit_in_a_private_repository(hub: HubServer, folder: Path) -> None:
    done = publish(folder, Destination(REPO, message="The first"))
    repo = hub.repos[REPO]
    assert repo.private
    assert len(repo.commits) == 2
    head = repo.branches["main"]
    assert repo.commits[head] == FIRST | FILES
    assert repo.messages[head] == "The first"
    assert repo.lfs == {"adapter_model.safetensors"}
    assert done == Uploaded(f"{hub.url}/{REPO}/commit/{head}", head, True, (), ())


def test_publishing_again_makes_no_commit(hub: HubServer, folder: Path) -> None:
    first = publish(folder)
    again = publish(folder, Destination(REPO, tag="v1"))
    assert (again.changed, again.commit) == (False, first.commit)
    assert len(hub.repos[REPO].commits) == 2
    assert hub.repos[REPO].tags == {"v1": first.commit}
    assert not publish(folder, Destination(REPO, tag="v1")).changed
    (folder / "prompt_spec.json").write_text('{"format": "xml"}')
    assert "tag v1 is taken by commit" in fails(folder, Destination(REPO, tag="v1"))
    changed = publish(folder)
    assert changed.changed
    assert len(hub.repos[REPO].commits) == 3
    assert hub.count("PUT", "/lfs/upload/") == 1


def test_what_lies_in_the_repository_beside_it_stays(hub: HubServer, folder: Path) -> None:
    hub.add(REPO, private=True, **{"notes.txt": b"mine", "README.md": b"old"})
    assert publish(folder).others == ("notes.txt",)
    assert hub.repos[REPO].commits[hub.repos[REPO].branches["main"]] == FIRST | {"notes.txt": b"mine"} | FILES


def test_nothing_becomes_public_unasked(hub: HubServer, folder: Path) -> None:
    assert publish(folder, Destination("me/open", public=True)).notes == ()
    assert not hub.repos["me/open"].private
    assert fails(folder, Destination("me/open")) == (
        "me/open: the repository is public, so nothing was uploaded; --public publishes there"
    )
    assert "the repository is public" in fails(folder, Destination("me/open", create_pr=True))
    publish(folder)
    assert "is private and stays private" in publish(folder, Destination(REPO, public=True)).notes[0]


def test_branches_and_tags(hub: HubServer, folder: Path) -> None:
    done = publish(folder, Destination(REPO, revision="round-2", tag="v2"))
    repo = hub.repos[REPO]
    assert repo.commits[repo.branches["main"]] == FIRST
    assert repo.commits[repo.branches["round-2"]] == FIRST | FILES
    assert repo.tags == {"v2": done.commit} == {"v2": repo.branches["round-2"]}
    assert "not a branch, and only a branch takes commits" in fails(folder, Destination(REPO, revision="v2"))
    assert f"tag v2 is taken by commit {done.commit}" in fails(folder, Destination(REPO, tag="v2"))
    assert len(repo.commits) == 2


def test_a_pull_request_leaves_the_branch_alone(hub: HubServer, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "--create-pr needs one" in fails(folder, Destination(REPO, create_pr=True))
    hub.add(REPO)
    monkeypatch.setenv("HF_TOKEN", "hf_reader")
    done = publish(folder, Destination(REPO, create_pr=True, public=True))
    repo = hub.repos[REPO]
    assert done.url == f"{hub.url}/{REPO}/discussions/1"
    assert repo.commits[repo.branches["main"]] == FIRST
    assert repo.commits[repo.pulls[0]] == FIRST | FILES
    with pytest.raises(LmnError, match="--tag with --create-pr"):
        Destination(REPO, tag="v1", create_pr=True)


def test_only_on_top_of_the_commit_that_is_named(hub: HubServer, folder: Path) -> None:
    first = publish(folder).commit
    (folder / "README.md").write_text("---\nlicense: mit\n---\n\nnew\n")
    other = "0" * 40
    assert f"is at {first}, and not at --parent-commit {other}" in fails(folder, Destination(REPO, parent_commit=other))
    assert publish(folder, Destination(REPO, parent_commit=first)).changed
    with pytest.raises(LmnError, match="40 hexadecimal digits"):
        Destination(REPO, parent_commit="main")


def test_a_commit_of_another_in_between_is_not_written_over(hub: HubServer, folder: Path) -> None:
    repo = hub.add(REPO, private=True)
    hub.before_commit = lambda: repo.commit("main", FIRST | {"README.md": b"theirs"}, "theirs") and None
    assert "the branch main of me/ner has moved in the meantime (A commit has happened since." in fails(folder)
    assert repo.commits[repo.branches["main"]]["README.md"] == b"theirs"


STEPS = [
    "POST /create$",
    "POST /validate-yaml$",
    "POST /preupload/",
    "POST /batch$",
    "PUT /lfs/",
    "POST /commit/",
    "GET /refs$",
]
BROKEN = [(step, what) for step in STEPS for what in (503, "drop")] + [
    ("POST /commit/", what) for what in (500, 429, "lose")
]


@pytest.mark.parametrize(("method_path", "what"), BROKEN)
def test_what_fails_on_the_way_is_tried_again(
    hub: HubServer, folder: Path, waits: list[float], method_path: str, what: int | str
) -> None:
    method, path = method_path.split()
    hub.faults = [Fault(method, path, what, times=2)]
    done = publish(folder)
    repo = hub.repos[REPO]
    assert done.changed
    assert repo.commits[done.commit] == FIRST | FILES
    assert len(repo.commits) == 2, "one commit, whatever was lost"
    assert waits


def test_the_waits_grow_and_end(
    hub: HubServer, folder: Path, waits: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    hub.faults = [Fault("POST", "/api/repos/create", 502, times=99)]
    assert fails(folder).startswith(f"creating {REPO}: 502: ")
    assert waits == [1, 2, 4, 8]
    shown = capsys.readouterr()
    assert shown.err.count("again in") == 4
    assert TOKEN not in shown.err + shown.out
    waits.clear()
    hub.faults = [Fault("POST", "/api/repos/create", 429, times=1, headers={"Retry-After": "7"})]
    publish(folder)
    assert waits == [7]


def test_a_lost_pull_request_is_not_opened_twice(hub: HubServer, folder: Path, waits: list[float]) -> None:
    hub.add(REPO, private=True)
    hub.faults = [Fault("POST", "/commit/", "lose")]
    assert "cannot be reached" in fails(folder, Destination(REPO, create_pr=True))
    assert len(hub.repos[REPO].pulls) == 1


@pytest.mark.parametrize("damage", ["hash", "size"])
def test_bytes_that_change_on_the_way_are_refused(
    hub: HubServer, folder: Path, waits: list[float], monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    import huggingface_hub._commit_api as client

    send = client.lfs_upload
    weights = folder / "adapter_model.safetensors"

    def meanwhile(**words: object) -> None:
        content = weights.read_bytes()
        weights.write_bytes(content[:-1] if damage == "size" else content[:-1] + b"\0")
        send(**words)

    monkeypatch.setattr(client, "lfs_upload", meanwhile)
    assert ("bytes and not" if damage == "size" else "another SHA-256 than was announced") in fails(folder)
    assert len(hub.repos[REPO].commits) == 1


def test_no_token_and_no_right(hub: HubServer, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert "me/ner" not in hub.repos
    told = fails(folder, Destination("someone/else"))
    assert told.startswith("creating someone/else: the token may not do that in someone/else (403: ")
    assert told.endswith("use a token with permission to write to someone, or publish with --create-pr")
    monkeypatch.setenv("HF_TOKEN", "hf_unknownToken")
    told = fails(folder)
    assert "does not know the token (401); set HF_TOKEN, or log in with `hf auth login`" in told
    assert "hf_unknownToken" not in told
    monkeypatch.delenv("HF_TOKEN")
    assert fails(folder).startswith("no token for the Hub; set HF_TOKEN, or log in")
    (tmp_path / "no_login").write_text(f"{TOKEN}\n")
    assert find_token() == TOKEN
    assert publish(folder).changed
    monkeypatch.setenv("HF_TOKEN", "hf_two words")
    assert fails(folder).startswith("the token for the Hub holds characters that no token has")


def test_no_network(hub: HubServer, folder: Path, waits: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    with socket.create_server(("127.0.0.1", 0)) as closed:
        nowhere = f"http://127.0.0.1:{closed.getsockname()[1]}"
    monkeypatch.setattr(constants, "ENDPOINT", nowhere)
    told = fails(folder)
    assert f"{nowhere} cannot be reached (" in told
    assert told.endswith("check the network, or HF_ENDPOINT")
    assert waits == [1, 2, 4, 8]


def test_the_base_model_has_to_be_there(hub: HubServer, folder: Path) -> None:
    with pytest.raises(LmnError, match=r"someone/nothing: the base model is not on .* --base-model OWNER/NAME"):
        upload(folder, sorted(FILES), "someone/nothing", Destination(REPO))
    assert REPO not in hub.repos


def test_a_file_with_the_token_is_not_uploaded(hub: HubServer, folder: Path) -> None:
    (folder / "prompt_spec.json").write_text(f'{{"key": "{TOKEN}"}}')
    assert fails(folder).startswith("prompt_spec.json (key): holds the secret in the token for the Hub, so nothing")
    assert not hub.requests


def test_bad_metadata_and_warnings(hub: HubServer, folder: Path) -> None:
    (folder / "README.md").write_text("---\nlanguage: [\n---\n\nx\n")
    assert "Invalid metadata in README.md" in fails(folder)
    (folder / "README.md").write_text("---\nlanguage: en\n---\n\nx\n")
    (note,) = publish(folder).notes
    assert note.endswith("no license, ***")


@pytest.mark.parametrize("name", ["ner", "me/you/ner", "me/n er", "/ner", "me/-", "me/ner.git"])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(LmnError, match=f"--repo {name}: not a Hub id"):
        replace(Destination(REPO), repo=name)


def test_the_real_client_fetches_every_byte(hub: HubServer, folder: Path, tmp_path: Path) -> None:
    from huggingface_hub import snapshot_download

    publish(folder)
    fetched = Path(snapshot_download(REPO, cache_dir=tmp_path / "cache", token=TOKEN, endpoint=hub.url))
    assert {path.name: path.read_bytes() for path in fetched.iterdir()} == FIRST | FILES
    assert os.environ["HF_TOKEN"] == TOKEN
