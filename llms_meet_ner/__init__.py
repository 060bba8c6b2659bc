"""llms-meet-ner: fine-tune large language models to find named entities, and score them so that the number can be traced."""

from pathlib import Path as _Path

# In a checkout the folders data_converters/ and eval/ lie beside this one and are sub-packages of it (setup.cfg maps them).
# A Python started at the checkout's root finds this folder first, so it is told where they are.
if (_Path(__file__).parent.parent / "setup.cfg").is_file():
    __path__.append(str(_Path(__file__).parent.parent))

from .alignment import Alignment, Mention
from .errors import LmnError
from .formats import get_format
from .labels import Label, LabelSet
from .prompting.spec import PromptSpec
from .sentence import Sentence, Span, Where
from .tagging.tagger import load

__version__ = "0.1.0"

__all__ = [
    "Alignment",
    "Label",
    "LabelSet",
    "LmnError",
    "Mention",
    "PromptSpec",
    "Sentence",
    "Span",
    "Where",
    "get_format",
    "load",
]
