"""A Hub on 127.0.0.1: the part of the Hugging Face Hub's protocol that its client needs to publish and fetch a model.

It refuses what the Hub refuses: bytes with another hash or size than announced, a commit whose parent is not the head of its
branch, and names and tokens without permission. Its refusals quote the token, so that a test sees whether anything prints it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import yaml
from fake_openai import Answer

FIRST = {".gitattributes": b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n"}


@dataclass
class Repo:
    """A repository with its commits, branches, tags and pull requests."""

    private: bool
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    parents: dict[str, str | None] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    pulls: list[str] = field(default_factory=list)
    lfs: set[str] = field(default_factory=set)

    def commit(self, branch: str, tree: dict[str, bytes], message: str) -> str:
        parent = self.branches.get(branch)
        sha = self.keep(parent, tree, message)
        self.branches[branch] = sha
        return sha

    def keep(self, parent: str | None, tree: dict[str, bytes], message: str) -> str:
        hashes = {name: hashlib.sha256(content).hexdigest() for name, content in tree.items()}
        told = json.dumps([parent, hashes, message, len(self.commits)], sort_keys=True)
        sha = hashlib.sha1(told.encode(), usedforsecurity=False).hexdigest()
        self.commits[sha], self.parents[sha], self.messages[sha] = tree, parent, message
        return sha

    def find(self, revision: str) -> str | None:
        return (
            self.branches.get(revision) or self.tags.get(revision) or (revision if revision in self.commits else None)
        )


@dataclass
class Fault:
    """A fault for requests: a status to answer, an answer, or a connection that breaks before (`drop`) or after (`lose`) the work is done.

    The method is a regular expression, as the path is.
    """

    method: str
    path: str
    what: int | str | Answer
    times: int = 1
    headers: dict[str, str] = field(default_factory=dict)


class RefusedError(Exception):
    def __init__(self, status: int, message: str, code: str = "", **more: Any) -> None:
        super().__init__(message)
        self.status, self.code, self.more = status, code, more


class HubServer:
    """The server, whose content tests may read and change.

    Attributes:
        repos: Repositories by name.
        objects: Uploaded large files by their SHA-256.
        writers: Owners that each token may write to.
        requests: Method and path of each request, in order.
        faults: Faults for the requests to come.
        spoil: Called with the path of a request and the JSON that is its answer; its result is sent instead.
        more_headers: Headers of every file that is sent, which replace the true ones.
        tokens: Tokens that came with requests.
        before_commit: Called when a commit has arrived and is not made yet.
    """

    def __init__(self) -> None:
        self.repos: dict[str, Repo] = {}
        self.objects: dict[str, bytes] = {}
        self.writers: dict[str, set[str]] = {}
        self.requests: list[tuple[str, str]] = []
        self.faults: list[Fault] = []
        self.before_commit: Callable[[], None] = lambda: None
        self.spoil: Callable[[str, Any], Any] = lambda path, answer: answer
        self.more_headers: dict[str, str] = {}
        self.tokens: set[str] = set()
        server = self

        class Bound(Handler):
            hub = server

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                pass  # the client went away

        self._http = Quiet(("127.0.0.1", 0), Bound)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> HubServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def add(self, name: str, *, private: bool = False, **files: bytes) -> Repo:
        repo = self.repos[name] = Repo(private)
        repo.commit("main", FIRST | files, "initial commit")
        return repo

    def count(self, method: str, path: str) -> int:
        return sum(found == method and bool(re.search(path, where)) for found, where in self.requests)


class Handler(BaseHTTPRequestHandler):
    hub: HubServer
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 20  # one piece for each answer: two would wait for the client to acknowledge the first
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def _serve(self) -> None:
        split = urlsplit(self.path)
        self.query = {key: values[0] for key, values in parse_qs(split.query).items()}
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            self.body = self._chunks()
        self.token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        self.hub.tokens.add(self.token)
        self.hub.requests.append((self.command, split.path))
        fault = next(
            (
                fault
                for fault in self.hub.faults
                if fault.times and re.fullmatch(fault.method, self.command) and re.search(fault.path, split.path)
            ),
            None,
        )
        if fault:
            fault.times -= 1
        if fault and (fault.what == "drop" or fault.what is None):
            self.close_connection = True
            return
        if fault and callable(fault.what):
            fault.what(self)
            return
        if fault and isinstance(fault.what, tuple):
            status, headers, content = fault.what
            self._answer(status, content, {name.replace("_", "-"): value for name, value in headers.items()})
            return
        try:
            if fault and isinstance(fault.what, int):
                raise RefusedError(fault.what, "the test wants it so")
            answer = self._route(split.path)
        except RefusedError as refused:
            headers = {
                "X-Error-Message": " ".join(f"{refused} {self.token}".split()),
                **(fault.headers if fault else {}),
            }
            headers |= {"X-Error-Code": refused.code} if refused.code else {}
            if refused.code == "BadToken":
                headers["X-Error-Message"] = "Invalid credentials in Authorization header"
            body = {"error": f"{refused} (token {self.token})", **refused.more}
            self._answer(refused.status, json.dumps(body).encode(), headers)
            return
        if fault and fault.what == "lose":
            self.close_connection = True
            return
        if isinstance(answer, tuple):
            content, headers = answer
            self._answer(200, content, headers | self.hub.more_headers)
        else:
            answer = self.hub.spoil(split.path, answer)
            self._answer(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def _chunks(self) -> bytes:
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _route(self, path: str) -> Any:
        if self.token and self.token not in self.hub.writers and not path.startswith("/lfs/"):
            raise RefusedError(401, "Invalid credentials in Authorization header", "BadToken")
        for method, pattern, answer in ROUTES:
            found = re.fullmatch(pattern, path)
            if found and method in (self.command, {"HEAD": "GET"}.get(self.command)):
                return answer(self, *map(unquote, found.groups()))
        raise RefusedError(404, f"no such endpoint: {self.command} {path}")

    def _json(self) -> Any:
        return json.loads(self.body)

    def _repo(self, name: str, *, write: bool = False) -> Repo:
        repo = self.hub.repos.get(name)
        allowed = self._may_write(name)
        if repo is None or (repo.private and not allowed):
            raise RefusedError(404 if self.token else 401, "Repository not found", "RepoNotFound")
        if write and not allowed:
            raise RefusedError(403 if self.token else 401, "you have no right to write here")
        return repo

    def _may_write(self, name: str) -> bool:
        return name.partition("/")[0] in self.hub.writers.get(self.token, set())

    def create(self) -> Any:
        asked = self._json()
        name = f"{asked['organization']}/{asked['name']}"
        if not self._may_write(name):
            raise RefusedError(403 if self.token else 401, f"no right to make {name}")
        if name in self.hub.repos:
            raise RefusedError(409, "You already created this model repo", url=f"{self.hub.url}/{name}")
        self.hub.add(name, private=asked["visibility"] == "private")
        return {"url": f"{self.hub.url}/{name}"}

    def validate(self) -> Any:
        asked = self._json()
        assert asked["repoType"] == "model"
        try:
            metadata = yaml.safe_load(re.fullmatch(r"---\n(.*?)\n---\n.*", asked["content"], re.S)[1])  # type: ignore[index]
            errors = [] if isinstance(metadata, dict) else ["not a mapping"]
        except (yaml.YAMLError, TypeError) as error:
            metadata, errors = {}, [f"YAML: {error}"]
        if not errors and not isinstance(metadata.get("language", ""), str | list):
            errors.append('"language" must be a string or a list')  # such as a bare `no`
        for index in (metadata or {}).get("model-index", []) if not errors else []:
            for result in index["results"]:
                if not {"task", "dataset", "metrics"} <= result.keys():
                    errors.append("a result lacks task, dataset or metrics")
        if errors:
            raise RefusedError(400, errors[0], errors=[{"message": error} for error in errors], warnings=[])
        return {"errors": [], "warnings": [] if "license" in metadata else [{"message": f"no license, {self.token}"}]}

    def info(self, name: str, revision: str = "main") -> Any:
        repo = self._repo(name)
        sha = repo.find(revision)
        if sha is None:
            raise RefusedError(404, "no such revision", "RevisionNotFound")
        siblings = [{"rfilename": path} for path in repo.commits[sha]]
        return {
            "_id": "1",
            "id": name,
            "modelId": name,
            "sha": sha,
            "private": repo.private,
            "siblings": siblings,
            "tags": [],
        }

    def tree(self, name: str, revision: str) -> Any:
        repo = self._repo(name)
        sha = repo.find(revision)
        if sha is None:
            raise RefusedError(404, "no such revision", "RevisionNotFound")
        return [self._entry(repo, path, content) for path, content in repo.commits[sha].items()]

    def _entry(self, repo: Repo, path: str, content: bytes) -> dict[str, Any]:
        entry: dict[str, Any] = {"type": "file", "path": path, "size": len(content), "oid": blob_sha1(content)}
        if path in repo.lfs:
            entry["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}
        return entry

    def refs(self, name: str) -> Any:
        repo = self._repo(name)

        def listed(refs: dict[str, str], kind: str) -> list[dict[str, str]]:
            return [{"name": ref, "ref": f"refs/{kind}/{ref}", "targetCommit": sha} for ref, sha in refs.items()]

        return {"branches": listed(repo.branches, "heads"), "tags": listed(repo.tags, "tags"), "converts": []}

    def branch(self, name: str, branch: str) -> Any:
        repo = self._repo(name, write=True)
        if branch in repo.branches:
            raise RefusedError(409, "Reference already exists")
        repo.branches[branch] = repo.branches[self._json().get("startingPoint", "main")]
        return {}

    def tag(self, name: str, revision: str) -> Any:
        repo, tag = self._repo(name, write=True), self._json()["tag"]
        if tag in repo.tags:
            raise RefusedError(409, "Tag reference exists already")
        sha = repo.find(revision)
        if sha is None:
            raise RefusedError(404, "no such revision", "RevisionNotFound")
        repo.tags[tag] = sha
        return {}

    def preupload(self, name: str, revision: str) -> Any:
        repo = self._repo(name, write="create_pr" not in self.query)
        tree = repo.commits[repo.branches[revision]]
        answers = []
        for file in self._json()["files"]:
            path, sample = file["path"], base64.b64decode(file["sample"])
            lfs = path.endswith((".safetensors", ".png")) or b"\0" in sample or file["size"] > 10_000_000
            answer = {"path": path, "uploadMode": "lfs" if lfs else "regular", "shouldIgnore": False}
            if path in tree:
                answer["oid"] = hashlib.sha256(tree[path]).hexdigest() if lfs else blob_sha1(tree[path])
            answers.append(answer)
        return {"files": answers}

    def batch(self, name: str) -> Any:
        self._repo(name)
        asked = self._json()
        assert asked["operation"] == "upload"
        assert asked["hash_algo"] == "sha256"
        objects = []
        for item in asked["objects"]:
            oid, size = item["oid"], item["size"]
            answer: dict[str, Any] = {"oid": oid, "size": size}
            if oid not in self.hub.objects:
                links = {
                    kind: {"href": f"{self.hub.url}/lfs/{kind}/{name}/{oid}/{size}"} for kind in ("upload", "verify")
                }
                answer["actions"] = links
            objects.append(answer)
        return {"transfer": "basic", "objects": objects}

    def put(self, _: str, oid: str, size: str) -> Any:
        if len(self.body) != int(size):
            raise RefusedError(400, f"{len(self.body)} bytes and not {size}")
        if hashlib.sha256(self.body).hexdigest() != oid:
            raise RefusedError(400, "the bytes have another SHA-256 than was announced")
        self.hub.objects[oid] = self.body
        return {}

    def verify(self, _: str, oid: str, size: str) -> Any:
        asked = self._json()
        if asked != {"oid": oid, "size": int(size)} or len(self.hub.objects.get(oid, b"")) != int(size):
            raise RefusedError(422, "not what was uploaded")
        return {}

    def commit(self, name: str, branch: str) -> Any:
        pull = "create_pr" in self.query
        repo = self._repo(name, write=not pull)
        self.hub.before_commit()
        header, *rows = [json.loads(line) for line in self.body.splitlines()]
        assert header["key"] == "header"
        parent = header["value"].get("parentCommit")
        if parent is not None and parent != repo.branches[branch]:
            raise RefusedError(412, "A commit has happened since. Please refresh and try again.")
        tree = dict(repo.commits[repo.branches[branch]])
        for row in rows:
            tree[row["value"]["path"]] = self._content(repo, row)
        if tree == repo.commits[repo.branches[branch]]:
            raise RefusedError(400, "an empty commit")
        message = header["value"]["summary"]
        if pull:
            sha = repo.keep(repo.branches[branch], tree, message)
            repo.pulls.append(sha)
            url = f"{self.hub.url}/{name}/discussions/{len(repo.pulls)}"
            return {"commitUrl": f"{self.hub.url}/{name}/commit/{sha}", "commitOid": sha, "pullRequestUrl": url}
        sha = repo.commit(branch, tree, message)
        return {"commitUrl": f"{self.hub.url}/{name}/commit/{sha}", "commitOid": sha}

    def _content(self, repo: Repo, row: dict[str, Any]) -> bytes:
        value = row["value"]
        if row["key"] == "file":
            assert value["encoding"] == "base64"
            return base64.b64decode(value["content"], validate=True)
        assert row["key"] == "lfsFile"
        content = self.hub.objects.get(value["oid"])
        if content is None or value["algo"] != "sha256" or len(content) != value["size"]:
            raise RefusedError(400, f"{value['path']}: no object of that hash and size was uploaded")
        repo.lfs.add(value["path"])
        return content

    def resolve(self, name: str, revision: str, path: str) -> Any:
        repo = self._repo(name)
        sha = repo.find(revision)
        if sha is None:
            raise RefusedError(404, "no such revision", "RevisionNotFound")
        if path not in repo.commits[sha]:
            raise RefusedError(404, "no such file", "EntryNotFound")
        content = repo.commits[sha][path]
        etag = hashlib.sha256(content).hexdigest() if path in repo.lfs else blob_sha1(content)
        return content, {"X-Repo-Commit": sha, "ETag": f'"{etag}"', "Content-Type": "application/octet-stream"}


def point_at(server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the Hub's client in this process talk to a server, with large files by LFS."""
    from huggingface_hub import constants

    template = server.url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "ENDPOINT", server.url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)


def blob_sha1(content: bytes) -> str:
    """Return the hash by which git names the content of a file."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


_NAME = r"([\w.-]+/[\w.-]+)"
ROUTES: list[tuple[str, str, Callable[..., Any]]] = [
    ("POST", "/api/repos/create", Handler.create),
    ("POST", "/api/validate-yaml", Handler.validate),
    ("GET", rf"/api/models/{_NAME}", Handler.info),
    ("GET", rf"/api/models/{_NAME}/revision/([^/]+)", Handler.info),
    ("GET", rf"/api/models/{_NAME}/tree/([^/]+)", Handler.tree),
    ("GET", rf"/api/models/{_NAME}/refs", Handler.refs),
    ("POST", rf"/api/models/{_NAME}/branch/([^/]+)", Handler.branch),
    ("POST", rf"/api/models/{_NAME}/tag/([^/]+)", Handler.tag),
    ("POST", rf"/api/models/{_NAME}/preupload/([^/]+)", Handler.preupload),
    ("POST", rf"/{_NAME}\.git/info/lfs/objects/batch", Handler.batch),
    ("PUT", rf"/lfs/upload/{_NAME}/(\w+)/(\d+)", Handler.put),
    ("POST", rf"/lfs/verify/{_NAME}/(\w+)/(\d+)", Handler.verify),
    ("POST", rf"/api/models/{_NAME}/commit/([^/]+)", Handler.commit),
    ("GET", rf"/{_NAME}/resolve/([^/]+)/(.+)", Handler.resolve),
]
