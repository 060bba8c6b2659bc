"""Where the labels of a sentence come from: what a labelled corpus keeps beside its sentences, one line each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from ..alignment import EXACT, Status
from ..data_converters.cards import CARD_FILE, Card
from ..records import Uncertainty, read_jsonl
from ..sentence import Sentence
from ..typed_json import from_json, to_json, written_as

PROVENANCE_FILE = "provenance.jsonl"
_WRITER = "lmn-annotate run"


@dataclass(frozen=True, slots=True)
class LabellingSystem:
    """What labelled the sentences of a corpus.

    Attributes:
        name: Name of the system.
        template: Annotation template, or the prompt's format and variant; None for a system that reads no prompt.
        model: Model that answered: the served one, or the base model here; None if there is none.
        sha256: Hash of everything that its answers follow from.
        server: Address of the server; None for a model in this process.
    """

    name: str
    template: str | None
    model: str | None
    sha256: str
    server: str | None = None


Verdict = Literal["accepted", "changed", "rejected", "left out"]
"""What a person made of the entities that were suggested for a sentence: took them as they are, changed some, or took none of them."""
ACCEPTED: Final = "accepted"
CHANGED: Final = "changed"
REJECTED: Final = "rejected"
LEFT_OUT: Final = "left out"


@dataclass(frozen=True, slots=True)
class Review:
    """What a person made of a sentence in an annotation tool.

    Attributes:
        tool: Name of the tool.
        verdict: What became of the suggestions; `left out` if nobody decided, and the sentence is not in the corpus.
        annotator: Name, address or number of the annotator; None if the export does not say.
        date: Time of the correction, in UTC; None if the export does not say.
        kept: Number of suggested entities that stayed.
        added: Number of entities that were not suggested.
        removed: Number of suggested entities that went.
        why: Reason why the sentence was left out; None if it was not.
    """

    tool: str
    verdict: Verdict
    annotator: str | None = None
    date: str | None = None
    kept: int = 0
    added: int = 0
    removed: int = 0
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the labels of a sentence come from.

    Attributes:
        id: Id of the sentence in the labelled corpus; None if it was left out.
        asked: Id of the sentence that was asked, or corrected: in a card's corpus, its id there.
        file: File of the sentence; None if it is not known.
        line: Line of the sentence in that file.
        start: Position of its first character in the text of the line, in code points from 0; None if it came as tokens.
        end: Position after its last character.
        system: Name of the system.
        template: Annotation template; None for a system that reads no prompt.
        model: Model that answered.
        date: Time of the answer, in UTC; of several requests, the last.
        status: How well the answer could be read.
        reasons: What was repaired, or why it could not be read.
        confidences: A probability for each entity; None if the system gives none.
        uncertainty: Uncertainty of the sentence; None if the system gives none.
        requests: Number of requests that are charged to this sentence; 0 for a model in this process.
        tokens_in: Number of tokens sent, by the server's count; None without a count.
        tokens_out: Number of tokens generated, likewise.
        cost: Cost of the requests; None if it is unknown, or if no server was asked.
        currency: Currency of the cost.
        shared_with: What was asked earlier with the same requests: these sentences bear their cost, and this one not again.
        review: What a person made of it; None for labels that nobody corrected.
        earlier: Ids of the sentence in the corpora that it went through before that of `asked`, the first one first.
    """

    id: str | None
    asked: str
    file: str | None
    line: int | None
    start: int | None
    end: int | None
    system: str
    template: str | None
    model: str | None
    date: str
    status: Status
    reasons: tuple[str, ...]
    confidences: tuple[float, ...] | None
    uncertainty: Uncertainty | None
    requests: int = 0
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost: float | None = None
    currency: str | None = None
    shared_with: tuple[str, ...] = ()
    review: Review | None = None
    earlier: tuple[str, ...] = ()

    def json_line(self) -> str:
        """Return the line of JSON, with its end."""
        return json.dumps(to_json(self), ensure_ascii=False) + "\n"


written_as(
    Provenance,
    "id asked file line start end system template model date "
    "status reasons confidences uncertainty requests tokens_in tokens_out cost currency shared_with? review? earlier?",
)


def read_provenance(folder: Path) -> Iterator[Provenance]:
    """Yield the provenance of the sentences of a labelled corpus.

    Raises:
        LmnError: The file is missing or damaged.
    """
    path = folder / PROVENANCE_FILE
    for number, row in read_jsonl(path):
        yield from_json(Provenance, row, f"{path}:{number}", writer=_WRITER, remedy="label again")


def provenance_of(card: Card) -> dict[str, Provenance]:
    """Return the provenance of the sentences of a corpus by their ids; nothing for a corpus that has none beside its card.

    Raises:
        LmnError: The file is damaged.
    """
    if card.path.name != CARD_FILE or not (card.path.parent / PROVENANCE_FILE).is_file():
        return {}
    return {row.id: row for row in read_provenance(card.path.parent) if row.id is not None}


def handed_on(new_id: str | None, sentence: Sentence, row: Provenance | None, corpus: str) -> Provenance:
    """Return where the labels of a sentence come from that is taken into another corpus.

    Confidences are left out: entities may change on the way.

    Args:
        new_id: Id of the sentence in the new corpus; None if it is left out there.
        sentence: The sentence in the corpus that it is taken from.
        row: Its provenance there; None if that corpus has none.
        corpus: Name of that corpus, which stands for the system where there is no provenance.
    """
    if row:
        return replace(
            row, id=new_id, asked=sentence.id, earlier=(*row.earlier, row.asked), confidences=None, uncertainty=None
        )
    where = sentence.where
    return Provenance(
        new_id, sentence.id, where.file if where else None, where.line if where else None, None, None, corpus, None, None, "", EXACT,
        (), None, None,
    )  # fmt: skip
