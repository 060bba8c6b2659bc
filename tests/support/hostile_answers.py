"""Answers of a server that means harm or is broken, by name: to any request, to a list of models, to a chat completion.

They are sent over a real connection, by the stand-ins of `fake_openai` and `hub_server`.
"""

from __future__ import annotations

import gzip
import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

from fake_openai import CONTENT_JSON, Answer, chat

HTML = b"<!DOCTYPE html><html><body><script>alert(1)</script><h1>It works!</h1></body></html>"
DEEP = b"[" * 100_000
_LARGE = b" " * 2**16


def raw(*pieces: bytes, pause: float = 0.0, forever: bytes = b"") -> Callable[[BaseHTTPRequestHandler], None]:
    """Return what writes bytes to the connection as they are.

    Args:
        pieces: Bytes, one write for each.
        pause: Seconds before each write.
        forever: Bytes to write again and again afterwards, until the client goes away.
    """

    def write(handler: BaseHTTPRequestHandler) -> None:
        until = time.monotonic() + 60  # a client that never goes away fails its test, and does not hang it
        waiting = threading.Event()  # tests replace time.sleep
        handler.close_connection = True
        try:
            for piece in pieces:
                waiting.wait(pause)
                handler.wfile.write(piece)
                handler.wfile.flush()
            while forever and time.monotonic() < until:
                waiting.wait(pause)
                handler.wfile.write(forever)
                handler.wfile.flush()
        except OSError:
            pass  # the client has gone away

    return write


def reset(handler: BaseHTTPRequestHandler) -> None:
    """Send half an answer, and break the connection off with a reset."""
    handler.close_connection = True
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n{")
    handler.wfile.flush()
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def sent(content: bytes, status: int = 200, **headers: str) -> Answer:
    """Return an answer with a body; headers with `_` for `-`."""
    return status, CONTENT_JSON | headers, content


def plain(value: Any) -> Answer:
    """Return an answer with a value as JSON."""
    return sent(json.dumps(value).encode())


def said(status: int, body: bytes, **headers: str) -> Answer:
    """Return a page of HTML with a status."""
    return status, {"Content-Type": "text/html"} | headers, body


def _bomb(megabytes: int) -> bytes:
    return gzip.compress(b" " * 2**20) * megabytes


_OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
_MOVED = b"HTTP/1.1 307 Temporary Redirect\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n"
BROKEN: dict[str, Answer] = {
    "closes at once": None,
    "resets in the middle": reset,
    "ends in the middle": sent(b'{"choices": [', Content_Length="4000"),
    "a chunk cut off": raw(_OK + b"Transfer-Encoding: chunked\r\n\r\nff\r\n{"),
    "a chunk of size zz": raw(_OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"),
    "a chunk of size -1": raw(_OK + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n"),
    "a byte each 50 ms": raw(_OK + b"Content-Length: 100000\r\n\r\n", forever=b" ", pause=0.05),
    "a byte of a header each 50 ms": raw(_OK + b"X: ", forever=b"x", pause=0.05),
    "headers without end": raw(_OK, forever=b"X-Pad: " + b"x" * 1000 + b"\r\n"),
    "one header without end": raw(_OK + b"X: ", forever=_LARGE),
    "a flood of 100 Continue": raw(forever=b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a flood of 103 Early Hints": raw(forever=b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", pause=0.001),
    "a body without end": raw(_OK + b"\r\n", forever=_LARGE),
    "chunks without end": raw(_OK + b"Transfer-Encoding: chunked\r\n\r\n", forever=b"10000\r\n" + _LARGE + b"\r\n"),
    "a terabyte is announced": raw(_OK + b"Content-Length: 1000000000000\r\n\r\n", forever=_LARGE),
    "a negative length": raw(_OK + b"Content-Length: -5\r\n\r\n{}"),
    "two lengths": raw(_OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}    "),
    "another protocol": raw(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "HTTP/9.9": raw(b"HTTP/9.9 200 OK\r\nContent-Length: 2\r\n\r\n{}"),
    "a status of letters": raw(b"HTTP/1.1 abc OK\r\nContent-Length: 2\r\n\r\n{}"),
    "status 999": sent(b"{}", 999),
    "101 switching": raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x05hello"),
    "204 empty": raw(b"HTTP/1.1 204 No Content\r\n\r\n"),
    "200 empty": sent(b""),
    "304": raw(b"HTTP/1.1 304 Not Modified\r\n\r\n"),
    "a header of garbage": raw(b"HTTP/1.1 200 OK\r\n\xff\xfe: \x00\x01\r\nContent-Length: 2\r\n\r\n{}"),
    "a bomb of gzip": sent(_bomb(200), Content_Encoding="gzip"),
    "gzip of gzip": sent(gzip.compress(_bomb(200)), Content_Encoding="gzip, gzip"),
    "gzip that is not": sent(b"{}", Content_Encoding="gzip"),
    "an unknown encoding": sent(b"{}", Content_Encoding="br, zstd, x-own"),
    "a redirect to a file": said(302, HTML, Location="file:///etc/passwd"),
    "a redirect to itself": lambda handler: raw(_MOVED % handler.path.encode())(handler),
    "a redirect to garbage": said(307, HTML, Location="http://[::1"),
    "a redirect without a place": said(308, HTML),
    "a redirect with 60,000 characters": said(302, b"", Location="http://a.example/" + "x" * 60_000),
    "a page with 200": said(200, HTML),
    "a page with 300": said(300, HTML),
    "a page with 400": said(400, HTML),
    "a page with 403": said(403, HTML),
    "a page with 404": said(404, HTML),
    "a page with 500": said(500, HTML),
    "a page with 502": said(502, HTML),
    "a charset that is no text": (400, {"Content-Type": "text/html; charset=hex"}, HTML),
    "a charset of zlib": (403, {"Content-Type": "application/json; charset=zlib"}, b'{"error": "x"}'),
    "a charset that is unknown": (500, {"Content-Type": "text/html; charset=utf-99"}, HTML),
    "a content type of garbage": (200, {"Content-Type": "\x01;;;=\"'"}, HTML),
    "a thousand cookies": raw(_OK + b"Set-Cookie: a=b; Domain=.; Path=\x01\r\n" * 1000 + b"Content-Length: 2\r\n\r\n{}"),
    "wait 10^9 seconds": sent(b"{}", 503, Retry_After="1000000000"),
    "wait -5 seconds": sent(b"{}", 503, Retry_After="-5"),
    "wait until a date": sent(b"{}", 429, Retry_After="Fri, 31 Dec 9999 23:59:59 GMT"),
    "wait nan seconds": sent(b"{}", 503, Retry_After="nan"),
    "wait garbage seconds": sent(b"{}", 503, Retry_After="\x00" * 50),
    "an error as a list": sent(b'{"error": [[], {}, null]}', 400),
    "an error that is null": sent(b"null", 400),
    "an error nested deep": sent(b'{"error": ' + DEEP, 400),
    "an error nested as deep as is read": sent(b'{"error": ' + b"[" * 900 + b"]" * 900 + b"}", 422),
    "an error with escapes": sent(json.dumps({"error": {"message": "\x1b[2J\x1b]0;x\x07 \ud800 \u202e"}}).encode(), 400),
    "an error of 1 MB": sent(b'{"error": "' + b"x" * 2**20 + b'"}', 500),
    "null": sent(b"null"),
    "a list": sent(b"[1, 2]"),
    "a number": sent(b"5"),
    "a text": sent(b'"text"'),
    "a huge number": sent(b"9" * 100_000),
    "nested deep": sent(DEEP),
    "nested deep in mappings": sent(b'{"a":' * 100_000),
    "not a number": sent(b'{"choices": NaN, "data": NaN, "sha": Infinity}'),
    "not UTF-8": sent(b'{"choices": "\xff\xfe\xfa", "data": "\xff"}'),
    "UTF-16": sent('{"choices": []}'.encode("utf-16")),
    "a mark of UTF-8": sent(b"\xef\xbb\xbf{}"),
    "an error with 200": sent(b'{"error": {"message": "out of memory", "code": 500}}'),
    "events": (200, {"Content-Type": "text/event-stream"}, b'data: {"choices": [{"delta": {"content": "a"}}]}\n\n' * 50),
    "events without end": raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", forever=b"data: {}\n\n", pause=0.01),
}  # fmt: skip
"""Answers to any request, none of which is of use."""


def choices(value: Any) -> Answer:
    """Return a completion with something in the place of the choices."""
    return plain({"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": value})


NO_COMPLETION: dict[str, Answer] = {
    "no choices at all": sent(b"{}"),
    "an empty list of choices": choices([]),
    "choices null": choices(None),
    "choices a number": choices(5),
    "choices a mapping": choices({"message": {"content": "x"}}),
    "a choice null": choices([None]),
    "a choice a number": choices([5]),
    "a choice empty": choices([{}]),
    "a message null": choices([{"message": None}]),
    "a message a list": choices([{"message": ["content"]}]),
    "no content": choices([{"message": {"role": "assistant"}}]),
    "content a number": chat(5),
    "content a mapping": chat({"text": "x"}),
    "content an empty list": chat([]),
    "content of numbers": chat([1, 2]),
    "content of pictures": chat([{"type": "image_url", "image_url": "file:///etc/passwd"}]),
    "content of thoughts and text": chat([{"type": "thinking", "thinking": "x"}, {"type": "text", "text": "y"}]),
    "content of 20 MB": chat("x" * 20_000_000),
    "keys twice": sent(b'{"choices": [{"message": {"content": "x"}}], "choices": []}'),
}
"""Answers to a request for a completion, none of which is one."""


def listed(value: Any) -> Answer:
    """Return a list of models."""
    return plain({"object": "list", "data": value})


NO_MODELS: dict[str, Answer] = {
    "no list of models": sent(b"{}"),
    "models null": listed(None),
    "models a mapping": listed({"id": "a"}),
    "models a text": listed("tuned"),
    "models of numbers": listed([1, 2, None, True]),
    "models of lists": listed([["id", "tuned"]]),
    "a name a number": listed([{"id": 5}]),
    "a name null": listed([{"id": None}]),
    "a name a list": listed([{"id": ["tuned"]}]),
    "a name empty": listed([{"id": ""}]),
    "a name with control characters": listed([{"id": "tuned\x1b[2J\x07"}]),
    "a name of two lines": listed([{"id": "tuned\nevil"}]),
    "a name with half a character": listed([{"id": "tuned\ud800"}]),
    "a name that turns the line around": listed([{"id": "tuned\u202egnp"}]),
    "100,000 models": listed([{"id": f"model-{number}"} for number in range(100_000)]),
    "1,000,000 models": sent(b'{"data": [' + b",".join([b'{"id": "a model"}'] * 1_000_000) + b"]}"),
    "names of 1 MB": listed([{"id": "x" * 2**20}, {"id": "y" * 2**20}]),
}
"""Answers to a request for the list of models, none of which names the one to take."""
