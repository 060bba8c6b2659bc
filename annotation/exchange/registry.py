"""The annotation tools by name, and the keys of their readers that the command line takes."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

from ...data_converters import readers
from ...data_converters.cards import ENCODING_REMEDY, encoding_fault
from ...data_converters.readers import READERS
from ...data_converters.yaml_lines import load_schema
from ...errors import LmnError, listed
from .argilla import Argilla
from .doccano import Doccano
from .label_studio import LabelStudio
from .prodigy import Prodigy
from .tools import Tool

TOOLS: dict[str, Tool] = {tool.name: tool for tool in (LabelStudio(), Doccano(), Argilla(), Prodigy())}
_OWN = {"annotator", "approved", "sentences", "language", "tokens", "where"}
"""Keys that the import sets itself."""


def reader_keys(tool: Tool, given: tuple[str, ...]) -> dict[str, Any]:
    """Return keys of a tool's reader from `KEY=VALUE`, as a card's `reader` would have them.

    Raises:
        LmnError: There is no such key, or it does not have such a value.
    """
    schema = load_schema(Path(readers.__file__).with_name(f"{tool.name}.schema.yaml"))["properties"]
    known = sorted({option.name for option in fields(READERS[tool.name])} - _OWN)  # type: ignore[arg-type]
    keys: dict[str, Any] = {}
    for one in given:
        key, _, value = one.partition("=")
        values = schema.get(key, {}).get("enum")
        if key not in known or not value:
            raise LmnError(
                "not KEY=VALUE with a key of the tool's reader",
                f"--reader {one}",
                f"write KEY=VALUE, where KEY is one of {', '.join(known)}",
            )
        if values and value not in values:
            raise LmnError(
                f"{key} is one of {listed(list(map(str, values)))}", f"--reader {one}", f"write {key}={values[0]}"
            )
        if key == "encoding" and (fault := encoding_fault(value)):
            raise LmnError(fault, f"--reader {one}", ENCODING_REMEDY)
        keys[key] = value
    return keys
