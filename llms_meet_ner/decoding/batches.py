"""The batch plan of a prediction run, and its execution so that a killed run goes on where it was."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any

from ..errors import LmnError
from ..files import atomic_write, read_json, write_json
from ..records import Generated

PARTIAL_FILE = "predictions.partial.jsonl"
RUN_FILE = "run.json"


@dataclass(frozen=True, slots=True)
class Batch:
    """Sentences that are decoded together.

    Attributes:
        items: their positions in the corpus.
        max_new_tokens: for each, after how many generated tokens it is cut off.
    """

    items: tuple[int, ...]
    max_new_tokens: tuple[int, ...]


def plan_batches(prompt_lengths: Sequence[int], bounds: Sequence[int], batch_size: int) -> list[Batch]:
    """Put sentences of like length together, longest first, so that a batch that does not fit fails at once.

    The plan follows from the arguments alone.

    Args:
        prompt_lengths: tokens of each prompt.
        bounds: for each sentence, after how many generated tokens it is cut off; it does not depend on the batch.
        batch_size: sentences a batch.
    """
    order = sorted(range(len(prompt_lengths)), key=lambda item: (-prompt_lengths[item], item))
    batches = []
    for start in range(0, len(order), batch_size):
        items = tuple(order[start : start + batch_size])
        batches.append(Batch(items, tuple(bounds[item] for item in items)))
    return batches


def run_batches(
    folder: Path,
    batches: Sequence[Batch],
    stamp: dict[str, Any],
    generate: Callable[[Batch], list[Generated]],
    *,
    restart: bool = False,
    on_batch: Callable[[Batch], None] = lambda batch: None,
    workers: int = 1,
    notes: dict[str, Any] | None = None,
) -> dict[int, Generated]:
    """Generate batch by batch; each finished one is appended to a partial file, from which a later call goes on.

    An error or an interruption ends the run at once; what is finished stays in the partial file.

    Args:
        folder: of the run; `run.json` is written there before the first batch.
        batches: the plan.
        stamp: everything else that the outputs follow from (input, model, options), for JSON.
        generate: returns the outputs of a batch, in its order.
        restart: discard what an earlier run left unfinished.
        on_batch: called for every batch that is done, those found done too.
        workers: batches generated at a time, each in a thread; `generate` has to bear that if there are more than one.
        notes: kept in `run.json` beside the stamp; a run may go on with others.

    Returns:
        Outputs by position.

    Raises:
        LmnError: an unfinished run with another plan lies in the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    plan = {"stamp": stamp, "batches": [[list(batch.items), list(batch.max_new_tokens)] for batch in batches]}
    key = hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()
    partial = folder / PARTIAL_FILE
    if restart:
        partial.unlink(missing_ok=True)
    done = _read_partial(partial, key, batches)
    outputs: dict[int, Generated] = {}
    for number, texts in done.items():
        outputs.update(zip(batches[number].items, texts, strict=True))
        on_batch(batches[number])
    _rewrite_partial(partial, key, done)
    write_json(folder / RUN_FILE, {"plan_sha256": key, **plan, **({"notes": notes} if notes else {})})
    todo = [number for number in range(len(batches)) if number not in done]
    with partial.open("a", encoding="utf-8", newline="\n") as file:
        for number, texts in _generated(todo, batches, generate, workers):
            outputs.update(zip(batches[number].items, texts, strict=True))
            file.write(_line(number, texts))
            file.flush()
            os.fsync(file.fileno())
            on_batch(batches[number])
    return outputs


def _generated(
    todo: Sequence[int], batches: Sequence[Batch], generate: Callable[[Batch], list[Generated]], workers: int
) -> Iterator[tuple[int, list[Generated]]]:
    """Yield the numbers of batches and their outputs, as they are finished.

    With several workers the threads are daemons: after an error or Ctrl-C nobody waits for what is still under way, which may
    hang for as long as a server does.
    """
    if workers == 1:
        for number in todo:
            yield number, generate(batches[number])
        return
    numbers = iter(todo)
    finished: SimpleQueue[tuple[int, list[Generated] | BaseException]] = SimpleQueue()
    ended = Event()

    def work() -> None:
        while not ended.is_set() and (number := next(numbers, None)) is not None:
            try:
                finished.put((number, generate(batches[number])))
            except BaseException as error:  # raised anew by the caller's thread
                finished.put((number, error))

    for _ in range(min(workers, len(todo))):
        Thread(target=work, daemon=True).start()
    try:
        for _ in todo:
            number, result = finished.get()
            if isinstance(result, BaseException):
                raise result
            yield number, result
    finally:
        ended.set()


def read_stamp(folder: Path) -> dict[str, Any]:
    """Return the stamp that a run left in its `run.json`.

    Raises:
        LmnError: the file is missing or damaged.
    """
    run = folder / RUN_FILE
    content = read_json(run, remedy="--restart predicts anew")
    stamp = content.get("stamp") if isinstance(content, dict) else None
    if not isinstance(stamp, dict):
        raise LmnError(f"{run}: holds no stamp of a run; --restart predicts anew")
    return dict(stamp)


def _read_partial(partial: Path, key: str, batches: Sequence[Batch]) -> dict[int, list[Generated]]:
    """Return the outputs of the batches that an earlier run finished, up to the first line that is cut off or damaged."""
    if not partial.is_file():
        return {}
    lines = partial.read_bytes().split(b"\n")[:-1]
    done: dict[int, list[Generated]] = {}
    for number, line in enumerate(lines):
        try:
            row = json.loads(line)
        except (json.JSONDecodeError, UnicodeDecodeError):
            break
        if number == 0:
            if not isinstance(row, dict) or row.get("plan_sha256") != key:
                raise LmnError(
                    f"{partial}: an unfinished run with other data, model or options lies there; give the same ones to finish it, "
                    "or --restart to discard it"
                )
            continue
        texts = _finished(row, batches)
        if texts is None:
            break
        done[row["batch"]] = texts
    return done


def _finished(row: Any, batches: Sequence[Batch]) -> list[Generated] | None:
    """Return what a line of a partial file holds for its batch, or None if it is damaged."""
    if not isinstance(row, dict) or not isinstance(row.get("outputs"), list) or not isinstance(row.get("batch"), int):
        return None
    number, outputs = row["batch"], row["outputs"]
    if not 0 <= number < len(batches) or len(outputs) != len(batches[number].items):
        return None
    try:
        return [Generated.from_list(output) for output in outputs]
    except ValueError:
        return None


def _line(number: int, texts: Sequence[Generated]) -> str:
    return json.dumps({"batch": number, "outputs": [text.to_list() for text in texts]}, ensure_ascii=False) + "\n"


def _rewrite_partial(partial: Path, key: str, done: dict[int, list[Generated]]) -> None:
    """Write the partial file anew with what is whole in it, so that a half line is never appended to."""
    with atomic_write(partial) as file:
        file.write(json.dumps({"plan_sha256": key}) + "\n")
        for number, texts in done.items():
            file.write(_line(number, texts))
