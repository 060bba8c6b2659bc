"""llms-meet-ner: fine-tune large language models to find named entities, and score them so that the number can be traced."""

from .alignment import Alignment, WrittenEntity
from .errors import LmnError
from .formats import get_format
from .labels import Label, LabelSet
from .prompting.spec import PromptSpec
from .sentence import Sentence, Span, Where
from .tagging.tagger import load

__version__ = "0.2.0"

__all__ = [
    "Alignment",
    "Label",
    "LabelSet",
    "LmnError",
    "PromptSpec",
    "Sentence",
    "Span",
    "Where",
    "WrittenEntity",
    "get_format",
    "load",
]
