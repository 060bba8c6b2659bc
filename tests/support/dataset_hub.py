"""A Hub on 127.0.0.1 with one data set: the part of the Hugging Face Hub's protocol that the datasets library needs to read it."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

ID = "owner/name"
SHA = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class DatasetHub:
    """Files of the data set `owner/name` by path, and the requests that came, as method and path."""

    files: dict[str, bytes]
    address: str = ""
    requests: list[str] = field(default_factory=list)

    def row(self, path: str) -> dict[str, object]:
        content = self.files.get(path)
        oid = hashlib.sha1(path.encode(), usedforsecurity=False).hexdigest()
        return {
            "type": "directory" if content is None else "file",
            "path": path,
            "oid": oid,
            "size": len(content or b""),
        }

    def tree(self, folder: str, recursive: bool) -> list[dict[str, object]]:
        prefix = f"{folder}/" if folder else ""
        inner = [path for path in self.files if path.startswith(prefix)]
        names = {path if recursive else prefix + path[len(prefix) :].split("/")[0] for path in inner}
        if recursive:
            names |= {path.rpartition("/")[0] for path in inner} - {"", folder}
        return [self.row(name) for name in sorted(names)]


@contextmanager
def dataset_hub(files: dict[str, bytes]) -> Iterator[DatasetHub]:
    """Serve files as the data set `owner/name`."""
    hub = DatasetHub(files)

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.do_GET()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            paths = parse_qs(body).get("paths") if "=" in body else json.loads(body)["paths"]
            known = [path for path in paths or [] if hub.row(path)["type"] == "file" or hub.tree(path, True)]
            self.answer(json.dumps([hub.row(path) for path in known]).encode())

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            path = unquote(parts.path).removeprefix("/")
            if path.startswith(f"api/datasets/{ID}/tree/"):
                folder = path.removeprefix(f"api/datasets/{ID}/tree/").partition("/")[2]
                rows = hub.tree(folder, "true" in parse_qs(parts.query).get("recursive", ["false"])[0].lower())
                self.answer(json.dumps(rows).encode(), 200 if rows else 404)
            elif path == f"api/datasets/{ID}" or path.startswith(f"api/datasets/{ID}/revision/"):
                self.answer(
                    json.dumps({"id": ID, "sha": SHA, "siblings": [{"rfilename": name} for name in hub.files]}).encode()
                )
            elif path.startswith(f"datasets/{ID}/resolve/"):
                content = hub.files.get(path.removeprefix(f"datasets/{ID}/resolve/").partition("/")[2])
                self.answer(content or b"", 200 if content is not None else 404, "EntryNotFound")
            else:
                self.answer(b"{}", 404, "RepoNotFound")

        def answer(self, content: bytes, status: int = 200, code: str = "EntryNotFound") -> None:
            hub.requests.append(f"{self.command} {self.path}")
            self.send_response(status)
            if status == 404:
                self.send_header("X-Error-Code", code)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("X-Repo-Commit", SHA)
            self.send_header("ETag", f'"{hashlib.sha1(content, usedforsecurity=False).hexdigest()}"')
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    hub.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
