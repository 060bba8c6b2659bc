"""Constrained greedy decoding: the sentence with well-formed markup and nothing else, in few passes.

Each step takes the most likely of the allowed tokens. Done one by one, this costs a pass for every token. So each pass checks a
proposal instead, the whole expected rest of the output:

1. The pass gives the model's choice at every token of the proposal.
2. The proposed tokens are kept up to the first one that the model would not have chosen. Its choice replaces that one.
3. Later choices were made after a wrong token, but most of them are right. They are kept as hints: by the state of the grammar
   they were made at, which is the same whatever was written before. The next proposal follows the hints, so later entities are
   opened, closed and labelled before their turn comes.
4. A proposal ends where checking more of it costs more than it saves (`reach.py`).

A proposal changes the number of passes, never the output.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..formats import get_inline_format
from ..prompting.spec import PromptSpec
from ..records import Answer
from .confidence import Choice, confidences, uncertainty
from .constraint import END, AllowedTokens, Constraint
from .continuation import continuation
from .guesser import EntityGuesser, GuessedPlan
from .memory import memory_errors
from .model import LoadedModel
from .packed import PackedModel, Segment
from .reach import Chances, PassCost, best_reach
from .requests import Request
from .vocabulary import Vocabulary

_CERTAINTIES = ((0.99, "certain"), (0.9, "likely"), (0.6, "fair"))
"""Kinds of hints, by the lowest probability that the model gave to its choice."""
_FIRST_CHANCES = {
    ("plan", "text"): 0.99,
    ("plan", "opener"): 0.8,
    ("plan", "closer"): 0.8,
    ("plan", "label"): 0.6,
    ("plan", "capital"): 0.9,
    ("plan", "word"): 0.98,
} | {
    (source, what): chance
    for source, chance in (("certain", 0.99), ("likely", 0.95), ("fair", 0.8), ("doubtful", 0.6))
    for what in ("text", "opener", "closer", "label", "capital", "word")
}
"""Chance that a proposed token is right, by its kind, before any was checked."""

ProposalKind = Literal["none", "copy", "marked"]
"""`none` decodes step by step, `copy` proposes the rest of the sentence without entities, `marked` proposes entities too."""


@dataclass(slots=True)
class DecodingCost:
    """Cost of decoding so far.

    Attributes:
        sentences: Number of sentences decoded.
        passes: Number of passes, summed over the sentences in each.
        steps: Number of output tokens without stop tokens: the passes that decoding step by step takes.
        computed: Number of tokens that went through the model, with the prompts.
    """

    sentences: int = 0
    passes: int = 0
    steps: int = 0
    computed: int = 0


class _Proposed(NamedTuple):
    """A proposed token.

    Attributes:
        token: Its id.
        state: State before it.
        kind: What its chance to be right is counted by: where it comes from, and what it writes.
    """

    token: int
    state: int
    kind: tuple[str, str]


@dataclass(slots=True)
class _Row:
    """A sentence that is being decoded.

    Attributes:
        number: Number of its request.
        constraint: Constraint on its output.
        plan: Plan for its proposals; None if proposals hold no entities.
        waiting: Tokens that are decided but not in the cache yet.
        cached: Number of tokens of prompt and output that are in the cache.
        ids: Output so far.
        state: State after the output so far.
        choices: Choice at each token of the output so far.
        hints: Choice that the model last made at each state, whatever was written before.
        proposal: Tokens to check in the next pass; empty to decode step by step.
        passes: Number of passes that it took part in.
    """

    number: int
    constraint: Constraint
    plan: GuessedPlan | None
    waiting: list[int]
    cached: int
    ids: list[int] = field(default_factory=list)
    state: int = Constraint.start
    choices: list[Choice] = field(default_factory=list)
    hints: dict[int, Choice] = field(default_factory=dict)
    proposal: list[_Proposed] = field(default_factory=list)
    passes: int = 0

    @property
    def is_done(self) -> bool:
        return self.constraint.is_done(self.state)

    @property
    def states(self) -> list[int]:
        """The states before each token of the proposal; without a proposal, the state before the next token."""
        return [proposed.state for proposed in self.proposal] or [self.state]


class ConstrainedGenerator:
    """Generates outputs that align exactly with their sentences, with a probability for each entity.

    Attributes:
        cost: Cost of decoding so far.
        pass_cost: Cost of a pass.
        last_passes: Number of passes of each sentence in the last batch.
        last_ids: Output tokens of each sentence in the last batch, without a stop token.
    """

    def __init__(
        self,
        loaded: LoadedModel,
        spec: PromptSpec,
        *,
        guesser: EntityGuesser | None = None,
        proposals: ProposalKind = "marked",
        pass_cost: PassCost | None = None,
    ) -> None:
        """Prepare a model.

        Args:
            loaded: Model and tokenizer.
            spec: Prompt spec with format, labels, and whether entities may nest.
            guesser: Makes the first plan of each sentence. None for a guesser that learns from the sentences as they come; then
                the last digits of probabilities may depend on the order of the sentences.
            proposals: Kind of proposals.
            pass_cost: Cost of a pass, which says how far proposals reach; None to measure it as passes run in float32,
                and for a typical one in other data types.

        Raises:
            LmnError: Constrained decoding does not work with this format, tokenizer or model.
        """
        self._tokenizer = loaded.tokenizer
        self._format = get_inline_format(spec.format, nested=spec.nested, join=spec.join)
        self._spec = spec
        self._markup = self._format.markup(spec.labels)
        self._openers = {opener.encode() for opener in self._markup.openers.values()}
        self._vocabulary = Vocabulary(loaded.tokenizer, loaded.stop_ids)
        for text in (spec.join, *self._markup.openers.values(), *self._markup.closers.values()):
            self._vocabulary.require(text, "the format's mark")
        self._model = PackedModel(loaded)
        self._guesser = guesser or EntityGuesser.of(spec.labels.names)
        self._learns = guesser is None
        self._proposals = proposals
        self.pass_cost = pass_cost or PassCost.of_device(loaded.device, loaded.dtype)
        self._chances = Chances()
        self.cost = DecodingCost()
        self.last_passes: list[int] = []
        self.last_ids: list[list[int]] = []

    def prepare(self, prompts: Sequence[Sequence[int]]) -> None:
        """Compute the beginning that all these prompts share, once for all batches."""
        if prompts:
            with self._model.in_place():
                self._model.share_prefix(prompts)

    def generate(self, requests: Sequence[Request]) -> list[Answer]:
        """Return one output for each request. `max_new_tokens` is ignored: the sentence itself limits the output.

        Raises:
            LmnError: The memory of the device is too small for the batch.
        """
        with memory_errors(requests), self._model.in_place():
            return self._generate(requests)

    def _generate(self, requests: Sequence[Request]) -> list[Answer]:
        self._model.share_prefix([request.prompt for request in requests])
        if self.pass_cost.is_fixed:  # what was right in other batches must not decide how far proposals reach, either
            self._chances = Chances()
        rows = [self._begin(number, request) for number, request in enumerate(requests)]
        active = list(rows)
        while active:
            started, computed = time.perf_counter(), self.cost.computed
            share = self.pass_cost.tokens / len(active)
            for row in active:
                row.proposal = self._worth_checking(self._propose(row), share)
            self._pass(active)
            self.pass_cost.note(self.cost.computed - computed, time.perf_counter() - started)
            active = self._remaining(active)
        self.last_passes = [row.passes for row in rows]
        self.last_ids = [row.ids for row in rows]
        return [self._finish(row, requests[row.number].tokens) for row in rows]

    def _begin(self, number: int, request: Request) -> _Row:
        shared = self._model.prefix_length
        constraint = Constraint(
            request.tokens, self._markup, self._vocabulary, nested=self._format.nested, join=self._format.join
        )
        plan = self._guesser.guess(request.tokens) if self._proposals == "marked" else None
        return _Row(number, constraint, plan, list(request.prompt[shared:]), shared)

    def _propose(self, row: _Row) -> list[_Proposed]:
        """Return the expected tokens up to the end of the output.

        At each state, the token is the hint; without a hint, the next token of the planned rest as the tokenizer splits it; if
        that one is not allowed, the longest allowed token of the planned rest.
        """
        proposal: list[_Proposed] = []
        if self._proposals == "none":
            return proposal
        plan = row.plan or _NoEntities(self._spec.labels.names[0])
        state, ids, ahead = row.state, list(row.ids), list[int]()
        while not row.constraint.is_done(state):
            allowed = row.constraint.next_tokens(state)
            targets = allowed.targets
            hint = row.hints.get(state) if row.plan else None
            if hint is not None:
                token = hint.token
            elif ahead and ahead[0] in targets:
                token = ahead[0]
            else:
                rest = continuation(row.constraint.grammar, state, plan)
                ahead = self._encode_rest(ids, rest)
                token = (
                    ahead[0]
                    if ahead and ahead[0] in targets
                    else _longest_token(self._vocabulary, row.constraint, state, rest)
                )
            ahead = ahead[1:] if ahead and ahead[0] == token else []
            proposal.append(_Proposed(token, state, self._kind(token, allowed, hint)))
            ids.append(token)
            state = targets[token]
        return proposal

    def _kind(self, token: int, allowed: AllowedTokens, hint: Choice | None) -> tuple[str, str]:
        """Return where a proposed token comes from, and what it writes."""
        source = "plan" if hint is None else _certainty(hint)
        if len(allowed.marks) < 2:
            return source, "text"
        if mark := allowed.mark_of(token):
            if b"" not in allowed.marks:
                return source, "label"
            return source, "opener" if mark in self._openers else "closer"
        word = self._vocabulary.bytes_of([token]).decode(errors="replace").lstrip()
        return source, "capital" if word[:1].isupper() else "word"

    def _worth_checking(self, proposal: list[_Proposed], share: float) -> list[_Proposed]:
        """Return the beginning of a proposal that is worth a check, if the row's share in the cost of a pass is some tokens."""
        if len(proposal) < 2:
            return proposal
        chances = [self._chances.of(proposed.kind, _FIRST_CHANCES[proposed.kind]) for proposed in proposal]
        return proposal[: best_reach(chances, share)]

    def _encode_rest(self, ids: Sequence[int], rest: bytes) -> list[int]:
        """Return the tokens of the rest of an output as the tokenizer makes them from the whole output.

        The list is empty if the tokenizer puts no boundary where the rest begins.
        """
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
        """Check the proposals of all rows in one pass."""
        segments: list[Segment] = []
        allowed: list[list[AllowedTokens]] = []
        for number, row in enumerate(active):
            fed = [proposed.token for proposed in row.proposal[:-1]]  # what follows the last token is not asked
            allowed.append([row.constraint.next_tokens(state) for state in row.states])
            segments.append(Segment(number, row.cached, row.waiting + fed, 1 + len(fed)))
            row.passes += 1
        candidates = np.unique(np.concatenate([tokens.ids for of_row in allowed for tokens in of_row]))
        logits = self._model.forward(segments, candidates)
        at = 0
        for row, of_row, segment in zip(active, allowed, segments):
            self._accept(row, of_row, candidates, logits[at : at + segment.keep])
            at += segment.keep
        self.cost.passes += len(active)
        self.cost.computed += sum(len(segment.ids) for segment in segments)

    def _accept(
        self, row: _Row, allowed: Sequence[AllowedTokens], candidates: NDArray[np.int64], logits: NDArray[np.float32]
    ) -> None:
        """Keep the tokens that the model would have written itself, and its next choice; keep all choices as hints."""
        row.cached += len(row.waiting)
        row.waiting = []
        is_kept = True
        for number, (tokens, state) in enumerate(zip(allowed, row.states, strict=True)):
            choice = Choice.of(tokens, logits[number, np.searchsorted(candidates, tokens.ids)])
            row.hints[state] = choice
            if not is_kept:
                continue
            row.state = tokens.targets[choice.token]
            if row.state == END:
                break
            row.ids.append(choice.token)
            row.choices.append(choice)
            if row.proposal:
                is_kept = choice.token == row.proposal[number].token
                self._chances.note(row.proposal[number].kind, is_right=is_kept)
            else:
                is_kept = False
            if row.plan and not is_kept and not choice.mark and (inside := row.constraint.open_at(state)) is not None:
                row.plan.extend(inside)
            if is_kept and number < len(allowed) - 1:
                row.cached += 1
            else:
                row.waiting = [choice.token]
                is_kept = False

    def _remaining(self, active: Sequence[_Row]) -> list[_Row]:
        """Return the rows that are not finished. The last ones move into the cache rows of the finished ones."""
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

    def _finish(self, row: _Row, tokens: tuple[str, ...]) -> Answer:
        """Return the output with confidences, and with the sentence's own characters where the tokenizer had to write others."""
        self.cost.sentences += 1
        self.cost.steps += len(row.ids)
        text = self._text(row)
        spans = self._format.parse(text, row.constraint.tokens, self._spec.labels).spans
        ranges = self._format.entity_ranges(row.constraint.tokens, spans)
        lengths = [len(self._vocabulary.bytes_of([index])) for index in row.ids]
        offset = len(self._vocabulary.leading)
        in_bytes = [(offset + len(text[:start].encode()), offset + len(text[:end].encode())) for start, end in ranges]
        found = confidences(row.choices, lengths, in_bytes)
        if row.constraint.tokens != tokens:
            text = self._format.write(tokens, spans)
        return Answer(text, found, uncertainty(row.choices))


def _certainty(hint: Choice) -> str:
    return next((name for limit, name in _CERTAINTIES if hint.probability >= limit), "doubtful")


class _NoEntities:
    """The plan of a proposal of kind `copy`: the rest of the sentence without entities."""

    def __init__(self, label: str) -> None:
        self._label = label

    def opens(self, token: int) -> bool:
        return False

    def closes(self, token: int) -> bool:
        return False

    def label_at(self, token: int) -> str:
        return self._label


def _longest_token(vocabulary: Vocabulary, constraint: Constraint, state: int, rest: bytes) -> int:
    """Return the longest allowed token that begins the rest of the output; of equally long ones, the lowest id."""
    targets = constraint.next_tokens(state).targets
    fitting = {
        index: len(text) for index in targets if (text := vocabulary.bytes_of([index])) and rest.startswith(text)
    }
    longest = max(fitting.values())
    return min(index for index, length in fitting.items() if length == longest)
