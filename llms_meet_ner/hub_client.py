"""The one way to the Hub: its client with bounds and with checks of what a server sends, and its many errors as ours.

huggingface_hub trusts its server: it makes paths of commits and hashes that a header names, waits as long as a header says, and has no
bound for an answer in JSON. The server may be a mirror, or whatever `HF_ENDPOINT` names.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import copy_context
from functools import cache
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar

from .errors import LmnError, installing
from .masking import keep_secret, masked_echo

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")
READ_SECONDS = 60.0
"""Seconds to wait for the beginning of an answer to a request without content, and for more of any answer."""
WRITE_SECONDS = 600.0
"""Seconds to wait for the answer to a request with content: the Hub may take a while to make a commit."""
LONGEST_WAIT = 30
"""Seconds before a request is repeated, at most; the client would wait as many as the server says."""
_MOST_BYTES = 64 * 2**20
"""Bytes of an answer that is not a file."""
_LEAST_SPEED = 1024
"""Bytes in a second that an answer brings on average, or is given up after `READ_SECONDS`."""
_HASH = re.compile(r"[0-9a-f]{7,64}")
_HASH_KEYS = ("sha", "oid", "targetCommit", "commitOid", "sha256", "blobId")
_NAME_KEYS = ("rfilename", "path")
HUB_HELP = "check the network, and HF_ENDPOINT if it is set"


class HubAnswerError(ValueError):
    """An answer that no Hub gives. The client hands it on, as it does with its own errors about values."""


@contextmanager
def hub_errors(what: str, where: object, remedy: str | None = None) -> Iterator[None]:
    """Check what a server sends to huggingface_hub in the block, and turn whatever the client raises into an `LmnError`.

    Args:
        what: What cannot be done if it fails.
        where: Hub id, or what else the user named.
        remedy: Advice for the user.

    Raises:
        LmnError: The client failed, for whatever reason.
        ImportError: huggingface_hub is not installed.
    """
    guard_hub()
    try:
        yield
    except LmnError:
        raise
    except (
        Exception
    ) as error:  # errors of half a dozen libraries; what led to one may quote the request, with the token
        raise LmnError(f"{what} ({reason_of(error)})", where, remedy or HUB_HELP) from None


def hub_folder(
    name: str,
    files: Sequence[str],
    where: object,
    remedy: str | None = None,
    *,
    revision: str | None = None,
    token: str | None = None,
    **options: Any,
) -> Path:
    """Return the local folder of a model of the Hub, after fetching what it lacks; the folder is named by its commit.

    Args:
        name: Hub id.
        files: Names of the files that are wanted, or patterns of them.
        where: What the user named.
        remedy: Advice for the user.
        revision: Branch, tag or commit; None for the main branch.
        token: Token for the Hub; None for that of the environment or the login.
        options: More options of huggingface_hub's `snapshot_download`.

    Raises:
        LmnError: The files cannot be had.
    """
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError, OfflineModeIsEnabled

        guard_hub()
    except ImportError as error:
        raise LmnError(
            f"no such folder, and a Hub id needs huggingface_hub ({error})", where, f"name another, or {installing('tag')}"
        ) from error  # fmt: skip
    keep_secret(token, name="the token for the Hub")
    options |= {"token": token} if token else {}
    with hub_errors("no such folder, and as a Hub id it cannot be fetched", where, remedy):
        try:
            return Path(snapshot_download(name, revision=revision, allow_patterns=list(files), **options))
        except HFValidationError as error:
            raise LmnError("no such folder, nor a Hub id, which is OWNER/NAME", where, remedy) from error
        except LocalEntryNotFoundError as error:
            if error.__cause__ is None or isinstance(error.__cause__, OfflineModeIsEnabled):
                raise LmnError("no such folder, and not in the cache of the Hub", where, remedy) from error
            raise error.__cause__ from None


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and its causes: the client wraps some errors in others."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__


def status_of(error: BaseException) -> int | None:
    """Return the HTTP status that a server answered with, or None if it did not answer."""
    for cause in causes(error):
        status = getattr(getattr(cause, "response", None), "status_code", None)
        if isinstance(status, int):
            return status
    return None


def reason_of(error: BaseException) -> str:
    """Return an error in one line: the client's action, if the error names it, then the server's message."""
    server = next(
        (str(found).strip() for cause in causes(error) if (found := getattr(cause, "server_message", None))), ""
    )
    client = "" if getattr(error, "response", None) is not None and server else str(error)
    text = ": ".join(" ".join(part.split()) for part in (client, server) if part.strip())
    if isinstance(error, (TypeError, KeyError, AttributeError, AssertionError, RecursionError)):
        text = f"an answer that no Hub gives: {type(error).__name__}: {text}"
    return masked_echo(text or type(error).__name__)[:300]


@cache
def guard_hub() -> None:
    """Have huggingface_hub send every request of this process through a client that checks the answers.

    Raises:
        ImportError: huggingface_hub is not installed, or older than 1.0.
    """
    from huggingface_hub import get_session, set_client_factory

    hooks = get_session().event_hooks
    set_client_factory(lambda: _client(hooks))


def _client(hooks: Mapping[str, list[Callable[..., Any]]]) -> httpx.Client:
    """Return a client for huggingface_hub with bounds and checks, and with the hooks of its own."""
    import httpx

    class Client(httpx.Client):
        """A client that bounds every request, and checks every answer."""

        def send(self, request: httpx.Request, *, stream: bool = False, **options: Any) -> httpx.Response:
            """Send a request; read the answer unless it is streamed, as files are."""
            limit = READ_SECONDS if request.method in ("GET", "HEAD") else WRITE_SECONDS
            known = request.extensions.get("timeout", {})
            request.extensions["timeout"] = {
                key: min(known.get(key) or limit, limit) for key in ("connect", "read", "write", "pool")
            }

            def sent() -> httpx.Response:
                return super(Client, self).send(request, stream=True, **options)

            response = _in_time(sent, request) if limit == READ_SECONDS else sent()
            try:
                _check_headers(response)
                response.stream = _steady(response, None if stream else _MOST_BYTES)
                if not stream:
                    _check_encoding(response)
                    response.read()
                    _check_names(request, response)
            except BaseException:
                response.close()
                raise
            return response

    return Client(event_hooks=hooks, follow_redirects=True, headers={"Accept-Encoding": "identity"})


def _in_time(call: Callable[[], T], request: httpx.Request) -> T:
    """Call in a thread that ends with the process, and return the result, which must come in time."""
    import httpx

    done: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()
    context = copy_context()

    def work() -> None:
        try:
            done.put((context.run(call), None))
        except BaseException as error:  # raised again in the caller's thread
            done.put((None, error))

    Thread(target=work, daemon=True).start()
    try:
        result, error = done.get(timeout=READ_SECONDS)
    except Empty:
        raise httpx.ReadTimeout(f"no answer within {READ_SECONDS:g} s", request=request) from None
    if error is not None:
        raise error
    return result  # type: ignore[return-value]


def _steady(response: httpx.Response, most: int | None) -> httpx.SyncByteStream:
    """Return the body of a response, which ends in an error if it comes too slowly or is longer than `most` bytes."""
    import httpx

    assert isinstance(response.stream, httpx.SyncByteStream)
    stream: httpx.SyncByteStream = response.stream

    class Steady(httpx.SyncByteStream):
        """The body, in pieces as they come."""

        def __iter__(self) -> Iterator[bytes]:
            began, length = time.monotonic(), 0
            for chunk in stream:
                length += len(chunk)
                seconds = time.monotonic() - began
                if seconds > READ_SECONDS and length < seconds * _LEAST_SPEED:
                    raise httpx.ReadTimeout("the answer comes too slowly", request=response.request)
                if most is not None and length > most:
                    raise HubAnswerError(f"an answer of more than {most:,} bytes")
                yield chunk

        def close(self) -> None:
            """Give the connection back."""
            stream.close()

    return Steady()


def _check_headers(response: httpx.Response) -> None:
    """Refuse headers of which the client would make a path outside of its cache, and shorten a wait that the server asks for.

    Raises:
        HubAnswerError: A header is nothing that a Hub sends.
    """
    for one in (*response.history, response):
        commit = one.headers.get("x-repo-commit")
        if commit is not None and not _HASH.fullmatch(commit):
            raise HubAnswerError(f"an answer that no Hub gives: X-Repo-Commit: {commit[:60]}")
        for name in ("etag", "x-linked-etag") if one.request.method == "HEAD" else ():
            if re.search(r"[/\\\0]|^\.*$", one.headers.get(name, "x").lstrip("W/").strip('"')):
                raise HubAnswerError(f"an answer that no Hub gives: {name}: {one.headers[name][:60]}")
    response.headers.pop("ratelimit", None)
    after = response.headers.get("retry-after", "0")
    if not (after.isdecimal() and len(after) < 4 and int(after) <= LONGEST_WAIT):
        response.headers["retry-after"] = str(LONGEST_WAIT)


def _check_encoding(response: httpx.Response) -> None:
    """Refuse a compressed answer, which may unpack to any size.

    Raises:
        HubAnswerError: The answer is compressed.
    """
    if response.headers.get("content-encoding", "identity") != "identity":
        raise HubAnswerError("an answer that is compressed, which was not asked for")


def _check_names(request: httpx.Request, response: httpx.Response) -> None:
    """Refuse an answer about a repository with a commit, a hash or a file's name that cannot be one.

    Raises:
        HubAnswerError: The answer names such a thing.
    """
    if "/api/" not in request.url.path or not response.is_success:
        return
    try:
        found = json.loads(response.content)
    except (ValueError, RecursionError):
        return  # the client reads it and says so
    lists = [found] if isinstance(found, list) else []
    if isinstance(found, dict):
        lists = [[found], *(value for value in found.values() if isinstance(value, list))]
    for rows in lists:
        for row in rows:
            _check_row(row)


def _check_row(row: Any) -> None:
    if not isinstance(row, dict):
        return
    for key in _HASH_KEYS:
        value = row.get(key)
        if value is not None and not (isinstance(value, str) and _HASH.fullmatch(value)):
            raise HubAnswerError(f"an answer that no Hub gives: {key}: {str(value)[:60]}")
    for key in _NAME_KEYS:
        value = row.get(key)
        if value is not None and not (isinstance(value, str) and _is_inside(value)):
            raise HubAnswerError(f"an answer that no Hub gives: {key}: {str(value)[:60]}")
    _check_row(row.get("lfs"))


def _is_inside(name: str) -> bool:
    """Return whether a file's name stays inside the folder that it is put into."""
    return not (name.startswith("/") or re.search(r"[\\\0]|^[A-Za-z]:", name) or ".." in name.split("/"))
