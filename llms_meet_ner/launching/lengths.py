"""Lengths of training examples in tokens, and how many of them a recipe's `cutoff_len` cuts: LLaMA-Factory cuts them without a word.

They are counted as LLaMA-Factory counts them, with its template, its rule and the model's tokenizer. Where LLaMA-Factory or
the tokenizer cannot be had, they are estimated.
"""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import takewhile
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from ..decoding.pretrained import Weights, load_tokenizer, panics_as_errors
from ..errors import LmnError
from ..hub_client import hub_folder
from ..prompting.spec import PromptSpec
from ..sentence import Sentence
from ..standard_input import kept_from_libraries
from ..training.recipe import Recipe
from ..training.sharing.rows import UNLABELLED, Example
from .processes import is_on

DEFAULT_CUTOFF = 2048
"""LLaMA-Factory's `cutoff_len` where a recipe names none."""
ESTIMATE = "one token for 3 characters, or for one of a script without spaces, and 16 for the chat template"
"""How a length is estimated, for people."""
_CHARACTERS, _TEMPLATE = 3, 16
_UNSPACED = 0x2E80
"""First code point of the scripts in which a token rarely has more than one character: Chinese, Japanese, Korean."""
_PIECE = re.compile(rf"[{chr(_UNSPACED)}-\U0010ffff]|[^{chr(_UNSPACED)}-\U0010ffff]{{1,{_CHARACTERS}}}")
"""Piece of a text that stands for a token where the tokenizer is not at hand."""
_MOST_NAMED = 5
"""Number of cut examples of a split that are named."""
_SAMPLED = 256
"""Number of examples of a split that are kept, drawn at random, to see what the examples of a step share."""
_TOKENIZER_FILES = (
    "config.json", "tokenizer*", "special_tokens_map.json", "added_tokens.json", "vocab*", "merges.txt", "*.model", "*.tiktoken",
    "chat_template*",
)  # fmt: skip
_OTHER_TOKENIZER = {
    "add_tokens": None,
    "add_special_tokens": None,
    "split_special_tokens": False,
    "use_fast_tokenizer": True,
}
"""Keys of LLaMA-Factory that change the tokenizer, with the values that change nothing."""
_OTHER_HUBS = {"USE_MODELSCOPE_HUB": "ModelScope", "USE_OPENMIND_HUB": "OpenMind"}


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
    def of(cls, recipe: Recipe, spec: PromptSpec | None = None, *, fetch: bool = False) -> Cutoff:
        """Return the cutoff of a recipe for examples with a prompt, or for examples that bring their messages.

        Args:
            recipe: The recipe.
            spec: Prompt of the examples; None if each brings its messages.
            fetch: Whether to fetch the model's tokenizer if it is not on this machine.

        Raises:
            LmnError: Its `cutoff_len` is not a number of tokens, or LLaMA-Factory does not have its template.
        """
        cutoff = cls._uncounted(recipe, spec)
        try:
            template = _template_of(recipe)
            tokenizer = _tokenizer_of(recipe, fetch=fetch)
        except _NotAtHandError as error:
            return replace(cutoff, estimated=str(error))
        with kept_from_libraries(), panics_as_errors(recipe.model):
            template.fix_special_tokens(tokenizer)
        return cutoff._counted(tokenizer, template)

    @classmethod
    def loaded(cls, recipe: Recipe, tokenizer: Any, template: Any) -> Cutoff:
        """Return the cutoff of a recipe for examples that bring their messages, counted with what LLaMA-Factory has loaded for it.

        Raises:
            LmnError: Its `cutoff_len` is not a number of tokens.
        """
        return cls._uncounted(recipe)._counted(tokenizer, template)

    @classmethod
    def _uncounted(cls, recipe: Recipe, spec: PromptSpec | None = None) -> Cutoff:
        length = recipe.values.get("cutoff_len", DEFAULT_CUTOFF)
        if type(length) is not int or length < 1:
            raise LmnError(
                f"cutoff_len is {length!r}, and not a number of tokens", recipe.path, "write cutoff_len: 2048"
            )
        packed = int(bool(recipe.values.get("packing") or recipe.values.get("neat_packing")))
        return cls(recipe, length, packed, spec)

    def _counted(self, tokenizer: Any, template: Any) -> Cutoff:
        from llamafactory.data.processor.processor_utils import infer_seqlen

        beside = self.beside + int(bool(template.efficient_eos))
        return replace(self, beside=beside, encode=partial(_encoded, template, tokenizer), rule=infer_seqlen)


class _NotAtHandError(Exception):
    """Something that is needed to count tokens cannot be had; the message says what."""


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
        shared: Tokens with which all examples begin; None before the first example.
        sample: Some of the examples, drawn at random, as they are trained on.
    """

    cutoff: Cutoff
    examples: int = 0
    cut: int = 0
    shortened: int = 0
    longest: int = 0
    place: str = ""
    first: list[CutExample] = field(default_factory=list)
    tokens: int = 0
    shared: Sequence[int] | None = None
    sample: list[Example] = field(default_factory=list)
    _random: Random = field(default_factory=lambda: Random(0))

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
        prompt, response = self._encoded(messages)
        self._share([*prompt, *response])
        length = kept = Length(len(prompt), len(response))
        self.examples += 1
        total = length.total + self.cutoff.beside
        self.tokens += min(total, self.cutoff.length)
        if total > self.longest:
            self.longest, self.place = total, place
        if total > self.cutoff.length:
            kept = self._cut(place, length)
        self._draw(prompt[: kept.prompt], response[: kept.response])

    def _cut(self, place: str, length: Length) -> Length:
        """Count an example that is cut; return what is kept of it."""
        self.cut += 1
        room = self.cutoff.length - self.cutoff.beside
        kept: Length | None = None
        if self.cutoff.rule:
            kept = Length(*self.cutoff.rule(length.prompt, length.response, room))
            self.shortened += kept.response < length.response
        if len(self.first) < _MOST_NAMED:
            self.first.append(CutExample(place, length, kept))
        return kept or Length(min(length.prompt, room), max(0, room - length.prompt))

    def _encoded(self, messages: Messages) -> tuple[Sequence[int], Sequence[int]]:
        """Return the tokens of an example, or numbers that stand for its pieces where lengths are estimated."""
        if self.cutoff.encode is not None:
            return self.cutoff.encode(messages)
        texts = (messages.system + messages.user, messages.output)
        prompt, response = ([hash(piece) for piece in _PIECE.findall(text)] for text in texts)
        return [0] * _TEMPLATE + prompt, response

    def _draw(self, prompt: Sequence[int], response: Sequence[int]) -> None:
        """Keep an example in the sample, each of those so far with the same probability."""
        place = len(self.sample)
        if place == _SAMPLED and (place := self._random.randrange(self.examples)) >= _SAMPLED:
            return
        tokens = (*prompt, *response)
        if tokens:
            self.sample[place : place + 1] = [Example(tokens, (UNLABELLED,) * len(prompt) + tuple(response))]

    def _share(self, row: Sequence[int]) -> None:
        """Keep of what all examples share that with which this one begins, too."""
        if self.shared is None:
            self.shared = row
        elif row[: len(self.shared)] != self.shared:
            alike = takewhile(lambda pair: pair[0] == pair[1], zip(self.shared, row))
            self.shared = self.shared[: len(list(alike))]

    @property
    def shared_tokens(self) -> int:
        """Number of tokens with which all examples begin."""
        return len(self.shared or ())

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


def _template_of(recipe: Recipe) -> Any:
    """Return LLaMA-Factory's template of a recipe."""
    name, values = recipe.template, recipe.values
    try:
        with kept_from_libraries():
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
    return template


def _tokenizer_of(recipe: Recipe, *, fetch: bool) -> Any:
    """Return the tokenizer of a recipe's model; fetch its files if they are not on this machine and that is wanted."""
    values, model = recipe.values, recipe.model
    changed = next(
        (key for key, plain in _OTHER_TOKENIZER.items() if values.get(key, plain) not in (plain, None)), None
    )
    if changed:
        raise _NotAtHandError(f"{changed} changes the tokenizer of {model}")
    folder = Path(model) if Path(model).is_dir() else _hub_tokenizer(recipe, fetch=fetch)
    try:
        return load_tokenizer(Weights(str(folder)))
    except LmnError as error:
        raise _NotAtHandError(f"the tokenizer of {model} cannot be loaded ({error.what})") from error


def _hub_tokenizer(recipe: Recipe, *, fetch: bool) -> Path:
    """Return the folder with the files of the tokenizer of a model of the Hub."""
    values, model = recipe.values, recipe.model
    if hub := next((hub for name, hub in _OTHER_HUBS.items() if is_on(os.environ, name)), None):
        raise _NotAtHandError(f"LLaMA-Factory fetches {model} from {hub}")
    given = {key: str(values[key]) for key in ("model_revision", "hf_hub_token", "cache_dir") if values.get(key)}
    try:
        return hub_folder(
            model, _TOKENIZER_FILES, model, revision=given.get("model_revision"), token=given.get("hf_hub_token"),
            cache_dir=given.get("cache_dir"), local_files_only=not fetch,
        )  # fmt: skip
    except LmnError as error:
        why = f"cannot be fetched ({error.what})" if fetch else "is not on this machine"
        raise _NotAtHandError(f"the tokenizer of {model} {why}") from error


def _encoded(template: Any, tokenizer: Any, messages: Messages) -> tuple[Sequence[int], Sequence[int]]:
    """Return the tokens of an example as LLaMA-Factory encodes it."""
    turns = [{"role": "user", "content": messages.user}, {"role": "assistant", "content": messages.output}]
    with panics_as_errors("the tokenizer"):
        (turn,) = template.encode_multiturn(tokenizer, turns, messages.system or None, None)
    return turn[0], turn[1]
