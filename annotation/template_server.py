"""A model behind a server that is asked by an annotation template: no recipe, no training data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..prompting.spec import PromptSpec
from ..sentence import Sentence
from ..systems.examples import ExampleChooser
from ..systems.options import SystemOptions
from ..systems.served_prompt import ServedPrompt
from ..systems.server import Meter, ServerOptions


class TemplateServer(ServedPrompt):
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
        super().__init__(spec, options, server, chooser, meter)
        self._template = template

    @property
    def run_name(self) -> str:
        """The decoding, and the template."""
        return f"{super().run_name}-{Path(self._template).stem}"

    def stamp(self, sentences: Sequence[Sentence] = ()) -> dict[str, Any]:
        """Return everything that determines the answers, apart from the sentences, for JSON."""
        return super().stamp(sentences) | {"template": self._template}
