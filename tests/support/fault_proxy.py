"""A proxy before a real server that injects faults: 429, 500, dropped connections, slow answers and answers cut short."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KINDS = ("429", "500", "dropped", "cut", "slow")


class Faults:
    """Faults for the requests for completions: each kind once, in random order among requests that get through.

    Attributes:
        url: Address of the proxy.
        met: Faults injected so far, in order; None for a request that was passed on.
        slow: Seconds after which a slow answer is given up.
    """

    def __init__(self, seed: int, slow: float) -> None:
        self.url = ""
        self.met: list[str | None] = []
        self.slow = slow
        self._deck: list[str | None] = [*KINDS, None, None, None]
        random.Random(seed).shuffle(self._deck)
        self._lock = threading.Lock()

    def next(self) -> str | None:
        """Return the fault for the next request, or None."""
        with self._lock:
            self.met.append(self._deck.pop() if self._deck else None)
            return self.met[-1]


@contextmanager
def fault_proxy(port: int, *, seed: int, slow: float) -> Iterator[Faults]:
    """Run a proxy on a free port of this machine.

    Args:
        port: Port of the real server.
        seed: Seed for the order of the faults.
        slow: Seconds that a slow answer takes; more than the client waits.
    """
    faults = Faults(seed, slow)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            self.forward(b"", None)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.forward(body, faults.next())

        def forward(self, body: bytes, fault: str | None) -> None:
            self.close_connection = True
            if fault == "dropped":
                return
            if fault == "slow":
                time.sleep(faults.slow)
                return
            if fault in ("429", "500"):
                self.send_response(int(fault))
                self.send_header("retry-after-ms", "100")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            upstream = HTTPConnection("127.0.0.1", port, timeout=120)
            headers = {"Content-Type": "application/json"} if body else {}
            upstream.request(self.command, self.path, body or None, headers)
            answer = upstream.getresponse()
            content = answer.read()
            upstream.close()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.headers["Content-Type"])
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if fault == "cut" else content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    faults.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield faults
    finally:
        server.shutdown()
        server.server_close()
