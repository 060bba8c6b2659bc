"""Constrained greedy decoding: the sentence with markup and nothing else, in few forward passes.

At each step the likeliest token is taken among those that keep the output a beginning of one that the sentence can have. So that
this does not cost a pass a token, the whole rest of the output is proposed and checked at once; the tokens that the model itself
would have taken are kept, and the first that it would not is replaced. What the model would have taken at the positions after
that, in the state of the output that each of them stands for, goes into the next proposal: later entities are opened, closed
and labelled before their turn has come. A proposal changes how many passes there are, never what is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..formats import get_inline_format
from ..prompting.spec import PromptSpec
from ..records import Generated
from .confidence import Choice, confidences, uncertainty
from .constraint import END, AllowedTokens, Constraint
from .continuation import continuation
from .guesser import EntityGuesser, GuessedPlan
from .memory import memory_errors
from .model import LoadedModel
from .packed import PackedModel, Segment
from .requests import Request
from .vocabulary import Vocabulary

Proposals = Literal["none", "copy", "marked"]


@dataclass(slots=True)
class Work:
    """What decoding has cost.

    Attributes:
        sentences: decoded.
        passes: over the model, a sentence counted in each that it took part in.
        steps: output tokens, the stop token aside: the passes that step-by-step decoding takes.
        computed: tokens that went through the model, prompts included.
    """

    sentences: int = 0
    passes: int = 0
    steps: int = 0
    computed: int = 0


@dataclass(slots=True)
class _Row:
    """A sentence that is being decoded.

    Attributes:
        number: of its request.
        constraint: on its output.
        plan: for its proposals.
        waiting: tokens that are decided and not yet in the cache.
        cached: positions of the prompt and the output that are in the cache.
        ids: the output so far.
        state: after it.
        choices: one for each token of it.
        hints: by state, the token that the model took there last, in whatever context.
        proposal: tokens to check next, to the end of the output, and the state before each; empty to decode step by step.
        passes: that it took part in.
    """

    number: int
    constraint: Constraint
    plan: GuessedPlan | None
    waiting: list[int]
    cached: int
    ids: list[int] = field(default_factory=list)
    state: int = Constraint.start
    choices: list[Choice] = field(default_factory=list)
    hints: dict[int, int] = field(default_factory=dict)
    proposal: list[tuple[int, int]] = field(default_factory=list)
    passes: int = 0

    @property
    def is_done(self) -> bool:
        return self.constraint.is_done(self.state)

    @property
    def states(self) -> list[int]:
        """The states before each token of the proposal; without one, the state before the next token."""
        return [state for _, state in self.proposal] or [self.state]


class ConstrainedGenerator:
    """Generates outputs that align exactly with their sentences, each entity with its probability.

    Attributes:
        work: what it has cost so far.
        last_passes: of each sentence of the last batch.
        last_ids: output tokens of each, without a stop token.
    """

    def __init__(
        self,
        loaded: LoadedModel,
        spec: PromptSpec,
        *,
        guesser: EntityGuesser | None = None,
        proposals: Proposals = "marked",
    ) -> None:
        """Prepare a model.

        Args:
            loaded: model and tokenizer.
            spec: format, labels, and whether entities may nest.
            guesser: makes the first proposals; None for one that learns from the sentences as they come (probabilities may
                then differ in their last digits with the order of the sentences).
            proposals: `none` decodes step by step, `copy` proposes the unmarked rest of the sentence, `marked` all that is known.

        Raises:
            LmnError: the tokenizer or the model is of a kind that this decoding cannot work with.
        """
        self._tokenizer = loaded.tokenizer
        self._format = get_inline_format(spec.format, nested=spec.nested)
        self._spec = spec
        self._markup = self._format.markup(spec.labels)
        self._vocabulary = Vocabulary(loaded.tokenizer, loaded.stop_ids)
        for text in (" ", *self._markup.openers.values(), *self._markup.closers.values()):
            self._vocabulary.require(text, "the format's mark")
        self._model = PackedModel(loaded)
        self._guesser = guesser or EntityGuesser.of(spec.labels.names)
        self._learns = guesser is None
        self._proposals = proposals
        self.work = Work()
        self.last_passes: list[int] = []
        self.last_ids: list[list[int]] = []

    def prepare(self, prompts: Sequence[Sequence[int]]) -> None:
        """Compute the beginning that all these prompts share once and for all."""
        if prompts:
            with self._model.in_place():
                self._model.share_prefix(prompts, 1)

    def generate(self, requests: Sequence[Request]) -> list[Generated]:
        """Return one output a request. `max_new_tokens` is not looked at: the sentence itself bounds what can be written.

        Raises:
            LmnError: the device's memory is too small for the batch.
        """
        with memory_errors(requests), self._model.in_place():
            return self._generate(requests)

    def _generate(self, requests: Sequence[Request]) -> list[Generated]:
        self._model.share_prefix([request.prompt for request in requests], len(requests))
        rows = [self._begin(number, request) for number, request in enumerate(requests)]
        active = list(rows)
        while active:
            for row in active:
                row.proposal = self._propose(row)
            self._pass(active)
            active = self._remaining(active)
        self.last_passes = [row.passes for row in rows]
        self.last_ids = [row.ids for row in rows]
        return [self._finish(row, requests[row.number].tokens) for row in rows]

    def _begin(self, number: int, request: Request) -> _Row:
        shared = self._model.prefix_length
        constraint = Constraint(request.tokens, self._markup, self._vocabulary, nested=self._format.nested)
        plan = self._guesser.guess(request.tokens) if self._proposals == "marked" else None
        return _Row(number, constraint, plan, list(request.prompt[shared:]), shared)

    def _propose(self, row: _Row) -> list[tuple[int, int]]:
        """Return the tokens that are expected, to the end of the output, and the state before each."""
        proposal: list[tuple[int, int]] = []
        if self._proposals == "none":
            return proposal
        plan = row.plan or _Copy(len(row.constraint.tokens), self._spec.labels.names[0])
        state, ids, ahead = row.state, list(row.ids), list[int]()
        while not row.constraint.is_done(state):
            targets = row.constraint.moves(state).targets
            token = row.hints.get(state) if row.plan else None
            if token is None and ahead and ahead[0] in targets:
                token = ahead[0]
            elif token is None:
                rest = continuation(row.constraint.grammar, state, plan)
                ahead = self._encode_rest(ids, rest)
                token = (
                    ahead[0]
                    if ahead and ahead[0] in targets
                    else _longest(self._vocabulary, row.constraint, state, rest)
                )
            ahead = ahead[1:] if ahead and ahead[0] == token else []
            proposal.append((token, state))
            ids.append(token)
            state = targets[token]
        return proposal

    def _encode_rest(self, ids: Sequence[int], rest: bytes) -> list[int]:
        """Return the tokens of the rest of an output as the tokenizer makes them after what is there, or none."""
        before = self._vocabulary.bytes_of(ids)
        try:
            text = (before + rest).decode().removeprefix(self._vocabulary.leading.decode())
        except UnicodeDecodeError:
            return []
        at = 0
        encoded = self._tokenizer.encode(text, add_special_tokens=False)
        for number, index in enumerate(encoded):
            if at == len(before):
                return list(encoded[number:])
            at += len(self._vocabulary.bytes_of([index]))
        return []

    def _pass(self, active: Sequence[_Row]) -> None:
        """Check every row's proposal in one pass over the model."""
        segments: list[Segment] = []
        moves: list[list[AllowedTokens]] = []
        for number, row in enumerate(active):
            fed = [token for token, _ in row.proposal[:-1]]  # after the last one nothing is left to be decided
            moves.append([row.constraint.moves(state) for state in row.states])
            segments.append(Segment(number, row.cached, row.waiting + fed, 1 + len(fed)))
            row.passes += 1
        candidates = np.unique(np.concatenate([move.ids for of_row in moves for move in of_row]))
        logits = self._model.forward(segments, candidates)
        at = 0
        for row, of_row, segment in zip(active, moves, segments):
            self._accept(row, of_row, candidates, logits[at : at + segment.keep])
            at += segment.keep
        self.work.passes += len(active)
        self.work.computed += sum(len(segment.ids) for segment in segments)

    def _accept(
        self, row: _Row, moves: Sequence[AllowedTokens], candidates: NDArray[np.int64], logits: NDArray[np.float32]
    ) -> None:
        """Keep what the model would have written itself, and its next token; remember the rest as hints."""
        row.cached += len(row.waiting)
        row.waiting = []
        proposed = [token for token, _ in row.proposal]
        is_right = True
        for number, (move, state) in enumerate(zip(moves, row.states, strict=True)):
            choice = Choice.of(move, logits[number, np.searchsorted(candidates, move.ids)])
            row.hints[state] = choice.token
            if not is_right:
                continue
            row.state = move.targets[choice.token]
            if row.state == END:
                break
            row.ids.append(choice.token)
            row.choices.append(choice)
            is_right = number < len(proposed) and choice.token == proposed[number]
            if row.plan and not is_right and not choice.mark and (inside := row.constraint.open_at(state)) is not None:
                row.plan.hold(inside)
            if is_right and number < len(moves) - 1:
                row.cached += 1
            else:
                row.waiting = [choice.token]
                is_right = False

    def _remaining(self, active: Sequence[_Row]) -> list[_Row]:
        """Take finished rows out; the last ones move into their places in the cache."""
        rows = list(active)
        number = 0
        while number < len(rows):
            if not rows[number].is_done:
                number += 1
                continue
            if rows[number].plan and self._learns:
                self._learn(rows[number])
            last = rows.pop()
            if number < len(rows):
                self._model.move(len(rows), number, last.cached)
                rows[number] = last
        return rows

    def _text(self, row: _Row) -> str:
        return self._vocabulary.bytes_of(row.ids).decode().removeprefix(self._vocabulary.leading.decode())

    def _learn(self, row: _Row) -> None:
        spans = self._format.parse(self._text(row), row.constraint.tokens, self._spec.labels).spans
        self._guesser.learn(row.constraint.tokens, spans)

    def _finish(self, row: _Row, tokens: tuple[str, ...]) -> Generated:
        """Return the output, with the sentence's own characters in place of those that the tokenizer cannot write."""
        self.work.sentences += 1
        self.work.steps += len(row.ids)
        text = self._text(row)
        spans = self._format.parse(text, row.constraint.tokens, self._spec.labels).spans
        ranges = self._format.entity_ranges(row.constraint.tokens, spans)
        lengths = [len(self._vocabulary.bytes_of([index])) for index in row.ids]
        offset = len(self._vocabulary.leading)
        in_bytes = [(offset + len(text[:start].encode()), offset + len(text[:end].encode())) for start, end in ranges]
        found = confidences(row.choices, lengths, in_bytes)
        if row.constraint.tokens != tokens:
            text = self._format.write(tokens, spans)
        return Generated(text, found, uncertainty(row.choices))


class _Copy:
    """The plan of a proposal that is the unmarked rest of the sentence."""

    def __init__(self, length: int, label: str) -> None:
        self._length, self._label = length, label

    def opens(self, token: int) -> bool:
        return False

    def closes(self, token: int) -> bool:
        return False

    def label_at(self, token: int) -> str:
        return self._label


def _longest(vocabulary: Vocabulary, constraint: Constraint, state: int, rest: bytes) -> int:
    """Return the longest token that begins the rest of the output, the lowest id of those."""
    targets = constraint.moves(state).targets
    fitting = {
        index: len(text) for index in targets if (text := vocabulary.bytes_of([index])) and rest.startswith(text)
    }
    longest = max(fitting.values())
    return min(index for index, length in fitting.items() if length == longest)
