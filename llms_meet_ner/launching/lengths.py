"""Lengths of training examples in tokens, and how many of them a recipe's `cutoff_len` cuts: LLaMA-Factory cuts them without a word.

They are counted as LLaMA-Factory counts them, with its template, its rule and the model's tokenizer. Where LLaMA-Factory or the
tokenizer is not at hand, they are estimated.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

from ..decoding.pretrained import Weights, load_tokenizer, panics_as_errors
from ..errors import LmnError
from ..prompting.spec import PromptSpec
from ..sentence import Sentence
from ..standard_input import kept_from_libraries
from ..training.recipe import Recipe

DEFAULT_CUTOFF = 2048
"""LLaMA-Factory's `cutoff_len` where a recipe names none."""
ESTIMATE = "one token for 3 characters, or for one of a script without spaces, and 16 for the chat template"
"""How a length is estimated, for people."""
_CHARACTERS, _TEMPLATE = 3, 16
_UNSPACED = 0x2E80
"""First code point of the scripts in which a token rarely has more than one character: Chinese, Japanese, Korean."""
_MOST_NAMED = 5
"""Number of cut examples of a split that are named."""
_TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model", "vocab.json")


class Length(NamedTuple):
    """Length of a training example in tokens: of all up to where the model answers, and of the answer with its end."""

    prompt: int
    response: int

    @property
    def total(self) -> int:
        """Length of both."""
        return self.prompt + self.response


class Messages(NamedTuple):
    """Texts of a training example, before the chat template.

    Attributes:
        system: System message; may be empty.
        user: User message.
        output: Output that a model is trained to write.
    """

    system: str
    user: str
    output: str


Encode = Callable[[Messages], tuple[Sequence[int], Sequence[int]]]
"""Returns the tokens of an example: all up to where the model answers, and the answer with its end."""
CutRule = Callable[[int, int, int], tuple[int, int]]
"""Returns how much of a prompt and of a response is kept, given the length of both and the room."""


@dataclass(frozen=True, slots=True)
class Cutoff:
    """The cutoff of a recipe, and how long examples are for it.

    Attributes:
        recipe: The recipe.
        length: Its `cutoff_len`.
        beside: Number of tokens that LLaMA-Factory takes off it before it looks at an example.
        spec: Prompt of the examples; None if each brings its messages.
        encode: Returns the tokens of an example; None if lengths are estimated.
        rule: LLaMA-Factory's rule of what it keeps; None if lengths are estimated.
        estimated: Why lengths are estimated; empty if they are counted.
    """

    recipe: Recipe
    length: int
    beside: int
    spec: PromptSpec | None = None
    encode: Encode | None = None
    rule: CutRule | None = None
    estimated: str = ""

    @classmethod
    def of(cls, recipe: Recipe, spec: PromptSpec | None = None) -> Cutoff:
        """Return the cutoff of a recipe for examples with a prompt, or for examples that bring their messages.

        Raises:
            LmnError: Its `cutoff_len` is not a number of tokens, or LLaMA-Factory does not have its template.
        """
        length = recipe.values.get("cutoff_len", DEFAULT_CUTOFF)
        if type(length) is not int or length < 1:
            raise LmnError(
                f"cutoff_len is {length!r}, and not a number of tokens", recipe.path, "write cutoff_len: 2048"
            )
        packed = int(bool(recipe.values.get("packing") or recipe.values.get("neat_packing")))
        try:
            tokenizer = _tokenizer_of(recipe.model)
            template, rule = _template_of(recipe)
        except _NotAtHandError as error:
            return cls(recipe, length, packed, spec, estimated=str(error))
        with kept_from_libraries(), panics_as_errors(recipe.model):
            template.fix_special_tokens(tokenizer)
        ends = int(bool(template.efficient_eos))
        return cls(recipe, length, packed + ends, spec, partial(_encoded, template, tokenizer), rule)


class _NotAtHandError(Exception):
    """Something that is needed to count tokens is not on this machine; the message says what."""


class CutExample(NamedTuple):
    """An example that is cut.

    Attributes:
        place: Id of its sentence, with file and line if they are known.
        length: Its length.
        kept: What is kept of it; None if lengths are estimated.
    """

    place: str
    length: Length
    kept: Length | None


@dataclass(slots=True)
class SplitLengths:
    """Lengths of the examples of a split, counted one after the other.

    Attributes:
        cutoff: Cutoff that they are compared with.
        examples: Number of examples.
        cut: Number of examples that are longer than the cutoff allows.
        shortened: Number of them whose response is cut, and not only their prompt; 0 if lengths are estimated.
        longest: Length of the longest example in tokens, with what LLaMA-Factory adds: the smallest cutoff that cuts none.
        place: Place of the longest example.
        first: The first examples that are cut.
        tokens: Number of tokens of all examples, of each at most the cutoff.
        shared: Tokens with which all examples begin, or characters if lengths are estimated; None before the first example.
    """

    cutoff: Cutoff
    examples: int = 0
    cut: int = 0
    shortened: int = 0
    longest: int = 0
    place: str = ""
    first: list[CutExample] = field(default_factory=list)
    tokens: int = 0
    shared: Sequence[int] | str | None = None

    def add(self, sentence: Sentence, output: str) -> None:
        """Count the example of a sentence with an output, in the prompt of the cutoff."""
        assert self.cutoff.spec is not None
        messages = self.cutoff.spec.messages(self.cutoff.spec.source(sentence.tokens))
        self.add_example(_place_of(sentence), Messages(*messages, output))

    def add_example(self, place: str, messages: Messages) -> None:
        """Count an example.

        Args:
            place: Name of the example, for people.
            messages: Its texts.
        """
        length = self._length_of(messages)
        self.examples += 1
        total = length.total + self.cutoff.beside
        self.tokens += min(total, self.cutoff.length)
        if total > self.longest:
            self.longest, self.place = total, place
        if total <= self.cutoff.length:
            return
        self.cut += 1
        kept = None
        if self.cutoff.rule:
            kept = Length(*self.cutoff.rule(length.prompt, length.response, self.cutoff.length - self.cutoff.beside))
            self.shortened += kept.response < length.response
        if len(self.first) < _MOST_NAMED:
            self.first.append(CutExample(place, length, kept))

    def _length_of(self, messages: Messages) -> Length:
        """Return the length of an example, after comparing its beginning with that of the others."""
        if self.cutoff.encode is None:
            self._share(messages.system + messages.user)
            return Length(_TEMPLATE + _estimate(messages.system) + _estimate(messages.user), _estimate(messages.output))
        prompt, response = self.cutoff.encode(messages)
        self._share([*prompt, *response])
        return Length(len(prompt), len(response))

    def _share(self, row: Sequence[int] | str) -> None:
        """Keep of what all examples share that with which this one begins, too."""
        if self.shared is None:
            self.shared = row
        elif row[: len(self.shared)] != self.shared:
            alike = takewhile(lambda pair: pair[0] == pair[1], zip(self.shared, row))
            self.shared = self.shared[: len(list(alike))]

    @property
    def shared_tokens(self) -> int:
        """Number of tokens with which all examples begin."""
        return _estimate(self.shared) if isinstance(self.shared, str) else len(self.shared or ())

    def lines(self, split: str) -> list[str]:
        """Return what people should know of the split, as lines."""
        about = "about " if self.cutoff.estimated else ""
        cutoff = f"cutoff_len {self.cutoff.length:,}"
        longest = f"the longest has {about}{self.longest:,} tokens: {self.place}"
        if not self.cut:
            return [
                f"{split}: {cutoff} cuts {'probably ' if about else ''}none of {self.examples:,} examples; {longest}"
            ]
        ends = f", and takes the end of the output from {self.shortened:,} of them" if self.shortened else ""
        lines = [
            f"{split}: {cutoff} cuts {about}{self.cut:,} of {self.examples:,} examples{ends}; {longest}; cutoff_len={self.longest} "
            f"{'probably ' if about else ''}cuts none"
        ]
        for place, length, kept in self.first:
            what = f"{place}: {about}{length.total + self.cutoff.beside:,} tokens"
            if kept:
                what += f", of which {kept.prompt:,} of {length.prompt:,} of the prompt and {kept.response:,} of {length.response:,} "
                what += "of the output are kept"
            lines.append(f"    {what}")
        if self.cut > len(self.first):
            lines.append(f"    and {about}{self.cut - len(self.first):,} more")
        return lines


def _place_of(sentence: Sentence) -> str:
    return f"{sentence.id} ({sentence.where})" if sentence.where else sentence.id


def _template_of(recipe: Recipe) -> tuple[Any, CutRule]:
    """Return LLaMA-Factory's template of a recipe, and its rule of what is cut."""
    name, values = recipe.template, recipe.values
    try:
        with kept_from_libraries():
            from llamafactory.data.processor.processor_utils import infer_seqlen
            from llamafactory.data.template import TEMPLATES
    except ImportError as error:
        raise _NotAtHandError("LLaMA-Factory is not installed") from error
    if name not in TEMPLATES:
        raise LmnError(
            f"LLaMA-Factory has no template {name!r}", recipe.path, "name one that it has, as template in the recipe"
        )
    template = copy.copy(TEMPLATES[name])
    if values.get("default_system") is not None:
        template.default_system = values["default_system"]
    for key, default in (("enable_thinking", True), ("preserve_thinking", False)):
        if hasattr(template, key):
            setattr(template, key, values.get(key, default))
    return template, infer_seqlen


def _tokenizer_of(model: str) -> Any:
    """Return the tokenizer of a model that is on this machine: nothing is downloaded."""
    folder = Path(model)
    if not folder.is_dir():
        try:
            from huggingface_hub import try_to_load_from_cache
            from huggingface_hub.errors import HFValidationError
        except ImportError as error:
            raise _NotAtHandError("transformers is not installed") from error
        try:
            found = [try_to_load_from_cache(model, name) for name in _TOKENIZER_FILES]
        except HFValidationError:
            found = []
        cached = next((path for path in found if isinstance(path, str)), None)
        if cached is None:
            raise _NotAtHandError(f"the tokenizer of {model} is not on this machine")
        folder = Path(cached).parent
    try:
        return load_tokenizer(Weights(str(folder)))
    except LmnError as error:
        raise _NotAtHandError(f"the tokenizer of {model} cannot be loaded ({error.what})") from error


def _encoded(template: Any, tokenizer: Any, messages: Messages) -> tuple[Sequence[int], Sequence[int]]:
    """Return the tokens of an example as LLaMA-Factory encodes it."""
    turns = [{"role": "user", "content": messages.user}, {"role": "assistant", "content": messages.output}]
    with panics_as_errors("the tokenizer"):
        (turn,) = template.encode_multiturn(tokenizer, turns, messages.system or None, None)
    return turn[0], turn[1]


def _estimate(text: str) -> int:
    if text.isascii():
        return -(-len(text) // _CHARACTERS)
    unspaced = sum(character >= chr(_UNSPACED) for character in text)
    return unspaced - (unspaced - len(text)) // _CHARACTERS
