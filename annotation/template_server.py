"""A model behind a server that is asked by an annotation template: no recipe, no training data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..masking import masked
from ..prompting.spec import PromptSpec
from ..sentence import Sentence
from ..systems.examples import ExampleChooser
from ..systems.finding import OUTPUTS
from ..systems.options import SystemOptions
from ..systems.prompted import changed, prompt_differences
from ..systems.served_model import ServerSystem
from ..systems.server import OPENAI, Meter, ServerOptions
from ..systems.system import Facts


class TemplateServer(ServerSystem):
    """A served model with the prompt of an annotation template.

    Args:
        template: Name of the template.
        spec: Its prompt.
        options: Options of the system.
        server: Address and limits of the server.
        chooser: Chooses the examples of each prompt; None for none.
        meter: Stands before each request; None for nothing.
    """

    def __init__(
        self, template: str, spec: PromptSpec, options: SystemOptions, server: ServerOptions,
        chooser: ExampleChooser | None = None, meter: Meter | None = None,
    ) -> None:  # fmt: skip
        super().__init__(options, server, chooser, meter)
        self._template = template
        self._spec = spec

    @property
    def name(self) -> str:
        """Name of the served model, or of the server if it is not asked yet."""
        return masked(self._server_options.model or self._server_options.shown_url)

    @property
    def results_folder(self) -> Path:
        """Folder in `outputs/` for all servers."""
        return Path(OUTPUTS) / OPENAI

    @property
    def run_name(self) -> str:
        """The decoding, and the template."""
        return f"{self.decoding}-{OPENAI}-{Path(self._template).stem}"

    @property
    def facts(self) -> Facts:
        """Nothing is known of the model behind its name."""
        return Facts()

    @property
    def prompt(self) -> PromptSpec:
        """Prompt of the template."""
        return self._spec

    @property
    def sent_prompt(self) -> PromptSpec:
        """Prompt of the template."""
        return self._spec

    def stamp(self, sentences: Sequence[Sentence] = ()) -> dict[str, Any]:
        """Return everything that determines the answers, apart from the sentences, for JSON."""
        origin = {"engine": OPENAI, "recipe": None, "model": None, "template": self._template}
        return origin | self.request_stamp(sentences)

    def differences(self, stamp: Mapping[str, Any], sentences: Sequence[Sentence]) -> list[str]:
        """Return the names of what differs between the stamp of an earlier run and this model; the server is not asked."""
        differing = self.request_differences(stamp) + prompt_differences(stamp, self._spec, None)
        return differing + changed({"shots": self._shots_stamp(sentences)}, stamp)
