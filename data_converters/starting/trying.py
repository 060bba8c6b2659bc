"""Guesses tried by the real readers: what they read, which problems they find, and which guess is best."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any, Literal

from ...errors import LmnError
from ...labels import writable_name
from ...yaml_text import to_yaml
from ..cards import Card, load_card
from ..corpus import read_corpus
from ..problems import NOTES, PROBLEM_KINDS, ProblemLog
from ..readers.tagged import SCHEME_NAMES
from ..yaml_lines import load_schema
from .candidate import Candidate
from .language import UNKNOWN

Sureness = Literal["sure", "likely", "guess"]

_SAMPLE = 1_000
"""Sentences of each split that a guess is tried on; the best guess reads all."""
ONLY_LABEL = "ENTITY"
"""Label of tags that name none."""
_NO_LABEL = "LMN-NO-LABEL"
_MISPLACED = ("cut-span", "outside-text", "span-words", "other-text")
_LONG_BLOCK = 128
"""Tokens of a median block of lines that is better split into sentences."""
_LONG_TEXT = 64
"""Tokens of a median text that is better split into sentences."""
_SCHEMES = [name for name in ("IOB2", "IOB1", *dict.fromkeys(SCHEME_NAMES.values())) if name != "IO"]
_READERS = Path(__file__).parent.parent / "readers"
_REMEDIES: tuple[tuple[str, str, str], ...] = (
    ("crossing", "crossing", "longest"),
    ("outside-text", "outside", "drop"),
    ("span-words", "mismatch", "offsets"),
    ("untagged", "untagged", "outside"),
)
"""Keys that read what would stop a conversion: kind of problem, key of the card's `reader`, value."""


@dataclass(frozen=True, slots=True)
class Place:
    """The data of a corpus.

    Attributes:
        folder: Folder of the files.
        splits: File of each split, below the folder, or name that a data set has for it.
        language: Language tag of the corpus.
    """

    folder: Path
    splits: dict[str, str]
    language: str


@dataclass(slots=True)
class Trial:
    """What the readers make of a guess.

    Attributes:
        candidate: The guess.
        labels: Number of entities by label, as the files write it; the most frequent first.
        sentences: Number of sentences by split.
        tokens: Number of tokens.
        longest: Number of tokens of the longest sentence.
        median: Number of tokens of a sentence in the middle.
        doubt: Doubt that the labels themselves raise; empty for none.
        log: Problems that were found.
        error: Error that ended reading; None if it came to its end.
        rivals: Other guesses that read everything, but something else.
    """

    candidate: Candidate
    labels: Counter[str] = field(default_factory=Counter)
    sentences: Counter[str] = field(default_factory=Counter)
    tokens: int = 0
    longest: int = 0
    median: int = 0
    doubt: str = ""
    log: ProblemLog = field(default_factory=lambda: ProblemLog(keep_going=True))
    error: LmnError | None = None
    rivals: tuple[Candidate, ...] = ()

    @property
    def faults(self) -> int:
        """Number of problems that would stop a conversion, or are mended; notes aside."""
        return sum(count for kind, count in self.log.counts.items() if kind not in NOTES)

    @property
    def misplaced(self) -> int:
        """Number of spans that do not lie where words begin and end: another unit or tokenizer may place them."""
        return sum(self.log.counts[kind] for kind in _MISPLACED)

    @property
    def order(self) -> tuple[bool, bool, bool, bool, int, int]:
        """Key of sorting: the better guess comes first."""
        marked = self.candidate.marked
        return (self.error is not None, not self.labels, bool(self.log.fatal), not marked, self.log.fatal, self.faults)

    @property
    def reads_all(self) -> bool:
        """Whether everything can be read, with entities."""
        return not (self.error or self.log.fatal) and bool(self.labels)

    @property
    def sureness(self) -> Sureness:
        """How sure the guess is: the only one that reads everything, one of several, or one that leaves problems."""
        if not self.reads_all or self.doubt:
            return "guess"
        return "likely" if self.rivals and not self.candidate.marked else "sure"

    def problems(self) -> list[str]:
        """Return the problems found, in words, with the place of the first."""
        return [
            f"{count:,} x {PROBLEM_KINDS[kind]} (first at {self.log.of(kind)[0].where})"
            for kind, count in sorted(self.log.counts.items())
        ]


def label_rows(labels: Sequence[str]) -> list[dict[str, str]]:
    """Return the rows of a card's `labels`: each label's name, and the name in the corpus files where no label can have that."""
    rows: list[dict[str, str]] = []
    taken: list[str] = []
    for label in labels:
        name = writable_name(label, [*taken, *(other for other in labels if other != label)])
        taken.append(name)
        rows.append({"name": name} | ({} if name == label else {"corpus": label}))
    return rows


def card_keys(candidate: Candidate, place: Place, labels: Sequence[str], name: str = "corpus") -> dict[str, Any]:
    """Return the keys of the card that a guess makes."""
    reader = dict(candidate.reader)
    if place.language == UNKNOWN and "offsets" in _keys_of(reader["type"]):
        reader.setdefault("language", "xx")
    return {
        "name": name,
        "language": place.language,
        "splits": dict(place.splits),
        "reader": reader,
        "docstart": candidate.docstart,
        **({"nested": True} if candidate.nested else {}),
        "labels": label_rows(labels),
    }


def card_from(keys: dict[str, Any]) -> Card:
    """Return the card that some keys make, read from a temporary file as every card is.

    Raises:
        LmnError: The keys make no card.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "card.yaml"
        path.write_text(to_yaml(keys), encoding="utf-8")
        return load_card(path)


def attempt(candidate: Candidate, place: Place, labels: Sequence[str] = (), *, whole: bool = False) -> Trial:
    """Read files as a guess says.

    Args:
        candidate: The guess, with a scheme where its layout needs one.
        place: The files.
        labels: Labels that are known to be there. Where the files hold others, they are read again with these.
        whole: Whether to read the files to their end, and not only the first sentences.
    """
    known = list(labels) or [_NO_LABEL]
    doubt = ""
    while True:
        trial = _read(candidate, place, known, whole)
        trial.doubt = doubt
        if not trial.log.unknown:
            return trial
        doubt = doubt or next((found.remedy for found in trial.log.unknown.values() if found.remedy), "")
        found = sorted(trial.log.unknown, key=lambda label: -trial.log.unknown[label].count)
        known = [*(label for label in known if label != _NO_LABEL), *found]


def _read(candidate: Candidate, place: Place, labels: Sequence[str], whole: bool) -> Trial:
    """Read files as a guess says, with labels that are known."""
    trial = Trial(candidate)
    counts: Counter[str] = Counter()
    lengths: Counter[int] = Counter()
    try:
        card = card_from(card_keys(candidate, place, labels))
        for split in place.splits:
            sentences = read_corpus(card, split, place.folder, log=trial.log, progress=whole)
            for sentence in sentences if whole else islice(sentences, _SAMPLE):
                trial.sentences[split] += 1
                lengths[len(sentence.tokens)] += 1
                counts.update(span.label for span in sentence.spans)
    except LmnError as error:
        trial.error = error
    else:
        called = dict(zip(card.labels.names, labels)) | {_NO_LABEL: ONLY_LABEL}
        trial.labels = Counter({called[name]: number for name, number in counts.most_common()})
    trial.tokens = sum(length * count for length, count in lengths.items())
    trial.longest = max(lengths, default=0)
    trial.median = int(median(lengths.elements())) if lengths else 0
    return trial


def best_trial(candidates: Sequence[Candidate], place: Place) -> tuple[Trial, list[Trial]]:
    """Try guesses in their order, mend what a key of the card can mend, and return the best with everything read, and all trials.

    Args:
        candidates: Guesses, the most likely first.
        place: The files.

    Raises:
        LmnError: No guess reads the files.
    """
    trials: list[Trial] = []
    for candidate in candidates:
        trial = _mended(candidate, place)
        trials.append(trial)
        if trial.reads_all and not trial.faults and len(trials) > 1:
            break
    best = min(trials, key=lambda trial: trial.order, default=None)
    if best is None or (best.error and not best.labels):
        raise _no_guess(place, trials)
    rivals = [other for other in trials if other is not best and other.reads_all and not _same(other, best)]
    full = attempt(best.candidate, place, list(best.labels), whole=True)
    full.doubt = full.doubt or best.doubt
    full.rivals = tuple(trial.candidate for trial in rivals)
    return full, trials


def _same(one: Trial, other: Trial) -> bool:
    return (one.sentences, one.tokens, one.labels) == (other.sentences, other.tokens, other.labels)


def _no_guess(place: Place, trials: Sequence[Trial]) -> LmnError:
    remedy = "data_converters/README.md lists the layouts; a card says what a file looks like"
    what = "nothing here looks like annotated text of a known layout"
    if len(place.splits) > 1:
        remedy = f"name the files that belong together; {remedy}"
    if trials:
        what = f"read as {trials[0].candidate.reader['type']}, the likeliest layout, it ends in an error: {trials[0].error}"
    return LmnError(what, place.folder / next(iter(place.splits.values())), remedy)


def _mended(candidate: Candidate, place: Place) -> Trial:
    """Try a guess in its variants, and add the keys that mend what would stop a conversion."""
    tried: list[Trial] = []
    for variant in _variants(candidate, place):
        tried.append(attempt(variant, place, list(tried[0].labels) if tried else ()))
        if tried[-1].reads_all and not tried[-1].faults:
            break
    best = min(tried, key=lambda trial: (*trial.order[:2], trial.misplaced, trial.order))
    for _ in range(len(_REMEDIES) + 2):
        better = _mending(best, place.language)
        if better is None or better == best.candidate:
            break
        trial = attempt(better, place, list(best.labels))
        if trial.order > best.order and not better.nested:
            break
        best = trial
    return best


def _variants(candidate: Candidate, place: Place) -> Iterator[Candidate]:
    """Yield a guess with its scheme, or with each unit of its offsets and each tokenizer."""
    keys = _keys_of(candidate.reader["type"])
    if "scheme" in keys and "scheme" not in candidate.reader:
        candidate = replace(candidate, reader={**candidate.reader, "scheme": scheme_of(candidate, place)[0]})
    yield candidate
    if "offsets" in keys:
        if "offsets" not in candidate.reader:
            yield replace(candidate, reader={**candidate.reader, "offsets": "utf-16"})
        if "language" not in candidate.reader:
            yield replace(candidate, reader={**candidate.reader, "language": "spaces"})


def scheme_of(candidate: Candidate, place: Place) -> tuple[str, tuple[str, ...]]:
    """Return the scheme with the fewest tags that it does not allow, and the other schemes with as few."""
    counts: dict[str, int] = {}
    for scheme in dict.fromkeys(_SCHEMES):
        log = _read(replace(candidate, reader={**candidate.reader, "scheme": scheme}), place, [_NO_LABEL], False).log
        counts[scheme] = log.counts["invalid-transition"] + log.counts["malformed-tag"]
    fewest = min(counts.values())
    first, *others = [scheme for scheme, count in counts.items() if count == fewest]
    return first, tuple(others)


def _mending(trial: Trial, language: str) -> Candidate | None:
    """Return the guess with one more key that mends what its trial showed; None if there is none."""
    candidate, counts, keys = trial.candidate, trial.log.counts, _keys_of(trial.candidate.reader["type"])
    if counts["inner-span"] and not candidate.nested:
        return replace(candidate, nested=True)
    fatal = {problem.kind for problem in trial.log.kept if problem.fatal}
    for kind, key, value in _REMEDIES:
        if kind in fatal and key in keys and candidate.reader.get(key) != value:
            return replace(candidate, reader={**candidate.reader, key: value})
    marks = {"sentence", "sentence_end", "sentence_start"}
    if trial.median > _LONG_BLOCK and "sentence_end" in keys and not marks & set(candidate.reader):
        splitter = "xx" if language == UNKNOWN else language
        return replace(candidate, reader={**candidate.reader, "sentence_end": {"splitter": splitter}})
    if trial.median > _LONG_TEXT and "sentences" in keys and "sentences" not in candidate.reader:
        return replace(candidate, reader={**candidate.reader, "sentences": "split"})
    return None


def _keys_of(kind: str) -> dict[str, Any]:
    """Return the keys of a card's `reader` of a type."""
    schema = load_schema(_READERS / f"{kind}.schema.yaml")
    keys: dict[str, Any] = schema["properties"]
    return keys
