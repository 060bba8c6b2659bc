"""From files without a card to a card that works, and a recipe for it."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from ...errors import LmnError
from ...sentence import Sentence
from ..cards import CARD_FILE, Card
from ..corpus import read_corpus
from .card_text import card_text
from .language import UNKNOWN, UNSPACED
from .sources import Source, find_source
from .splits import FEWEST, as_ranges, drawn_splits
from .trying import ONLY_LABEL, Place, Sureness, Trial, best_trial, card_from, card_keys, label_rows, scheme_of

_UNFIT = re.compile(r"[^a-z0-9_-]+")
_GENERIC = {"train", "dev", "test", "data", "all", "export", "files", "corpus", "admin"}


class Guess(NamedTuple):
    """One thing that was guessed.

    Attributes:
        what: The thing: `layout`.
        value: The guess.
        sureness: How sure it is.
        why: Reason for it.
    """

    what: str
    value: str
    sureness: Sureness
    why: str


@dataclass(frozen=True, slots=True)
class Start:
    """A card for files that had none.

    Attributes:
        name: Name of the corpus.
        folder: Folder of the files.
        keys: Keys of the card.
        trial: What was read.
        guesses: What was guessed.
        sentences: Number of sentences of each split.
        left_out: Files that look like no annotated text.
        is_set: Whether it is a data set, whose card cannot lie among its files.
    """

    name: str
    folder: Path
    keys: dict[str, Any]
    trial: Trial
    guesses: tuple[Guess, ...]
    sentences: dict[str, int]
    left_out: tuple[str, ...]
    is_set: bool

    def text(self) -> str:
        """Return the text of the card."""
        notes = [f"{guess.what}: {guess.value} ({guess.sureness}: {guess.why})" for guess in self.guesses]
        return card_text(
            self.keys, self.trial.labels, [*notes, *(f"problem: {line}" for line in self.trial.problems())]
        )

    def card(self) -> Card:
        """Return the card."""
        return card_from(self.keys)

    @property
    def train(self) -> str:
        """The split to train on: `train`, or else the largest."""
        return "train" if "train" in self.sentences else max(self.sentences, key=lambda name: self.sentences[name])

    @property
    def dev(self) -> str | None:
        """The split to watch a training with; None if there is none."""
        names = ("dev", "devel", "development", "valid", "validation", "val", "testa")
        return next((name for name in names if name in self.sentences), None)

    @property
    def test(self) -> str | None:
        """The split to score; None if nothing is held out."""
        return next((name for name in ("test", "testb", "eval") if name in self.sentences), self.dev)


def start(words: Sequence[str], *, name: str | None = None, language: str | None = None, seed: int = 42) -> Start:
    """Look at data without a card, and make one.

    Args:
        words: Paths of files, of one folder, or of one data set, or the name of a data set on the Hub.
        name: Name of the corpus; None to make one from the words.
        language: Language tag; None to guess it.
        seed: Seed of the draw of splits.

    Raises:
        LmnError: There is nothing that can be read as annotated text.
    """
    source = find_source(words, language)
    trial, _ = best_trial(source.candidates, source.place)
    empty = [split for split in source.place.splits if not trial.sentences[split]]
    if empty:
        raise _without_sentences(trial, source.place, empty[0])
    if not trial.labels:
        what = f"read as {trial.candidate.reader['type']}, it holds {trial.sentences.total():,} sentences and no entity"
        raise LmnError(what, source.place.folder, "name the files that hold the annotation")
    called = name or _name_of(words, source)
    keys = card_keys(trial.candidate, source.place, list(trial.labels), called)
    keys["splits"], sizes, split_guess = _splits(source, trial, seed)
    guesses = [*_layout_guesses(source, trial), split_guess]
    if source.place.language.partition("-")[0] in UNSPACED:
        keys["join"] = ""
        guesses.append(Guess("join", '""', "likely", "the language is written without spaces between words"))
    return Start(
        called, source.place.folder, keys, trial, tuple(guesses), sizes, source.left_out, source.is_set
    )  # fmt: skip


def _without_sentences(trial: Trial, place: Place, split: str) -> LmnError:
    """Return the error for a split without sentences: what is wrong in its file, or that it belongs to no others."""
    file, kind = place.folder / place.splits[split], trial.candidate.reader["type"]
    wrong = next((problem for problem in trial.log.kept if problem.fatal and problem.where.file == str(file)), None)
    if wrong:
        return LmnError(f"read as {kind}, it holds no sentence: {wrong.message}", wrong.where, "mend the file")
    others = ", as the other files are" if len(place.splits) > 1 else ""
    return LmnError(f"read as {kind}{others}, it holds no sentence", file, "name the files that belong together")


def _name_of(words: Sequence[str], source: Source) -> str:
    """Return a name for the corpus: that of its only file, its folder or its data set."""
    path = Path(words[0])
    stem = path.name.split(".")[0] if len(words) == 1 else source.place.folder.resolve().name
    if path.is_dir() or (path.is_file() and stem.lower() in _GENERIC):
        stem = path.resolve().name if path.is_dir() else path.resolve().parent.name
    if path.is_dir() and stem.lower() in _GENERIC:
        stem = path.resolve().parent.name
    return _UNFIT.sub("_", stem.lower()).strip("_-")[:100] or "corpus"


def _layout_guesses(source: Source, trial: Trial) -> Iterator[Guess]:
    reader = trial.candidate.reader
    why = trial.candidate.why
    if trial.rivals and not trial.candidate.marked:
        others = ", ".join(dict.fromkeys(_named(rival.reader) for rival in trial.rivals))
        why += f"; {others} would read something else"
    elif trial.log.fatal:
        why += f"; converting would stop at {trial.log.fatal:,} problems"
    yield Guess("layout", _named(reader), trial.sureness, why)
    if "scheme" in reader:
        yield _scheme_guess(source, trial)
    if source.encoding:
        yield Guess("encoding", source.encoding, "guess", "the files are not UTF-8")
    sureness: Sureness = "sure" if source.language_why == "as given" else "guess"
    why = source.language_why + ("; --language names it" if source.place.language == UNKNOWN else "")
    yield Guess("language", source.place.language, sureness, why)
    if trial.candidate.docstart != "none":
        yield Guess(
            "docstart",
            trial.candidate.docstart,
            "likely",
            "a -DOCSTART- line is no text; `sentence` counts it, as CoNLL-2003 does",
        )
    if trial.candidate.nested:
        yield Guess("nested", "true", "likely", "entities lie inside entities")
    if list(trial.labels) == [ONLY_LABEL]:
        yield Guess("labels", ONLY_LABEL, "guess", "the files name no label: give it a name on the card")
    if trial.doubt:
        yield Guess("labels", f"{len(trial.labels)}", "guess", trial.doubt)
    called = [row for row in label_rows(list(trial.labels)) if "corpus" in row]
    if called:
        renamed = ", ".join(f"{row['corpus']!r} is {row['name']}" for row in called[:5])
        yield Guess("labels", renamed, "likely", "no output can write the names of the files")


def _named(reader: dict[str, Any]) -> str:
    more = ", ".join(f"{key} {value}" for key, value in reader.items() if key not in ("type", "scheme", "encoding"))
    return f"{reader['type']} ({more})" if more else str(reader["type"])


def _scheme_guess(source: Source, trial: Trial) -> Guess:
    scheme = trial.candidate.reader["scheme"]
    if scheme == "IO":
        return Guess("scheme", "IO", "likely", "tags have no prefixes")
    bare = replace(
        trial.candidate, reader={key: value for key, value in trial.candidate.reader.items() if key != "scheme"}
    )
    _, others = scheme_of(bare, source.place)
    invalid = trial.log.counts["invalid-transition"]
    rest = f"{invalid:,} tags that it does not allow" if invalid else "every tag is allowed"
    if others:
        return Guess(
            "scheme", scheme, "likely", f"{rest}; {', '.join(others)} would fit as well, and {scheme} is the most usual"
        )
    return Guess("scheme", scheme, "guess" if invalid else "sure", f"{rest}, and no other scheme fits as well")


def _splits(source: Source, trial: Trial, seed: int) -> tuple[dict[str, Any], dict[str, int], Guess]:
    """Return the splits of the card, the number of sentences of each, and the guess that explains them."""
    splits: dict[str, Any] = dict(source.place.splits)
    sizes = dict(trial.sentences)
    if len(splits) > 1:
        listed = ", ".join(f"{split} {sizes.get(split, 0):,}" for split in splits)
        if source.named:
            return splits, sizes, Guess("splits", listed, "sure", "the names say so")
        return (
            splits,
            sizes,
            Guess(
                "splits", listed, "guess", "the names tell no split: each file is one, and the largest is trained on"
            ),
        )
    ((split, file),) = splits.items()
    whole = Guess(
        "splits",
        f"{split} {sizes[split]:,}",
        "sure",
        f"too few sentences to hold some out: that takes {FEWEST} or more",
    )
    drawn, together = _drawn(source, trial, seed)
    if drawn is None:
        return splits, sizes, whole
    rows = {name: {"file": file, "sentences": as_ranges(positions)} for name, positions in drawn.items() if positions}
    sizes = {name: len(positions) for name, positions in drawn.items() if positions}
    listed = ", ".join(f"{name} {size:,}" for name, size in sizes.items())
    why = f"drawn at random with seed {seed}, each label in proportion; no sentence is in two splits{together}"
    return rows, sizes, Guess("splits", listed, "sure", why)


def _drawn(source: Source, trial: Trial, seed: int) -> tuple[dict[str, list[int]] | None, str]:
    """Draw splits from the only split, with documents kept together if that leaves enough to draw from."""
    pairs = list(_with_documents(source, trial))
    known = {document for _, document in pairs} - {None}
    if known:
        drawn = drawn_splits(pairs, seed)
        if drawn is not None and all(drawn.values()):
            return drawn, f", and none of the {len(known):,} documents either"
    return drawn_splits([(sentence, None) for sentence, _ in pairs], seed), ""


def _with_documents(source: Source, trial: Trial) -> Iterator[tuple[Sentence, Hashable]]:
    """Yield the sentences of the only split, each with its document; None where documents are not known."""
    candidate = trial.candidate
    marked = candidate.docstart == "boundary"
    seen = replace(candidate, docstart="sentence") if marked else candidate
    card = card_from(card_keys(seen, source.place, list(trial.labels)))
    by_record = candidate.reader.get("sentences") == "split"
    by_file = (source.place.folder / next(iter(source.place.splits.values()))).is_dir() and not source.is_set
    number = 0
    log = trial.log.__class__(keep_going=True)
    for sentence in read_corpus(card, next(iter(source.place.splits)), source.place.folder, log=log):
        if marked and sentence.is_docstart:
            number += 1
            continue
        where = sentence.where
        document: Hashable = number if marked else None
        if where and by_record:
            document = (where.file, where.line)
        elif where and by_file:
            document = where.file
        yield sentence, document


def default_card(begun: Start) -> Path:
    """Return where the card goes: `card.yaml` in the folder of the files, or a file named like a data set in the working directory."""
    return Path(f"{begun.name}.yaml") if begun.is_set and begun.folder == Path() else begun.folder / CARD_FILE
