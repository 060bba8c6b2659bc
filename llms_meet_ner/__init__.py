"""llms-meet-ner: fine-tune large language models to find named entities, and score them so that the number can be traced."""

from .alignment import Alignment, WrittenEntity
from .errors import LmnError
from .formats import get_format
from .labels import Label, LabelSet
from .prompting.spec import PromptSpec
from .sentence import Sentence, Span, Where
from .systems.system import System
from .tagging.tagger import Entity, TaggedSentence, TaggedText, Tagger, load

__version__ = "0.2.0"

__all__ = [
    "Alignment",
    "Entity",
    "Label",
    "LabelSet",
    "LmnError",
    "PromptSpec",
    "Sentence",
    "Span",
    "System",
    "TaggedSentence",
    "TaggedText",
    "Tagger",
    "Where",
    "WrittenEntity",
    "get_format",
    "load",
]
