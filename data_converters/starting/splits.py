"""Splits of a corpus without a card: by the names of its files, or drawn from its one file."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from pathlib import Path, PurePath
from random import Random

from ...sentence import Sentence
from ..mixing.join import sentence_key

SHARES = {"train": 0.8, "dev": 0.1, "test": 0.1}
"""Share of the sentences that each split of a draw gets."""
FEWEST = 10
"""Groups of sentences without which nothing is drawn."""
_WORDS = "training|train|testa|testb|test|development|devel|dev|validation|valid|val|eval"
_NAMED = re.compile(rf"(?:^|[^a-z])({_WORDS})(?:[^a-z]|$)", re.IGNORECASE)
_HELD_OUT = ("dev", "devel", "development", "valid", "validation", "val", "testa", "test", "testb", "eval")
_UNFIT = re.compile(r"[^A-Za-z0-9.-]+")


def named_splits(files: Sequence[str]) -> tuple[dict[str, str], bool]:
    """Return the split of each file, by name, and whether the names of the files tell the splits.

    Args:
        files: Paths of files below one folder, or names of splits.

    Returns:
        Files by split: `train` first. Where names tell nothing, each file is a split that is named like it; a single one is `train`.
    """
    found = {file: match[1].lower() for file in files if (match := _NAMED.search(_searched(file)))}
    if len(found) == len(files) and len(set(found.values())) == len(files):
        names = {("train" if name == "training" else name): file for file, name in found.items()}
        return dict(sorted(names.items(), key=lambda item: _rank(item[0]))), True
    if len(files) == 1:
        return {"train": files[0]}, False
    named: dict[str, str] = {}
    for number, file in enumerate(files):
        stem = _UNFIT.sub("-", PurePath(file).name.split(".")[0]).strip(".-") or f"part{number}"
        named[stem if stem not in named else f"{stem}-{number}"] = file
    return named, False


def _searched(file: str) -> str:
    """Return the part of a path that may name a split: the name of the file, or of its folder if the name has none."""
    path = PurePath(file)
    return path.name if _NAMED.search(path.name) else str(path.parent)


def _rank(name: str) -> int:
    return _HELD_OUT.index(name) + 1 if name in _HELD_OUT else 0


def drawn_splits(sentences: Iterable[tuple[Sentence, Hashable]], seed: int) -> dict[str, list[int]] | None:
    """Divide sentences at random into train, dev and test, so that each label has its share in each, as far as that goes.

    Sentences with the same text, whatever their tokens, and sentences of one document come into the same split. Labels are gone through
    from the rarest to the most frequent, and each group goes to the split that lacks most sentences with its rarest label
    (Sechidis, Tsoumakas and Vlahavas 2011: On the Stratification of Multi-Label Data).

    Args:
        sentences: All sentences, each with its document; None for a document that is not known.
        seed: Seed of the draw.

    Returns:
        Positions of the sentences of each split, rising, counted from 0; None if there are too few to hold some out.
    """
    groups, labels = _groups(sentences)
    if len(groups) < FEWEST:
        return None
    sizes = Counter({group: len(members) for group, members in groups.items()})
    order = sorted(groups)
    Random(seed).shuffle(order)
    total = sizes.total()
    lacking = {split: share * total for split, share in SHARES.items()}
    given: dict[str, list[int]] = {split: [] for split in SHARES}
    waiting = dict.fromkeys(order)
    wanted: Counter[str] = Counter()
    for own in labels.values():
        wanted.update(own)
    there: dict[str, Counter[str]] = {split: Counter() for split in SHARES}
    for label in [*sorted(wanted, key=lambda label: (wanted[label], label)), ""]:
        mine = [group for group in waiting if not label or labels[group][label]]
        for group in sorted(mine, key=lambda group: -sizes[group]):
            split = max(SHARES, key=lambda name: (SHARES[name] * wanted[label] - there[name][label], lacking[name]))
            there[split].update(labels[group])
            lacking[split] -= sizes[group]
            given[split].append(group)
            del waiting[group]
    return {split: sorted(position for group in given[split] for position in groups[group]) for split in SHARES}


def _groups(
    sentences: Iterable[tuple[Sentence, Hashable]],
) -> tuple[Mapping[int, list[int]], Mapping[int, Counter[str]]]:
    """Return the positions of the sentences that stay together, and the number of sentences with each label, by group."""
    parents: list[int] = []
    first: dict[Hashable, int] = {}

    def root(position: int) -> int:
        while parents[position] != position:
            parents[position] = parents[parents[position]]
            position = parents[position]
        return position

    found: list[set[str]] = []
    for position, (sentence, document) in enumerate(sentences):
        parents.append(position)
        found.append({span.label for span in sentence.spans})
        for key in [("text", sentence_key(sentence))] + ([] if document is None else [("document", document)]):
            one, other = sorted((root(first.setdefault(key, position)), root(position)))
            parents[other] = one
    groups: dict[int, list[int]] = defaultdict(list)
    labels: dict[int, Counter[str]] = defaultdict(Counter)
    for position, own in enumerate(found):
        groups[root(position)].append(position)
        labels[root(position)].update(own)
    return groups, labels


def as_ranges(positions: Sequence[int]) -> str:
    """Return rising positions as a card's `sentences` writes them: `0:90, 95, 97:200`."""
    parts: list[list[int]] = []
    for position in positions:
        if parts and parts[-1][1] == position:
            parts[-1][1] += 1
        else:
            parts.append([position, position + 1])
    return ", ".join(str(start) if stop == start + 1 else f"{start}:{stop}" for start, stop in parts)


def data_files(folder: Path) -> list[Path]:
    """Return the files of a folder that may hold annotated text, sorted; those that only describe, program or license are left out."""
    return sorted(
        path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".") and not _is_other(path)
    )


def _is_other(path: Path) -> bool:
    stem, ending = path.name.split(".")[0].lower(), path.suffix.lower()
    return ending in _OTHER_ENDINGS or stem in _OTHER_NAMES


_OTHER_ENDINGS = {
    ".md", ".rst", ".py", ".ipynb", ".yaml", ".yml", ".cfg", ".ini", ".toml", ".pdf", ".html", ".zip", ".gz", ".tar", ".sh", ".bib",
    ".png", ".jpg", ".lock", ".sqlite", ".db",
}  # fmt: skip
_OTHER_NAMES = {
    "readme",
    "license",
    "licence",
    "copying",
    "changelog",
    "citation",
    "requirements",
    "makefile",
    "dataset_info",
    "notice",
}
