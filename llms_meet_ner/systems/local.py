"""Common parts of the systems whose model runs in this process."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from ..decoding.batches import Batch, plan_batches
from ..decoding.bounds import token_bound
from ..decoding.guesser import EntityGuesser
from ..decoding.model import LoadedModel, load_model
from ..decoding.pretrained import Dtype, FourBit, Weights, panics_as_errors
from ..decoding.requests import CONSTRAINED, FREE, Decoding, Generator, Request
from ..errors import LmnError
from ..files import sha256_of
from ..prompting.spec import Example, PromptSpec
from ..prompting.templates import encode_prompt
from ..reading import Ending, first_newline
from ..records import Answer
from ..sentence import Sentence
from ..standard_input import kept_from_libraries
from ..training.dataset_info import read_answers
from ..training.recipe import ADAPTER_FILE, Recipe
from .pieces import PIECE_TOKENS, WHOLE_TOKENS, Cut
from .pieces import cut as cut_sentence
from .prompted import PromptedSystem
from .system import DTYPE_KEY, QUANTISE_KEY, RESOLVED_DTYPE_KEY, Facts, Job

PRECISION_KEYS = ("bf16", "fp16", "quantization_bit", "quantization_type", "double_quantization")
"""Keys of a recipe that say in which precision its model computes."""

_log = logging.getLogger(__name__)


class _Asked(NamedTuple):
    """A sentence, ready for the model.

    Attributes:
        sentence: The sentence itself.
        prompt: Token ids of its prompt.
        length: Number of tokens of the bare sentence.
        bound: Number of generated tokens after which a free output is cut off.
        examples: Examples in the prompt.
    """

    sentence: Sentence
    prompt: list[int]
    length: int
    bound: int
    examples: tuple[Example, ...]


class LocalSystem(PromptedSystem):
    """A model that runs in this process. It is loaded when it is first needed."""

    @property
    @abstractmethod
    def name(self) -> str:
        """Name for people."""

    @property
    @abstractmethod
    def results_folder(self) -> Path:
        """Folder that keeps the results."""

    @property
    @abstractmethod
    def facts(self) -> Facts:
        """Origin of the answers."""

    @abstractmethod
    def full_prompt(self) -> PromptSpec:
        """Return the prompt with its template.

        Raises:
            LmnError: The data was converted with another prompt than the model was trained with, or the template is not known.
        """

    def remarks(self) -> tuple[str, ...]:
        """Return lines that people should read before a run starts."""
        return ()

    @abstractmethod
    def weights(self) -> Weights:
        """Return the weights to load.

        Raises:
            LmnError: The weights are missing.
        """

    @abstractmethod
    def identity(self) -> dict[str, Any]:
        """Return the part of a stamp that describes the weights.

        Raises:
            LmnError: The weights are missing.
        """

    @abstractmethod
    def precision(self) -> Mapping[str, Any]:
        """Return the values of `PRECISION_KEYS`; None for those that are not set."""

    @abstractmethod
    def guesser(self) -> EntityGuesser | None:
        """Return a guesser of entities, which speeds up constrained decoding; None to learn from the answers as they come."""

    def stamp(self, sentences: Sequence[Sentence] = ()) -> dict[str, Any]:
        """Return everything that determines the answers, apart from the sentences, for JSON."""
        identity, options = self.identity(), self.options
        return {
            **identity,
            "prompt": self._full_prompt.to_dict(),
            "decoding": options.decoding,
            "batch_size": options.batch_size,
            "max_new_tokens": options.max_new_tokens,
            DTYPE_KEY: options.dtype,
            "precision": dict(self.precision()),
            "shots": self._shots_stamp(sentences),
            **self._reading_stamp(),
            **({QUANTISE_KEY: options.quantise} if options.quantise else {}),
        }

    @property
    def decoded(self) -> str:
        """The decoding, and the quantisation that is asked for: the beginning of the names of runs."""
        return self.decoding + (f"-{self.options.quantise}" if self.options.quantise else "")

    def load(self) -> LoadedModel:
        """Load the model now, and return it.

        Raises:
            LmnError: A package or a file is missing, or the model cannot be loaded.
        """
        _ = self._generator
        return self._loaded

    def prepare(self, sentences: Sequence[Sentence]) -> Job:
        """Return a job that answers these sentences batch by batch.

        Raises:
            LmnError: The model cannot be loaded, or has no room for a sentence with its examples, or for one of its tokens.
        """
        cut, asked = self._asked(sentences, WHOLE_TOKENS)
        for one in asked:
            if self._is_too_long(one):
                raise self._no_room(one)
        guesser = self.guesser() or EntityGuesser.of(self.prompt.labels.names)
        generator = make_generator(self._loaded, self._full_prompt, self.decoding, guesser, self.ending)
        generator.prepare([one.prompt for one in asked])
        loaded = self._loaded
        job = self._job(asked, generator)
        what = str(self.weights()) + (", untrained" if self.options.shots else "")
        return Job(
            job.batches, job.answer, description=f"{what} on {loaded.device_name}, {loaded.dtype}",
            remarks=(*self.remarks(), *filter(None, [cut.remark, loaded.remark])),
            machine={"device": loaded.device_name, RESOLVED_DTYPE_KEY: loaded.dtype}, notes=_layout(loaded), cut=cut,
        )  # fmt: skip

    def answer(self, sentences: Sequence[Sentence]) -> list[Answer]:
        """Return an answer for each sentence. Warnings name those that are read in pieces, and tokens that are too long for the model.

        Raises:
            LmnError: The model cannot be loaded, or memory is too small.
        """
        cut, asked = self._asked(sentences, PIECE_TOKENS)
        for sentence, pieces in zip(sentences, cut.pieces, strict=True):
            if len(pieces) > 1:
                _log.warning(
                    "%r... has %d tokens and is read in %d pieces; an entity across a cut may be lost",
                    " ".join(sentence.tokens[:6])[:60], len(sentence.tokens), len(pieces),
                )  # fmt: skip
        fitting = [item for item, one in enumerate(asked) if not self._is_too_long(one)]
        found = dict(zip(fitting, self._job([asked[item] for item in fitting], self._generator).answers(), strict=True))
        for item, one in enumerate(asked):
            if item not in found:
                _log.warning("%r... is too long for the model and stays without entities", one.sentence.text[:40])
                found[item] = self.nothing(one.sentence)
        return cut.joined(found)

    @cached_property
    def _full_prompt(self) -> PromptSpec:
        return self.full_prompt()

    @cached_property
    def _loaded(self) -> LoadedModel:
        options = self.options
        weights = replace(self.weights(), trust_remote_code=options.trust_remote_code, quantise=options.quantise)
        return load_model(weights, self._full_prompt, self.options.dtype)

    @cached_property
    def _generator(self) -> Generator:
        return make_generator(self._loaded, self._full_prompt, self.decoding, self.guesser(), self.ending)

    def _asked(self, sentences: Sequence[Sentence], longest: int) -> tuple[Cut, list[_Asked]]:
        """Cut sentences of more than a number of tokens, and those for which the model has no room; return their pieces, too."""
        parts = [
            self._parts(sentence, shown, longest)
            for sentence, shown in zip(sentences, self._examples(sentences), strict=True)
        ]
        cut = Cut(tuple(sentences), tuple(tuple(one.sentence for one in pieces) for pieces in parts), self.prompt.join)
        return cut, [one for pieces in parts for one in pieces]

    def _parts(self, sentence: Sentence, shown: tuple[Example, ...], longest: int) -> list[_Asked]:
        """Return a sentence or its pieces. A last piece of one token, or with examples before it, may still be too long."""
        count = len(sentence.tokens)
        if count <= longest:
            one = self._one(sentence, shown)
            if count == 1 or not self._is_too_long(one) or (shown and count <= PIECE_TOKENS):
                return [one]
        return [one for piece in cut_sentence(sentence) for one in self._parts(piece, shown, PIECE_TOKENS)]

    def _one(self, sentence: Sentence, shown: tuple[Example, ...]) -> _Asked:
        tokenizer, spec, limit = self._loaded.tokenizer, self._full_prompt, self.options.max_new_tokens
        with panics_as_errors(self.name):
            source = spec.source(sentence.tokens)
            prompt = encode_prompt(tokenizer, spec, source, shown)
            length = len(tokenizer.encode(source, add_special_tokens=False))
            bound = limit or token_bound(tokenizer, spec, sentence.tokens)
        return _Asked(sentence, prompt, length, bound, shown)

    def _is_too_long(self, one: _Asked) -> bool:
        window = self._loaded.window
        return window is not None and len(one.prompt) + one.length > window

    def _no_room(self, one: _Asked) -> LmnError:
        if not one.examples:
            return LmnError(
                f"{one.sentence.text[:40]!r} has {one.length:,} tokens for the model, its prompt {len(one.prompt):,}, and the "
                f"model has room for {self._loaded.window:,} in all",
                one.sentence.id, "take a model with more room, or a shorter instruction (lmn-convert --variant short)",
            )  # fmt: skip
        ids = ", ".join(example.id for example in one.examples)
        return LmnError(
            f"with {ids} before it the prompt has {len(one.prompt):,} tokens and its answer at least {one.length:,}, but the "
            f"model has room for {self._loaded.window:,}",
            one.sentence.id, "take fewer examples with --shots, or others with --examples or --shots-seed",
        )  # fmt: skip

    def _job(self, asked: Sequence[_Asked], generator: Generator) -> Job:
        batches = plan_batches(
            [len(one.prompt) for one in asked], [one.bound for one in asked], self.options.batch_size
        )

        def answer(batch: Batch) -> list[Answer]:
            rows = [asked[item] for item in batch.items]
            with kept_from_libraries():
                return generator.generate([Request(row.prompt, row.sentence.tokens, row.bound) for row in rows])

        return Job(batches, answer)


def _layout(loaded: LoadedModel) -> dict[str, str]:
    """Return a run's note of how the linear layers lie in memory, on a CPU, where that is chosen by their speed."""
    if loaded.device != "cpu":
        return {}
    from ..decoding.linear_layers import layout_of

    return {"linear_layers": layout_of(loaded.model)}


def make_generator(
    loaded: LoadedModel, spec: PromptSpec, decoding: Decoding, guesser: EntityGuesser | None = None,
    ends: Ending = first_newline,
) -> Generator:  # fmt: skip
    """Return the generator of a decoding for a loaded model.

    Args:
        loaded: Model and tokenizer.
        spec: Prompt that the model answers to.
        decoding: `constrained` or `free`.
        guesser: Guesses entities first, in constrained decoding.
        ends: Says at which newline an output ends, in free decoding.

    Raises:
        LmnError: Constrained decoding cannot work with a model or a tokenizer of this kind.
    """
    if decoding == FREE:
        from ..decoding.greedy import GreedyGenerator

        return GreedyGenerator(loaded, ends)
    from ..decoding.constrained import ConstrainedGenerator

    return ConstrainedGenerator(loaded, spec, guesser=guesser)


def recipe_weights(recipe: Recipe, adapter: Path | None) -> Weights:
    """Return a recipe's base model, as it was loaded for training, and an adapter on it or None.

    The adapter's file is not read.
    """
    values = recipe.values
    trained: Dtype = recipe.half_precision or "float32"
    four_bit = None
    if values.get("quantization_bit") == 4:
        four_bit = FourBit(values.get("quantization_type", "nf4"), values.get("double_quantization", True))
    return Weights(recipe.model, adapter, None, trained, four_bit)


def recipe_identity(recipe: Recipe, adapter: Path | None) -> dict[str, Any]:
    """Return the part of a stamp that describes a recipe's base model, and the adapter on it if there is one."""
    digest = sha256_of(adapter / ADAPTER_FILE) if adapter else None
    return {"recipe": recipe.file.name, "model": recipe.model, "adapter_sha256": digest}


def recipe_precision(recipe: Recipe) -> dict[str, Any]:
    """Return the precision that a recipe trains in."""
    return {key: recipe.values.get(key) for key in PRECISION_KEYS}


def training_guesser(recipe: Recipe, spec: PromptSpec, decoding: Decoding = CONSTRAINED) -> EntityGuesser:
    """Return a guesser that has learned the training data, if it is there. It changes no output. Free decoding needs none."""
    guesser = EntityGuesser.of(spec.labels.names)
    fmt = spec.output_format()
    if decoding == CONSTRAINED:
        with suppress(LmnError):
            for sentence, output in read_answers(recipe.dataset_dir, recipe.train_entry()):
                guesser.learn(sentence.tokens, fmt.parse(output, sentence.tokens, spec.labels).spans)
    return guesser
