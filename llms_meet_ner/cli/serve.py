"""The command `lmn-serve`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import click
import cloup

from ..decoding.pretrained import Quantise
from ..decoding.requests import Decoding
from ..errors import LmnError, installing
from ..serving.limits import Limits
from ..systems.server import ServerOptions
from ..tagging.loading import load
from ..terminal import GuardedCommand
from .engine_options import engine_options
from .model_options import check_model, decoding_options, model_options, text_options
from .options import catch_errors
from .predict_options import refuse_idle_grammar

_DEFAULTS = Limits()
_text_options = cloup.option_group("Text", *text_options)
_address_options = cloup.option_group(
    "Address",
    cloup.option(
        "--host", default="127.0.0.1", show_default=True,
        help="Name or address to listen on. One that other machines can reach needs a key in LMN_SERVE_KEY.",
    ),
    cloup.option(
        "--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="Port; 0 for a free one."
    ),
)  # fmt: skip


def _count(name: str, default: int, what: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return cloup.option(name, type=click.IntRange(min=1), default=default, show_default=True, help=what)


_limit_options = cloup.option_group(
    "Limits",
    _count("--max-body", _DEFAULTS.body, "Bytes of the body of a request, or of a line of a stream."),
    _count("--max-texts", _DEFAULTS.texts, "Texts in a request; a stream may hold any number."),
    _count("--max-characters", _DEFAULTS.characters, "Characters of a text."),
    _count("--max-requests", _DEFAULTS.requests, "Requests that are read or answered at a time."),
    _count("--queue", _DEFAULTS.queue, "Sentences that may wait. More are refused with 503 and Retry-After."),
    _count("--portion", _DEFAULTS.portion, "Sentences of all requests that are tagged together, at most."),
    cloup.option(
        "--patience", type=click.FloatRange(min=1), default=_DEFAULTS.patience, show_default=True,
        help="Seconds that a client may take to send more of its body, or to take more of its answer.",
    ),
)  # fmt: skip


@click.command(cls=GuardedCommand)
@model_options
@_text_options
@decoding_options
@engine_options
@_address_options
@_limit_options
@click.version_option(package_name="llms-meet-ner")
@catch_errors
def main(
    adapter: str | None, tokens: bool, language: str, decoding: Decoding | None, server: ServerOptions | None, quantise: Quantise | None,
    host: str, port: int, max_body: int, max_texts: int, max_characters: int, max_requests: int, queue: int, portion: int,
    patience: float, **model: Any,
) -> None:  # fmt: skip
    """Serve a model over HTTP: texts in, entities with their characters out.

    \b
    lmn-serve --adapter outputs/minilm_demo
    lmn-serve --adapter outputs/demo_smollm2 --port 9000 --portion 32
    LMN_SERVE_KEY=... lmn-serve --adapter outputs/minilm_demo --host 0.0.0.0
    curl -H 'Content-Type: application/json' -d '{"texts": ["Hussain struck 158 for Essex."]}' http://127.0.0.1:8080/tag

    Open http://127.0.0.1:8080/ to try it. SIGTERM or Ctrl-C ends it when it has answered what it has accepted; a second one ends it at
    once. See docs/service.md.
    """  # noqa: D301
    check_model(adapter, server, tokens=tokens)
    refuse_idle_grammar(server, decoding)
    loading = partial(
        load,
        adapter,
        decoding=decoding,
        language=None if tokens else language,
        server=server,
        quantize=quantise,
        **model,
    )
    limits = Limits(max_body, max_texts, max_characters, max_requests, queue, portion, patience)
    try:
        from ..serving.process import serve
    except ImportError as error:
        raise LmnError(f"the service needs FastAPI and uvicorn ({error})", remedy=installing("serve")) from error
    serve(loading, host, port, limits)
