"""Generation by a server that speaks OpenAI's protocol: vLLM, llama.cpp, Ollama, LLaMA-Factory's api, hosted ones.

The server applies the chat template, so it gets messages and not token ids. It decodes freely: `Decoding` "constrained" needs the
logits, which the protocol does not give.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click
from rich.console import Console
from rich.progress import Progress

from ..decoding.batches import Batch, run_batches
from ..decoding.bounds import served_bound
from ..errors import LmnError
from ..formats import get_format
from ..prompting.spec import Example, PromptSpec
from ..records import Generated
from ..sentence import DOCSTART, Sentence
from ..training.dataset_info import Record
from ..training.recipe import Recipe, known_prompt

if TYPE_CHECKING:
    import openai

DEFAULT_URL = "http://localhost:8000/v1"
KEY_VARIABLE = "OPENAI_API_KEY"
# what is asked of the server beside model, messages and max_tokens; LLaMA-Factory takes presence_penalty for a repetition
# penalty, and a rewrite is made of repetitions: penalties are never sent
_REQUEST: dict[str, Any] = {"temperature": 0, "stop": ["\n"]}
_GO_ON = "finished sentences are kept: the same command goes on where this one ended"


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """Where a server is and how it is asked. Nothing but the model bears on the outputs.

    Attributes:
        base_url: up to `/v1`.
        model: the name of the model or adapter that is served; None where only one is.
        concurrency: requests under way at a time.
        timeout: seconds without an answer after which a request is given up.
        retries: how often a request is sent again after a time-out, a lost connection, 408, 409, 429 or 5xx.
    """

    base_url: str = DEFAULT_URL
    model: str | None = None
    concurrency: int = 8
    timeout: float = 120.0
    retries: int = 5

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            LmnError: the URL is none, or a number is out of range.
        """
        try:
            parts = urlsplit(self.base_url)
            good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            good = False
        if not good:
            raise LmnError(f"--base-url: not the http address of a server; write {DEFAULT_URL}, say")
        if self.concurrency < 1 or self.retries < 0 or not self.timeout > 0:
            raise LmnError("--concurrency is at least 1, --retries at least 0, --timeout above 0 seconds")

    @property
    def shown_url(self) -> str:
        """The URL without user, password and query, any of which may be secret."""
        parts = urlsplit(self.base_url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


class Server:
    """A server and the one of its models that is asked. Threads may share it."""

    def __init__(self, options: ServerOptions) -> None:
        """Connect, and ask for the model's name if the options have none.

        Raises:
            LmnError: the client library is missing, the server does not answer, or serves several models.
        """
        try:
            import openai
        except ImportError as error:
            raise LmnError(
                f"--engine openai needs the package openai ({error}); pip install 'llms-meet-ner[openai]'"
            ) from error
        self.options = options
        self._errors = (openai.OpenAIError, ValueError)  # the latter for JSON that is none
        self._key = os.environ.get(KEY_VARIABLE, "").strip()
        if not (self._key.isascii() and self._key.isprintable()):
            raise LmnError(f"{KEY_VARIABLE}: holds a character that no key has; set it anew")
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
            system: the system message; may be empty.
            turns: the user's and the model's by turns, the user's first and last.
            max_tokens: after how many tokens the server cuts the answer off.

        Raises:
            LmnError: no answer after all retries, a refusal, or something that is no chat completion.
        """
        messages: list[Any] = [{"role": "system", "content": system}] if system else []
        messages += [{"role": role, "content": turn} for role, turn in zip(cycle(("user", "assistant")), turns)]
        try:
            answer: Any = self._client.chat.completions.create(
                model=self.model, messages=messages, max_tokens=max_tokens, **_REQUEST
            )
        except self._errors as error:
            raise self._failure(error) from None
        try:
            text = answer.choices[0].message.content
        except (AttributeError, IndexError, TypeError):
            text = None
        if not isinstance(text, str):
            raise LmnError(
                f"{self.options.shown_url}: answered with something that is no chat completion with a text: {self._clean(answer)}; "
                f"--base-url ends in /v1 with most servers, and a model that reasons first is not supported; {_GO_ON}"
            )
        return text.partition("\n")[0]  # not every server heeds `stop`

    def _only_model(self) -> str:
        try:
            names = self._models()
        except self._errors as error:
            raise self._failure(error) from None
        if len(names) != 1:
            found = f"serves {', '.join(names)}" if names else "does not list the models that it serves"
            raise LmnError(f"{self.options.shown_url}: {found}; name one with --served-model")
        return names[0]

    def _models(self) -> list[str]:
        """Return the names of the models that the server lists; none where it gives no such list."""
        listed: Any = self._client.models.list()
        names = [getattr(model, "id", None) for model in getattr(listed, "data", None) or []]
        return [name for name in names if isinstance(name, str)]

    def _failure(self, error: Exception) -> LmnError:
        """Put into one line what went wrong and what helps."""
        import openai

        where, tries = self.options.shown_url, f"after {self.options.retries} retries"
        match error:
            case openai.APITimeoutError():
                what = f"no answer within {self.options.timeout:g} s {tries}; --timeout N waits longer, or take a smaller --concurrency"
            case openai.APIConnectionError():
                what = f"cannot be reached {tries} ({self._clean(error.__cause__ or error)}); start the server, or name it with --base-url"
            case openai.AuthenticationError() | openai.PermissionDeniedError():
                what = (
                    f"refused the key ({self._said(error)}); set {KEY_VARIABLE} in the environment to one that it takes"
                )
            case openai.NotFoundError():
                what = f"no model {self.options.model or ''} there, or no such address ({self._said(error)}){self._served()}"
            case openai.RateLimitError() | openai.InternalServerError():
                what = (
                    f"still no answer {tries} ({self._said(error)}); try again later, or with a smaller --concurrency"
                )
            case openai.APIStatusError():
                what = f"refused the request ({self._said(error)}); if it is too long for the server, --max-new-tokens N bounds the output"
            case _:
                what = f"gave an answer that cannot be read ({self._clean(error)}); --base-url ends in /v1 with most servers"
        return LmnError(f"{where}: {what}; {_GO_ON}")

    def _served(self) -> str:
        try:
            names = self._models()
        except self._errors:
            names = []
        return (
            f"; --served-model names one of: {', '.join(names)}"
            if names
            else "; --base-url ends in /v1 with most servers"
        )

    def _said(self, error: openai.APIStatusError) -> str:
        """Return status and message of a server's error."""
        body: Any = error.body
        if isinstance(body, dict):
            body = next((body[key] for key in ("message", "detail", "error") if body.get(key)), body)
        return f"{error.status_code}: {self._clean(body or error.message)}"

    def _clean(self, value: object) -> str:
        """Return a value as one short line, without the key, which a server may have repeated."""
        line = " ".join(str(value).split())
        line = line.replace(self._key, "***") if self._key else line
        return line if len(line) <= 300 else line[:300] + " ..."


def served_prompt(recipe: Recipe, *, untrained: bool) -> PromptSpec:
    """Return the prompt that the served model answers to, without a template: the server has its own.

    Raises:
        LmnError: the data was converted with another prompt than the adapter beside which one is kept.
    """
    return known_prompt(recipe, None if untrained else recipe.output_dir).without_template()


def served_stamp(recipe: Recipe, spec: PromptSpec, server: Server, max_new_tokens: int | None) -> dict[str, Any]:
    """Return what the outputs follow from, the sentences aside.

    Which weights are behind the server's name for them is not known here: `adapter_sha256` is null.
    """
    return {
        "engine": "openai",
        "recipe": recipe.path.name,
        "model": recipe.model,
        "served_model": server.model,
        "adapter_sha256": None,
        "prompt": spec.to_dict(),
        "decoding": "free",
        "max_new_tokens": max_new_tokens,
        "request": _REQUEST,
    }


def generate_served(
    server: Server, spec: PromptSpec, records: Sequence[Record], examples: Sequence[tuple[Example, ...]], folder: Path,
    stamp: dict[str, Any], max_new_tokens: int | None, restart: bool,
) -> dict[int, Generated]:  # fmt: skip
    """Ask the server for every sentence, the longest first; `-DOCSTART-` sentences need no model: they hold no entity.

    Examples are sent as earlier turns of a chat, one tuple a sentence.

    Raises:
        LmnError: as `Server.complete`; what is finished is kept in the folder.
    """
    options = server.options
    click.echo(f"{server.model} at {options.shown_url}, {options.concurrency} requests at a time", err=True)
    texts = {item: " ".join(record.tokens) for item, record in enumerate(records) if record.tokens != (DOCSTART,)}
    order = sorted(texts, key=lambda item: (-len(texts[item]), item))
    bounds = {item: max_new_tokens or served_bound(spec, records[item].tokens) for item in order}
    batches = [Batch((item,), (bounds[item],)) for item in order]
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("predicting", total=len(batches))

        def generate(batch: Batch) -> list[Generated]:
            (item,) = batch.items
            system, turns = spec.conversation(texts[item], examples[item])
            return [Generated(server.complete(system, turns, batch.max_new_tokens[0]))]

        outputs = run_batches(
            folder, batches, stamp, generate, restart=restart, on_batch=lambda batch: progress.advance(task),
            workers=options.concurrency, notes={"base_url": options.shown_url},
        )  # fmt: skip
    unmarked = get_format(spec.format).render(Sentence("", (DOCSTART,)), spec.labels)
    return {item: outputs.get(item, Generated(unmarked)) for item in range(len(records))}
