"""A model behind a server: the requests to it, and the stamp of its answers."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from ..characters import without_surrogates
from ..decoding.batches import Batch
from ..decoding.bounds import served_bound
from ..decoding.requests import CONSTRAINED
from ..decoding.server_grammar.dialects import AUTO_GRAMMAR, request_of
from ..decoding.server_grammar.sentence import TOP_LOGPROBS, SentenceGrammar
from ..formats import get_inline_format
from ..masking import masked
from ..prompting.spec import PROMPT_SPEC_FILE, Example, PromptSpec
from ..reading import PUBLISHED
from ..records import Answer
from ..sentence import Sentence
from ..training.recipe import Recipe, known_prompt
from .examples import ExampleChooser, RecipeExamples, Shots
from .options import SystemOptions
from .pieces import PIECE_TOKENS, WHOLE_TOKENS, Cut, join_answers
from .pieces import cut as cut_sentence
from .prompted import PromptedSystem, changed, continuation_remarks, prompt_differences
from .server import OPENAI, REQUEST, CutError, Meter, Server, ServerOptions, TooLongError
from .system import Facts, Job

GRAMMAR_KEY = "grammar"
"""Key of a stamp for the grammars of constrained decoding: their dialect, and in a nested format their depth."""


class ServerSystem(PromptedSystem):
    """A system whose model is behind a server. Examples are sent as earlier turns of a chat.

    Args:
        options: Options of the system.
        server: Address and limits of the server.
        chooser: Chooses the examples of each prompt; None for none.
        meter: Stands before each request for an answer; None for nothing.
    """

    def __init__(
        self, options: SystemOptions, server: ServerOptions, chooser: ExampleChooser | None, meter: Meter | None = None
    ) -> None:
        super().__init__(options, chooser)
        self._server_options = server
        self._meter = meter

    @property
    @abstractmethod
    def sent_prompt(self) -> PromptSpec:
        """Prompt without a template: the server has its own."""

    @property
    def served_name(self) -> str:
        """Name of the served model; the server is asked for it if the options have none.

        Raises:
            LmnError: The server does not answer, or serves several models.
        """
        return self._server.model

    @property
    def address(self) -> str:
        """Address of the server, without what may be secret in it."""
        return self._server_options.shown_url

    def remarks(self) -> tuple[str, ...]:
        """Return lines that people should read before a run starts."""
        return ()

    @property
    def gives_confidences(self) -> bool:
        """Whether a server is asked for what confidences are made of; whether it gives that turns out with its answers."""
        return self.decoding == CONSTRAINED and self._server_options.grammar != "llamacpp"

    def request_stamp(self, sentences: Sequence[Sentence]) -> dict[str, Any]:
        """Return the part of a stamp that describes the requests."""
        return {
            "served_model": masked(self._server.model),  # as the files of a run hold it
            "adapter_sha256": None,
            "prompt": self.sent_prompt.to_dict(),
            "decoding": self.decoding,
            "max_new_tokens": self.options.max_new_tokens,
            "request": self._request,
            "shots": self._shots_stamp(sentences),
            **self._reading_stamp(),
            **self._grammar_stamp,
        }

    def request_differences(self, stamp: Mapping[str, Any]) -> list[str]:
        """Return the names of what differs between the requests of an earlier run and these; the server is not asked."""
        asked = self._server_options.model
        differing = changed({"served_model": masked(asked)}, stamp) if asked else []
        differing += self._option_differences(stamp)
        if self.decoding == CONSTRAINED and self._grammar_differs(stamp.get(GRAMMAR_KEY)):
            differing.append(GRAMMAR_KEY)
        return differing

    def answer(self, sentences: Sequence[Sentence]) -> list[Answer]:
        """Return an answer for each sentence, in their order."""
        return self.prepare(sentences).answers()

    def prepare(self, sentences: Sequence[Sentence]) -> Job:
        """Return a job that asks the server about these sentences, the longest first.

        Long sentences are read in pieces; what the server then still refuses as too long is halved until it takes it.
        """
        server, spec = self._server, self.sent_prompt
        cut, pieces, examples = self._asked(sentences)
        lengths = [len(spec.source(piece.tokens)) for piece in pieces]
        order = sorted(range(len(pieces)), key=lambda item: (-lengths[item], item))
        batches = [Batch((item,), (self._bound(pieces[item]),)) for item in order]

        def answer(batch: Batch) -> list[Answer]:
            (item,) = batch.items
            return [self._complete(pieces[item], examples[item], batch.max_new_tokens[0])]

        url, workers = server.options.shown_url, server.options.concurrency
        description = f"{server.model} at {url}, {workers} requests at a time"
        remarks = (*self.remarks(), *filter(None, [cut.remark]))
        if self.decoding == CONSTRAINED:
            description += f", grammars for {server.dialect}"
        return Job(batches, answer, workers, description, remarks, notes={"base_url": url}, cut=cut)

    def bodies(self, sentences: Sequence[Sentence]) -> Iterator[tuple[Sentence, dict[str, Any]]]:
        """Yield the pieces of sentences, and the body of the first request for each; no text is sent.

        Raises:
            LmnError: The server does not answer, or there are not enough examples.
        """
        _, pieces, examples = self._asked(sentences)
        for piece, shown in zip(pieces, examples, strict=True):
            turns = self.sent_prompt.conversation(self.sent_prompt.source(piece.tokens), shown)
            yield piece, self._server.body(*turns, self._bound(piece), self._request | self._grammar_field(piece))

    def _asked(self, sentences: Sequence[Sentence]) -> tuple[Cut, list[Sentence], list[tuple[Example, ...]]]:
        """Return the pieces of sentences, and the examples of each piece."""
        cut = Cut(tuple(sentences), tuple(self._pieces(sentence) for sentence in sentences), self.sent_prompt.join)
        shown = zip(cut.pieces, self._examples(sentences), strict=True)
        examples = [of_sentence for parts, of_sentence in shown for _ in parts]
        return cut, [piece for parts in cut.pieces for piece in parts], examples

    def _pieces(self, sentence: Sentence) -> tuple[Sentence, ...]:
        """Return a sentence, or its pieces if it is long, or cannot fit the window that the server names: a word is at least a token."""
        count = len(sentence.tokens)
        if count <= PIECE_TOKENS:
            return (sentence,)
        window = self._server.window
        spec = self.sent_prompt
        least = 2 * len(spec.source(sentence.tokens).split()) + len(spec.instruction.split())
        fits = count <= WHOLE_TOKENS and (window is None or least <= window)
        return (sentence,) if fits else tuple(cut_sentence(sentence))

    def _complete(self, piece: Sentence, shown: tuple[Example, ...], bound: int) -> Answer:
        """Return the answer to a piece; if the server refuses it as too long, with a smaller bound, then in two pieces.

        Raises:
            LmnError: The server fails, does not heed the grammar, or has no room for a single token, or for a sentence with its examples.
        """
        spec = self.sent_prompt
        turns = spec.conversation(spec.source(piece.tokens), shown)
        ask = self._constrained if self.decoding == CONSTRAINED else self._free
        bounds = self._bounds(piece, bound)
        for most in bounds:
            try:
                return ask(piece, *turns, most)
            except TooLongError as error:
                is_last = most == bounds[-1] or isinstance(
                    error, CutError
                )  # with a smaller bound it would be cut again
                if is_last and (len(piece.tokens) == 1 or shown):
                    raise
                if is_last:
                    break
        halves = list(cut_sentence(piece))
        return join_answers(halves, [self._complete(half, shown, self._bound(half)) for half in halves], spec.join)

    def _free(self, piece: Sentence, system: str, turns: Sequence[str], most: int) -> Answer:
        text, replaced = self._server.complete(
            system, turns, most, self._request, lambda text: self.ending(text, piece.tokens), piece.id
        )
        return Answer(text, replaced=replaced)

    def _constrained(self, piece: Sentence, system: str, turns: Sequence[str], most: int) -> Answer:
        """Return the answer to a piece under its grammar, checked here: a server that does not know the field ignores it."""
        from ..decoding.server_grammar.logprobs import judged

        server, grammar = self._server, self._grammar(piece)
        found = server.ask(system, turns, most, self._request | self._grammar_field(piece), piece.id)
        output = grammar.read(found.text)
        if (
            output is None and found.is_cut and grammar.begins(found.text.rstrip("\ufffd"))
        ):  # the cut may split a character
            raise CutError("has no room for the whole answer", server.options.shown_url, "serve a model with more room")
        if output is None:
            raise server.unfaithful(piece.id, found.text)
        text, replaced = without_surrogates(masked(output.own))
        sure = (
            judged(grammar, output, found.logprobs) if text == output.own else (None, None)
        )  # masked text may read otherwise
        return Answer(text, *sure, replaced=replaced)

    def _grammar_field(self, piece: Sentence) -> dict[str, Any]:
        """Return the key of a request for the grammar of a piece; nothing in free decoding."""
        if self.decoding != CONSTRAINED:
            return {}
        return {"extra_body": request_of(self._server.dialect, self._grammar(piece).text)}

    def _grammar(self, piece: Sentence) -> SentenceGrammar:
        spec = self.sent_prompt
        fmt = get_inline_format(spec.format, nested=spec.nested, join=spec.join)
        return SentenceGrammar(piece.tokens, fmt, spec.labels, self._server_options.depth)

    def _bound(self, piece: Sentence) -> int:
        if self.decoding == CONSTRAINED:
            return self._grammar(piece).bound
        return self.options.max_new_tokens or served_bound(self.sent_prompt, piece.tokens)

    def _bounds(self, piece: Sentence, bound: int) -> list[int]:
        """Return the bounds to try: servers refuse a request whose bound does not fit the window, however short the answer.

        A grammar bounds an output by its densest markup, so there is more to try; an answer that a bound cuts is noticed.
        """
        if self.options.max_new_tokens:
            return [bound]
        bounds = [bound, bound // 2]
        least = len(self.sent_prompt.source(piece.tokens).encode())
        while self.decoding == CONSTRAINED and bounds[-1] > least:
            bounds.append(bounds[-1] // 2)
        return bounds

    @property
    def _request(self) -> dict[str, Any]:
        """Keys of a request, besides a grammar.

        A server that is asked to stop at the first newline would hide what follows thinking or an introduction. llama.cpp's
        log-probabilities are those before the mask, so it is not asked for them.
        """
        if self.decoding == CONSTRAINED:
            return REQUEST | (
                {} if self._server.dialect == "llamacpp" else {"logprobs": True, "top_logprobs": TOP_LOGPROBS}
            )
        return REQUEST | ({"stop": ["\n"]} if self.options.reading == PUBLISHED else {})

    def _grammar_differs(self, noted: Any) -> bool:
        """Return whether an earlier run had other grammars, as far as is known without the server."""
        options = self._server_options
        known: dict[str, Any] = {} if options.grammar == AUTO_GRAMMAR else {"dialect": options.grammar}
        known |= {"depth": options.depth} if self.prompt.nested else {}
        return bool(changed(known, noted if isinstance(noted, dict) else {}))

    @property
    def _grammar_stamp(self) -> dict[str, Any]:
        """Key of a stamp for the grammars of constrained decoding; other stamps have none."""
        if self.decoding != CONSTRAINED:
            return {}
        depth = {"depth": self._server_options.depth} if self.prompt.nested else {}
        return {GRAMMAR_KEY: {"dialect": self._server.dialect, **depth}}

    @cached_property
    def _server(self) -> Server:
        return Server(self._server_options, self._meter)


class ServedModel(ServerSystem):
    """A recipe's model that a server runs: the trained one, or the base model without training.

    Which weights are behind the server's name for them is not known here.

    Args:
        recipe: Recipe that the model was trained with, or that names the base model and the data.
        options: Options of the system.
        server: Address and limits of the server.
        shots: Examples for the base model; None for the trained one.
        meter: Stands before each request for an answer; None for nothing.
    """

    def __init__(
        self,
        recipe: Recipe,
        options: SystemOptions,
        server: ServerOptions,
        shots: Shots | None,
        meter: Meter | None = None,
    ) -> None:
        self._recipe = recipe
        self._shots = shots
        super().__init__(options, server, RecipeExamples(recipe, self.prompt, shots) if shots else None, meter)

    @property
    def name(self) -> str:
        """Name of the served model, or of the recipe if the server is not asked yet."""
        return self._server_options.model or self._recipe.name

    @property
    def results_folder(self) -> Path:
        """Output folder of the recipe."""
        return self._recipe.output_dir

    @property
    def run_name(self) -> str:
        """The decoding, that a server decodes, and the examples."""
        return f"{self.decoding}-{OPENAI}" + (f"-{self._shots.mark}" if self._shots else "")

    @property
    def facts(self) -> Facts:
        """The recipe, its model and seed."""
        return Facts(self._recipe.model, self._recipe.path, self._recipe.seed)

    @cached_property
    def prompt(self) -> PromptSpec:
        """Prompt saved next to the recipe's adapter; without such a file, or without training, the prompt of the data."""
        kept = self._recipe.output_dir / PROMPT_SPEC_FILE
        return PromptSpec.load(kept) if kept.is_file() and not self._shots else self._recipe.train_entry().spec

    def stamp(self, sentences: Sequence[Sentence] = ()) -> dict[str, Any]:
        """Return everything that determines the answers, apart from the sentences, for JSON."""
        origin = {"engine": OPENAI, "recipe": self._recipe.file.name, "model": self._recipe.model}
        return origin | self.request_stamp(sentences)

    def differences(self, stamp: Mapping[str, Any], sentences: Sequence[Sentence]) -> list[str]:
        """Return the names of what differs between the stamp of an earlier run and this model; the server is not asked."""
        differing = changed({"model": self._recipe.model, "adapter_sha256": None}, stamp) + self.request_differences(
            stamp
        )
        if self._shots:
            differing += prompt_differences(stamp, self.prompt, None)
            differing += changed({"shots": self._shots_stamp(sentences)}, stamp)
        return differing

    def remarks(self) -> tuple[str, ...]:
        """Return a remark if the training continued an adapter with another prompt."""
        return () if self._shots else continuation_remarks(self._recipe)

    @cached_property
    def sent_prompt(self) -> PromptSpec:
        """Prompt without a template: the server has its own."""
        return known_prompt(self._recipe, None if self._shots else self._recipe.output_dir).without_template()
