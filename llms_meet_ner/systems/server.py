"""A server that speaks OpenAI's protocol: vLLM, llama.cpp, Ollama, LLaMA-Factory's api, hosted ones.

The server applies the chat template, so it gets messages and not token ids. It decodes freely, or under a grammar that comes with each
request (`decoding.server_grammar`).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import cycle
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import urlsplit

from ..characters import harmful_in, without_surrogates
from ..decoding.grammar import MAX_DEPTH
from ..decoding.server_grammar.dialects import AUTO_GRAMMAR, DIALECTS, Dialect, GrammarChoice
from ..decoding.server_grammar.sentence import DEFAULT_DEPTH
from ..errors import LmnError, installing, listed
from ..masking import keep_address, keep_secret, masked, masked_echo

if TYPE_CHECKING:
    import httpx

OPENAI = "openai"
"""Name of the engine that asks such a server."""
DEFAULT_URL = "http://localhost:8000/v1"
KEY_VARIABLE = "OPENAI_API_KEY"
DEFAULT_CONCURRENCY = 8
DEFAULT_TIMEOUT = 120.0
DEFAULT_RETRIES = 5
REQUEST: dict[str, Any] = {"temperature": 0}
"""Keys of a request besides model, messages and max_tokens.

Penalties are never sent: LLaMA-Factory takes presence_penalty for a repetition penalty, and a rewrite is made of repetitions.
"""
_LONGEST_ANSWER, _SPARE_BYTES, _TOKEN_BYTES = 16 * 2**20, 2**20, 256
"""Bytes of an answer that are read at most, and for an answer of n tokens: some to spare, and n times the bytes for a token.

A token is rarely longer than 16 characters, and JSON writes a character in up to 12 bytes. Each log-probability has a token, too.
"""
_TOO_LONG = re.compile(
    r"context[ _-]?(?:length|size|window)|max_model_len|max_(?:new_)?tokens.{0,40}(?:too large|must be)|input (?:is|was) too long"
    r"|maximum (?:input|sequence|prompt) length|prompt is too long",
    re.I,
)
"""Words with which servers refuse a request that does not fit the window of their model."""
_BASE_URL = "--base-url ends in /v1 with most servers"
_BOUND = "if it is too long for the server, --max-new-tokens N bounds the output"


_PASSING = (408, 409, 429, 502, 503, 504)
"""Statuses with which servers, and proxies before them, say that they cannot answer now."""


class NoAnswerError(LmnError):
    """A server that gives no answer in time or cannot answer now, after all retries: the same request may be answered later."""


class UnreachableError(NoAnswerError):
    """A server that cannot be reached, after all retries: whatever it is asked, the same happens."""


class TooLongError(LmnError):
    """A request that does not fit the window of the served model."""


class CutError(TooLongError):
    """An answer that the window of the served model, or the bound in the request, has cut off."""


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """Address of a server, and settings of the requests. Only the model and the grammar affect the outputs.

    Attributes:
        base_url: Address up to `/v1`.
        model: Name of the served model or adapter; None if the server has only one.
        concurrency: Number of requests in flight.
        timeout: Seconds for a request as a whole, after which it is given up; each retry has as many.
        retries: Number of times that a request is sent again after a time-out, a lost connection, 408, 409, 429 or 5xx.
        grammar: How the server takes the grammar of a sentence, in constrained decoding.
        grammar_depth: Number of entities that may be open at once in constrained decoding of a nested format; None for `DEFAULT_DEPTH`.
    """

    base_url: str = DEFAULT_URL
    model: str | None = None
    concurrency: int = DEFAULT_CONCURRENCY
    timeout: float = DEFAULT_TIMEOUT
    retries: int = DEFAULT_RETRIES
    grammar: GrammarChoice = AUTO_GRAMMAR
    grammar_depth: int | None = None

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            LmnError: The URL is not valid, or a number is out of range.
        """
        try:
            parts = urlsplit(self.base_url)
            good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
            good = good and not harmful_in(self.base_url)
        except ValueError:
            good = False
        if not good:
            raise LmnError("not the http address of a server", "--base-url", f"write for example {DEFAULT_URL}")
        if self.model is not None and (found := harmful_in(self.model)):
            raise LmnError(f"no model has a name with {found}", "--served-model", "name another")
        if self.concurrency < 1 or self.retries < 0 or not self.timeout > 0:
            raise LmnError("--concurrency is at least 1, --retries at least 0, --timeout above 0 seconds")
        if not 1 <= self.depth <= MAX_DEPTH:
            raise LmnError(f"--grammar-depth is from 1 to {MAX_DEPTH}")

    @property
    def depth(self) -> int:
        """Number of entities that may be open at once in a nested format."""
        return DEFAULT_DEPTH if self.grammar_depth is None else self.grammar_depth

    @property
    def shown_url(self) -> str:
        """URL without user, password and query, because any of them may be secret."""
        parts = urlsplit(self.base_url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


class Usage(NamedTuple):
    """Tokens of a request as the server counted them.

    Attributes:
        tokens_in: Number of tokens of the prompt.
        tokens_out: Number of tokens that were generated, those of thinking included.
    """

    tokens_in: int
    tokens_out: int


@dataclass(frozen=True, slots=True)
class Completion:
    """What a server answers to a conversation.

    Attributes:
        text: Text as it was sent.
        logprobs: Value of `logprobs.content`, which nobody has checked; None if there is none.
        is_cut: Whether the bound on tokens, or the model's window, ended the text.
        usage: Tokens that the server counted; None if it does not say.
    """

    text: str
    logprobs: Any = None
    is_cut: bool = False
    usage: Usage | None = None


class Meter(Protocol):
    """Stands between a system and its server: it may know an answer already, count what is sent, or let nothing more through."""

    def completion(self, about: str, body: Mapping[str, Any], send: Callable[[], Completion]) -> Completion:
        """Return the answer to a request. Threads may call it at the same time.

        Args:
            about: Id of the sentence that the request asks about.
            body: Body of the request: model, messages, `max_tokens` and the other keys.
            send: Sends the request.

        Raises:
            LmnError: `send` fails, or the request may not be sent.
        """
        ...


class Server:
    """A server and the one of its models that is asked. Threads may share it.

    Whatever the server sends, a request ends in time and in a result or an `LmnError`.
    """

    def __init__(self, options: ServerOptions, meter: Meter | None = None) -> None:
        """Connect, and ask for the model's name if the options have none.

        Args:
            options: Address and limits.
            meter: Stands before each request for an answer; None for nothing.

        Raises:
            LmnError: The client library is missing, or the server does not answer or serves several models.
        """
        try:
            import openai

            from .bounded_client import BoundedClient
        except ImportError as error:
            raise LmnError(
                f"--engine openai needs the package openai ({error})", remedy=installing("openai")
            ) from error
        self.options = options
        self._meter = meter
        key = os.environ.get(KEY_VARIABLE, "").strip()
        if not (key.isascii() and key.isprintable()):
            raise LmnError("holds a character that no key has", KEY_VARIABLE, "set it again")
        keep_secret(key, name=KEY_VARIABLE)
        keep_address(options.base_url, "--base-url")
        try:
            self._client = openai.AsyncOpenAI(
                api_key=key or "none",  # a server without keys takes any
                base_url=options.base_url,
                timeout=options.timeout,
                max_retries=options.retries,
                http_client=BoundedClient(options.timeout),
            )
        except Exception as error:  # the client checks an address and the settings of proxies by rules of its own
            raise LmnError(f"not an address that a request can go to ({error})", "--base-url", _BASE_URL) from None
        self.model = options.model or self._only_model()

    def complete(
        self, system: str, turns: Sequence[str], max_tokens: int, request: Mapping[str, Any] = REQUEST,
        ends: Callable[[str], int | None] = lambda text: None, about: str = "",
    ) -> tuple[str, int]:  # fmt: skip
        """Return the answer to a conversation, and the number of lone surrogates that became U+FFFD in it.

        Thinking that the server sends apart from the answer is lost, unless there is nothing else.

        Args:
            system: System message; may be empty.
            turns: Messages of the user and the model by turns, the user's first and last.
            max_tokens: Number of tokens after which the server cuts the answer off.
            request: More keys of the request.
            ends: Returns the position where an answer ends, None for the end of the text: not every server heeds `stop`.
            about: Id of the sentence that the conversation is about, for the meter.

        Raises:
            LmnError: The server does not answer after all retries, refuses, or answers with something that is not a chat completion.
        """
        text = self.ask(system, turns, max_tokens, request, about).text
        return without_surrogates(masked(text[: ends(text)]))

    def ask(
        self, system: str, turns: Sequence[str], max_tokens: int, request: Mapping[str, Any], about: str = ""
    ) -> Completion:
        """Return the answer to a conversation as it was sent; the arguments and errors are those of `complete`."""
        body = self.body(system, turns, max_tokens, request)
        if self._meter is None:
            return self._completion(body)
        return self._meter.completion(about, body, lambda: self._completion(body))

    def body(self, system: str, turns: Sequence[str], max_tokens: int, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the body of a request for an answer to a conversation; the arguments are those of `complete`."""
        messages: list[Any] = [{"role": "system", "content": system}] if system else []
        messages += [{"role": role, "content": turn} for role, turn in zip(cycle(("user", "assistant")), turns)]
        return {"model": self.model, "messages": messages, "max_tokens": max_tokens, **request}

    def _completion(self, body: Mapping[str, Any]) -> Completion:
        """Send a request for an answer to a conversation."""
        create = self._client.chat.completions.with_raw_response.create
        token_bytes = _TOKEN_BYTES * (1 + int(body.get("top_logprobs", 0)))
        answer = self._json(
            lambda: create(**body),
            min(_LONGEST_ANSWER, _SPARE_BYTES + token_bytes * int(body["max_tokens"])),
            self._served,
            self._other_grammar() if "extra_body" in body else None,
        )
        text, usage = _text_of(answer), _usage_of(answer)
        if text is None and usage:
            text = ""  # it is charged for, so it is an answer
        if text is None:
            raise LmnError(
                f"answered with something that is not a chat completion with a text: {_line(answer)}",
                self.options.shown_url, _BASE_URL,
            )  # fmt: skip
        choice = _first_choice(answer)
        logprobs = choice.get("logprobs")
        content = logprobs.get("content") if isinstance(logprobs, dict) else None
        return Completion(text, content, choice.get("finish_reason") == "length", usage)

    @cached_property
    def dialect(self) -> Dialect:
        """How the server takes grammars: as the options say, or else as the server that its list of models names.

        Raises:
            LmnError: The list names no server that is known to take grammars.
        """
        if self.options.grammar in DIALECTS:
            return self.options.grammar
        rows = self._listing()
        mine = [row for row in rows if row.get("id") == self.model] or rows
        owners = [row.get("owned_by") for row in mine]
        found = next((name for name in DIALECTS if name in owners), None)
        if found is None:
            raise LmnError(
                f"its list of models does not say that it is vLLM, llama.cpp or SGLang (owned_by: {_line(owners[:1])})",
                self.options.shown_url, f"say how it takes grammars with --grammar {'|'.join(DIALECTS)}, or use --decoding free",
            )  # fmt: skip
        return found

    def unfaithful(self, sentence: str, text: str) -> LmnError:
        """Return the error that an answer to a sentence is not one of those that its grammar allows.

        Args:
            sentence: Id of the sentence.
            text: Answer.
        """
        return LmnError(
            f"answered {sentence} with what its grammar does not allow ({_line(text) or 'nothing'}): it may not heed grammars, or not as "
            f"--grammar {self.dialect} sends them",
            self.options.shown_url, self._other_grammar(),
        )  # fmt: skip

    def _other_grammar(self) -> str:
        """Return the remedy for a server that takes no grammars, or not as they are sent."""
        others = "|".join(name for name in DIALECTS if name != self.dialect)
        return f"name another with --grammar {others} and --restart, or use --decoding free"

    def _only_model(self) -> str:
        names = self._models()
        if len(names) != 1:
            found = f"serves {_line(listed(names))}" if names else "does not list the models that it serves"
            raise LmnError(found, self.options.shown_url, "name one with --served-model")
        if character := harmful_in(names[0]):
            raise LmnError(
                f"serves a model with {character} in its name", self.options.shown_url, "serve it under another name"
            )
        return names[0]

    @cached_property
    def window(self) -> int | None:
        """Number of tokens of a prompt and its answer that the model takes, as vLLM lists it; None if the server does not say.

        vLLM lists it for the base model, which the row of an adapter names as its parent.
        """
        try:
            rows = self._listing()
        except LmnError:
            return None
        own = [row for row in rows if row.get("id") == self.model]
        parents = [parent for row in own if isinstance(parent := row.get("parent"), str)]
        named = own + [row for row in rows if row.get("id") in parents]
        sizes = [row.get("max_model_len") for row in named]
        return next((size for size in sizes if type(size) is int and size > 0), None)

    def _models(self) -> list[str]:
        """Return the names of the models that the server lists; an empty list if it lists none.

        Raises:
            LmnError: The server does not answer, or not with JSON.
        """
        names = [row.get("id") for row in self._listing()]
        return [name for name in names if isinstance(name, str) and name]

    def _listing(self) -> list[dict[str, Any]]:
        found = self._json(self._client.models.with_raw_response.list, _LONGEST_ANSWER)
        rows = found.get("data") if isinstance(found, dict) else None
        return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []

    def _json(
        self, send: Callable[[], Awaitable[Any]], most: int, not_found: Callable[[], str] = lambda: _BASE_URL,
        other_grammar: str | None = None,
    ) -> Any:  # fmt: skip
        """Send a request, and return the JSON of its answer.

        Args:
            send: Sends the request; returns a raw response of the client.
            most: Number of bytes of the answer that are read.
            not_found: Returns the remedy if the server does not know the address or the model.
            other_grammar: Remedy if the server does not take the grammar in the request; None for a request without one.

        Raises:
            LmnError: There is no answer, or it is an error, too long, or not JSON.
        """
        from .bounded_client import CUT, most_bytes, run

        async def sent() -> httpx.Response:
            most_bytes.set(most)
            response: httpx.Response = (await send()).http_response
            return response

        try:
            response = run(sent())
        except Exception as error:  # three libraries read what the server sends, each with errors of its own
            raise self._failure(error, not_found, other_grammar) from None
        if CUT in response.extensions:
            raise self._error(f"answered with more than {most:,} bytes", _BASE_URL)
        try:
            return json.loads(response.content)
        except (ValueError, RecursionError):
            raise self._error(
                f"answered with something that is not JSON: {_line(response.content)}", _BASE_URL
            ) from None

    def _error(self, what: str, remedy: str, kind: type[LmnError] = LmnError) -> LmnError:
        return kind(what, self.options.shown_url, remedy)

    def _failure(self, error: Exception, not_found: Callable[[], str], other_grammar: str | None) -> LmnError:
        """Return an error for a failed request, with a remedy."""
        import openai

        tries = f"after {self.options.retries} retries"
        what = _said(error) if isinstance(error, openai.APIStatusError) else _line(error.__cause__ or error)
        kind: type[LmnError] = LmnError
        match error:
            case openai.APITimeoutError():
                what = f"no answer within {self.options.timeout:g} s {tries}"
                remedy = "--timeout N waits longer, or take a smaller --concurrency"
                kind = NoAnswerError
            case openai.APIConnectionError():
                what, remedy = f"cannot be reached {tries} ({what})", "start the server, or name it with --base-url"
                kind = UnreachableError
            case openai.AuthenticationError() | openai.PermissionDeniedError():
                what = f"refused the key ({what})"
                remedy = f"set {KEY_VARIABLE} in the environment to one that it takes"
            case openai.NotFoundError():
                what = f"no model {self.options.model or ''} there, or no such address ({what})"
                remedy = not_found()
            case openai.APIStatusError() if error.status_code in _PASSING or error.status_code >= 500:
                what = f"still no answer {tries} ({what})"
                remedy = "try again later, or with a smaller --concurrency"
                kind = NoAnswerError if error.status_code in _PASSING else LmnError
            case openai.APIStatusError() if error.status_code < 400:
                what, remedy = f"gave no answer, and may have moved ({what})", "--base-url names the address itself"
            case openai.APIStatusError():
                return self._refusal(what, other_grammar)
            case _:
                what, remedy = f"gave an answer that cannot be read ({type(error).__name__}: {_line(error)})", _BASE_URL
        return self._error(what, remedy, kind)

    def _refusal(self, said: str, other_grammar: str | None) -> LmnError:
        """Return an error for a request that the server does not take; a constrained output has no `--max-new-tokens`."""
        is_too_long = bool(_TOO_LONG.search(said))
        if other_grammar is None:
            what, remedy = f"refused the request ({said})", _BOUND
        elif is_too_long:
            what, remedy = f"refused the request ({said})", "serve a model with more room, or show fewer --shots"
        else:
            what, remedy = f"refused the request, which holds a grammar for {self.dialect} ({said})", other_grammar
        kind = TooLongError if is_too_long else LmnError
        return kind(what, self.options.shown_url, remedy)

    def _served(self) -> str:
        """Return the models that the server has, or another possible fault of a name or an address."""
        try:
            names = self._models()
        except LmnError:
            names = []
        return f"--served-model names one of: {_line(listed(names))}" if names else _BASE_URL


def _text_of(answer: Any) -> str | None:
    """Return the text of a chat completion, perhaps in several parts; None if it is something else.

    If a model spent all its tokens on thinking, that is its text: a block of thinking that does not end. A
    message whose content is null, as of a refusal or a filter, has an empty text.
    """
    match _first_choice(answer).get("message"):
        case {"content": None | "", "reasoning_content": str(thought)} if thought:
            return f"<think>\n{thought}"
        case {"content": None | "", "reasoning": str(thought)} if thought:
            return f"<think>\n{thought}"
        case {"content": str(text)}:
            return text
        case {"content": None}:
            return ""
        case {"content": [_, *_] as parts}:
            texts = [part.get("text") for part in parts if isinstance(part, dict) and part.get("type") == "text"]
            known = [text for text in texts if isinstance(text, str)]
            return "".join(known) if len(known) == len(parts) else None
    return None


def _first_choice(answer: Any) -> dict[str, Any]:
    """Return the first choice of a chat completion; an empty mapping if there is none."""
    match answer:
        case {"choices": [dict() as choice, *_]}:
            return choice
    return {}


def _usage_of(answer: Any) -> Usage | None:
    """Return the tokens that an answer says were used; None if it does not say, or not with counts."""
    match answer:
        case {"usage": {"prompt_tokens": int(tokens_in), "completion_tokens": int(tokens_out)}}:
            if min(tokens_in, tokens_out) >= 0 and bool not in (type(tokens_in), type(tokens_out)):
                return Usage(tokens_in, tokens_out)
    return None


def _said(error: Any) -> str:
    """Return status and message of an error that the server reports, and the address that it sends on to."""
    body = error.body
    if isinstance(body, dict):
        body = next((body[key] for key in ("message", "detail", "error") if body.get(key)), body)
    elsewhere = error.response.headers.get("location")
    return f"{error.status_code}: {_line(f'see {elsewhere}' if elsewhere else body or error.message)}"


def _line(value: object) -> str:
    """Return the beginning of a value of a server as one line without secrets; they are masked before it is cut."""
    try:
        text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    except RecursionError:
        text = "nested too deep"
    line = masked_echo(" ".join(text.split()))
    return line if len(line) <= 300 else line[:300] + " ..."
