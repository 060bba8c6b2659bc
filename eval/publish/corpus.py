"""The known facts about the data that an adapter was trained on."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from ...data_converters.alpaca import prompt_spec_of
from ...data_converters.cards import Card, load_card
from ...data_converters.label_change import LabelChange
from ...data_converters.readers.datasets import DatasetOptions
from ...errors import LmnError
from ...formats import DEFAULT_FORMAT
from ...labels import same_labels
from ...prompting.spec import PromptSpec
from ...sentence import Sentence, Span
from ...training.dataset_info import DatasetEntry, read_answers
from ...training.recipe import Recipe

_HUB_PAGE = re.compile(r"https://huggingface\.co/datasets/([\w.-]+/[\w.-]+)/?")
_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")
_LOOKED_AT = 2000
_LONGEST = 20


@dataclass(frozen=True, slots=True)
class Shown:
    """A sentence and the output that a model should write for it.

    Attributes:
        source: Tokens of the sentence, joined by spaces.
        output: Output in the adapter's format.
        is_real: Whether the sentence is from the training data; otherwise it is made of the label names.
    """

    source: str
    output: str
    is_real: bool


@dataclass(frozen=True, slots=True)
class TrainingData:
    """The data set that a recipe names first, and its corpus.

    Attributes:
        dataset: Name of the data set in the recipe.
        entry: Entry that lmn-convert wrote for it; None if it is missing.
        card: Card of the corpus; None if it is missing.
        records: Number of examples; None if the data is missing.
        example: Example of an output that a model should write.
        unknown: Reason why some of this is unknown.
    """

    dataset: str
    entry: DatasetEntry | None
    card: Card | None
    records: int | None
    example: Shown
    unknown: tuple[LmnError, ...]

    @property
    def title(self) -> str:
        """Title of the corpus, or else the name of the corpus or of the data set."""
        if self.card:
            return self.card.title
        return self.entry.corpus if self.entry else self.dataset

    @property
    def hub_id(self) -> str:
        """Id of the data set on the Hub if its card names one, else the name of the corpus."""
        card = self.card
        if card is None:
            return self.entry.corpus if self.entry else self.dataset
        if isinstance(card.reader, DatasetOptions) and _is_hub_id(card.reader.path):
            return card.reader.path
        page = _HUB_PAGE.fullmatch(card.homepage)
        return page[1] if page else card.name

    @property
    def other_splits(self) -> tuple[str, ...]:
        """Splits of the corpus other than the one that the data set is made of."""
        if not (self.card and self.entry):
            return ()
        return tuple(split for split in self.card.splits if split != self.entry.split)

    def convert_command(self) -> str | None:
        """Return the lmn-convert command that writes the data set, or None if it is not known."""
        if not (self.entry and self.card):
            return None
        words = ["lmn-convert", _public_reference(self.card), "--source", "DIR", *_options(self.card, self.entry.spec)]
        if added := self.entry.augmented:
            words += ["--augment", f"{added.share:g}", "--seed", str(added.seed), "--augment-split", self.entry.split]
        return " ".join(map(shlex.quote, words))


def _is_hub_id(path: str) -> bool:
    return bool(_HUB_ID.fullmatch(path)) and not Path(path).suffix and not Path(path).exists()


def _public_reference(card: Card) -> str:
    """Return how others name a card: by its name if it comes with the package, else by its file name without folders."""
    return card.path.name if card.reference == str(card.path) else card.reference


def _options(card: Card, spec: PromptSpec) -> list[str]:
    """Return the options of lmn-convert that turn a card into a prompt."""
    words = [] if spec.format == DEFAULT_FORMAT else ["--format", spec.format]
    words += [] if spec.variant == card.variant else ["--variant", spec.variant]
    words += [] if spec.instruction_as == "user" else ["--instruction-as", spec.instruction_as]
    if _same(card, spec):
        return words
    try:
        origins = list(card.labels.counted_as(spec.labels).items())
    except KeyError:
        return words  # labels of another corpus
    drop = [old for old, new in origins if new is None]
    kinds: dict[str, list[str]] = {}
    for old, new in origins:
        if new is not None:
            kinds.setdefault(new, []).append(old)
    rename = [(olds[0], new) for new, olds in kinds.items() if len(olds) == 1 and olds[0] != new]
    merge = [(new, tuple(olds)) for new, olds in kinds.items() if len(olds) > 1]
    try:
        changed = LabelChange(drop=tuple(drop), merge=tuple(merge), rename=tuple(rename)).of(card)
    except LmnError:
        return words
    if not _same(changed, spec):
        return words  # the card has changed since; the model card's table of labels shows the mapping
    words += ["--drop", ",".join(drop)] if drop else []
    for new, olds in merge:
        words += ["--merge", f"{new}={','.join(olds)}"]
    for old, new in rename:
        words += ["--rename", f"{old}={new}"]
    return words


def _same(card: Card, spec: PromptSpec) -> bool:
    """Return whether a card asks for the labels of a prompt."""
    try:
        asked = prompt_spec_of(card, spec.format, spec.variant, spec.instruction_as).labels
    except LmnError:
        return False
    return same_labels(asked, spec.labels)


def training_data(recipe: Recipe, spec: PromptSpec, *, corpus_text: bool = True) -> TrainingData:
    """Gather the known facts about a recipe's training data.

    Args:
        recipe: Recipe that names the data.
        spec: Prompt of the adapter.
        corpus_text: Whether the example may be a sentence of the data.
    """
    unknown: list[LmnError] = []
    entry, card, records = None, None, None
    shown: Shown | None = None
    try:
        entry = recipe.train_entry()
        card = load_card(entry.card)
    except LmnError as error:
        unknown.append(error)
    try:
        if entry:
            records, shown = _look(recipe, entry, corpus_text)
    except LmnError as error:
        unknown.append(error)
    return TrainingData(recipe.dataset, entry, card, records, shown or made_up(spec), tuple(unknown))


def _look(recipe: Recipe, entry: DatasetEntry, corpus_text: bool) -> tuple[int, Shown | None]:
    """Count the records, and choose one of the first ones to show: short, with as many labels as possible, and the first in a tie."""
    best: tuple[int, Shown] | None = None
    count = 0
    fmt = entry.spec.output_format()
    for count, (record, output) in enumerate(read_answers(recipe.dataset_dir, entry), start=1):
        if not corpus_text or count > _LOOKED_AT or len(record.tokens) > _LONGEST:
            continue
        labels = {span.label for span in fmt.parse(output, record.tokens, entry.spec.labels).spans}
        if labels and (best is None or len(labels) > best[0]):
            best = (len(labels), Shown(entry.spec.source(record.tokens), output, True))
    return count, best[1] if best else None


def made_up(spec: PromptSpec) -> Shown:
    """Return an example made of the names of the first three labels, which quotes no corpus."""
    tokens: list[str] = []
    spans: list[Span] = []
    for label in list(spec.labels)[:3]:
        words = label.long.split() or [label.name]
        tokens += [",", "the"] if tokens else ["The"]
        spans.append(Span(len(tokens), len(tokens) + len(words), label.name))
        tokens += words
    sentence = Sentence("example", (*tokens, "."), tuple(spans))
    output = spec.output_format().render(sentence, spec.labels)
    return Shown(spec.source(sentence.tokens), output, False)
