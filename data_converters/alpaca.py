"""Write a corpus as LLaMA-Factory data sets: Alpaca records and their entries in `dataset_info.json`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import LmnError
from ..files import atomic_write, write_json
from ..formats import OutputFormat, get_format
from ..formats.instructions import LETTERED
from ..prompting.spec import InstructionAs, PromptSpec
from ..sentence import Sentence
from ..training.dataset_info import DATASET_INFO, Augmented, DatasetEntry, dataset_name, read_dataset_info
from .cards import Card


@dataclass(frozen=True, slots=True)
class Converted:
    """What was written for one split: data set name, file, and counts; `entities` counts by label, `augmented` what was added."""

    dataset: str
    file: Path
    sentences: int
    tokens: int
    entities: Counter[str]
    augmented: Augmented | None = None


def prompt_spec_of(
    card: Card, format_name: str, variant: str | None = None, instruction_as: InstructionAs = "user"
) -> PromptSpec:
    """Return the prompt of a corpus in a format.

    Its label set is the card's, or has letters for names in a wording of `LETTERED`; `Card.with_labels` makes a card of it that reads
    sentences to match.

    Args:
        card: gives the labels, whether entities nest, and the default wording.
        format_name: of the output format.
        variant: wording of the instruction, by default the card's.
        instruction_as: in the user's turn or as the system message.

    Raises:
        LmnError: no such format or variant.
    """
    fmt = get_format(format_name, nested=card.nested)
    name = variant or card.variant
    labels = card.labels.lettered(definitions=name == "letters") if name in LETTERED else card.labels
    return PromptSpec(fmt.name, name, fmt.instruction(labels, name), labels, card.nested, instruction_as)


def alpaca_record(sentence: Sentence, spec: PromptSpec, fmt: OutputFormat) -> dict[str, Any]:
    """Return one training record: Alpaca's three fields, and the sentence's id and tokens, which prediction reads."""
    return {
        "instruction": spec.instruction,
        "input": sentence.text,
        "output": fmt.render(sentence, spec.labels),
        "id": sentence.id,
        "tokens": list(sentence.tokens),
    }


def write_split(
    card: Card,
    split: str,
    sentences: Iterable[Sentence],
    spec: PromptSpec,
    out: Path,
    *,
    labels_mark: str = "",
    augmented: Augmented | None = None,
) -> Converted:
    """Write the records of one split, one sentence in memory at a time; the file takes its name when it is whole.

    Args:
        card: of the corpus.
        split: its name.
        sentences: with the labels of the prompt.
        spec: the prompt.
        out: the folder.
        labels_mark: tells a change of the card's labels in the data set's name.
        augmented: what was added to the split's own sentences, if anything.

    Raises:
        LmnError: what reading the sentences raises; or there is not one.
    """
    name = dataset_name(card.name, split, spec, card.variant, labels_mark, augmented)
    fmt = get_format(spec.format, nested=spec.nested)
    path = out / f"{name}.json"
    count = tokens = 0
    entities: Counter[str] = Counter()
    encode = json.JSONEncoder(ensure_ascii=False).encode
    with atomic_write(path) as file:
        file.write("[")
        for sentence in sentences:
            file.write(",\n" if count else "\n")
            file.write(encode(alpaca_record(sentence, spec, fmt)))
            count += 1
            tokens += len(sentence.tokens)
            entities.update(span.label for span in sentence.spans)
        if not count:
            raise LmnError(
                f"corpus {card.name}: split {split} holds no sentence; check its file and the card's `splits`"
            )
        file.write("\n]\n")
    return Converted(name, path, count, tokens, entities, augmented)


def merge_dataset_info(
    card: Card, written: dict[str, Converted], spec: PromptSpec, out: Path, source: Path | None = None
) -> Path:
    """Add the written splits to the `dataset_info.json` of a folder, keeping what others put there.

    Args:
        card: of the corpus.
        written: by split.
        spec: the prompt they hold.
        out: the folder.
        source: folder of the corpus files, for who scores on them later; None for the card's default.

    Raises:
        LmnError: a `dataset_info.json` is there and is not a JSON mapping.
    """
    path = out / DATASET_INFO
    info = read_dataset_info(out)
    for split, converted in written.items():
        entry = DatasetEntry(
            name=converted.dataset,
            file_name=converted.file.name,
            card=card.reference,
            corpus=card.name,
            split=split,
            docstart=card.docstart,
            spec=spec,
            augmented=converted.augmented,
            source=str(source) if source else None,
        )
        info[converted.dataset] = entry.to_dict()
    write_json(path, info)
    return path
