"""A killed run ends in the file of an undisturbed one."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.decoding.batches import Batch
from llms_meet_ner.masking import keep_secret
from llms_meet_ner.prediction.resume import run_batches
from llms_meet_ner.records import PARTIAL_FILE, Answer, Uncertainty


def upper(batch: Batch) -> list[Answer]:
    return [expected(item) for item in batch.items]


def expected(item: int) -> Answer:
    if item % 2:
        return Answer(f"out {item}\u2028é", (0.5, 1.0)[: item % 3], Uncertainty(0.25, 1.5))
    return Answer(f"out {item}\u2028é")


PLAN = [Batch((2, 0), (10, 9)), Batch((1, 3), (10, 8)), Batch((4,), (10,))]


def test_finished_batches_are_not_run_again(tmp_path: Path) -> None:
    done: list[Batch] = []

    def fails_at_second(batch: Batch) -> list[Answer]:
        if len(done) == 1:
            raise RuntimeError
        done.append(batch)
        return upper(batch)

    with pytest.raises(RuntimeError):
        run_batches(tmp_path, PLAN, {"x": 1}, fails_at_second)
    with (tmp_path / PARTIAL_FILE).open("a") as file:
        file.write('{"batch": 1, "outp')  # killed while writing
    again: list[Batch] = []
    outputs = run_batches(tmp_path, PLAN, {"x": 1}, lambda batch: again.append(batch) or upper(batch))  # type: ignore[func-returns-value]
    assert again == PLAN[1:]
    assert outputs == {item: expected(item) for item in range(5)}


def test_an_unfinished_run_with_another_plan_is_not_mixed_in(tmp_path: Path) -> None:
    run_batches(tmp_path, PLAN, {"dtype": "float32"}, upper)
    with pytest.raises(
        LmnError, match=r"an unfinished run with other data, another model or other options .* --restart"
    ):
        run_batches(tmp_path, PLAN, {"dtype": "bfloat16"}, upper)
    again: list[Batch] = []
    run_batches(tmp_path, PLAN, {"dtype": "bfloat16"}, lambda batch: again.append(batch) or upper(batch), restart=True)  # type: ignore[func-returns-value]
    assert again == PLAN


def plan(size: int) -> list[Batch]:
    """Return five sentences in batches of a size."""
    items = (2, 0, 1, 3, 4)
    return [
        Batch(items[at : at + size], tuple(10 + item for item in items[at : at + size])) for at in range(0, 5, size)
    ]


def test_an_unfinished_run_goes_on_with_another_batch_size(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def runs_out(batch: Batch) -> list[Answer]:
        if 4 in batch.items or 3 in batch.items:
            raise LmnError("out of memory")
        return upper(batch)

    asked: list[tuple[int, ...]] = []

    def answer(batch: Batch) -> list[Answer]:
        asked.append(batch.items)
        if len(asked) == 2 and 4 in batch.items:
            raise LmnError("out of memory")
        return upper(batch)

    with pytest.raises(LmnError, match="out of memory"):
        run_batches(tmp_path, plan(3), {"model": "m", "batch_size": 3}, runs_out)
    with pytest.raises(LmnError, match="out of memory"):
        run_batches(tmp_path, plan(2), {"model": "m", "batch_size": 2}, answer)
    outputs = run_batches(tmp_path, plan(1), {"model": "m", "batch_size": 1}, answer)
    assert asked == [(3,), (4,), (4,)]
    assert outputs == {item: expected(item) for item in range(5)}
    told = "answers of the unfinished run stay; it had batch_size"
    assert capsys.readouterr().err == f"3 {told} 3, now 2\n4 {told} 2, now 1\n"
    stored = json.loads((tmp_path / "run.json").read_text())
    assert [items for items, _ in stored["batches"]] == [[2, 0, 1], [3], [4]]
    assert stored["stamp"]["batch_size"] == 1


def test_an_unfinished_run_that_differs_says_in_what(tmp_path: Path) -> None:
    run_batches(tmp_path, plan(2), {"model": "m", "batch_size": 2, "dtype": "float32"}, upper)
    for stamp, batches, names in (
        ({"model": "n", "batch_size": 1, "dtype": "float32"}, plan(1), ": another batch_size, model; give"),
        ({"model": "m", "batch_size": 2, "decoding": "free"}, plan(2), ": another decoding, dtype; give"),
        ({"model": "m", "batch_size": 2, "dtype": "float32"}, plan(2)[:1], " is in the way; give"),
    ):
        with pytest.raises(LmnError) as raised:
            run_batches(tmp_path, batches, stamp, upper)
        assert names in str(raised.value)
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(LmnError, match="is in the way; give the same ones to finish it, or --restart to discard it"):
        run_batches(tmp_path, plan(1), {"model": "m", "batch_size": 1, "dtype": "float32"}, upper)


@pytest.mark.parametrize(
    "damaged",
    [
        '{"batch": 9, "outputs": ["a"]}',
        '{"batch": 1}',
        '{"batch": 1, "outputs": [["a", null, null]]}',
        '{"batch": 1, "outputs": [1, 2]}',
        '{"batch": 1, "outputs": [["a", null, null], ["b", ["c"], [0.0, 0.0]]]}',
        '{"batch": 1, "outputs": [["a", null, null], ["b", [0.5]]]}',
        "[]",
    ],
)
def test_a_damaged_line_of_a_partial_file_is_computed_again(tmp_path: Path, damaged: str) -> None:
    run_batches(tmp_path, PLAN, {}, upper)
    partial = tmp_path / PARTIAL_FILE
    lines = partial.read_text().split("\n")
    partial.write_text("\n".join([lines[0], lines[1], damaged, lines[3]]) + "\n")
    again: list[Batch] = []
    outputs = run_batches(tmp_path, PLAN, {}, lambda batch: again.append(batch) or upper(batch))  # type: ignore[func-returns-value]
    assert again == PLAN[1:]
    assert outputs == {item: expected(item) for item in range(5)}


def test_a_line_without_end_in_a_partial_file_is_computed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_batches(tmp_path, PLAN, {}, upper)
    partial = tmp_path / PARTIAL_FILE
    first, *_ = partial.read_text().split("\n")
    partial.write_text(f"{first}\n" + "x" * 1000 + "\n")
    monkeypatch.setattr("llms_meet_ner.prediction.resume.LONGEST_LINE", 100)
    again: list[Batch] = []
    run_batches(tmp_path, PLAN, {}, lambda batch: again.append(batch) or upper(batch))  # type: ignore[func-returns-value]
    assert again == PLAN


SCRIPT = """
import json, sys, time
from pathlib import Path
from llms_meet_ner.files import atomic_write
from llms_meet_ner.decoding.batches import Batch
from llms_meet_ner.masking import keep_secret
from llms_meet_ner.prediction.resume import run_batches
from llms_meet_ner.records import Answer
def generate(batch):
    time.sleep(0.004)
    return [Answer(f"text {item} é" * (item % 7)) for item in batch.items]
folder = Path(sys.argv[1])
batches = [Batch((3 * n + 2, 3 * n, 3 * n + 1), (10, 10, 10)) for n in range(25)]
outputs = run_batches(folder, batches, {"seed": 1}, generate)
with atomic_write(folder / "final.jsonl") as file:
    for item in range(75):
        file.write(json.dumps({"id": item, "output": outputs[item].text}) + "\\n")
"""


def test_kills_at_random_moments_change_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SCRIPT]
    subprocess.run([*command, str(tmp_path / "whole")], check=True)
    expected = (tmp_path / "whole/final.jsonl").read_bytes()
    rng = random.Random(5)
    killed = finished = 0
    while killed < 50:
        folder = tmp_path / f"trial{finished}"
        process = subprocess.Popen([*command, str(folder)])
        deadline = time.monotonic() + rng.uniform(0.05, 0.25)
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        killed += process.poll() is None
        process.kill()
        process.wait()
        if (folder / "final.jsonl").is_file():
            assert (folder / "final.jsonl").read_bytes() == expected
            finished += 1
    subprocess.run([*command, str(tmp_path / f"trial{finished}")], check=True)
    assert (tmp_path / f"trial{finished}/final.jsonl").read_bytes() == expected


def test_the_plan_is_stored(tmp_path: Path) -> None:
    run_batches(tmp_path, PLAN, {"model": "m"}, upper)
    stored = json.loads((tmp_path / "run.json").read_text())
    assert stored["batches"] == [[[2, 0], [10, 9]], [[1, 3], [10, 8]], [[4], [10]]]
    assert stored["stamp"] == {"model": "m"}


def test_workers_share_a_run_and_an_error_ends_it_at_once(tmp_path: Path) -> None:
    many = [Batch((item,), (9,)) for item in range(30)]
    together = threading.Barrier(4, timeout=10)
    hanging, four_kept = threading.Event(), threading.Event()
    done: list[int] = []

    def on_batch(batch: Batch) -> None:
        done.append(batch.items[0])
        if {0, 1, 2, 3} <= set(done):
            four_kept.set()

    def generate(batch: Batch) -> list[Answer]:
        if batch.items[0] < 4:
            together.wait()  # passed only with four under way
        if batch.items[0] == 8:
            four_kept.wait(10)
            raise KeyboardInterrupt
        if batch.items[0] == 7:
            hanging.wait(30)
        return upper(batch)

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_batches(tmp_path, many, {}, generate, workers=4, on_batch=on_batch)
    assert time.monotonic() - started < 10  # nobody waits for what hangs
    hanging.set()
    kept = {json.loads(line)["batch"] for line in (tmp_path / PARTIAL_FILE).read_text().split("\n")[1:-1]}
    assert {0, 1, 2, 3} <= kept == set(done)
    assert 7 not in kept
    again: list[int] = []
    outputs = run_batches(tmp_path, many, {}, lambda batch: again.append(batch.items[0]) or upper(batch), workers=4)  # type: ignore[func-returns-value]
    assert sorted(again) == sorted(set(range(30)) - kept)
    assert outputs == {item: expected(item) for item in range(30)}


def test_secrets_that_a_server_echoed_are_masked_in_the_partial_file(tmp_path: Path) -> None:
    keep_secret("sk-of-the-resume-tests")
    run_batches(tmp_path, PLAN[2:], {}, lambda batch: [Answer("sk-of-the-resume-tests é") for _ in batch.items])
    written = (tmp_path / PARTIAL_FILE).read_text()
    assert "*** é" in written
    assert "sk-of" not in written


def test_a_run_goes_on_wherever_the_model_computes_in_the_same_data_type(tmp_path: Path) -> None:
    half: list[Batch] = []

    def fails_at_second(batch: Batch) -> list[Answer]:
        half.append(batch)
        if len(half) == 2:
            raise RuntimeError
        return upper(batch)

    auto = {"dtype": "auto", "resolved_dtype": "float32"}
    with pytest.raises(RuntimeError):
        run_batches(tmp_path, PLAN, auto, fails_at_second)
    with pytest.raises(LmnError) as seen:
        run_batches(tmp_path, PLAN, {"dtype": "auto", "resolved_dtype": "bfloat16"}, upper)
    assert str(seen.value).endswith(
        "is in the way: another resolved_dtype; --dtype float32 finishes it, or --restart to discard it"
    )
    with pytest.raises(LmnError, match="another dtype, resolved_dtype; --dtype float32 finishes it"):
        run_batches(tmp_path, PLAN, {"dtype": "bfloat16", "resolved_dtype": "bfloat16"}, upper)
    again: list[Batch] = []
    named = {"dtype": "float32", "resolved_dtype": "float32"}
    run_batches(tmp_path, PLAN, named, lambda batch: again.append(batch) or upper(batch))  # type: ignore[func-returns-value]
    assert again == PLAN[1:]
