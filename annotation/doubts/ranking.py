"""Doubts about the entities of a corpus, ranked: what is said instead of each, and how much more probable that is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import Literal, get_args

from ...eval.analysis.pairs import pair_up
from ...eval.scored_run.analysis import Kind as PairKind
from ...eval.scored_run.analysis import Pair
from ...sentence import Sentence, Span
from ...typed_json import Share
from .judging import Judgement
from .token_issues import TokenIssues

Kind = Literal["label", "boundary", "both", "missing", "surplus", "agreed"]
KINDS: tuple[Kind, ...] = get_args(Kind)

MEANINGS: dict[Kind, str] = {
    "label": "the students give these tokens another label",
    "boundary": "they let an entity of the label start or end elsewhere",
    "both": "they see an entity that overlaps it, with another start or end and another label",
    "missing": "they see an entity where the gold has none",
    "surplus": "they see no entity where the gold has one",
    "agreed": "they say the same",
}
"""Description of each kind of doubt."""

_OF_PAIRS: dict[PairKind, Kind] = {
    "type": "label", "boundary": "boundary", "both": "both", "spurious": "missing", "missed": "surplus", "correct": "agreed",
}  # fmt: skip
"""Kinds of doubts by the kinds of pairs, where the students are the prediction."""

EVEN = 0.5
"""Score at which the gold and what is said instead are equally probable."""

SURPLUS_WEIGHT = 0.5
"""Weight of the distance of the probabilities where no entity is suggested. Students of few sentences overlook entities and are sure of it:
with full weight, such doubts fill the first hundred (docs/doubts.md)."""

WITNESS_WEIGHT = 0.25
"""Weight of another system beside the students, who have learned the corpus's ways of marking."""


@dataclass(frozen=True, slots=True)
class Support:
    """What one judge gives to the gold and to what is said instead.

    Attributes:
        gold: Probability of the gold at this place: of the entity, or that there is none.
        suggested: Probability of what is said instead.
    """

    gold: Share
    suggested: Share

    def doubt(self, kind: Kind) -> float:
        """Return the doubt from 0 to 1: half of one plus the distance of the probabilities, above 0.5 if the gold is the less probable."""
        weight = SURPLUS_WEIGHT if kind == "surplus" else 1
        return (1 + weight * (self.suggested - self.gold)) / 2


@dataclass(frozen=True, slots=True)
class Doubt:
    """A doubt about an entity of the gold, or about a place without one.

    Attributes:
        rank: Place in the list, from 1.
        score: Score by which it is ranked: weighted mean of the doubts of students and other systems, from 0 to 1.
        kind: What the students say instead.
        id: Sentence id.
        where: File and line of the sentence; empty if they are not known.
        gold: Gold entity; None where the gold has none.
        suggested: What the students say instead; None where they see no entity, or agree.
        words: Words of the gold entity, or of the suggested one where there is none.
        students: What the students that were not trained on the sentence give to both.
        token_quality: Lowest quality of the tags of its tokens, by cleanlab's normalised margin.
        token_issue: Whether cleanlab takes one of these tags for wrong.
        others: What other systems give to both, by their names, without those that were trained on the sentence.
    """

    rank: int
    score: Share
    kind: Kind
    id: str
    where: str
    gold: Span | None
    suggested: Span | None
    words: str
    students: Support
    token_quality: Share
    token_issue: bool
    others: dict[str, Support] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Witness:
    """Another system than the students, and what it says of the sentences of the corpus.

    Attributes:
        name: Name of the system.
        entities: For each sentence, its entities with their confidences; None where it has no say, since it was trained on the sentence.
    """

    name: str
    entities: Sequence[Mapping[Span, float] | None]

    def support(self, at: int, gold: Span | None, suggested: Span | None) -> Support:
        """Return what it gives to the gold and to a suggestion: see `_given`."""
        place, found = gold or suggested, self.entities[at]
        assert place is not None  # a doubt is about one of them
        assert found is not None  # it is asked only where it has a say
        return Support(_given(found, gold, place), _given(found, suggested, place))


def _given(found: Mapping[Span, float], asked: Span | None, place: Span) -> float:
    """Return the probability that a system gives to an entity, or to none at a place.

    Where it marks the entity, its confidence; otherwise 0. Where none is asked for, what the surest of its entities there leaves.
    """
    if asked:
        return found.get(asked, 0.0)
    return 1 - max(
        (sure for span, sure in found.items() if span.start < place.end and place.start < span.end), default=0.0
    )


def rank(
    sentences: Sequence[Sentence], judgements: Sequence[Judgement], issues: TokenIssues, witnesses: Sequence[Witness] = ()
) -> list[Doubt]:  # fmt: skip
    """Return a doubt about each gold entity, and about each entity of the students that touches none, most doubtful first.

    Args:
        sentences: Gold sentences, without separators and with flat entities.
        judgements: What students say of each that were not trained on it.
        issues: What cleanlab finds in the tags.
        witnesses: Other systems.
    """
    found = [
        doubt
        for at, (sentence, judgement) in enumerate(zip(sentences, judgements, strict=True))
        for doubt in _doubts(at, sentence, judgement, issues, witnesses)
    ]
    order = sorted(range(len(found)), key=lambda at: (-found[at].score, found[at].token_quality, at))
    return [replace(found[at], rank=number) for number, at in enumerate(order, 1)]


def gold_tags(sentence: Sentence, labels: Sequence[str]) -> list[int]:
    """Return the tag number of each token of a gold sentence with flat entities."""
    from ...students.viterbi import tag_numbers

    return tag_numbers(sentence.spans, len(sentence.tokens), labels)


def _doubts(
    at: int, sentence: Sentence, judgement: Judgement, issues: TokenIssues, witnesses: Sequence[Witness]
) -> Iterator[Doubt]:  # fmt: skip
    for pair in pair_up(sentence.spans, judgement.spans):
        place = pair.gold or pair.predicted
        assert place is not None  # a pair has one of them
        if pair.gold is None and any(span.start < place.end and place.start < span.end for span in sentence.spans):
            continue  # the gold has an entity there, which is in doubt with another part of what the student says
        suggested = None if pair.kind == "correct" else pair.predicted
        others = {one.name: _witnessed(one, at, pair) for one in witnesses if one.entities[at] is not None}
        students = _support(sentence, judgement, pair)
        touched = [span for span in (pair.gold, pair.predicted) if span]
        tokens = range(min(span.start for span in touched), max(span.end for span in touched))
        kind = _OF_PAIRS[pair.kind]
        score = fmean([one.doubt(kind) for one in (students, *others.values())], [1, *[WITNESS_WEIGHT] * len(others)])
        yield Doubt(
            0, score, kind, sentence.id, str(sentence.where or ""),
            pair.gold, suggested, " ".join(sentence.tokens[place.start : place.end]), students,
            min(issues.qualities[at][token] for token in tokens), any((at, token) in issues.wrong for token in tokens), others,
        )  # fmt: skip


def _support(sentence: Sentence, judgement: Judgement, pair: Pair) -> Support:
    """Return what the students give to both sides of a pair; where they agree, the other side is anything else."""
    if pair.gold is None:
        assert pair.predicted is not None  # a pair has one of them
        number = judgement.spans.index(pair.predicted)
        return Support(judgement.without[number], judgement.confidences[number])
    number = sentence.spans.index(pair.gold)
    gold = judgement.gold[number]
    if pair.kind == "correct":
        return Support(gold, 1 - gold)
    if pair.predicted is None:
        return Support(gold, judgement.gold_without[number])
    return Support(gold, judgement.confidences[judgement.spans.index(pair.predicted)])


def _witnessed(witness: Witness, at: int, pair: Pair) -> Support:
    """Return what another system gives to both sides of a pair; where the students agree, the other side is anything else."""
    if pair.kind == "correct":
        found = witness.support(at, pair.gold, None)
        return Support(found.gold, 1 - found.gold)
    return witness.support(at, pair.gold, pair.predicted)
