"""Write a corpus as LLaMA-Factory data sets: Alpaca records, and their entries in `dataset_info.json`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import LmnError
from ..formats import DEFAULT_FORMAT, OutputFormat, get_format
from ..formats.instructions import LETTERED
from ..generation import Generation
from ..launching.lengths import SplitLengths
from ..locking import locked
from ..prompting.spec import InstructionAs, PromptSpec
from ..sentence import Sentence
from ..tags import Repair
from ..training.dataset_info import (
    DATASET_INFO,
    Augmented,
    DatasetEntry,
    check_not_foreign,
    dataset_name,
    read_dataset_info,
    record_of,
)
from .cards import Card, load_card


@dataclass(frozen=True, slots=True)
class WrittenSplit:
    """A split that was written as a data set.

    Attributes:
        dataset: Name of the data set.
        file: File of its records.
        sentences: Number of sentences.
        tokens: Number of tokens.
        entities: Number of entities by label.
        sha256: Hash of the file.
        augmented: Record of the sentences added to the split's own; None if none were added.
    """

    dataset: str
    file: Path
    sentences: int
    tokens: int
    entities: Counter[str]
    sha256: str
    augmented: Augmented | None = None


def prompt_spec_of(
    card: Card, format_name: str, variant: str | None = None, instruction_as: InstructionAs = "user"
) -> PromptSpec:
    """Return the prompt of a corpus in a format.

    The label set is the card's, with letters for names in a wording of `LETTERED`. `Card.with_labels` makes a card that reads sentences
    with these labels.

    Args:
        card: Card that gives the labels, whether entities nest, how tokens join, and the default wording.
        format_name: Name of the output format.
        variant: Wording of the instruction; None for the card's.
        instruction_as: Whether the instruction is in the user's turn or the system message.

    Raises:
        LmnError: There is no such format or wording.
    """
    fmt = get_format(format_name, nested=card.nested, join=card.join)
    name = variant or card.variant
    labels = card.labels.lettered(definitions=name == "letters") if name in LETTERED else card.labels
    return PromptSpec(
        fmt.name, name, fmt.instruction(labels, name), labels, card.nested, instruction_as, join=card.join
    )


@dataclass(frozen=True, slots=True)
class PromptsOf:
    """The prompts of a card, for what takes cards by name (`CardPrompts`).

    Attributes:
        card: The card.
    """

    card: Card

    @property
    def name(self) -> str:
        """Name of the card."""
        return self.card.name

    def prompt(self, format_name: str | None = None, variant: str | None = None) -> PromptSpec:
        """Return a prompt of the card, as `prompt_spec_of` does; without a format, in the default one."""
        return prompt_spec_of(self.card, format_name or DEFAULT_FORMAT, variant)


def prompts_of(card: str) -> PromptsOf:
    """Return the prompts of a card.

    Args:
        card: Name or file of the card.

    Raises:
        LmnError: There is no such card, or it is wrong.
    """
    return PromptsOf(load_card(card))


def alpaca_record(sentence: Sentence, spec: PromptSpec, fmt: OutputFormat) -> dict[str, Any]:
    """Return the training record of a sentence: instruction, text and the output that a model is trained to write for it."""
    return record_of(sentence, spec, fmt.render(sentence, spec.labels))


def write_split(
    card: Card,
    split: str,
    sentences: Iterable[Sentence],
    spec: PromptSpec,
    out: Path,
    files: Generation,
    *,
    labels_mark: str = "",
    augmented: Augmented | None = None,
    lengths: SplitLengths | None = None,
) -> WrittenSplit:
    """Write the records of a split, with one sentence in memory at a time. The file takes its name in `merge_dataset_info`.

    Args:
        card: Card of the corpus.
        split: Name of the split on the card.
        sentences: Sentences of the split, with the labels of the prompt.
        spec: Prompt of the records.
        out: Folder to write to.
        files: Files that are written together.
        labels_mark: Part of the data set's name that tells a change of the card's labels; empty for none.
        augmented: Record of the sentences added to the split's own; None if none were added.
        lengths: Takes the length of each record; None if nobody asks.

    Raises:
        LmnError: A sentence cannot be read, or the split is empty.
    """
    name = dataset_name(card.name, split, spec, card.variant, labels_mark, augmented)
    fmt = spec.output_format()
    path = out / f"{name}.json"
    count = tokens = 0
    entities: Counter[str] = Counter()
    encode = json.JSONEncoder(ensure_ascii=False).encode
    with files.write(path) as file:
        file.write("[")
        for sentence in sentences:
            record = alpaca_record(sentence, spec, fmt)
            file.write(",\n" if count else "\n")
            file.write(encode(record))
            if lengths:
                lengths.add(sentence, record["output"])
            count += 1
            tokens += len(sentence.tokens)
            entities.update(span.label for span in sentence.spans)
        if not count:
            raise LmnError(
                f"split {split} holds no sentence", f"corpus {card.name}", "check its file and the card's `splits`"
            )
        file.write("\n]\n")
    return WrittenSplit(name, path, count, tokens, entities, files.sha256(path), augmented)


def merge_dataset_info(
    card: Card, written: dict[str, WrittenSplit], spec: PromptSpec, out: Path, files: Generation, *, source: Path | None = None,
    repair: Repair | None = None, command: str | None = None,
) -> Path:  # fmt: skip
    """Let written splits take their names, and add them to the `dataset_info.json` of a folder, keeping the entries of others.

    The entries of data that change are taken out first. So a kill in between leaves no entry, and LLaMA-Factory, which knows no hashes,
    refuses the data set, too.

    Args:
        card: Card of the corpus.
        written: Written splits by name.
        spec: Prompt of the records.
        out: The folder.
        files: Files of the splits, as `write_split` wrote them.
        source: Folder of the corpus files, so that scoring finds them later; None for the card's default.
        repair: Treatment of tags that their scheme does not allow, so that scoring reads the gold in the same way; None for the card's.
        command: Command that writes the splits again.

    Returns:
        Path of the `dataset_info.json`.

    Raises:
        LmnError: The folder has a `dataset_info.json` that is not a JSON mapping, or it cannot be written; or it has an entry that
            lmn-convert did not write, with the name or the file of a new one.
    """
    path = out / DATASET_INFO
    new = _entries(card, written, spec, source, repair or card.repair, command)
    with locked(path), Generation() as without:
        info = read_dataset_info(out)
        check_not_foreign(path, info, {name: row["file_name"] for name, row in new.items()})
        changing = [name for name, row in new.items() if name in info and info[name] != row]
        if changing:
            without.write_json(path, {name: row for name, row in info.items() if name not in changing})
        files.write_json(path, {**info, **new})
        without.put()
        files.put()
    return path


def _entries(
    card: Card, written: dict[str, WrittenSplit], spec: PromptSpec, source: Path | None, repair: Repair, command: str | None
) -> dict[str, dict[str, Any]]:  # fmt: skip
    """Return the entries of written splits as LLaMA-Factory reads them, by data set."""
    entries = {}
    for split, data in written.items():
        entry = DatasetEntry(
            name=data.dataset,
            file_name=data.file.name,
            card=card.reference,
            corpus=card.name,
            split=split,
            docstart=card.docstart,
            spec=spec,
            augmented=data.augmented,
            source=str(source) if source else None,
            sha256=data.sha256,
            command=command,
            repair=repair,
        )
        entries[data.dataset] = entry.to_dict()
    return entries
