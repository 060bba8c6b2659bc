"""Stand-ins for a tokenizer and a model: tokens are characters, and entities are runs of capitalised words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from llms_meet_ner import LabelSet, PromptSpec, Sentence, Span
from llms_meet_ner.decoding.requests import Request
from llms_meet_ner.prompting.spec import TemplatePieces
from llms_meet_ner.records import Answer, Uncertainty
from llms_meet_ner.sentence import SPACE, Join
from llms_meet_ner.systems.finding import ModelFiles
from llms_meet_ner.systems.found_model import FoundModel
from llms_meet_ner.systems.options import SystemOptions
from llms_meet_ner.tagging.splitting import splitter_for
from llms_meet_ner.tagging.tagger import Tagger

SPEC = PromptSpec(
    "bracketed",
    "short",
    "Mark",
    LabelSet.of("PER", "LOC"),
    template=TemplatePieces("plain", (), ("{{content}}",), ("{{content}}",)),
)


class Characters:
    """A tokenizer whose token ids are code points."""

    def encode(self, text: str, add_special_tokens: bool = True) -> list[int]:
        return [ord(character) for character in text]


class Capitals:
    """A generator that marks every run of capitalised words: one word as LOC, more as PER.

    The confidence of the n-th entity of a sentence, counted from 0, is 1 / (n + 2).

    Attributes:
        batches: Sentences of each batch that it was asked for.
    """

    def __init__(self, spec: PromptSpec = SPEC) -> None:
        self.spec = spec
        self.batches: list[list[tuple[str, ...]]] = []

    def generate(self, requests: Sequence[Request]) -> list[Answer]:
        self.batches.append([request.tokens for request in requests])
        outputs = []
        for request in requests:
            assert "".join(map(chr, request.prompt)) == f"Mark\n{self.spec.source(request.tokens)}"
            spans = spans_of(request.tokens)
            text = self.spec.output_format().render(Sentence("x", request.tokens, spans))
            outputs.append(Answer(text, tuple(1 / (n + 2) for n in range(len(spans))), Uncertainty(0.0, 0.0, 0.0, 0)))
        return outputs


def spans_of(tokens: Sequence[str]) -> tuple[Span, ...]:
    """Return the entities that `Capitals` marks."""
    spans = []
    for capital, run in groupby(range(len(tokens)), lambda at: tokens[at][0].isupper()):
        places = list(run)
        if capital:
            spans.append(Span(places[0], places[-1] + 1, "PER" if len(places) > 1 else "LOC"))
    return tuple(spans)


class Loaded(NamedTuple):
    """What is loaded of a stand-in."""

    tokenizer: Characters
    window: int | None
    device: str = "here"
    device_name: str = "here"
    dtype: str = "none"
    remark: str | None = None
    model: Any = None


class CapitalsSystem(FoundModel):
    """The stand-ins as a system.

    Attributes:
        generator: The stand-in of the model.
    """

    def __init__(self, batch_size: int = 16, window: int | None = None, join: Join = SPACE) -> None:
        spec = replace(SPEC, join=join)
        found = ModelFiles("capitals", spec, "nothing", None, "0" * 40, Path("outputs/capitals"))
        super().__init__(found, SystemOptions(batch_size=batch_size))
        self.generator = Capitals(spec)
        self.__dict__ |= {"_loaded": Loaded(Characters(), window), "_generator": self.generator}

    def identity(self) -> dict[str, Any]:
        return {"model": "capitals"}

    def precision(self) -> dict[str, Any]:
        return {}


def tagger(language: str | None = "en", splitter: Any = None, **options: Any) -> Tagger:
    """Return a tagger made of the stand-ins."""
    chosen = splitter or splitter_for(language, options.get("join", SPACE))
    return Tagger(CapitalsSystem(**options), chosen)


def stand_in_load(model: str, *, language: str | None = "en", batch_size: int = 16, **options: Any) -> Tagger:
    """Return a tagger made of the stand-ins, in place of `llms_meet_ner.load`."""
    return tagger(language, batch_size=batch_size)
