"""The corpus that a system has labelled: a card, sentences with their entities, and where each label comes from."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from ..alignment import FAILED
from ..characters import escaped
from ..data_converters.cards import CARD_FILE, Card
from ..errors import LmnError
from ..files import read_json
from ..generation import Generation, known_sha256, remove_files
from ..labels import LabelSet
from ..locking import locked
from ..records import PredictionRecord
from ..sentence import SPACE, Join, Sentence, Span
from ..systems.choosing import AnswerKind
from ..terminal import echo
from ..typed_json import Count, from_json, to_json, written_as
from ..yaml_text import to_yaml
from .ledger import Bill, Ledger, bill_of
from .provenance import PROVENANCE_FILE, LabellingSystem, Provenance
from .texts import Origin, Texts

SUMMARY_FILE = "annotation.json"
"""Describes the other files with their hashes; it is written last."""
RUN_FOLDER = "run"
"""Folder of the answers, as lmn-predict writes them."""
_FIRST_LINE = "# Written by lmn-annotate run. The labels are a model's and not gold."
_OF_TEXTS = " (the texts)"


@dataclass(frozen=True, slots=True)
class LabelledCorpus:
    """What the card of a labelled corpus says besides its sentences.

    Attributes:
        name: Name of the corpus.
        language: Language tag.
        labels: Labels that the system was asked for.
        nested: Whether entities may lie inside entities.
        join: Text between two tokens.
        origin: Card of the corpus that was labelled; None for raw text.
        language_why: Reason for a language that was guessed; empty for one that was named.
    """

    name: str
    language: str
    labels: LabelSet
    nested: bool = False
    join: Join = SPACE
    origin: Card | None = None
    language_why: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a labelled corpus holds, and what it cost.

    Attributes:
        texts: What was labelled: a corpus and its split, or a file.
        system: What labelled it.
        date: Time of the last answer, in UTC.
        asked: Number of sentences that were asked.
        sentences: Number of sentences in the corpus.
        unreadable: Number of sentences whose answer could not be read.
        unreadable_kept: Whether these are in the corpus, without entities.
        left_out: Number of things that were not asked, by kind.
        statuses: Number of answers by how well they could be read.
        reasons: Number of answers by what was repaired in them, or why they could not be read.
        entities: Number of entities by label.
        bill: Requests for these sentences, and what they cost; None for a model in this process.
        price: The prices and where they come from; None if none is known.
        shared: Number of sentences that share a request with an earlier one, which alone is charged.
        sha256: Hashes of the other files, by name.
    """

    texts: str
    system: LabellingSystem
    date: str
    asked: Count
    sentences: Count
    unreadable: Count
    unreadable_kept: bool
    left_out: dict[str, int]
    statuses: dict[str, int]
    reasons: dict[str, int]
    entities: dict[str, int]
    bill: Bill | None
    price: str | None
    shared: Count = 0
    sha256: dict[str, str] = field(default_factory=dict)


written_as(
    Summary,
    "texts system date asked sentences unreadable unreadable_kept left_out statuses reasons entities bill price shared? sha256",
)


class Hashed(Protocol):
    """A summary, with the hashes of the files that it describes."""

    @property
    def sha256(self) -> dict[str, str]:
        """Hashes by the names of the files."""


H = TypeVar("H", bound=Hashed)


def read_summary(folder: Path) -> Summary:
    """Return what a labelled corpus says that it holds.

    Raises:
        LmnError: The folder holds no labelled corpus, or a damaged one.
    """
    remedy = "name a folder that lmn-annotate run has written"
    path = folder / SUMMARY_FILE
    return from_json(Summary, read_json(path, remedy), path, writer="lmn-annotate run", remedy=remedy)


def check_folder(folder: Path, split: str, source: Path | None = None, first_line: str = _FIRST_LINE) -> None:
    """Make sure that a folder may hold a labelled corpus: nothing of somebody else would be written over.

    Args:
        folder: Folder of the corpus.
        split: Name of its split.
        source: File of the text that is labelled; None for a card's sentences.
        first_line: First line of the card of an earlier corpus, which may be replaced.

    Raises:
        LmnError: The folder holds a file of somebody else that has the name of one to be written, or the text itself, or a file of an
            earlier corpus that was changed by hand.
    """
    other = "name another folder with --out"
    card, sentences = folder / CARD_FILE, folder / f"{split}.jsonl"
    if card.is_file() and not card.read_bytes().startswith(first_line.encode()):
        raise LmnError(f"holds a {CARD_FILE} that this command did not write", folder, other)
    if source and sentences.exists() and sentences.samefile(source):
        raise LmnError("the labels would be written over the text", sentences, other)
    for path in (sentences, folder / PROVENANCE_FILE, folder / SUMMARY_FILE):
        if path.exists() and not card.is_file():
            raise LmnError("is not of a corpus that lmn-annotate wrote, and would be written over", path, other)
    _check_unchanged(folder, other)


def check_no_source(folder: Path, card: Card, source: Path | None, what: str) -> None:
    """Make sure that a folder to write a corpus into does not hold the corpus that it is made of.

    Args:
        folder: Folder of the new corpus.
        card: Card of the other one.
        source: Folder of its files; None for the card's default.
        what: What would happen, for the message.

    Raises:
        LmnError: It does.
    """
    for own in (card.path.parent, source or card.default_source):
        if folder.exists() and own.exists() and folder.samefile(own):
            raise LmnError(what, folder, "name another folder with --out")


def _check_unchanged(folder: Path, remedy: str) -> None:
    """Make sure that the files of an earlier corpus are as they were written: changes by hand would be lost."""
    path = folder / SUMMARY_FILE
    noted = read_json(path, remedy) if path.is_file() else None
    hashes = noted.get("sha256") if isinstance(noted, dict) else None
    for name, sha256 in hashes.items() if isinstance(hashes, dict) else ():
        file = folder / name
        if Path(name).name == name and file.is_file() and known_sha256(file) != sha256:
            raise LmnError(
                f"was changed after it was written ({SUMMARY_FILE} has its hash), and would be written over", file, remedy
            )  # fmt: skip


def write_corpus(
    folder: Path, corpus: LabelledCorpus, texts: Texts, records: Sequence[PredictionRecord], system: LabellingSystem,
    date: str, ledger: Ledger | None = None, *, keep_unreadable: bool = False,
) -> Summary:  # fmt: skip
    """Write a labelled corpus into a folder, whole or not at all, in place of an earlier one.

    Args:
        folder: Folder of the corpus.
        corpus: What its card says.
        texts: Sentences that were asked.
        records: The answer to each of them, in the same order.
        system: What answered.
        date: Time of the answers, where no ledger knows it.
        ledger: Answers of a server with their cost; None for a model in this process.
        keep_unreadable: Whether sentences whose answers could not be read are kept, without entities.

    Raises:
        LmnError: A file cannot be written, or no answer could be read.
    """
    rows: list[tuple[Sentence, PredictionRecord, Provenance]] = []
    kept = 0
    payers: dict[str, str] = {}
    for sentence, origin, record in zip(texts.sentences, texts.origins, records, strict=True):
        is_kept = keep_unreadable or record.status != FAILED
        new_id = f"{corpus.name}/{texts.split}/{kept}" if is_kept else None
        kept += is_kept
        rows.append((sentence, record, _provenance(new_id, origin, record, system, date, ledger, payers)))
    if not kept:
        raise LmnError(
            f"none of the {len(rows):,} answers could be read", folder / RUN_FOLDER,
            "look at the outputs in its predictions; another --template may do better (lmn-annotate compare)",
        )  # fmt: skip
    lines = [
        sentence_line(row.id, sentence.tokens, record.spans, record.confidences)
        for sentence, record, row in rows
        if row.id
    ]
    return put_corpus(
        folder, texts.split, card_text(corpus, texts, system), lines, [row for _, _, row in rows],
        lambda sha256: _summary(texts, rows, system, ledger, keep_unreadable, sha256), read_summary,
    )  # fmt: skip


def put_corpus(
    folder: Path, split: str, card: str, lines: Iterable[str], provenance: Iterable[Provenance],
    summary_of: Callable[[dict[str, str]], H], read: Callable[[Path], Hashed],
) -> H:  # fmt: skip
    """Write the files of a corpus into a folder, whole or not at all, in place of an earlier one; return its summary.

    Args:
        folder: Folder of the corpus.
        split: Name of its split.
        card: Text of its card.
        lines: Its sentences, as `sentence_line` writes them.
        provenance: Where the labels of each sentence come from, of those that are left out, too.
        summary_of: Makes the summary, given the hashes of the other files.
        read: Reads the summary of the earlier corpus.

    Raises:
        LmnError: A file cannot be written.
    """
    sentences = f"{split}.jsonl"
    with locked(folder / SUMMARY_FILE), Generation() as files:
        with files.write(folder / CARD_FILE) as file:
            file.write(card)
        with files.write(folder / sentences) as file:
            file.writelines(lines)
        with files.write(folder / PROVENANCE_FILE) as file:
            file.writelines(row.json_line() for row in provenance)
        summary = summary_of({name: files.sha256(folder / name) for name in (CARD_FILE, sentences, PROVENANCE_FILE)})
        files.write_json(folder / SUMMARY_FILE, to_json(summary), gone_first=True)
        _remove_other_splits(folder, sentences, read)
        files.put()
    return summary


def _remove_other_splits(folder: Path, kept: str, read: Callable[[Path], Hashed]) -> None:
    """Remove the sentences of an earlier split in a folder, which the new card does not name, and say so.

    Args:
        folder: Folder of the corpus.
        kept: File of the new split.
        read: Reads the summary of the earlier one.

    Raises:
        LmnError: A file cannot be removed.
    """
    earlier: dict[str, str] = {}
    with suppress(LmnError):  # without an earlier corpus, or with a damaged one, nothing is known to be ours
        earlier = read(folder).sha256
    others = [name for name in earlier if name not in (kept, CARD_FILE, PROVENANCE_FILE) and Path(name).name == name]
    gone = [name for name in others if (folder / name).is_file()]
    if gone:
        remove_files(folder, [*gone, SUMMARY_FILE])
        echo(f"{folder}: removed, of an earlier corpus with another split: {', '.join(gone)}", err=True)


def _provenance(
    new_id: str | None, origin: Origin, record: PredictionRecord, system: LabellingSystem, date: str, ledger: Ledger | None,
    payers: dict[str, str],
) -> Provenance:  # fmt: skip
    """Return where the labels of a sentence come from.

    Equal sentences share a request; the first of them is charged.

    Args:
        new_id: Id of the sentence in the labelled corpus; None if it was left out.
        origin: Place of the sentence.
        record: The answer.
        system: What answered.
        date: Time of the answers, where no ledger knows it.
        ledger: Answers of a server with their cost; None for a model in this process.
        payers: The sentence that is charged for each request; takes those of this sentence.
    """
    where = origin.where
    answers = ledger.answers_about(record.id) if ledger else []
    payers_here = [payers.setdefault(answer.key, record.id) for answer in answers]
    own = [answer for answer, payer in zip(answers, payers_here, strict=True) if payer == record.id]
    shared_with = tuple(dict.fromkeys(payer for payer in payers_here if payer != record.id))
    prices = ledger.prices if ledger else {}
    bill, known = bill_of(own, prices), bill_of(answers, prices)
    counted = bool(answers) and not bill.uncounted
    cost = bill.cost if answers and known.currency else None
    return Provenance(
        new_id, record.id, where.file if where else None, where.line if where else None, origin.start, origin.end,
        system.name, system.template, system.model, max((answer.date for answer in answers), default=date), record.status,
        record.reasons, record.confidences, record.uncertainty, len(own), bill.tokens_in if counted else None,
        bill.tokens_out if counted else None, cost, known.currency, shared_with,
    )  # fmt: skip


def sentence_line(
    new_id: str | None, tokens: Sequence[str], spans: Sequence[Span], confidences: Sequence[float] | None
) -> str:
    """Return a sentence with its entities as the reader `token-spans` takes it."""
    sure: Sequence[float | None] = confidences or [None] * len(spans)
    entities = []
    for span, confidence in zip(spans, sure, strict=True):
        entity: dict[str, Any] = {"start": span.start, "end": span.end, "label": span.label}
        entity["text"] = SPACE.join(tokens[span.start : span.end])
        entities.append(entity | ({} if confidence is None else {"confidence": confidence}))
    return json.dumps({"id": new_id, "tokens": list(tokens), "entities": entities}, ensure_ascii=False) + "\n"


def card_text(corpus: LabelledCorpus, texts: Texts, system: LabellingSystem) -> str:
    """Return the text of the card of a labelled corpus."""
    by = f"{system.name}{f' with the template {system.template}' if system.template else ''}"
    title = f"{corpus.origin.title if corpus.origin else texts.name}, labelled by {by}"
    head = f"{_FIRST_LINE}\n# {PROVENANCE_FILE} says for each sentence where they come from, {SUMMARY_FILE} for all.\n"
    return head + card_body(corpus, texts.split, title)


def card_body(corpus: LabelledCorpus, split: str, title: str) -> str:
    """Return the keys of a card for sentences that `sentence_line` writes.

    Args:
        corpus: What it says.
        split: The only split.
        title: Title of the corpus.
    """
    keys: dict[str, Any] = {"name": corpus.name, "title": escaped(title[:500], keep=""), "language": corpus.language}
    if corpus.origin and corpus.origin.licence:
        keys["licence"] = f"{corpus.origin.licence.removesuffix(_OF_TEXTS)}{_OF_TEXTS}"
    if corpus.origin and corpus.origin.citation:
        keys["citation"] = corpus.origin.citation
    keys |= {
        "docstart": "none",
        "splits": {split: f"{split}.jsonl"},
        "reader": {"type": "token-spans", "tokens": "tokens", "entities": "entities", "ends": "exclusive"},
    }
    keys |= {"nested": True} if corpus.nested else {}
    keys |= {"join": corpus.join} if corpus.join != SPACE else {}
    keys["labels"] = [
        {key: value for key, value in (("name", label.name), ("long", label.long), ("definition", label.definition)) if value}
        for label in corpus.labels
    ]  # fmt: skip
    return to_yaml(keys, width=120)


def labels_of(kind: AnswerKind | None, card: Card | None) -> LabelSet:
    """Return the labels of a labelled corpus: those that its system gives, described as the card does.

    Raises:
        LmnError: Neither the system nor a card says them.
    """
    labels = kind.labels if kind else card.labels if card else None
    if labels is None:
        raise LmnError("which labels? --labels names a card")
    described = {label.name: label for label in card.labels.labels} if card else {}
    return LabelSet(tuple(described.get(label.name, label) for label in labels.labels))


def _summary(
    texts: Texts, rows: Sequence[tuple[Sentence, PredictionRecord, Provenance]], system: LabellingSystem, ledger: Ledger | None,
    keep_unreadable: bool, sha256: dict[str, str],
) -> Summary:  # fmt: skip
    """Return what a corpus holds."""
    kept = [record for _, record, provenance in rows if provenance.id]
    statuses = Counter(record.status for _, record, _ in rows)
    reasons = Counter(reason for _, record, _ in rows for reason in record.reasons)
    entities = Counter(span.label for record in kept for span in record.spans)
    answers = (
        {answer.key: answer for _, record, _ in rows for answer in ledger.answers_about(record.id)} if ledger else {}
    )
    prices = ledger.prices if ledger else {}
    models = sorted({answer.model for answer in answers.values() if answer.model and answer.model in prices})
    return Summary(
        texts.name, system, max(provenance.date for _, _, provenance in rows), len(rows), len(kept), statuses[FAILED],
        keep_unreadable, texts.left_out, dict(sorted(statuses.items())), dict(sorted(reasons.items())),
        dict(sorted(entities.items())), bill_of(list(answers.values()), prices) if ledger else None,
        "; ".join(f"{name}: {prices[name].origin}" for name in models) or None,
        sum(bool(provenance.shared_with) for _, _, provenance in rows), sha256,
    )  # fmt: skip
