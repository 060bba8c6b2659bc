"""The corpus that a system has labelled: a card, sentences with their entities, and where each label comes from."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ..alignment import FAILED
from ..characters import escaped
from ..data_converters.cards import CARD_FILE, Card
from ..errors import LmnError
from ..files import read_json
from ..generation import Generation
from ..labels import LabelSet
from ..locking import locked
from ..records import PredictionRecord
from ..sentence import SPACE, Join, Sentence
from ..systems.choosing import AnswerKind
from ..typed_json import Count, from_json, to_json
from .ledger import Bill, Ledger, bill_of
from .provenance import PROVENANCE_FILE, LabellingSystem, Provenance
from .texts import Origin, Texts

SUMMARY_FILE = "annotation.json"
"""Describes the other files with their hashes; it is written last."""
RUN_FOLDER = "run"
"""Folder of the answers, as lmn-predict writes them."""
_FIRST_LINE = "# Written by lmn-annotate run. The labels are a model's and not gold."


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
    """

    name: str
    language: str
    labels: LabelSet
    nested: bool = False
    join: Join = SPACE
    origin: Card | None = None


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
        price: The price and where it comes from; None if it is unknown.
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
    sha256: dict[str, str] = field(default_factory=dict)


def read_summary(folder: Path) -> Summary:
    """Return what a labelled corpus says that it holds.

    Raises:
        LmnError: The folder holds no labelled corpus, or a damaged one.
    """
    remedy = "name a folder that lmn-annotate run has written"
    path = folder / SUMMARY_FILE
    return from_json(Summary, read_json(path, remedy), path, writer="lmn-annotate run", remedy=remedy)


def check_folder(folder: Path, split: str, source: Path | None = None) -> None:
    """Make sure that a folder may hold a labelled corpus: nothing of somebody else would be written over.

    Args:
        folder: Folder of the corpus.
        split: Name of its split.
        source: File of the text that is labelled; None for a card's sentences.

    Raises:
        LmnError: The folder holds a file of somebody else that has the name of one to be written, or the text itself.
    """
    other = "name another folder with --out"
    card, sentences = folder / CARD_FILE, folder / f"{split}.jsonl"
    if card.is_file() and not card.read_bytes().startswith(_FIRST_LINE.encode()):
        raise LmnError(f"holds a {CARD_FILE} that lmn-annotate did not write", folder, other)
    if source and sentences.exists() and sentences.samefile(source):
        raise LmnError("the labels would be written over the text", sentences, other)
    for path in (sentences, folder / PROVENANCE_FILE, folder / SUMMARY_FILE):
        if path.exists() and not card.is_file():
            raise LmnError("is not of a corpus that lmn-annotate wrote, and would be written over", path, other)


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
    sentences = f"{texts.split}.jsonl"
    rows: list[tuple[Sentence, PredictionRecord, Provenance]] = []
    kept = 0
    for sentence, origin, record in zip(texts.sentences, texts.origins, records, strict=True):
        is_kept = keep_unreadable or record.status != FAILED
        new_id = f"{corpus.name}/{texts.split}/{kept}" if is_kept else None
        kept += is_kept
        rows.append((sentence, record, _provenance(new_id, origin, record, system, date, ledger)))
    if not kept:
        raise LmnError(
            f"none of the {len(rows):,} answers could be read", folder / RUN_FOLDER,
            "look at the outputs in its predictions; another --template may do better (lmn-annotate compare)",
        )  # fmt: skip
    with locked(folder / SUMMARY_FILE), Generation() as files:
        with files.write(folder / CARD_FILE) as file:
            file.write(card_text(corpus, texts, system))
        with files.write(folder / sentences) as file:
            file.writelines(_line(row[0], row[1], row[2].id) for row in rows if row[2].id)
        with files.write(folder / PROVENANCE_FILE) as file:
            file.writelines(row[2].json_line() for row in rows)
        sha256 = {name: files.sha256(folder / name) for name in (CARD_FILE, sentences, PROVENANCE_FILE)}
        summary = _summary(texts, rows, system, ledger, keep_unreadable, sha256)
        files.write_json(folder / SUMMARY_FILE, to_json(summary), gone_first=True)
        files.put()
    return summary


def _provenance(
    new_id: str | None, origin: Origin, record: PredictionRecord, system: LabellingSystem, date: str, ledger: Ledger | None
) -> Provenance:  # fmt: skip
    """Return where the labels of a sentence come from."""
    where = origin.where
    answers = ledger.answers_about(record.id) if ledger else []
    bill = bill_of(answers, ledger.price if ledger else None) if answers else None
    counted = bill is not None and not bill.uncounted
    return Provenance(
        new_id, record.id, where.file if where else None, where.line if where else None, origin.start, origin.end,
        system.name, system.template, system.model, max((answer.date for answer in answers), default=date), record.status,
        record.reasons, record.confidences, record.uncertainty, len(answers), bill.tokens_in if bill and counted else None,
        bill.tokens_out if bill and counted else None, bill.cost if bill else None, bill.currency if bill else None,
    )  # fmt: skip


def _line(sentence: Sentence, record: PredictionRecord, new_id: str | None) -> str:
    """Return a sentence with its entities as the reader `token-spans` takes it."""
    confidences: Sequence[float | None] = record.confidences or [None] * len(record.spans)
    entities = []
    for span, confidence in zip(record.spans, confidences, strict=True):
        entity: dict[str, Any] = {"start": span.start, "end": span.end, "label": span.label}
        entity["text"] = SPACE.join(sentence.tokens[span.start : span.end])
        entities.append(entity | ({} if confidence is None else {"confidence": confidence}))
    return json.dumps({"id": new_id, "tokens": list(sentence.tokens), "entities": entities}, ensure_ascii=False) + "\n"


def card_text(corpus: LabelledCorpus, texts: Texts, system: LabellingSystem) -> str:
    """Return the text of the card of a labelled corpus."""
    by = f"{system.name}{f' with the template {system.template}' if system.template else ''}"
    keys: dict[str, Any] = {
        "name": corpus.name,
        "title": escaped(f"{corpus.origin.title if corpus.origin else texts.name}, labelled by {by}"[:500], keep=""),
        "language": corpus.language,
    }
    if corpus.origin and corpus.origin.licence:
        keys["licence"] = f"{corpus.origin.licence} (the texts)"
    if corpus.origin and corpus.origin.citation:
        keys["citation"] = corpus.origin.citation
    keys |= {
        "docstart": "none",
        "splits": {texts.split: f"{texts.split}.jsonl"},
        "reader": {"type": "token-spans", "tokens": "tokens", "entities": "entities", "ends": "exclusive"},
    }
    keys |= {"nested": True} if corpus.nested else {}
    keys |= {"join": corpus.join} if corpus.join != SPACE else {}
    keys["labels"] = [
        {key: value for key, value in (("name", label.name), ("long", label.long), ("definition", label.definition)) if value}
        for label in corpus.labels
    ]  # fmt: skip
    body = yaml.safe_dump(keys, allow_unicode=True, sort_keys=False, width=120)
    return f"{_FIRST_LINE}\n# {PROVENANCE_FILE} says for each sentence where they come from, {SUMMARY_FILE} for all.\n{body}"


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
    price = ledger.price if ledger else None
    return Summary(
        texts.name, system, max(provenance.date for _, _, provenance in rows), len(rows), len(kept), statuses[FAILED],
        keep_unreadable, texts.left_out, dict(sorted(statuses.items())), dict(sorted(reasons.items())),
        dict(sorted(entities.items())), bill_of(list(answers.values()), price) if ledger else None,
        price.origin if price else None, sha256,
    )  # fmt: skip
