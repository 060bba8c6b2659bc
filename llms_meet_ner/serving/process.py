"""The process of the service: its address, its key, its signals, and its end."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Generator

import uvicorn

from ..errors import LmnError
from ..masking import keep_secret
from ..tagging.tagger import Tagger
from ..terminal import echo
from .app import make_app
from .limits import Limits
from .service import Service

KEY_VARIABLE = "LMN_SERVE_KEY"
_SHORTEST_KEY = 16
_MAKE_KEY = """python -c "import secrets; print(secrets.token_urlsafe(32))" makes one"""


def serve(load: Callable[[], Tagger], host: str, port: int, limits: Limits) -> None:
    """Serve a model until a signal ends the process; then answer what is accepted. A second signal ends it at once.

    Args:
        load: Loads the tagger.
        host: Name or address to listen on.
        port: Port to listen on; 0 for a free one.
        limits: Bounds of the service.

    Raises:
        LmnError: The address cannot be listened on or has no key that it needs, or the model cannot be loaded.
    """
    key = key_for(host, os.environ.get(KEY_VARIABLE))
    with listening(host, port) as listener:
        is_done = asyncio.run(Server(Service(load, limits, key)).run_on(listener))
    if not is_done:
        _leave(0)


def key_for(host: str, given: str | None) -> str | None:
    """Return the key that requests need, None for none.

    Args:
        host: Name or address to listen on.
        given: Value of the environment variable `LMN_SERVE_KEY`; None if it is not set.

    Raises:
        LmnError: Other machines can reach the address and there is no key, or the key is too short or holds odd characters.
    """
    key = (given or "").strip()
    if not key:
        if is_loopback(host):
            return None
        raise LmnError(
            "other machines can reach this address, and there is no key", host, f"set {KEY_VARIABLE} ({_MAKE_KEY})"
        )
    keep_secret(key, name=KEY_VARIABLE)
    if len(key) < _SHORTEST_KEY or not key.isascii() or not key.isprintable() or " " in key:
        what = f"a key has at least {_SHORTEST_KEY} characters, all of them ASCII and none a space"
        raise LmnError(what, KEY_VARIABLE, _MAKE_KEY)
    return key


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach a name or an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises:
        LmnError: It cannot.
    """
    try:
        (family, *_, address), *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        listener = socket.create_server(address[:2], family=family, backlog=1024)
    except OSError as error:
        raise LmnError(
            f"cannot be listened on: {error.strerror or error}", f"{host}:{port}", "choose with --host and --port"
        ) from error
    # Connections inherit it. asyncio sets it only for sockets that name their protocol; without it, each answer comes 40 ms late.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def address_of(listener: socket.socket) -> str:
    """Return the address that a socket listens on, as an URL."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Server(uvicorn.Server):
    """The server of a service, which ends with status 0 when a signal has come and everything accepted is answered.

    Args:
        service: The service; its worker is started by `run_on`.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        super().__init__(
            uvicorn.Config(
                make_app(service), http="h11", ws="none", lifespan="off", log_config=None, access_log=False, server_header=False,
                proxy_headers=False, timeout_keep_alive=75,
            )
        )  # fmt: skip

    async def run_on(self, listener: socket.socket) -> bool:
        """Load the model, answer requests, and return when the service has ended.

        Returns:
            Whether the thread that owns the model has ended. If it has not, it loads the model, waits for a model that gives no answers, or
            computes what nobody takes, and nobody can stop it.

        Raises:
            LmnError: The model cannot be loaded.
        """
        service, address = self._service, address_of(listener)
        echo(f"loading the model; {address}/healthz says when it is ready", err=True)
        service.worker.start()
        serving = asyncio.create_task(self.serve([listener]))
        loading = asyncio.wrap_future(service.worker.loaded)
        await asyncio.wait((serving, loading), return_when=asyncio.FIRST_COMPLETED)
        if not loading.done():
            _say("ended while the model was loaded")
            return False
        if loading.exception():
            self.should_exit = True
            await serving
        model = loading.result()
        service.metrics.model.info({"name": model.name, "stamp_sha256": model.sha256})
        if model.tagger.remark:
            echo(model.tagger.remark, err=True)
        with_key = f"; requests need the key in {KEY_VARIABLE}" if service.needs_key else ""
        echo(f"serving {model.name} at {address}{with_key}", err=True)
        leaving = asyncio.create_task(self._nobody_takes())
        await asyncio.wait((serving, leaving), return_when=asyncio.FIRST_COMPLETED)
        leaving.cancel()
        service.close()
        await asyncio.to_thread(service.worker.join, service.limits.patience)
        _say(f"ended; accepted requests: {service.accepted:,}, all answered")
        return not service.worker.is_alive()

    def end(self) -> None:
        """Take no more requests; answer those that are accepted."""
        self._service.end()
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Let the first signal end the service when it has answered what is accepted, and the second one at once."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(number, self._hear, number)
        yield

    def _hear(self, number: int) -> None:
        if self._service.ending:
            _say("ended at once; some accepted requests are not answered")
            _leave(128 + number)
        self.end()
        _say("ending when all accepted requests are answered; a second signal ends at once")

    async def _nobody_takes(self) -> None:
        """Return when the service has answered everything, and some clients have not taken it in time."""
        while not (self.should_exit and self._service.is_idle):
            await asyncio.sleep(0.2)
        await asyncio.sleep(self._service.limits.patience)


def _say(line: str) -> None:
    """Print a line of the end on standard error, if anybody still reads that."""
    try:
        echo(line, err=True)
    except OSError:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno()
        )  # or Python fails when it writes the rest at its exit


def _leave(status: int) -> None:
    """End the process now, whatever its threads do."""
    os._exit(status)
