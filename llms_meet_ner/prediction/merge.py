"""The shards of a run, put together as one run over everything would have written them, up to rounding in other batches."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

from ..errors import LmnError, listed
from ..files import read_json
from ..generation import Generation
from ..locking import locked
from ..records import PREDICTIONS_FILE, RUN_FILE, read_jsonl, read_records
from ..systems.student import READ_OTHERWISE
from ..systems.system import DTYPE_KEY, RESOLVED_DTYPE_KEY
from .resume import PREDICTIONS_KEY, check_predictions, read_stamp, same_dtype
from .run import NOTES_KEY, OTHER_PREDICTIONS, REPAIR_KEY, joined_notes, same_run
from .shards import Shard, sentences_sha256

_OWN_KEYS = ("shard", "sentences", "device")
"""Keys in which the stamps of the shards may differ."""
_LISTED = 5
"""Missing shards that a message names."""


@dataclass(frozen=True, slots=True)
class Part:
    """A finished shard.

    Attributes:
        folder: Folder of its run.
        shard: Number of the shard, and number of all shards.
        whole: Hash of the sentences of all shards.
        stamp: Stamp of its run.
    """

    folder: Path
    shard: Shard
    whole: str
    stamp: dict[str, Any]

    @property
    def sentences(self) -> list[list[str]]:
        """Id and hash of each sentence of the shard, which its records follow."""
        return list(self.stamp["sentences"])

    @classmethod
    def read(cls, folder: Path) -> Part:
        """Read the folder of a shard's run.

        Raises:
            LmnError: The folder does not hold the run of a shard, or the run is not finished.
        """
        stamp = read_stamp(folder, "name the folder of a run that lmn-predict --shard i/n has written")
        match stamp.get("shard"):
            case {"number": int(number), "of": int(of), "sentences_sha256": str(whole)}:
                shard = Shard(number, of)
            case _:
                raise LmnError("not the run of a shard", folder, "predict one with lmn-predict --shard i/n")
        asked = _ids(stamp.get("sentences"), folder)
        path = folder / PREDICTIONS_FILE
        if not path.is_file():
            raise LmnError(
                f"shard {number} of {of} is not finished", path,
                f"the same lmn-predict with --shard {number}/{of} finishes it",
            )  # fmt: skip
        found = [record.id for record in read_records(path)]
        if found != asked:
            there = set(found)
            missing = [name for name in asked if name not in there]
            what = (
                f"lacks {listed(missing)}"
                if missing
                else "holds other sentences, or in another order, than it was to predict"
            )
            raise LmnError(f"shard {number} of {of} {what}", path, "predict it again with --restart")
        check_predictions(read_json(folder / RUN_FILE), path, "predict it again with --restart")
        return cls(folder, shard, whole, stamp)


def merge_shards(folders: Sequence[Path], out: Path | None = None, *, restart: bool = False) -> Path:
    """Write the predictions of all shards of a run in corpus order, as one run without shards would have (up to rounding, see `predict`).

    Args:
        folders: Folders of the shards' runs, in any order.
        out: Folder for `predictions.jsonl` and `run.json`; None for the shards' folder name without their suffix.
        restart: Write over other predictions there.

    Returns:
        The path of `predictions.jsonl`.

    Raises:
        LmnError: A shard is missing, unfinished, given twice, or of another run; or other predictions lie in the folder.
    """
    parts = sorted((Part.read(folder) for folder in folders), key=lambda part: part.shard.number)
    _check_alike(parts)
    sentences = _in_corpus_order(parts)
    stamp = {key: value for key, value in parts[0].stamp.items() if key not in _OWN_KEYS} | {"sentences": sentences}
    devices = sorted({str(part.stamp["device"]) for part in parts if "device" in part.stamp})
    out = out or _common_folder(folders)
    if any(out.resolve() == part.folder.resolve() for part in parts):
        raise LmnError("the folder of a shard, whose predictions would be lost", out, "--out names another one")
    runs = [read_json(part.folder / RUN_FILE) for part in parts]
    notes = _notes([found for run in runs if isinstance(found := run.get(NOTES_KEY), dict)], sentences)
    noted = {
        "stamp": stamp | ({"device": ", ".join(devices)} if devices else {}),
        "merged": [run.get("plan_sha256") for run in runs],
        "system_sha256": runs[0].get("system_sha256"),
        **({REPAIR_KEY: runs[0][REPAIR_KEY]} if REPAIR_KEY in runs[0] else {}),
        **({NOTES_KEY: notes} if notes else {}),
    }
    with locked(out / RUN_FILE):
        return _write(out, stamp, noted, parts, restart=restart)


def _write(out: Path, stamp: dict[str, Any], noted: dict[str, Any], parts: Sequence[Part], *, restart: bool) -> Path:
    """Write the predictions and the notes of the run under the lock of its folder."""
    final = out / PREDICTIONS_FILE
    if final.is_file() and not restart and not same_run(out, stamp):
        raise LmnError(OTHER_PREDICTIONS, final, "--restart writes over them")
    with Generation() as files:
        with files.write(final, gone_first=True) as file:
            for row in _rows(parts):
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
        files.write_json(out / RUN_FILE, {**noted, PREDICTIONS_KEY: files.sha256(final)})
        files.put(last=final)
    return final


def _notes(several: Sequence[dict[str, Any]], sentences: Sequence[list[str]]) -> dict[str, Any]:
    """Return the notes of all shards: `joined_notes`, and what was read otherwise, by ids in corpus order."""
    notes = joined_notes([{key: value for key, value in one.items() if key != READ_OTHERWISE} for one in several])
    rows: dict[str, list[Any]] = {}
    for one in several:
        for name, found in one.get(READ_OTHERWISE, {}).items():
            rows.setdefault(name, []).extend(found)
    return notes | ({READ_OTHERWISE: {name: rows[name] for name, _ in sentences if name in rows}} if rows else {})


def _rows(parts: Sequence[Part]) -> Iterator[dict[str, Any]]:
    """Yield the records of all shards in corpus order, one at a time.

    Raises:
        LmnError: A shard was predicted again since it was looked at.
    """
    files = [zip_longest(part.sentences, read_jsonl(part.folder / PREDICTIONS_FILE)) for part in parts]
    for turn in zip_longest(*files):
        for part, pair in zip(parts, turn):
            if pair is None:
                continue  # the last turn has no sentence for the last shards
            sentence, line = pair
            if sentence is None or line is None or line[1].get("id") != sentence[0]:
                raise LmnError(
                    "has changed while the shards were merged", part.folder / PREDICTIONS_FILE, "merge again"
                )
            yield line[1]


def _ids(sentences: Any, folder: Path) -> list[str]:
    """Return the ids of the sentences that a run's stamp lists, each with its hash.

    Raises:
        LmnError: The stamp lists something else.
    """
    found = []
    for row in sentences if isinstance(sentences, list) else [None]:
        match row:
            case [str(name), str()]:
                found.append(name)
            case _:
                raise LmnError(
                    "lists no sentences with their hashes", folder / RUN_FILE, "predict the shard again with --restart"
                )
    return found


def _check_alike(parts: Sequence[Part]) -> None:
    """Make sure that the shards are those of one run, each there once."""
    first = parts[0]
    for part in parts[1:]:
        ignored = {*_OWN_KEYS, *((DTYPE_KEY,) if same_dtype(part.stamp, first.stamp) else ())}
        keys = sorted((part.stamp.keys() | first.stamp.keys()) - ignored)
        differing = [key for key in keys if part.stamp.get(key) != first.stamp.get(key)]
        differing += ["number of shards"] if part.shard.of != first.shard.of else []
        differing += ["corpus"] if part.whole != first.whole else []
        if differing:
            machine = ""
            if RESOLVED_DTYPE_KEY in differing and DTYPE_KEY not in differing:
                machine = f", {part.stamp.get(DTYPE_KEY)} being another --dtype on another machine"
            raise LmnError(
                f"a shard of another run than {first.folder}: another {', '.join(differing)}", part.folder,
                f"predict all with the same data, model and options{machine}",
            )  # fmt: skip
    there = Counter(part.shard.number for part in parts)
    missing = [str(number) for number in islice((n for n in range(1, first.shard.of + 1) if n not in there), _LISTED)]
    twice = sorted(str(number) for number, times in there.items() if times > 1)
    more = f" and {first.shard.of - len(there) - len(missing):,} more" if len(missing) == _LISTED else ""
    what = [f"{', '.join(missing)}{more} missing"] * bool(missing) + [f"{listed(twice)} given more than once"] * bool(
        twice
    )
    if what:
        raise LmnError(f"of {first.shard.of} shards {' and '.join(what)}", remedy="give the folder of each shard once")


def _in_corpus_order(parts: Sequence[Part]) -> list[list[str]]:
    """Return the ids and hashes of the sentences of all shards: shard i holds the sentences i, i + n, i + 2n and so on."""
    total = sum(len(part.sentences) for part in parts)
    sentences: list[list[str]] = [[]] * total
    for part in parts:
        number = len(part.sentences)
        if number != len(part.shard.part(range(total))):
            raise LmnError(
                f"holds {number:,} sentences, which is not part {part.shard.number} of {part.shard.of} of {total:,}",
                part.folder,
            )
        sentences[part.shard.number - 1 :: part.shard.of] = part.sentences
    if sentences_sha256(sentences) != parts[0].whole:
        raise LmnError(
            "the shards do not make up the corpus that they were cut from", parts[0].folder.parent, "predict them again"
        )
    return sentences


def _common_folder(folders: Sequence[Path]) -> Path:
    bases = {folder.parent / re.sub(r"-shard\d+of\d+$", "", folder.resolve().name) for folder in folders}
    base = bases.pop()
    if bases or base in folders:
        raise LmnError("the shards' folders do not share a name without -shardIofN", remedy="say --out FOLDER")
    return base
