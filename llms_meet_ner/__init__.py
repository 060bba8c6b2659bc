"""llms-meet-ner: fine-tune large language models to find named entities, and score them so that the number can be traced."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .alignment import Alignment, WrittenEntity
    from .errors import LmnError
    from .formats import get_format
    from .integrations.frames import to_frame
    from .labels import Label, LabelSet
    from .prompting.spec import PromptSpec
    from .sentence import Sentence, Span, Where
    from .systems.server import ServerOptions
    from .systems.system import System
    from .tagging.loading import load
    from .tagging.tagger import Entity, TaggedSentence, TaggedText, Tagger

__version__ = "0.2.0"

__all__ = [
    "Alignment",
    "Entity",
    "Label",
    "LabelSet",
    "LmnError",
    "PromptSpec",
    "Sentence",
    "ServerOptions",
    "Span",
    "System",
    "TaggedSentence",
    "TaggedText",
    "Tagger",
    "Where",
    "WrittenEntity",
    "get_format",
    "load",
    "to_frame",
]

_MODULES = {
    "alignment": ("Alignment", "WrittenEntity"),
    "errors": ("LmnError",),
    "formats": ("get_format",),
    "integrations.frames": ("to_frame",),
    "labels": ("Label", "LabelSet"),
    "prompting.spec": ("PromptSpec",),
    "sentence": ("Sentence", "Span", "Where"),
    "systems.server": ("ServerOptions",),
    "systems.system": ("System",),
    "tagging.loading": ("load",),
    "tagging.tagger": ("Entity", "TaggedSentence", "TaggedText", "Tagger"),
}
"""Names of the public API by their modules, which are imported when a name is first used: no command needs all of them to start."""


def __getattr__(name: str) -> Any:
    """Return a name of the public API from its module."""
    module = next((module for module, names in _MODULES.items() if name in names), None)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f".{module}", __name__), name)
    return value


def __dir__() -> list[str]:
    """Return the names that the module has, with those that are not imported yet."""
    return sorted({*globals(), *__all__})
