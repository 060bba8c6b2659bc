"""Common parts of the systems that read a prompt and write a text."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from ..alignment import Alignment
from ..decoding.model import AUTO
from ..decoding.requests import CONSTRAINED, FREE, Decoding
from ..errors import LmnError
from ..formats import OutputFormat
from ..prompting.spec import Example, PromptSpec
from ..reading import LENIENT, Ending, ending_of, read_output
from ..records import RUN_FILE, Answer, Uncertainty, read_pieces
from ..sentence import Sentence
from ..training.recipe import Recipe, continued_differences
from .examples import Chosen, ExampleChooser
from .options import SystemOptions
from .system import DTYPE_KEY, QUANTISE_KEY, RESOLVED_DTYPE_KEY, System, stamp_sha256

READING_KEY = "reading"
"""Key of a stamp for outputs that were decoded beyond their first newline."""


class PromptedSystem(ABC):
    """A system that reads a prompt and writes a text.

    Args:
        options: Options of the system.
        chooser: Chooses the examples of each prompt; None for a trained model, which needs none.
    """

    def __init__(self, options: SystemOptions, chooser: ExampleChooser | None = None) -> None:
        self._asked_options = options
        self._chooser = chooser

    @property
    @abstractmethod
    def prompt(self) -> PromptSpec:
        """Prompt that a text answers, perhaps without a template."""

    @cached_property
    def options(self) -> SystemOptions:
        """Options of the system, with the decoding that the prompt's format allows."""
        return self._asked_options.for_format(self.prompt.format, nested=self.prompt.nested)

    @property
    def decoding(self) -> Decoding:
        """Decoding of the texts."""
        decoding = self.options.decoding
        assert decoding is not None  # for_format sets it
        return decoding

    @property
    def gives_confidences(self) -> bool:
        """Whether texts are decoded under constraints, which gives each entity a confidence."""
        return self.decoding == CONSTRAINED

    @abstractmethod
    def stamp(self, sentences: Sequence[Sentence] = ()) -> dict[str, Any]:
        """Return everything that determines the answers, apart from the sentences, for JSON."""

    @property
    def sha256(self) -> str:
        """Hash of the stamp without sentences."""
        return stamp_sha256(self.stamp())

    @cached_property
    def _format(self) -> OutputFormat:
        return self.prompt.output_format()

    def read(self, answer: Answer, sentence: Sentence) -> Alignment:
        """Return the spans that a text puts on its sentence, in the reading of the options."""
        if answer.pieces:
            return read_pieces(answer.pieces, sentence.tokens, self._parse)
        return self._parse(answer.text or "", sentence.tokens)

    def _parse(self, text: str, tokens: tuple[str, ...]) -> Alignment:
        return read_output(self._format, text, tokens, self.prompt.labels, self.options.reading)

    @cached_property
    def ending(self) -> Ending:
        """Says where a free output ends, in the reading of the options."""
        return ending_of(self._format, self.prompt.labels, self.options.reading)

    def _option_differences(self, stamp: Mapping[str, Any]) -> list[str]:
        """Return the names of options that are asked for and with which an earlier run was not made.

        What is left open is not compared: neither is the data type of a run of which only `auto` is known.
        """
        asked = self._asked_options
        differing = [] if asked.max_new_tokens in (None, stamp.get("max_new_tokens")) else ["max_new_tokens"]
        differing += [] if asked.quantise == stamp.get(QUANTISE_KEY) else [QUANTISE_KEY]
        made_in = stamp.get(RESOLVED_DTYPE_KEY) or stamp.get(DTYPE_KEY)
        return differing + ([] if AUTO in (asked.dtype, made_in) or asked.dtype == made_in else [DTYPE_KEY])

    def _reading_stamp(self) -> dict[str, str]:
        """Return a stamp's key for outputs that go on beyond their first newline, as free ones do in the lenient reading.

        Others have no such key, like all stamps of earlier versions, so that a run of theirs continues.
        """
        return {READING_KEY: LENIENT} if (self.decoding, self.options.reading) == (FREE, LENIENT) else {}

    def nothing(self, sentence: Sentence) -> Answer:
        """Return the unmarked sentence; constrained decoding reports it with an uncertainty of 0."""
        text = self._format.render(Sentence(sentence.id, sentence.tokens), self.prompt.labels)
        return Answer(text) if self.decoding == FREE else Answer(text, (), Uncertainty(0.0, 0.0, 0.0, 0))

    def _chosen(self, sentences: Sequence[Sentence]) -> Chosen | None:
        return self._chooser.choose(sentences) if self._chooser else None

    def _shots_stamp(self, sentences: Sequence[Sentence]) -> dict[str, Any] | None:
        """Return a run's record of its examples; None for a trained model."""
        chosen = self._chosen(sentences)
        return chosen.stamp() if chosen else None

    def _examples(self, sentences: Sequence[Sentence]) -> Sequence[tuple[Example, ...]]:
        chosen = self._chosen(sentences)
        return chosen.by_sentence if chosen else [()] * len(sentences)


def prompt_of(system: System) -> PromptSpec | None:
    """Return the prompt that a system reads, perhaps without a template; None if it reads none."""
    return system.prompt if isinstance(system, PromptedSystem) else None


def decoding_of(system: System) -> Decoding | None:
    """Return the decoding of a system's texts; None if its answers are spans."""
    return system.decoding if isinstance(system, PromptedSystem) else None


def changed(now: Mapping[str, Any], stamp: Mapping[str, Any]) -> list[str]:
    """Return the keys whose values have changed since the stamp of a run."""
    return [key for key, value in now.items() if stamp.get(key) != value]


def prompt_differences(stamp: Mapping[str, Any], spec: PromptSpec, template: str | None) -> list[str]:
    """Return the differences between a run's prompt and another one; a template of None is not compared."""
    try:
        found = PromptSpec.from_dict(stamp["prompt"], RUN_FILE)
    except (LmnError, KeyError):
        return ["prompt"]
    other_template = template and (found.template is None or found.template.name != template)
    return found.differences(spec) + (["template"] if other_template else [])


def continuation_remarks(recipe: Recipe) -> tuple[str, ...]:
    """Return the remark that a recipe's training continued an adapter with another prompt; an empty tuple if it did not."""
    differing = continued_differences(recipe)
    if not differing:
        return ()
    return (
        f"{recipe.continued}: training continued this adapter with another {', '.join(differing)}; the new prompt is taken",
    )
