"""A model behind a server: the requests to it, and the stamp of its answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from ..decoding.batches import Batch
from ..decoding.bounds import served_bound
from ..masking import masked
from ..prompting.spec import PROMPT_SPEC_FILE, Example, PromptSpec
from ..reading import PUBLISHED
from ..records import Answer
from ..sentence import Sentence
from ..training.recipe import Recipe, known_prompt
from .examples import ExampleChooser, Shots
from .options import SystemOptions
from .pieces import PIECE_TOKENS, WHOLE_TOKENS, Cut, join_answers
from .pieces import cut as cut_sentence
from .prompted import PromptedSystem, changed, continuation_remarks, prompt_differences
from .server import OPENAI, REQUEST, Server, ServerOptions, TooLongError
from .system import Facts, Job


class ServedModel(PromptedSystem):
    """A recipe's model that a server runs: the trained one, or the base model without training.

    Which weights are behind the server's name for them is not known here. Examples are sent as earlier turns of a chat.

    Args:
        recipe: Recipe that the model was trained with, or that names the base model and the data.
        options: Options of the system.
        server: Address and limits of the server.
        shots: Examples for the base model; None for the trained one.
    """

    def __init__(self, recipe: Recipe, options: SystemOptions, server: ServerOptions, shots: Shots | None) -> None:
        self._recipe = recipe
        self._server_options = server
        self._shots = shots
        super().__init__(options, ExampleChooser(recipe, self.prompt, shots) if shots else None)

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
        server = self._server
        return {
            "engine": OPENAI,
            "recipe": self._recipe.path.name,
            "model": self._recipe.model,
            "served_model": masked(server.model),  # as the files of a run hold it
            "adapter_sha256": None,
            "prompt": self._sent_prompt.to_dict(),
            "decoding": self.decoding,
            "max_new_tokens": self.options.max_new_tokens,
            "request": self._request,
            "shots": self._shots_stamp(sentences),
            **self._reading_stamp(),
        }

    def differences(self, stamp: Mapping[str, Any], sentences: Sequence[Sentence]) -> list[str]:
        """Return the names of what differs between the stamp of an earlier run and this model; the server is not asked."""
        now = {"model": self._recipe.model, "adapter_sha256": None}
        if self._server_options.model:
            now["served_model"] = masked(self._server_options.model)
        differing = changed(now, stamp)
        if self._shots:
            differing += prompt_differences(stamp, self.prompt, None)
            differing += changed({"shots": self._shots_stamp(sentences)}, stamp)
        return differing

    def answer(self, sentences: Sequence[Sentence]) -> list[Answer]:
        """Return an answer for each sentence, in their order."""
        return self.prepare(sentences).answers()

    def prepare(self, sentences: Sequence[Sentence]) -> Job:
        """Return a job that asks the server about these sentences, the longest first.

        Long sentences are read in pieces; what the server then still refuses as too long is halved until it takes it.
        """
        server, spec, limit = self._server, self._sent_prompt, self.options.max_new_tokens
        cut = Cut(tuple(sentences), tuple(self._pieces(sentence) for sentence in sentences), spec.join)
        pieces = [piece for parts in cut.pieces for piece in parts]
        shown = zip(cut.pieces, self._examples(sentences), strict=True)
        examples = [of_sentence for parts, of_sentence in shown for _ in parts]
        lengths = [len(spec.source(piece.tokens)) for piece in pieces]
        order = sorted(range(len(pieces)), key=lambda item: (-lengths[item], item))
        batches = [Batch((item,), (limit or served_bound(spec, pieces[item].tokens),)) for item in order]

        def answer(batch: Batch) -> list[Answer]:
            (item,) = batch.items
            return [self._complete(pieces[item], examples[item], batch.max_new_tokens[0])]

        url, workers = server.options.shown_url, server.options.concurrency
        description = f"{server.model} at {url}, {workers} requests at a time"
        remarks = (*(() if self._shots else continuation_remarks(self._recipe)), *filter(None, [cut.remark]))
        return Job(batches, answer, workers, description, remarks, notes={"base_url": url}, cut=cut)

    def _pieces(self, sentence: Sentence) -> tuple[Sentence, ...]:
        """Return a sentence, or its pieces if it is long, or cannot fit the window that the server names: a word is at least a token."""
        count = len(sentence.tokens)
        if count <= PIECE_TOKENS:
            return (sentence,)
        window = self._server.window
        spec = self._sent_prompt
        least = 2 * len(spec.source(sentence.tokens).split()) + len(spec.instruction.split())
        fits = count <= WHOLE_TOKENS and (window is None or least <= window)
        return (sentence,) if fits else tuple(cut_sentence(sentence))

    def _complete(self, piece: Sentence, shown: tuple[Example, ...], bound: int) -> Answer:
        """Return the answer to a piece; if the server refuses it as too long, with a smaller bound, then in two pieces.

        Raises:
            LmnError: The server fails, or has no room for a single token, or for a sentence with its examples.
        """
        spec, limit = self._sent_prompt, self.options.max_new_tokens
        system, turns = spec.conversation(spec.source(piece.tokens), shown)
        bounds = (bound,) if limit else (bound, bound // 2)
        for most in bounds:
            try:
                text, replaced = self._server.complete(
                    system, turns, most, self._request, lambda text: self.ending(text, piece.tokens)
                )
                return Answer(text, replaced=replaced)
            except TooLongError:
                if most == bounds[-1] and (len(piece.tokens) == 1 or shown):
                    raise
        halves = list(cut_sentence(piece))
        answers = [self._complete(half, shown, limit or served_bound(spec, half.tokens)) for half in halves]
        return join_answers(halves, answers, spec.join)

    @property
    def _request(self) -> dict[str, Any]:
        """Keys of a request. A server that is asked to stop at the first newline would hide what follows thinking or an introduction."""
        return REQUEST | ({"stop": ["\n"]} if self.options.reading == PUBLISHED else {})

    @cached_property
    def _server(self) -> Server:
        return Server(self._server_options)

    @cached_property
    def _sent_prompt(self) -> PromptSpec:
        """Prompt without a template: the server has its own."""
        return known_prompt(self._recipe, None if self._shots else self._recipe.output_dir).without_template()
