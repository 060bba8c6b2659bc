"""Mixes: a YAML file lists corpora, what their labels count as, how many sentences to take from each and how many to hold out."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from ...errors import LmnError
from ...labels import LabelSet
from ...tags import Repair
from ..cards import INSIDE, Card, change_labels, labels_from, load_card
from ..paths import named_path
from ..yaml_lines import KeyPath, YamlFile, check_schema, key_error, load_extending, load_schema, place_of

Sample = Literal["proportional", "equal"]
SAMPLES: tuple[Sample, ...] = get_args(Sample)
"""Ways to draw held-out sentences from the sources: in proportion to their sizes, or the same number from each."""

_DESCRIPTIONS = Path(__file__).parent.parent / "mixes"
"""Folder of the mixes that come with the package; `MIXES` in `join` is where mixed corpora are written."""
_SCHEMA = Path(__file__).with_name("mix.schema.yaml")


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A held-out part of a mix.

    Attributes:
        sentences: Number of sentences, from all sources together.
        sample: Way to draw them from the sources: in proportion to their size, or equally.
    """

    sentences: int
    sample: Sample = "proportional"


@dataclass(frozen=True, slots=True)
class MixSource:
    """A corpus of a mix.

    Attributes:
        card: Card that reads the corpus with the labels of the mix.
        splits: Splits to take.
        folder: Folder of the corpus files; None for the card's own, or one named like the corpus.
        at_most: Largest number of sentences to take; None for all.
        repair: Treatment of tags that their scheme does not allow; None for the card's own.
    """

    card: Card
    splits: tuple[str, ...]
    folder: Path | None
    at_most: int | None
    repair: Repair | None


@dataclass(frozen=True, slots=True)
class Mix:
    """Corpora to join, as their mix describes them.

    Attributes:
        name: Name of the new corpus, with which ids and data set names begin.
        title: Name of the new corpus in words.
        language: Language tag.
        labels: Labels of the new corpus.
        sources: Corpora to join. If several hold the same sentence, the first keeps it.
        seed: Seed of all draws.
        test: Part to hold out for scoring.
        dev: Part to hold out for watching a training; None for none.
        path: File of the mix.
    """

    name: str
    title: str
    language: str
    labels: LabelSet
    sources: tuple[MixSource, ...]
    seed: int
    test: HeldOut
    dev: HeldOut | None
    path: Path


def mix_names() -> list[str]:
    """Return the names of the mixes that come with the package, sorted."""
    return sorted(path.stem for path in _DESCRIPTIONS.glob("*.yaml"))


def load_mix(name_or_path: str | Path) -> Mix:
    """Load a mix of the package by name, or one of your own by path, with the cards that it names.

    Raises:
        LmnError: There is no such mix, or it is wrong; the message names file, line and key.
    """
    keys, files = load_extending(_find(str(name_or_path)), _find, "mix", load_schema(_SCHEMA)["required"])
    check_schema(keys, load_schema(_SCHEMA), files, kind="mix")
    own_labels = labels_from({"labels": keys["labels"]}, files, of_files=False)
    labels = change_labels(own_labels, keys, files)
    sources = [_source(row, ("sources", at), own_labels, labels, files) for at, row in enumerate(keys["sources"])]
    _check_sources(sources, files)
    _check_joins(sources, files)
    return Mix(
        name=keys["name"],
        title=keys["title"],
        language=keys["language"],
        labels=LabelSet(labels.labels),
        sources=tuple(sources),
        seed=keys.get("seed", 0),
        test=HeldOut(**keys["test"]),
        dev=HeldOut(**keys["dev"]) if "dev" in keys else None,
        path=files[0].path,
    )


def _find(name_or_path: str, near: Path | None = None) -> Path:
    """Find a mix by name, or by path; see `cards`."""
    package = _DESCRIPTIONS / f"{name_or_path}.yaml"
    if re.fullmatch(r"[\w-]+", name_or_path) and os.path.isfile(package):
        return package
    found = named_path(name_or_path, near, INSIDE)
    if found and os.path.isfile(found):
        return found
    raise LmnError("neither a mix's name nor a mix's file", name_or_path, f"mixes: {', '.join(mix_names())}")


def _source(row: dict[str, Any], under: KeyPath, own: LabelSet, final: LabelSet, files: list[YamlFile]) -> MixSource:
    """Return a source of the mix.

    Args:
        row: Keys of the source.
        under: Path of the keys in the files.
        own: Labels that the mix lists.
        final: These labels after the mix's own `keep`, `drop`, `merge` and `rename`.
        files: Files of the mix.
    """
    folder = next((file.path.parent for file in files if file.line_of(under)), files[0].path.parent)
    try:
        card = load_card(row["card"], folder)
        splits = tuple(row.get("splits", card.splits))
        for split in splits:
            card.split(split)
    except LmnError as error:
        raise error.at(f"{place_of(files, (*under, 'card'))}: {error.where}") from error
    changed = change_labels(card.labels, row, files, under)
    targets = {name: _target(name, row.get("map", {}), card, own, (under, files)) for name in changed.names}
    unknown = next((name for name in row.get("map", {}) if name not in targets), None)
    if unknown is not None:
        what = f"corpus {card.name} has no label {unknown} to map"
        raise key_error(files, (*under, "map", unknown), what, f"there are: {', '.join(targets)}")
    origins: list[tuple[str, str | None]] = []
    for name in changed.corpus_names:
        at_first = changed.target_of(name)
        target = None if at_first is None else targets[at_first]
        origins.append((name, None if target is None else final.target_of(target)))
    return MixSource(
        card=card.with_labels(LabelSet(final.labels, tuple(origins))),
        splits=splits,
        folder=_folder(row.get("source"), folder),
        at_most=row.get("sentences"),
        repair=row.get("repair"),
    )


def _target(
    name: str, label_map: dict[str, str | None], card: Card, own: LabelSet, place: tuple[KeyPath, list[YamlFile]]
) -> str | None:
    """Return the label of the mix that a label of a source counts as; None for O."""
    target = label_map.get(name, name)
    if target is None or target in own:
        return target
    under, files = place
    known = ", ".join(own.names)
    if name in label_map:
        what = f"the mix has no label {target}"
        raise key_error(files, (*under, "map", name), what, f"there are: {known}, or null for O")
    what = f"the label {name} of corpus {card.name} is not one of {known}"
    raise key_error(files, (*under, "card"), what, "`map` says which of them it counts as, or null for O")


def _folder(given: str | None, near: Path) -> Path | None:
    """Return the folder that a source names; one that does not exist yet may lie below `--sources`."""
    if given is None:
        return None
    return named_path(given, near, "take `source` out, and --sources DIR names the folder that holds it") or Path(given)


def _check_joins(sources: list[MixSource], files: list[YamlFile]) -> None:
    """Refuse sources whose tokens join in different ways: a prompt is written in one way."""
    first = sources[0].card
    for at, source in enumerate(sources):
        if source.card.join != first.join:
            ways = {"": "without spaces", " ": "by spaces"}
            what = f"the tokens of corpus {source.card.name} join {ways[source.card.join]}, those of {first.name} {ways[first.join]}"
            remedy = (
                f'make a mix of each, or take a card with `extends: {source.card.reference}` and `join: "{first.join}"`, '
                "with the folder of the files as its `source`"
            )
            raise key_error(files, ("sources", at, "card"), what, remedy)


def _check_sources(sources: list[MixSource], files: list[YamlFile]) -> None:
    """Refuse a split that is taken twice: its sentences would have the same ids."""
    seen: set[tuple[str, str]] = set()
    for at, source in enumerate(sources):
        for split in source.splits:
            if (source.card.name, split) in seen:
                what = f"split {split} of corpus {source.card.name} is taken twice"
                raise key_error(files, ("sources", at, "card"), what, "take it once")
            seen.add((source.card.name, split))
