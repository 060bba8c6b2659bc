"""The parts of a run put together: what one run over everything would have written."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..decoding.batches import RUN_FILE, read_stamp
from ..errors import LmnError
from ..files import atomic_write, read_json, write_json
from ..records import PREDICTIONS_FILE, read_jsonl
from .run import same_run
from .shards import Shard, sentences_sha256

_OWN_KEYS = ("shard", "sentences", "device")  # in which the stamps of the parts may differ


@dataclass(frozen=True, slots=True)
class Part:
    """A finished shard.

    Attributes:
        folder: of its run.
        shard: which one it is.
        whole: hash of the sentences of all shards.
        stamp: of its run.
        rows: its prediction records.
    """

    folder: Path
    shard: Shard
    whole: str
    stamp: dict[str, Any]
    rows: list[dict[str, Any]]

    @classmethod
    def read(cls, folder: Path) -> Part:
        """Read the folder of a shard's run.

        Raises:
            LmnError: it holds no shard's run, or one that is not finished.
        """
        stamp = read_stamp(folder)
        match stamp.get("shard"):
            case {"number": int(number), "of": int(of), "sentences_sha256": str(whole)}:
                shard = Shard(number, of)
            case _:
                raise LmnError(f"{folder}: not the run of a shard; predict one with lmn-predict --shard i/n")
        path = folder / PREDICTIONS_FILE
        again = f"the same lmn-predict with --shard {number}/{of} finishes it"
        if not path.is_file():
            raise LmnError(f"{path}: shard {number} of {of} is not finished; {again}")
        rows = [row for _, row in read_jsonl(path)]
        found, asked = [row.get("id") for row in rows], [sentence for sentence, _ in stamp["sentences"]]
        if found != asked:
            missing = [sentence for sentence in asked if sentence not in set(found)]
            what = (
                f"lacks {_listed(missing)}"
                if missing
                else "holds other sentences, or in another order, than it was to predict"
            )
            raise LmnError(f"{path}: shard {number} of {of} {what}; predict it again with --restart")
        return cls(folder, shard, whole, stamp, rows)


def merge_shards(folders: Sequence[Path], out: Path | None = None, *, restart: bool = False) -> Path:
    """Write the predictions of all shards of a run in corpus order, as one run without shards would have.

    Args:
        folders: of the shards' runs, in any order.
        out: where `predictions.jsonl` and `run.json` go; None for the shards' folder name without their suffix.
        restart: write over other predictions there.

    Returns:
        The path of `predictions.jsonl`.

    Raises:
        LmnError: a shard is missing, unfinished, there twice, or of another run; or other predictions lie there.
    """
    parts = sorted((Part.read(folder) for folder in folders), key=lambda part: part.shard.number)
    _check_alike(parts)
    rows, sentences = _in_corpus_order(parts)
    stamp = {key: value for key, value in parts[0].stamp.items() if key not in _OWN_KEYS} | {"sentences": sentences}
    devices = sorted({part.stamp["device"] for part in parts if "device" in part.stamp})
    out = out or _common_folder(folders)
    final = out / PREDICTIONS_FILE
    if final.is_file() and not restart and not same_run(out, stamp):
        raise LmnError(
            f"{final}: predictions of other data, another model or other options; --restart writes over them"
        )
    final.unlink(missing_ok=True)
    plans = [read_json(part.folder / RUN_FILE).get("plan_sha256") for part in parts]
    noted = stamp | ({"device": ", ".join(devices)} if devices else {})
    write_json(out / RUN_FILE, {"stamp": noted, "merged": plans})
    with atomic_write(final) as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return final


def _check_alike(parts: Sequence[Part]) -> None:
    """Make sure that the shards are those of one run, each there once."""
    first = parts[0]
    for part in parts[1:]:
        keys = sorted((part.stamp.keys() | first.stamp.keys()) - set(_OWN_KEYS))
        differing = [key for key in keys if part.stamp.get(key) != first.stamp.get(key)]
        differing += ["number of shards"] if part.shard.of != first.shard.of else []
        differing += ["corpus"] if part.whole != first.whole else []
        if differing:
            raise LmnError(
                f"{part.folder}: a shard of another run than {first.folder}: another {', '.join(differing)}; "
                "predict all with the same data, model and options"
            )
    there = [part.shard.number for part in parts]
    missing = [str(number) for number in range(1, first.shard.of + 1) if number not in there]
    twice = sorted({str(number) for number in there if there.count(number) > 1})
    if missing or twice:
        what = [f"{_listed(missing)} missing"] * bool(missing) + [f"{_listed(twice)} there more than once"] * bool(
            twice
        )
        raise LmnError(f"of {first.shard.of} shards {' and '.join(what)}; give the folder of each shard once")


def _in_corpus_order(parts: Sequence[Part]) -> tuple[list[dict[str, Any]], list[list[str]]]:
    """Return records, and ids with hashes, of all shards: shard i holds the sentences i, i + n, i + 2n and so on."""
    total = sum(len(part.rows) for part in parts)
    rows: list[dict[str, Any]] = [{}] * total
    sentences: list[list[str]] = [[]] * total
    for part in parts:
        if len(part.rows) != len(part.shard.part(range(total))):
            raise LmnError(
                f"{part.folder}: {len(part.rows):,} sentences, which is no {part.shard.of}th part of {total:,}"
            )
        rows[part.shard.number - 1 :: part.shard.of] = part.rows
        sentences[part.shard.number - 1 :: part.shard.of] = part.stamp["sentences"]
    if sentences_sha256(sentences) != parts[0].whole:
        raise LmnError(
            f"{parts[0].folder.parent}: the shards do not make up the corpus that they were cut from; predict them again"
        )
    return rows, sentences


def _common_folder(folders: Sequence[Path]) -> Path:
    bases = {folder.parent / re.sub(r"-shard\d+of\d+$", "", folder.resolve().name) for folder in folders}
    base = bases.pop()
    if bases or base in folders:
        raise LmnError("the shards' folders do not share a name without -shardIofN; say --out FOLDER")
    return base


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5:,} more" if len(names) > 5 else "")
