"""The endpoints of the service, as a FastAPI application."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Coroutine
from time import perf_counter
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .. import __version__
from ..tagging.tagger import TaggedText
from .bodies import check_type, read_json, text_of
from .metrics import Metrics
from .page import POLICY, drawn, page
from .refusal import STATUS, RefusedError
from .service import Service, State
from .streams import NDJSON, Stream

JSON = "application/json"
R = TypeVar("R")


class Texts(BaseModel):
    """Texts to tag."""

    texts: list[str] = Field(description="Texts of any length within the limits of the service.")


class FoundEntity(BaseModel):
    """An entity in a text."""

    start: int = Field(description="Position of its first character (code point), from 0.")
    end: int = Field(description="Position after its last character.")
    label: str
    text: str = Field(description="Its words, exactly as in the text.")
    confidence: float | None = Field(
        description="Probability that the model gives it; null if the decoding gives none."
    )


class AnsweredText(BaseModel):
    """A text and its entities, as `lmn-tag --format json` writes them."""

    text: str
    entities: list[FoundEntity]
    pieces: int | None = Field(
        None,
        description="Number of pieces that sentences too long to be read at once were read in; left out if there are none.",
    )


class Answers(BaseModel):
    """An answer for each text, in their order."""

    results: list[AnsweredText]


class StreamedText(BaseModel):
    """A line of a stream. Other fields come back as they are."""

    model_config = ConfigDict(extra="allow")
    text: str


class StreamedProblem(BaseModel):
    """A line of the answer to a stream that has no entities: the line that came in, if it was read, and why."""

    error: str
    line: int = Field(description="Number of the line in the body, from 1.")
    retry: bool | None = Field(
        None, description="True if the line has an error that passes: send the line again, also if the stream went on."
    )
    stopped: bool | None = Field(
        None,
        description="True in the last line if the stream ended early: no line from `line` on was read. Send these again, and earlier lines "
        "whose answer has `retry`.",
    )


class Health(BaseModel):
    """Whether the service takes texts."""

    status: State
    model: str | None = Field(description="Name of the model; null while it is loaded.")
    stamp_sha256: str | None = Field(
        description="Hash of everything that determines the answers; null while the model is loaded."
    )
    version: str = Field(description="Version of llms-meet-ner.")


class Problem(BaseModel):
    """Why a request is not answered."""

    error: str


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


TheService = Annotated[Service, Depends(_service)]
_bearer = HTTPBearer(auto_error=False, description="The key of the service, if it has one.")


def _with_key(service: TheService, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> None:
    """Let a request pass if it brings the key, or if the service has none."""
    if not service.is_key(given.credentials if given else ""):
        raise RefusedError("key", "wrong or missing key; send Authorization: Bearer KEY")


_open = APIRouter()
_locked = APIRouter(dependencies=[Depends(_with_key)])
_WRONG: dict[int | str, dict[str, Any]] = {status: {"model": Problem} for status in sorted({*STATUS.values()})}


_STREAMED = {"anyOf": [{"$ref": "#/components/schemas/AnsweredText"}, StreamedProblem.model_json_schema()]}


def _body(media_type: str, model: type[BaseModel]) -> dict[str, Any]:
    """Describe a body that the endpoint reads by itself, within its bounds."""
    return {"requestBody": {"content": {media_type: {"schema": model.model_json_schema()}}, "required": True}}


@_locked.post("/tag", responses=_WRONG | {200: {"model": Answers}}, openapi_extra=_body(JSON, Texts))
async def tag(request: Request, service: TheService) -> Response:
    """Tag texts; all of them are answered, or none."""
    results = [tagged.to_dict() for tagged in await _tagged(request, service)]
    return Response(json.dumps({"results": results}, ensure_ascii=False), media_type=JSON)


@_locked.post(
    "/tag/stream",
    responses=_WRONG | {200: {"content": {NDJSON: {"schema": _STREAMED}}}},
    openapi_extra=_body(NDJSON, StreamedText),
)  # fmt: skip
async def tag_stream(request: Request, service: TheService) -> Response:
    """Tag lines of JSON while they come; the answers come back in their order, while the body is still sent."""
    check_type(request, NDJSON, "application/jsonl", "application/ndjson", "application/jsonlines")
    return Stream(request, service)


@_locked.post("/drawn", include_in_schema=False)
async def drawn_texts(request: Request, service: TheService) -> Response:
    """Tag texts as `/tag` does, and draw them for the page."""
    return HTMLResponse(drawn(await _tagged(request, service)), headers=POLICY)


@_locked.get("/metrics")
async def metrics(service: TheService) -> Response:
    """Return the metrics of the service, in Prometheus's text format."""
    return Response(service.metrics.text(), media_type=CONTENT_TYPE_LATEST)


@_locked.get("/openapi.json", include_in_schema=False)
async def openapi(request: Request) -> Response:
    """Return the description of the endpoints."""
    return Response(json.dumps(request.app.openapi()), media_type=JSON)


@_open.get("/healthz", responses={503: {"model": Health}})
async def healthz(service: TheService, response: Response) -> Health:
    """Say whether the service takes texts: 200 if it does, 503 while the model is loaded or at fault, or the service ends."""
    model = service.model
    response.status_code = 200 if service.state == "ready" else 503
    return Health(
        status=service.state,
        model=model.name if model else None,
        stamp_sha256=model.sha256 if model else None,
        version=__version__,
    )


@_open.get("/", response_class=HTMLResponse)
async def try_it(service: TheService) -> Response:
    """Return a page to try the service with."""
    shown = page(needs_key=service.needs_key, characters=service.limits.characters)
    return HTMLResponse(shown, headers=POLICY)


def make_app(service: Service) -> ASGIApp:
    """Return the application of a service."""
    app = FastAPI(
        title="llms-meet-ner", summary="Named entities in texts.", version=__version__,
        openapi_url=None, docs_url=None, redoc_url=None,
    )  # fmt: skip
    app.state.service = service
    app.include_router(_open)
    app.include_router(_locked)
    app.add_exception_handler(RefusedError, _refuse)
    app.add_exception_handler(HTTPException, _no_such_thing)
    app.add_exception_handler(ClientDisconnect, _gone)
    paths = {route.path for router in (_open, _locked) for route in router.routes if isinstance(route, Route)}
    return _Counted(app, service.metrics, paths)


async def _tagged(request: Request, service: Service) -> list[TaggedText]:
    """Tag the texts of a request; stop if the client goes."""
    check_type(request, JSON)
    with service.place():
        texts = _texts_of(await read_json(request, service.limits), service.limits.texts)
        return await _unless_gone(request, service.tag(texts))


def _texts_of(value: Any, most: int) -> list[str]:
    texts = value.get("texts") if isinstance(value, dict) else None
    if not isinstance(texts, list):
        raise RefusedError("input", 'the body is not an object with a list of texts: {"texts": ["..."]}')
    others = sorted({*value} - {"texts"})
    if others:
        raise RefusedError("input", f"{others[0]!r:.60} is no key of a request; there is: texts")
    if len(texts) > most:
        raise RefusedError("input", f"{len(texts):,} texts are more than {most:,}; send fewer at a time, or a stream")
    return [text_of(text, f"texts[{number}]") for number, text in enumerate(texts)]


async def _unless_gone(request: Request, answer: Coroutine[Any, Any, R]) -> R:
    """Wait for an answer, or for the client to go, which cancels it.

    Raises:
        ClientDisconnect: The client has gone.
    """

    async def gone() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    answering, going = asyncio.create_task(answer), asyncio.create_task(gone())
    try:
        await asyncio.wait((answering, going), return_when=asyncio.FIRST_COMPLETED)
        if not answering.done():
            raise ClientDisconnect
        return answering.result()
    finally:
        answering.cancel()
        going.cancel()


class _Counted:
    """The application, whose requests are counted."""

    def __init__(self, app: ASGIApp, metrics: Metrics, paths: Collection[str]) -> None:
        self._app = app
        self._metrics = metrics
        self._paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and count it with its status when its answer has ended."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = perf_counter(), "gone"

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        path = scope["path"] if scope["path"] in self._paths else "other"
        try:
            await self._app(scope, receive, watched)
        finally:
            self._metrics.requests.labels(path, status).inc()
            self._metrics.seconds.labels(path).observe(perf_counter() - began)


async def _refuse(request: Request, error: Exception) -> Response:
    """Answer a request that is refused."""
    assert isinstance(error, RefusedError)
    service = _service(request)
    service.metrics.refuse(error.reason)
    headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    if error.reason == "key":
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse({"error": error.message}, error.status, headers)


async def _no_such_thing(request: Request, error: Exception) -> Response:
    """Answer a request for a path or a method that does not exist."""
    assert isinstance(error, HTTPException)
    return JSONResponse(
        {"error": f"{error.detail}: {request.method} {request.url.path}"}, error.status_code, error.headers
    )


async def _gone(request: Request, error: Exception) -> Response:
    """Return an answer to nobody; 499 is what proxies count for a client that has gone."""
    return Response(status_code=499)
