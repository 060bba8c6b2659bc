"""Runs that resume: finished batches are kept in a file, and a killed run continues after them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..decoding.batches import AnswerBatch, Batch, answered
from ..errors import LmnError, listed
from ..files import atomic_write, read_json, write_json
from ..generation import check_sha256
from ..masking import masked
from ..records import LONGEST_LINE, PARTIAL_FILE, RUN_FILE, Answer
from ..strict_json import parse_json
from ..systems.system import DTYPE_KEY, RESOLVED_DTYPE_KEY
from ..terminal import echo

PREDICTIONS_KEY = "predictions_sha256"
"""Key of `run.json` for the hash of the predictions, which is there before they are."""
_KEPT = "finished sentences are kept: the same command continues where this one ended"
BATCH_SIZE_KEY = "batch_size"
"""Key of a stamp for the number of sentences that are answered together: an unfinished run may go on with another."""


def run_batches(
    folder: Path,
    batches: Sequence[Batch],
    stamp: Mapping[str, Any],
    answer: AnswerBatch,
    *,
    restart: bool = False,
    on_batch: Callable[[Batch], None] = lambda batch: None,
    workers: int = 1,
    extra: Mapping[str, Any] | None = None,
) -> dict[int, Answer]:
    """Answer batch by batch; append each finished batch to a partial file, after which a later call continues.

    A call with another batch size continues, too: what is finished stays as it was answered, and `run.json` holds the batches of both.
    So does one that asks for another data type by name, if the model computes in the same one: `auto` may stand for it.

    An error or an interruption ends the run at once; what is finished stays in the partial file.

    Args:
        folder: Folder of the run; `run.json` is written there before the first batch.
        batches: The batches of the run.
        stamp: Everything else that the answers follow from (sentences, model, options), for JSON.
        answer: Answers a batch; called from several threads at a time if there are several workers.
        restart: Discard what an earlier run left unfinished.
        on_batch: Called for every batch that is done, and for those found done.
        workers: Number of batches under way at a time.
        extra: More keys of `run.json`; a run may continue with others.

    Returns:
        Answers by position.

    Raises:
        LmnError: The folder holds an unfinished run with other sentences or another stamp; the message names what differs. Or a batch
            cannot be answered.
    """
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / PARTIAL_FILE
    if restart:
        partial.unlink(missing_ok=True)
    plan = _Plan.of(stamp, batches)
    earlier = _noted_plan(folder) if partial.is_file() else None
    if earlier and earlier.key != plan.key and earlier.differs_in_batches_alone(plan):
        plan, done = _replanned(plan, earlier, _read_partial(partial, earlier, None))
        batches = plan.batches
    else:
        done = _read_partial(partial, plan, earlier)
    key = plan.key
    found: dict[int, Answer] = {}
    for number, answers in done.items():
        found.update(zip(batches[number].items, answers, strict=True))
        on_batch(batches[number])
    _rewrite_partial(partial, key, done)
    write_json(folder / RUN_FILE, {"plan_sha256": key, **plan.to_dict(), **(extra or {})})
    todo = [number for number in range(len(batches)) if number not in done]
    with partial.open("a", encoding="utf-8", newline="\n") as file:
        try:
            for number, answers in answered(batches, todo, answer, workers):
                found.update(zip(batches[number].items, answers, strict=True))
                file.write(masked(_line(number, answers)))
                file.flush()
                os.fsync(file.fileno())
                on_batch(batches[number])
        except LmnError as error:
            raise error.advising(_KEPT) from error
    return found


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a run is to do.

    Attributes:
        stamp: Everything but the batches that the answers follow from.
        batches: The batches.
        key: Hash of both.
    """

    stamp: dict[str, Any]
    batches: Sequence[Batch]
    key: str

    @classmethod
    def of(cls, stamp: Mapping[str, Any], batches: Sequence[Batch]) -> _Plan:
        """Return the plan of a stamp and batches."""
        plan = cls(dict(stamp), batches, "")
        return replace(plan, key=hashlib.sha256(json.dumps(plan.to_dict(), sort_keys=True).encode()).hexdigest())

    def to_dict(self) -> dict[str, Any]:
        """Return a mapping for JSON."""
        return {
            "stamp": self.stamp,
            "batches": [[list(batch.items), list(batch.max_new_tokens)] for batch in self.batches],
        }

    def differences(self, other: _Plan) -> list[str]:
        """Return the names of what differs between two plans, besides the batches."""
        mine, others = (json.loads(masked(json.dumps(plan.stamp))) for plan in (self, other))
        ignored = {DTYPE_KEY} if same_dtype(mine, others) else set()
        return sorted(name for name in {*mine, *others} - ignored if mine.get(name) != others.get(name))

    def differs_in_batches_alone(self, other: _Plan) -> bool:
        """Return whether two plans answer the same sentences in the same way, up to which are answered together."""
        return set(self.differences(other)) <= {BATCH_SIZE_KEY} and self._bounds() == other._bounds()

    def _bounds(self) -> dict[int, int | None]:
        return {
            item: bound
            for batch in self.batches
            for item, bound in zip(batch.items, batch.max_new_tokens or [None] * len(batch.items))
        }


def same_dtype(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two stamps follow from the same data type: the one that was computed in, if it is known, or else asked for."""
    first, second = (stamp.get(RESOLVED_DTYPE_KEY) or stamp.get(DTYPE_KEY) for stamp in (one, other))
    return bool(first == second)


def _noted_plan(folder: Path) -> _Plan | None:
    """Return the plan that a folder's `run.json` holds; None if it holds none that can be read."""
    try:
        content = read_json(folder / RUN_FILE)
        match content:
            case {"plan_sha256": str(key), "stamp": dict(stamp), "batches": list(rows)}:
                return _Plan(stamp, [_batch(row) for row in rows], key)
    except (LmnError, ValueError):
        pass
    return None


def _batch(row: Any) -> Batch:
    match row:
        case [[*items], [*bounds]] if all(type(number) is int for number in (*items, *bounds)):
            if len(bounds) in (0, len(items)):
                return Batch(tuple(items), tuple(bounds))
    raise ValueError("not a batch")


def _replanned(plan: _Plan, earlier: _Plan, done: Mapping[int, list[Answer]]) -> tuple[_Plan, dict[int, list[Answer]]]:
    """Return a plan that begins with the finished batches of an earlier one, and the answers to these."""
    kept = [earlier.batches[number] for number in done]
    answered_items = {item for batch in kept for item in batch.items}
    left = []
    for batch in plan.batches:
        rows = [row for row, item in enumerate(batch.items) if item not in answered_items]
        if rows:
            items = tuple(batch.items[row] for row in rows)
            left.append(Batch(items, tuple(batch.max_new_tokens[row] for row in rows) if batch.max_new_tokens else ()))
    sizes = (earlier.stamp.get(BATCH_SIZE_KEY), plan.stamp.get(BATCH_SIZE_KEY))
    if answered_items and sizes[0] != sizes[1]:
        echo(
            f"{len(answered_items):,} answers of the unfinished run stay; it had batch_size {sizes[0]}, now {sizes[1]}",
            err=True,
        )
    return _Plan.of(plan.stamp, [*kept, *left]), dict(enumerate(done.values()))


def check_predictions(content: Any, predictions: Path, remedy: str) -> None:
    """Make sure that predictions are those that a `run.json` was written with; earlier versions noted no hash of them.

    Args:
        content: Parsed content of the `run.json`.
        predictions: File of the predictions.
        remedy: Advice for the user if they are others.

    Raises:
        LmnError: They are others, or cannot be read.
    """
    noted = content.get(PREDICTIONS_KEY) if isinstance(content, dict) else None
    check_sha256(predictions, noted, RUN_FILE, remedy)


def read_stamp(folder: Path, remedy: str) -> dict[str, Any]:
    """Return the stamp that a run left in its `run.json`.

    Args:
        folder: Folder of the run.
        remedy: Advice for the user if there is no stamp.

    Raises:
        LmnError: The file is missing or damaged.
    """
    path = folder / RUN_FILE
    return stamp_in(read_json(path, remedy=remedy), path, remedy)


def stamp_in(content: Any, path: Path, remedy: str) -> dict[str, Any]:
    """Return the stamp in the content of a `run.json`.

    Args:
        content: Parsed content of the file.
        path: The file.
        remedy: Advice for the user if there is no stamp.

    Raises:
        LmnError: The content holds no stamp.
    """
    stamp = content.get("stamp") if isinstance(content, dict) else None
    if not isinstance(stamp, dict):
        raise LmnError("holds no stamp of a run", path, remedy)
    return dict(stamp)


def _read_partial(partial: Path, plan: _Plan, earlier: _Plan | None) -> dict[int, list[Answer]]:
    """Return the answers to the batches that an earlier run finished, up to the first line that is cut off or damaged.

    Args:
        partial: File with the answers.
        plan: Plan that they were made by.
        earlier: Plan in the `run.json` beside them, for the error if they were not.
    """
    if not partial.is_file():
        return {}
    done: dict[int, list[Answer]] = {}
    for number, line in enumerate(_whole_lines(partial)):
        try:
            row = parse_json(line.decode(), mend=True)
        except ValueError:
            break
        if number == 0:
            noted = row.get("plan_sha256") if isinstance(row, dict) else None
            if noted != plan.key:
                raise _in_the_way(partial, plan, earlier if earlier and noted == earlier.key else None)
            continue
        answers = _finished(row, plan.batches)
        if answers is None:
            break
        done[row["batch"]] = answers
    return done


def _in_the_way(partial: Path, plan: _Plan, earlier: _Plan | None) -> LmnError:
    """Return the error that a folder holds an unfinished run by another plan, which is None if it is not known."""
    differing = earlier.differences(plan) if earlier else []
    remedy = "give the same ones to finish it"
    if earlier and RESOLVED_DTYPE_KEY in differing and {*differing} <= {DTYPE_KEY, RESOLVED_DTYPE_KEY, BATCH_SIZE_KEY}:
        remedy = f"--dtype {earlier.stamp.get(RESOLVED_DTYPE_KEY)} finishes it"
    what = "an unfinished run with other data, another model or other options is in the way"
    names = f": another {listed(differing)}" if differing else ""
    return LmnError(what + names, partial, f"{remedy}, or --restart to discard it")


def _whole_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file, one in memory at a time, up to the first that is cut off or longer than a batch can be."""
    most = 4 * LONGEST_LINE
    with path.open("rb") as file:
        while (line := file.readline(most)).endswith(b"\n"):
            yield line


def _finished(row: Any, batches: Sequence[Batch]) -> list[Answer] | None:
    """Return what a line of a partial file holds for its batch, or None if the line is damaged."""
    match row:
        case {"batch": int(number), "outputs": [*outputs]} if 0 <= number < len(batches):
            if len(outputs) != len(batches[number].items):
                return None
        case _:
            return None
    try:
        return [Answer.from_list(output) for output in outputs]
    except ValueError:
        return None


def _line(number: int, answers: Sequence[Answer]) -> str:
    return json.dumps({"batch": number, "outputs": [answer.to_list() for answer in answers]}, ensure_ascii=False) + "\n"


def _rewrite_partial(partial: Path, key: str, done: dict[int, list[Answer]]) -> None:
    """Write the partial file again with what is complete in it, so that nothing is appended to half a line."""
    with atomic_write(partial) as file:
        file.write(json.dumps({"plan_sha256": key}) + "\n")
        for number, answers in done.items():
            file.write(_line(number, answers))
