"""A small server that speaks OpenAI's protocol and misbehaves as a test tells it to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, dict[str, str], bytes] | Callable[[BaseHTTPRequestHandler], None] | None
"""Status, headers and body; or what writes to the connection by itself; or None for a connection that is closed at once."""
CONTENT_JSON = {"Content-Type": "application/json"}


def chat(text: Any, logprobs: Any = None, finish: str = "stop", usage: Any = None) -> Answer:
    """Return the answer of a chat completion; log-probabilities are the rows for its tokens, usage is what it took."""
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    choice |= {} if logprobs is None else {"logprobs": {"content": logprobs}}
    content = {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    content |= {} if usage is None else {"usage": usage}
    return 200, CONTENT_JSON, json.dumps(content).encode()


def error(status: int, message: str, **headers: str) -> Answer:
    """Return an error as OpenAI words it."""
    return status, {**CONTENT_JSON, **headers}, json.dumps({"error": {"message": message}}).encode()


def marked(source: str) -> str:
    """Return the fake model's output: the first word marked, and a second line that must be cut off."""
    first, _, rest = source.partition(" ")
    return f"[{first} | PER] {rest}\n\nnonsense"


class Fake:
    """State of the server, for tests to set and to read.

    Attributes:
        models: Names of the models that it lists.
        owner: Owner of these models, by which servers give themselves away.
        listing: What the list of models is answered with; `GO` lists them.
        before: Called with a sentence and the number of earlier requests for it. Its result is sent instead of the answer;
            None drops the connection, and `GO` lets the answer through.
        usage: Tokens in and out that every answer says it took; None for none.
        requests: Bodies of the requests for completions.
        keys: Authorization headers of all requests.
        most: Largest number of requests at the same time.
        url: Address of the server.
    """

    GO: Answer = (0, {}, b"")

    def __init__(self) -> None:
        self.models = ["tuned"]
        self.owner = "me"
        self.listing = self.GO
        self.before: Callable[[str, int], Answer] = lambda source, times: self.GO
        self.usage: tuple[int, int] | None = None
        self.requests: list[dict[str, Any]] = []
        self.keys: set[str] = set()
        self.most = 0
        self.url = ""
        self._under_way = 0
        self._lock = threading.Lock()

    @property
    def sources(self) -> list[str]:
        """Sentences that were requested, in order."""
        return [source_of(request) for request in self.requests]

    def answer(self, body: dict[str, Any]) -> Answer:
        """Return the answer to a request, or None to drop the connection."""
        source = source_of(body)
        with self._lock:
            times = self.sources.count(source)
            self.requests.append(body)
            self._under_way += 1
            self.most = max(self.most, self._under_way)
        try:
            time.sleep(0.02)
            instead = self.before(source, times)
            used = self.usage and dict(zip(("prompt_tokens", "completion_tokens"), self.usage))
            return chat(marked(source), usage=used) if instead is self.GO else instead
        finally:
            with self._lock:
                self._under_way -= 1


def source_of(body: dict[str, Any]) -> str:
    """Return the sentence of a request."""
    return str(body["messages"][-1]["content"].split("\n")[-1])


@contextmanager
def fake_server() -> Iterator[Fake]:
    """Run a server on a free port of this machine."""
    fake = Fake()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            fake.keys.add(self.headers.get("Authorization", ""))
            rows = [{"id": name, "object": "model", "created": 1, "owned_by": fake.owner} for name in fake.models]
            listed = 200, CONTENT_JSON, json.dumps({"object": "list", "data": rows}).encode()
            self.send(listed if fake.listing is fake.GO else fake.listing)

        def do_POST(self) -> None:
            fake.keys.add(self.headers.get("Authorization", ""))
            self.send(fake.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"])))))

        def send(self, answer: Answer) -> None:
            self.close_connection = True
            if answer is None:
                return
            if callable(answer):
                answer(self)
                return
            status, headers, content = answer
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(content)

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *args: object) -> None:
            pass  # the client went away

    server = Quiet(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
