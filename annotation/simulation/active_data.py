"""The sentences of a round as a corpus with a card, and as a data set: what an adapter is trained on, and what a model card names."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ...data_converters.alpaca import merge_dataset_info, prompt_spec_of, write_split
from ...data_converters.cards import CARD_FILE, Card, load_card
from ...errors import LmnError
from ...formats import DEFAULT_FORMAT
from ...generation import Generation
from ...sentence import SPACE, Sentence
from ...training.recipe import Recipe
from ...yaml_text import to_yaml

_SPLIT = "train"


class Prompt(NamedTuple):
    """What an adapter reads and writes.

    Attributes:
        format: Name of the output format.
        variant: Wording of the instruction; None for the card's default.
    """

    format: str = DEFAULT_FORMAT
    variant: str | None = None


def write_data(card: Card, sentences: Sequence[Sentence], folder: Path, title: str, prompt: Prompt) -> str:
    """Write sentences with their gold into a folder: a corpus with a card, and the data set that is made of it.

    Args:
        card: Card of the corpus that the sentences are from.
        sentences: The sentences.
        folder: Folder for the corpus; its `alpaca/` holds the data set.
        title: Title of the corpus.
        prompt: Format and wording of the data set.

    Returns:
        Name of the data set.

    Raises:
        LmnError: A file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with Generation() as files:
        with files.write(folder / f"{_SPLIT}.jsonl") as file:
            file.writelines(_line(sentence) for sentence in sentences)
        with files.write(folder / CARD_FILE) as file:
            file.write(to_yaml(_keys(card, title), width=120))
        files.put()
    made = load_card(folder)
    spec = prompt_spec_of(made, prompt.format, prompt.variant)
    with Generation() as files:
        written = write_split(made, _SPLIT, sentences, spec, folder / "alpaca", files)
        merge_dataset_info(made, {_SPLIT: written}, spec, folder / "alpaca", files)
    return written.dataset


def _line(sentence: Sentence) -> str:
    entities = [{"start": span.start, "end": span.end, "label": span.label} for span in sentence.spans]
    row = {"id": sentence.id, "tokens": list(sentence.tokens), "entities": entities}
    return json.dumps(row, ensure_ascii=False) + "\n"


def _keys(card: Card, title: str) -> dict[str, Any]:
    """Return the keys of the card of the sentences."""
    keys: dict[str, Any] = {"name": card.name, "title": title, "language": card.language}
    said = {"licence": card.licence, "citation": card.citation, "homepage": card.homepage}
    keys |= {key: value for key, value in said.items() if value}
    keys |= {"docstart": "none", "variant": card.variant, "splits": {_SPLIT: f"{_SPLIT}.jsonl"}}
    keys["reader"] = {"type": "token-spans", "tokens": "tokens", "entities": "entities", "ends": "exclusive"}
    keys |= {"nested": True} if card.nested else {}
    keys |= {"join": card.join} if card.join != SPACE else {}
    keys["labels"] = [
        {key: value for key, value in (("name", label.name), ("long", label.long), ("definition", label.definition)) if value}
        for label in card.labels.labels
    ]  # fmt: skip
    return keys


def prompt_of(recipe: Recipe) -> tuple[Prompt, str | None]:
    """Return the prompt of a recipe's data set, and where it was not converted, a default with a line for people about that."""
    try:
        spec = recipe.train_entry().spec
    except LmnError as error:
        return (
            Prompt(),
            f"the prompt is the default, format {DEFAULT_FORMAT}, since the recipe's data set tells none: {error}",
        )
    return Prompt(spec.format, spec.variant), None
