"""A model behind a server that is asked with a prompt, without the recipe of a training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..masking import masked
from ..prompting.spec import PromptSpec
from ..sentence import Sentence
from .examples import ExampleChooser
from .finding import OUTPUTS
from .options import SystemOptions
from .prompted import changed, prompt_differences
from .served_model import ServerSystem
from .server import OPENAI, Meter, ServerOptions
from .system import Facts, NamedModel


class ServedPrompt(ServerSystem):
    """A served model and the prompt that it is asked with. Which weights are behind the server's name for them is not known here.

    Args:
        spec: The prompt.
        options: Options of the system.
        server: Address and limits of the server.
        chooser: Chooses the examples of each prompt; None for none.
        meter: Stands before each request; None for nothing.
        adapter: Adapter or merged model whose prompt it is; None if the prompt was named alone.
        results: Folder for its results; None for the folder of all servers.
    """

    def __init__(
        self, spec: PromptSpec, options: SystemOptions, server: ServerOptions, chooser: ExampleChooser | None = None,
        meter: Meter | None = None, adapter: NamedModel | None = None, results: Path | None = None,
    ) -> None:  # fmt: skip
        super().__init__(options, server, chooser, meter)
        self._spec = spec.without_template()
        self._adapter = adapter
        self._results = results or Path(OUTPUTS) / OPENAI

    @property
    def name(self) -> str:
        """Name of the served model, or of the server if it is not asked yet."""
        return masked(self._server_options.model or self._server_options.shown_url)

    @property
    def results_folder(self) -> Path:
        """Folder of the adapter in `outputs/`; without one, the folder for all servers."""
        return self._results

    @property
    def run_name(self) -> str:
        """The decoding, and that a server decodes."""
        return f"{self.decoding}-{OPENAI}"

    @property
    def facts(self) -> Facts:
        """The adapter whose prompt it is; nothing else is known of the model behind its name."""
        return Facts(adapter=self._adapter)

    @property
    def prompt(self) -> PromptSpec:
        """Prompt without a template."""
        return self._spec

    @property
    def sent_prompt(self) -> PromptSpec:
        """Prompt without a template: the server has its own."""
        return self._spec

    def stamp(self, sentences: Sequence[Sentence] = ()) -> dict[str, Any]:
        """Return everything that determines the answers, apart from the sentences, for JSON."""
        adapter = self._adapter
        named = {"adapter": {"name": adapter.name, "revision": adapter.revision}} if adapter else {}
        return {"engine": OPENAI, "recipe": None, "model": None, **named, **self.request_stamp(sentences)}

    def differences(self, stamp: Mapping[str, Any], sentences: Sequence[Sentence]) -> list[str]:
        """Return the names of what differs between the stamp of an earlier run and this model; the server is not asked."""
        differing = self.request_differences(stamp) + prompt_differences(stamp, self._spec, None)
        return differing + changed({"shots": self._shots_stamp(sentences)}, stamp)
