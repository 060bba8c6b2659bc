"""A server that speaks OpenAI's protocol: vLLM, llama.cpp, Ollama, LLaMA-Factory's api, hosted ones.

The server applies the chat template, so it gets messages and not token ids. It decodes freely: constrained decoding needs the
logits, which the protocol does not give.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..errors import LmnError, installing

if TYPE_CHECKING:
    import openai

OPENAI = "openai"
"""Name of the engine that asks such a server."""
DEFAULT_URL = "http://localhost:8000/v1"
KEY_VARIABLE = "OPENAI_API_KEY"
DEFAULT_CONCURRENCY = 8
DEFAULT_TIMEOUT = 120.0
DEFAULT_RETRIES = 5
REQUEST: dict[str, Any] = {"temperature": 0, "stop": ["\n"]}
"""Keys of a request besides model, messages and max_tokens.

Penalties are never sent: LLaMA-Factory takes presence_penalty for a repetition penalty, and a rewrite is made of repetitions.
"""
_GO_ON = "finished sentences are kept: the same command continues where this one ended"
_BASE_URL = "--base-url ends in /v1 with most servers"


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """Address of a server, and settings of the requests. Only the model affects the outputs.

    Attributes:
        base_url: Address up to `/v1`.
        model: Name of the served model or adapter; None if the server has only one.
        concurrency: Number of requests in flight.
        timeout: Seconds without an answer after which a request is given up.
        retries: Number of times that a request is sent again after a time-out, a lost connection, 408, 409, 429 or 5xx.
    """

    base_url: str = DEFAULT_URL
    model: str | None = None
    concurrency: int = DEFAULT_CONCURRENCY
    timeout: float = DEFAULT_TIMEOUT
    retries: int = DEFAULT_RETRIES

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            LmnError: The URL is not valid, or a number is out of range.
        """
        try:
            parts = urlsplit(self.base_url)
            good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            good = False
        if not good:
            raise LmnError("not the http address of a server", "--base-url", f"write for example {DEFAULT_URL}")
        if self.concurrency < 1 or self.retries < 0 or not self.timeout > 0:
            raise LmnError("--concurrency is at least 1, --retries at least 0, --timeout above 0 seconds")

    @property
    def shown_url(self) -> str:
        """URL without user, password and query, because any of them may be secret."""
        parts = urlsplit(self.base_url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


class Server:
    """A server and the one of its models that is asked. Threads may share it."""

    def __init__(self, options: ServerOptions) -> None:
        """Connect, and ask for the model's name if the options have none.

        Raises:
            LmnError: The client library is missing, or the server does not answer or serves several models.
        """
        try:
            import openai
        except ImportError as error:
            raise LmnError(
                f"--engine openai needs the package openai ({error})", remedy=installing("openai")
            ) from error
        self.options = options
        self._errors = (openai.OpenAIError, ValueError)  # ValueError for damaged JSON
        self._key = os.environ.get(KEY_VARIABLE, "").strip()
        if not (self._key.isascii() and self._key.isprintable()):
            raise LmnError("holds a character that no key has", KEY_VARIABLE, "set it again")
        self._client = openai.OpenAI(
            api_key=self._key or "none",  # a server without keys takes any
            base_url=options.base_url,
            timeout=options.timeout,
            max_retries=options.retries,
        )
        self.model = options.model or self._only_model()

    def complete(self, system: str, turns: Sequence[str], max_tokens: int) -> str:
        """Return the answer to a conversation, up to its first newline.

        Args:
            system: System message; may be empty.
            turns: Messages of the user and the model by turns, the user's first and last.
            max_tokens: Number of tokens after which the server cuts the answer off.

        Raises:
            LmnError: The server does not answer after all retries, refuses, or answers with something that is not a chat completion.
        """
        messages: list[Any] = [{"role": "system", "content": system}] if system else []
        messages += [{"role": role, "content": turn} for role, turn in zip(cycle(("user", "assistant")), turns)]
        try:
            answer: Any = self._client.chat.completions.create(
                model=self.model, messages=messages, max_tokens=max_tokens, **REQUEST
            )
        except self._errors as error:
            raise self._failure(error) from None
        try:
            text = answer.choices[0].message.content
        except (AttributeError, IndexError, TypeError):
            text = None
        if not isinstance(text, str):
            raise LmnError(
                f"answered with something that is not a chat completion with a text: {self._clean(answer)}",
                self.options.shown_url, f"{_BASE_URL}, and a model that reasons first is not supported; {_GO_ON}",
            )  # fmt: skip
        return text.partition("\n")[0]  # not every server heeds `stop`

    def _only_model(self) -> str:
        try:
            names = self._models()
        except self._errors as error:
            raise self._failure(error) from None
        if len(names) != 1:
            found = f"serves {', '.join(names)}" if names else "does not list the models that it serves"
            raise LmnError(found, self.options.shown_url, "name one with --served-model")
        return names[0]

    def _models(self) -> list[str]:
        """Return the names of the models that the server lists; an empty list if it lists none."""
        listed: Any = self._client.models.list()
        names = [getattr(model, "id", None) for model in getattr(listed, "data", None) or []]
        return [name for name in names if isinstance(name, str)]

    def _failure(self, error: Exception) -> LmnError:
        """Return an error for a failed request, with a remedy."""
        import openai

        tries = f"after {self.options.retries} retries"
        what = self._said(error) if isinstance(error, openai.APIStatusError) else self._clean(error.__cause__ or error)
        match error:
            case openai.APITimeoutError():
                what = f"no answer within {self.options.timeout:g} s {tries}"
                remedy = "--timeout N waits longer, or take a smaller --concurrency"
            case openai.APIConnectionError():
                what, remedy = f"cannot be reached {tries} ({what})", "start the server, or name it with --base-url"
            case openai.AuthenticationError() | openai.PermissionDeniedError():
                what = f"refused the key ({what})"
                remedy = f"set {KEY_VARIABLE} in the environment to one that it takes"
            case openai.NotFoundError():
                what = f"no model {self.options.model or ''} there, or no such address ({what})"
                remedy = self._served()
            case openai.RateLimitError() | openai.InternalServerError():
                what = f"still no answer {tries} ({what})"
                remedy = "try again later, or with a smaller --concurrency"
            case openai.APIStatusError():
                what = f"refused the request ({what})"
                remedy = "if it is too long for the server, --max-new-tokens N bounds the output"
            case _:
                what, remedy = f"gave an answer that cannot be read ({self._clean(error)})", _BASE_URL
        return LmnError(what, self.options.shown_url, f"{remedy}; {_GO_ON}")

    def _served(self) -> str:
        """Return the models that the server has, or another possible fault of a name or an address."""
        try:
            names = self._models()
        except self._errors:
            names = []
        return f"--served-model names one of: {', '.join(names)}" if names else _BASE_URL

    def _said(self, error: openai.APIStatusError) -> str:
        """Return status and message of an error that the server reports."""
        body: Any = error.body
        if isinstance(body, dict):
            body = next((body[key] for key in ("message", "detail", "error") if body.get(key)), body)
        return f"{error.status_code}: {self._clean(body or error.message)}"

    def _clean(self, value: object) -> str:
        """Return a value as one short line, without the key, which a server may have repeated."""
        line = " ".join(str(value).split())
        line = line.replace(self._key, "***") if self._key else line
        return line if len(line) <= 300 else line[:300] + " ..."
