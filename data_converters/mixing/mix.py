"""Join the corpora of a mix: draw, leave out what is there already, hold out, write as a corpus with a card, and check what was written."""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from ... import __version__
from ...errors import LmnError
from ...files import atomic_write, sha256_of, write_json
from ...sentence import Sentence, without_nested
from ...tags import encode
from ..cards import Card, load_card
from ..corpus import read_corpus
from ..problems import KINDS, ProblemLog
from .plan import HeldOut, Mix, MixSource

ORIGIN = "# origin = "
"""Begins the comment line that names a sentence's id in the corpus that it comes from."""
REPORT_FILE = "mix.json"
_CARD_FILE = "card.yaml"
_WRITTEN = "# Written by lmn-convert mix"


@dataclass(slots=True)
class SourceCounts:
    """What became of the sentences of a source. All that was read was left out for one of the reasons named, or is in a split.

    Attributes:
        corpus: its name.
        files: SHA-256 of each, by path.
        missing: splits left out because their data is not there.
        read: sentences in the splits taken.
        docstarts: of these, `-DOCSTART-` lines, which are left out.
        unwritable: sentences with a token that holds a tab or begins like an `ORIGIN` line, or is no Unicode text; left out.
        first_unwritable: the id of the first.
        repeated: sentences left out because this source had them before.
        in_earlier: sentences left out because a source before this one gave them.
        otherwise_annotated: of those two, sentences whose entities differ from those of the one that stays.
        over_limit: sentences left out because no more were to be taken.
        inner_entities: of the sentences taken, entities left out because they lie inside others.
        problems: findings that were mended in reading, by kind.
        splits: sentences in each split of the mix.
        entities: by label, in the sentences taken.
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
        """Return in words what the table of `lmn-convert mix` has no column for."""
        found = [f"{count:,} x {KINDS[kind]}" for kind, count in sorted(self.problems.items())]
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
class Mixed:
    """What was written.

    Attributes:
        folder: holds `card.yaml`, a file a split and `mix.json`.
        sources: in the order of the mix.
        splits: sentences of each split.
        missing: paths of files that were not there, and where to get them.
    """

    folder: Path
    sources: tuple[SourceCounts, ...]
    splits: dict[str, int]
    missing: tuple[str, ...]


class SplitName(NamedTuple):
    """A split of a corpus."""

    corpus: str
    split: str


class Data(NamedTuple):
    """The data of a split: what messages call it, and the SHA-256 of it."""

    name: str
    sha256: str


def sentence_key(sentence: Sentence) -> bytes:
    """Return a hash of a sentence's text without its white space: the same sentence cut into other tokens has the same one."""
    text = "".join("".join(sentence.tokens).split())
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def allocate(sizes: Sequence[int], limits: Sequence[int], held_out: HeldOut) -> list[int]:
    """Share out the sentences to be held out among sources.

    One after the other goes to the source for which (2 x those it has given + 1) / its weight is least (Webster's method, also called
    Sainte-Laguë), the weight being its size, or 1 where all are to give the same number.

    Args:
        sizes: sentences of each source.
        limits: how many it may give.
        held_out: how many are wanted, which are no more than the limits allow.
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


def find_data(mix: Mix, below: Path | None = None) -> tuple[dict[SplitName, Data], dict[SplitName, str]]:
    """Return the data of the splits that a mix takes, and for each split whose data is not there what is missing.

    Args:
        mix: the corpora.
        below: see `write_mix`.
    """
    found: dict[SplitName, Data] = {}
    missing: dict[SplitName, str] = {}
    for source in mix.sources:
        for split in source.splits:
            place = SplitName(source.card.name, split)
            try:
                origin = source.card.origin_of(split, _folder(source, below))
                found[place] = Data(str(origin), origin.sha256())
            except LmnError as error:
                what = str(error).partition(";")[0]  # without the remedy, which is another one here
                missing[place] = f"{what} ({source.card.homepage or source.card.title})"
    return found, missing


def write_mix(mix: Mix, folder: Path, *, below: Path | None = None, skip_missing: bool = False) -> Mixed:
    """Join the corpora of a mix and write a corpus: `card.yaml`, a column file a split, and the counts in `mix.json`.

    A sentence is taken once, however often the corpora hold it and in whatever tokens; no source gives more than half of its sentences
    to test and dev. All draws are by a hash of the seed and the sentence's id, so that they do not depend on labels or other sources.

    Args:
        mix: the corpora.
        folder: to write to.
        below: a folder that holds one for each corpus, named as it; by default `data`. A folder that the mix names goes before.
        skip_missing: leave out splits whose files are not there.

    Raises:
        LmnError: files are not there; what reading raises; too few sentences; the folder holds another corpus; or what was written is
            not what was meant.
    """
    card_file = folder / _CARD_FILE
    if card_file.is_file() and not card_file.read_text(encoding="utf-8", errors="replace").startswith(_WRITTEN):
        raise LmnError(f"{card_file}: a card that lmn-convert mix did not write; --out names another folder")
    found, missing = find_data(mix, below)
    if missing and not skip_missing:
        raise LmnError(
            f"{mix.path}: {len(missing)} files are missing; --sources DIR names the folder that holds a folder for each corpus, "
            "--skip-missing goes without them:\n" + "\n".join(f"  {message}" for message in missing.values())
        )
    taken, counts = _take_all(mix, below, found)
    parts = _parts(mix, taken)
    _count(mix, parts, counts)
    for name, sentences in parts.items():
        _write_sentences(folder / f"{name}.conll", sentences)
    _write_card(
        mix, folder, parts, [source.card for source, count in zip(mix.sources, counts) if any(count.splits.values())]
    )
    _check_written(folder, parts)
    sizes = {name: len(sentences) for name, sentences in parts.items()}
    write_json(folder / REPORT_FILE, _report(mix, folder, sizes, counts))
    return Mixed(folder, tuple(counts), sizes, tuple(missing.values()))


def _folder(source: MixSource, below: Path | None) -> Path:
    if source.folder is not None:
        return source.folder
    default = source.card.default_source
    return default if below is None or source.card.path.name == _CARD_FILE else below / source.card.name


def _draw(mix: Mix, what: str, sentence: Sentence) -> int:
    """Return a number, as good as random and another one for every purpose, by which sentences are drawn: the least come first."""
    word = f"{mix.seed}\n{what}\n{sentence.id}"
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest())


def _take_all(
    mix: Mix, below: Path | None, found: dict[SplitName, Data]
) -> tuple[list[list[Sentence]], list[SourceCounts]]:
    """Return the sentences that are taken of each source, in the order in which they are drawn, and the counts."""
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
    """Return the sentences that are taken of a source; `earlier` holds those of the sources before it, with their annotation."""
    own: dict[bytes, bytes] = {}
    # a heap with the last one drawn on top: how it was drawn, as which it was read, the sentence, and how many inner entities it lost
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
    """Whether a sentence may be taken; counted if it is not."""
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
    """Whether a column file with tabs between its columns and `ORIGIN` comments can hold a token."""
    try:
        token.encode()
    except UnicodeEncodeError:
        return False
    return "\t" not in token and not token.startswith(ORIGIN)


def _annotation(sentence: Sentence) -> bytes:
    """Return a hash of a sentence's entities by label and by characters that are no white space: other tokens do not change it."""
    lengths = [len("".join(token.split())) for token in sentence.tokens]
    ends = [0]
    for length in lengths:
        ends.append(ends[-1] + length)
    places = [(ends[span.start], ends[span.end], span.label) for span in sentence.spans]
    return hashlib.blake2b(repr(places).encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _parts(mix: Mix, taken: list[list[Sentence]]) -> dict[str, list[Sentence]]:
    """Divide what was taken into train, test and dev, each in an order that is drawn."""
    sizes = [len(sentences) for sentences in taken]
    left = [size // 2 for size in sizes]
    starts = [0] * len(sizes)
    parts: dict[str, list[Sentence]] = {"train": []}
    for name, held_out in (("dev", mix.dev), ("test", mix.test)):
        if held_out is None:
            continue
        if held_out.sentences > sum(left):
            raise LmnError(
                f"{mix.path}: {name}.sentences: {held_out.sentences:,} are to be held out, but of the {sum(sizes):,} that there are "
                f"{sum(left):,} can be: no source gives more than half of its sentences; take fewer, or more sources"
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
            file.write(f"{ORIGIN}{sentence.id}\n{''.join(rows)}\n")


def _count(mix: Mix, parts: dict[str, list[Sentence]], counts: list[SourceCounts]) -> None:
    """Count what each source has given to each split, and its entities."""
    count_of = {
        f"{source.card.name}/{split}": count for source, count in zip(mix.sources, counts) for split in source.splits
    }
    entities: dict[str, Counter[str]] = {place: Counter() for place in count_of}
    for name, sentences in parts.items():
        for count in counts:
            count.splits[name] = 0
        for sentence in sentences:
            place = sentence.id.rpartition("/")[0]
            count_of[place].splits[name] += 1
            entities[place].update(span.label for span in sentence.spans)
    for place, found in entities.items():
        for label in mix.labels.names:
            count_of[place].entities[label] = count_of[place].entities.get(label, 0) + found[label]


def _write_card(mix: Mix, folder: Path, splits: Iterable[str], sources: Iterable[Card]) -> None:
    """Write the card of the new corpus; its licence and citation name those of the corpora that sentences come from."""
    card = {
        "name": mix.name,
        "title": mix.title,
        "language": mix.language,
        "licence": f"that of each source: {'; '.join(dict.fromkeys(f'{card.name}: {card.licence}' for card in sources))}",
        "citation": " ".join(dict.fromkeys(card.citation for card in sources)),
        "splits": {name: f"{name}.conll" for name in splits},
        "reader": {
            "type": "columns", "scheme": "IOB2", "separator": "tab", "token": 0, "tag": 1, "columns": 2, "comments": [ORIGIN],
        },
        "docstart": "none",
        "labels": [{key: text for key, text in row.items() if text} for row in mix.labels.to_list()],
    }  # fmt: skip
    with atomic_write(folder / _CARD_FILE) as file:
        file.write(f"{_WRITTEN} from {mix.path.name}; {REPORT_FILE} counts what is in it.\n")
        yaml.safe_dump(card, file, allow_unicode=True, sort_keys=False, width=120)


def _check_written(folder: Path, parts: dict[str, list[Sentence]]) -> None:
    """Read what was written as every command will.

    Raises:
        LmnError: it is not what was meant, or two splits share a sentence.
    """
    card = load_card(folder)
    split_of: dict[bytes, str] = {}
    for name, meant in parts.items():
        read = list(read_corpus(card, name))
        if [(sentence.tokens, sentence.spans) for sentence in read] != [(s.tokens, s.spans) for s in meant]:
            raise LmnError(
                f"{card.file_of(name)}: what was written does not read back as what was meant; please report this"
            )
        for sentence in read:
            other = split_of.setdefault(sentence_key(sentence), name)
            if other != name:
                raise LmnError(f"{sentence.where}: this sentence is in {other} too; please report this")


def _report(mix: Mix, folder: Path, sizes: dict[str, int], counts: list[SourceCounts]) -> dict[str, Any]:
    """Return what `mix.json` holds: the counts of `SourceCounts`, and what is to be known of the whole."""
    return {
        "mix": mix.name,
        "file": str(mix.path),
        "seed": mix.seed,
        "version": __version__,
        "labels": mix.labels.to_list(),
        "splits": sizes,
        "sha256": {name: sha256_of(folder / f"{name}.conll") for name in sizes},
        "sentences_in_two_splits": 0,
        "sources": [asdict(count) for count in counts],
    }
