"""Join the corpora of a mix: draw sentences, leave out repeated ones, hold some out, write a corpus with a card, and check it."""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from ... import __version__
from ...errors import LmnError
from ...files import atomic_write, sha256_of, temporary_folder, write_json
from ...generation import move_files, remove_files
from ...locking import locked
from ...sentence import Sentence, without_nested
from ...tags import encode
from ...typed_json import to_json
from ...yaml_text import to_yaml
from ..cards import CARD_FILE, DATA, Card, load_card
from ..corpus import read_corpus
from ..problems import PROBLEM_KINDS, ProblemLog
from ..written_mix import COUNTS_FILE, FIRST_LINE, is_mix, split_file
from .mix import HeldOut, Mix, MixSource

MIXES = DATA / "mixes"
"""Folder that holds a folder for each mix, by default."""
ORIGIN_COMMENT = "# origin = "
"""Beginning of the comment line that gives the id of a sentence in the corpus that it comes from."""


@dataclass(slots=True)
class SourceCounts:
    """Fate of the sentences of a source. Each sentence that was read is in a split, or is counted under the reason why it is not.

    Attributes:
        corpus: Name of the corpus.
        files: SHA-256 of each file, by path.
        missing: Splits left out because their data is missing.
        read: Sentences in the splits taken.
        docstarts: `-DOCSTART-` lines among them, which are left out.
        unwritable: Sentences left out because a token holds a tab, begins like an origin comment or is not Unicode text.
        first_unwritable: Id of the first of these.
        repeated: Sentences left out because this source had them before.
        in_earlier: Sentences left out because an earlier source gave them.
        otherwise_annotated: Sentences among those two whose entities differ from those of the sentence that stays.
        over_limit: Sentences left out because of the limit on this source.
        inner_entities: Entities of the sentences taken that are left out because they lie inside others.
        problems: Problems repaired in reading, by kind.
        splits: Sentences in each split of the mix.
        entities: Entities in the sentences taken, by label.
    """

    corpus: str
    files: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    read: int = 0
    docstarts: int = 0
    unwritable: int = 0
    first_unwritable: str = ""
    repeated: int = 0
    in_earlier: int = 0
    otherwise_annotated: int = 0
    over_limit: int = 0
    inner_entities: int = 0
    problems: dict[str, int] = field(default_factory=dict)
    splits: dict[str, int] = field(default_factory=dict)
    entities: dict[str, int] = field(default_factory=dict)

    def notes(self) -> list[str]:
        """Return sentences about the counts for which the table of `lmn-convert mix` has no column."""
        found = [f"{count:,} x {PROBLEM_KINDS[kind]}" for kind, count in sorted(self.problems.items())]
        if self.docstarts:
            found.append(f"{self.docstarts:,} -DOCSTART- lines left out")
        if self.unwritable:
            found.append(
                f"{self.unwritable:,} sentences left out that a column file cannot hold (first {self.first_unwritable})"
            )
        if self.otherwise_annotated:
            found.append(f"{self.otherwise_annotated:,} sentences left out had other entities than those that stay")
        if self.inner_entities:
            found.append(f"{self.inner_entities:,} entities left out that lie inside others")
        return found


@dataclass(frozen=True, slots=True)
class WrittenMix:
    """A mix that was written.

    Attributes:
        folder: Folder that holds `card.yaml`, a file for each split and `mix.json`.
        sources: Counts of each source, in the order of the mix.
        splits: Number of sentences in each split.
        missing: Errors that name the missing files, with the address where to get each.
    """

    folder: Path
    sources: tuple[SourceCounts, ...]
    splits: dict[str, int]
    missing: tuple[LmnError, ...]


class SplitName(NamedTuple):
    """A split of a corpus, by name."""

    corpus: str
    split: str


class FoundSplit(NamedTuple):
    """The data of a split: its name in messages, and its SHA-256."""

    name: str
    sha256: str


def sentence_key(sentence: Sentence) -> bytes:
    """Return a hash of a sentence's text without white space, which is the same however the text is cut into tokens."""
    text = "".join("".join(sentence.tokens).split())
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def allocate(sizes: Sequence[int], limits: Sequence[int], held_out: HeldOut) -> list[int]:
    """Return how many held-out sentences each source gives.

    Each sentence in turn goes to the source for which (2 x the number that it has given + 1) / its weight is least: Webster's
    method, also called Sainte-Laguë. The weight is the size of the source, or 1 where all give the same number.

    Args:
        sizes: Number of sentences of each source.
        limits: Largest number of sentences that each source may give.
        held_out: Number of sentences wanted, which is at most the sum of the limits.
    """
    weights = [size if held_out.sample == "proportional" else 1 for size in sizes]
    given = [0] * len(sizes)
    queue = [(1 / weight, at) for at, weight in enumerate(weights) if limits[at]]
    heapq.heapify(queue)
    for _ in range(held_out.sentences):
        _, at = heapq.heappop(queue)
        given[at] += 1
        if given[at] < limits[at]:
            heapq.heappush(queue, ((2 * given[at] + 1) / weights[at], at))
    return given


def find_data(mix: Mix, below: Path | None = None) -> tuple[dict[SplitName, FoundSplit], dict[SplitName, LmnError]]:
    """Return the data of the splits that a mix takes, and an error for each split whose data is missing.

    Args:
        mix: The mix.
        below: Folder that holds a folder for each corpus; see `write_mix`.
    """
    found: dict[SplitName, FoundSplit] = {}
    missing: dict[SplitName, LmnError] = {}
    for source in mix.sources:
        for split in source.splits:
            key = SplitName(source.card.name, split)
            try:
                data = source.card.data_of(split, _folder(source, below))
                found[key] = FoundSplit(str(data), data.sha256())
            except LmnError as error:  # the remedy is another one here
                what = f"{error.what} ({source.card.homepage or source.card.title})"
                missing[key] = LmnError(what, error.where)
    return found, missing


def write_mix(
    mix: Mix, folder: Path, *, below: Path | None = None, skip_missing: bool = False, command: str | None = None
) -> WrittenMix:
    """Join the corpora of a mix and write a corpus: `card.yaml`, a column file for each split, and the counts in `mix.json`.

    A sentence is taken once, however often the corpora hold it and in whatever tokens. No source gives more than half of its sentences
    to test and dev. All draws use a hash of the seed and the sentence's id, so that they depend on neither labels nor other sources.

    The files are written and checked in a temporary folder. While they take their names, there is no `mix.json`.

    Args:
        mix: The mix.
        folder: Folder to write to.
        below: Folder that holds a folder for each corpus, named like it; by default `data`. A folder that the mix names wins.
        skip_missing: Whether to leave out splits whose files are missing.
        command: Command that writes the mix again.

    Raises:
        LmnError: Files are missing or cannot be read, there are too few sentences, the folder holds another corpus, or the files
            written do not read back as what was meant.
    """
    card_file = folder / CARD_FILE
    if card_file.is_file() and not card_file.read_text(encoding="utf-8", errors="replace").startswith(FIRST_LINE):
        raise LmnError("a card that lmn-convert mix did not write", card_file, "--out names another folder")
    found, missing = find_data(mix, below)
    if missing and not skip_missing:
        remedy = "--sources DIR names the folder that holds a folder for each corpus, --skip-missing goes without them:"
        files = "\n".join(f"  {error}" for error in missing.values())
        raise LmnError(f"{len(missing)} files are missing", mix.path, f"{remedy}\n{files}")
    taken, counts = _take_all(mix, below, found)
    parts = _parts(mix, taken)
    _count(mix, parts, counts)
    sizes = {name: len(sentences) for name, sentences in parts.items()}
    cards = [source.card for source, count in zip(mix.sources, counts) if any(count.splits.values())]
    with temporary_folder(folder) as new:
        for name, sentences in parts.items():
            _write_sentences(new / split_file(name), sentences)
        _write_card(mix, new, parts, cards)
        write_json(new / COUNTS_FILE, {**_document(mix, new, sizes, counts), "command": command})
        _check_written(new, parts)
        _put(new, folder, [split_file(name) for name in parts])
    return WrittenMix(folder, tuple(counts), sizes, tuple(missing.values()))


def _put(new: Path, folder: Path, files: Sequence[str]) -> None:
    """Let the files of a mix take their names, in place of those of an earlier one; `mix.json` goes first and comes last."""
    with locked(folder / COUNTS_FILE):
        earlier = [split_file(name) for name in ("train", "dev", "test")] if is_mix(folder) else []
        remove_files(folder, [COUNTS_FILE, *(name for name in earlier if name not in files)])
        move_files(new, folder, [*files, CARD_FILE, COUNTS_FILE])


def _folder(source: MixSource, below: Path | None) -> Path:
    if source.folder is not None:
        return source.folder if below is None or source.folder.is_dir() else below / source.folder
    default = source.card.default_source
    return default if below is None or source.card.path.name == CARD_FILE else below / source.card.name


def _draw(mix: Mix, purpose: str, sentence: Sentence) -> int:
    """Return the pseudo-random number of a sentence for one purpose; sentences with the least numbers are drawn first."""
    word = f"{mix.seed}\n{purpose}\n{sentence.id}"
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest())


def _take_all(
    mix: Mix, below: Path | None, found: dict[SplitName, FoundSplit]
) -> tuple[list[list[Sentence]], list[SourceCounts]]:
    """Return the sentences taken from each source, in the order in which they are drawn, and the counts."""
    earlier: dict[bytes, bytes] = {}
    taken: list[list[Sentence]] = []
    counts: list[SourceCounts] = []
    for source in mix.sources:
        data = {split: found.get(SplitName(source.card.name, split)) for split in source.splits}
        count = SourceCounts(
            corpus=source.card.name,
            files=dict(filter(None, data.values())),
            missing=[split for split in source.splits if not data[split]],
        )
        sentences = _take(mix, source, _folder(source, below), count, earlier)
        earlier.update((sentence_key(sentence), _annotation(sentence)) for sentence in sentences)
        taken.append(sentences)
        counts.append(count)
    return taken, counts


def _take(
    mix: Mix, source: MixSource, folder: Path, count: SourceCounts, earlier: dict[bytes, bytes]
) -> list[Sentence]:
    """Return the sentences taken from a source. `earlier` maps the sentences of earlier sources to their annotations, both as hashes."""
    own: dict[bytes, bytes] = {}
    # a heap with the sentence drawn last on top: minus its draw, minus its number, the sentence, and its number of inner entities
    drawn: list[tuple[int, int, Sentence, int]] = []
    for split in source.splits:
        if split in count.missing:
            continue
        log = ProblemLog()
        for read in read_corpus(source.card, split, folder, repair=source.repair, log=log, progress=True):
            count.read += 1
            sentence = replace(read, spans=without_nested(read.spans))
            if not _is_new(sentence, count, own, earlier):
                continue
            inner = len(read.spans) - len(sentence.spans)
            item = (-_draw(mix, "take", sentence), -count.read, sentence, inner)
            if source.at_most is None or len(drawn) < source.at_most:
                heapq.heappush(drawn, item)
            else:
                heapq.heappushpop(drawn, item)
                count.over_limit += 1
        for kind, number in log.counts.items():
            count.problems[kind] = count.problems.get(kind, 0) + number
    count.inner_entities = sum(inner for *_, inner in drawn)
    return [sentence for *_, sentence, _ in sorted(drawn, key=lambda item: item[:2], reverse=True)]


def _is_new(sentence: Sentence, count: SourceCounts, own: dict[bytes, bytes], earlier: dict[bytes, bytes]) -> bool:
    """Return whether a sentence may be taken. One that may not is counted under its reason."""
    if sentence.is_docstart:
        count.docstarts += 1
        return False
    if not all(_is_writable(token) for token in sentence.tokens):
        count.unwritable += 1
        count.first_unwritable = count.first_unwritable or sentence.id
        return False
    key, annotation = sentence_key(sentence), _annotation(sentence)
    before = earlier.get(key, own.get(key))
    if before is None:
        own[key] = annotation
        return True
    if key in earlier:
        count.in_earlier += 1
    else:
        count.repeated += 1
    count.otherwise_annotated += before != annotation
    return False


def _is_writable(token: str) -> bool:
    """Return whether a column file with tabs between its columns and origin comments can hold a token."""
    try:
        token.encode()
    except UnicodeEncodeError:
        return False
    return "\t" not in token and not token.startswith(ORIGIN_COMMENT)


def _annotation(sentence: Sentence) -> bytes:
    """Return a hash of a sentence's entities, by label and by characters without white space, which other tokens do not change."""
    lengths = [len("".join(token.split())) for token in sentence.tokens]
    ends = [0]
    for length in lengths:
        ends.append(ends[-1] + length)
    places = [(ends[span.start], ends[span.end], span.label) for span in sentence.spans]
    return hashlib.blake2b(repr(places).encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _parts(mix: Mix, taken: list[list[Sentence]]) -> dict[str, list[Sentence]]:
    """Divide the sentences taken into train, dev and test, each in an order that is drawn."""
    sizes = [len(sentences) for sentences in taken]
    left = [size // 2 for size in sizes]
    starts = [0] * len(sizes)
    parts: dict[str, list[Sentence]] = {"train": []}
    for name, held_out in (("dev", mix.dev), ("test", mix.test)):
        if held_out is None:
            continue
        if held_out.sentences > sum(left):
            raise LmnError(
                f"only {sum(left):,} of the {sum(sizes):,} sentences can be held out, not {held_out.sentences:,}: no source gives more "
                "than half of its sentences",
                f"{mix.path}: {name}.sentences",
                "take fewer, or more sources",
            )
        given = allocate(sizes, left, held_out)
        parts[name] = [
            sentence
            for sentences, start, number in zip(taken, starts, given)
            for sentence in sentences[start : start + number]
        ]
        starts = [start + number for start, number in zip(starts, given)]
        left = [limit - number for limit, number in zip(left, given)]
    parts["train"] = [sentence for sentences, start in zip(taken, starts) for sentence in sentences[start:]]
    for sentences in parts.values():
        sentences.sort(key=lambda sentence: _draw(mix, "order", sentence))
    return parts


def _write_sentences(path: Path, sentences: Iterable[Sentence]) -> None:
    with atomic_write(path) as file:
        for sentence in sentences:
            tags = encode(sentence.spans, len(sentence.tokens))
            rows = [f"{token}\t{tag}\n" for token, tag in zip(sentence.tokens, tags)]
            file.write(f"{ORIGIN_COMMENT}{sentence.id}\n{''.join(rows)}\n")


def _count(mix: Mix, parts: dict[str, list[Sentence]], counts: list[SourceCounts]) -> None:
    """Count the sentences that each source gives to each split, and its entities."""
    count_of = {
        f"{source.card.name}/{split}": count for source, count in zip(mix.sources, counts) for split in source.splits
    }
    entities: dict[str, Counter[str]] = {origin: Counter() for origin in count_of}
    for name, sentences in parts.items():
        for count in counts:
            count.splits[name] = 0
        for sentence in sentences:
            origin = sentence.id.rpartition("/")[0]
            count_of[origin].splits[name] += 1
            entities[origin].update(span.label for span in sentence.spans)
    for origin, found in entities.items():
        for label in mix.labels.names:
            count_of[origin].entities[label] = count_of[origin].entities.get(label, 0) + found[label]


def _write_card(mix: Mix, folder: Path, splits: Iterable[str], sources: Iterable[Card]) -> None:
    """Write the card of the new corpus, with the licences and citations of the corpora that sentences come from if all give them."""
    cards = list(sources)
    licences = "; ".join(dict.fromkeys(f"{card.name}: {card.licence}" for card in cards))
    keys = {
        "name": mix.name,
        "title": mix.title,
        "language": mix.language,
        "licence": f"that of each source: {licences}",
        "citation": " ".join(dict.fromkeys(card.citation for card in cards)),
        "splits": {name: split_file(name) for name in splits},
        "reader": {
            "type": "columns", "scheme": "IOB2", "separator": "tab", "token": 0, "tag": 1, "columns": 2, "comments": [ORIGIN_COMMENT],
        },
        "docstart": "none",
        **({} if mix.sources[0].card.join else {"join": ""}),
        "labels": [{key: text for key, text in row.items() if text} for row in to_json(mix.labels.labels)],
    }  # fmt: skip
    for key in ("licence", "citation"):
        if any(key in card.unsaid for card in cards):
            del keys[key]
    with atomic_write(folder / CARD_FILE) as file:
        file.write(f"{FIRST_LINE} from {mix.path.name}; {COUNTS_FILE} counts what is in it.\n")
        file.write(to_yaml(keys, width=120))


def _check_written(folder: Path, parts: dict[str, list[Sentence]]) -> None:
    """Read the new corpus as every command will, and compare it with the sentences meant.

    Raises:
        LmnError: The two differ, or two splits share a sentence.
    """
    card = load_card(folder)
    split_of: dict[bytes, str] = {}
    for name, meant in parts.items():
        read = list(read_corpus(card, name))
        if [(sentence.tokens, sentence.spans) for sentence in read] != [(s.tokens, s.spans) for s in meant]:
            raise LmnError("does not read back as it was written", card.file_of(name), "please report this")
        for sentence in read:
            other = split_of.setdefault(sentence_key(sentence), name)
            if other != name:
                raise LmnError(f"this sentence is in {other} too", sentence.where, "please report this")


def _document(mix: Mix, folder: Path, sizes: dict[str, int], counts: list[SourceCounts]) -> dict[str, Any]:
    """Return the content of `mix.json`: facts about the mix, and the counts of each source."""
    return {
        "mix": mix.name,
        "file": str(mix.path),
        "seed": mix.seed,
        "version": __version__,
        "labels": to_json(mix.labels.labels),
        "splits": sizes,
        "sha256": {name: sha256_of(folder / split_file(name)) for name in sizes},
        "card_sha256": sha256_of(folder / CARD_FILE),
        "sentences_in_two_splits": 0,
        "sources": [asdict(count) for count in counts],
    }
