"""Commands that run at the same time lose nothing of each other's."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from threading import BrokenBarrierError
from typing import Any

import pytest
from converting import run
from standins import SPEC

from llms_meet_ner import Sentence
from llms_meet_ner.data_converters import alpaca
from llms_meet_ner.prediction import resume
from llms_meet_ner.prediction.run import predict
from llms_meet_ner.prompting.spec import PromptSpec
from llms_meet_ner.systems.counting import CountingBaseline
from llms_meet_ner.training import recipe

FORK = get_context("fork")
TOGETHER = 0.3
"""Seconds that a process waits for the other one at the place where both were before there were locks."""


def meeting(module: Any, name: str, barrier: Any) -> None:
    """Make a function wait, before it returns, until the other process has called it too, or will not for a while."""
    original = getattr(module, name)

    def met(*args: Any, **options: Any) -> Any:
        result = original(*args, **options)
        with suppress(BrokenBarrierError):
            barrier.wait(TOGETHER)
        return result

    setattr(module, name, met)


def at_once(module: Any, name: str, works: Sequence[Callable[[], object]]) -> None:
    """Run each work in a process of its own; all meet at the end of a function of the module."""
    barrier = FORK.Barrier(len(works))

    def child(work: Callable[[], object]) -> None:
        meeting(module, name, barrier)
        work()

    processes = [FORK.Process(target=child, args=(work,)) for work in works]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0


def test_two_conversions_into_one_folder_keep_each_others_entries(workdir: Path) -> None:
    at_once(
        alpaca,
        "read_dataset_info",
        [lambda: run("demo", "--out", "data"), lambda: run("demo", "--format", "xml", "--out", "data")],
    )
    entries = json.loads(Path("data/dataset_info.json").read_text())
    assert sorted(entries) == sorted(
        f"demo{fmt}_{split}" for fmt in ("", ".xml") for split in ("train", "testa", "testb")
    )


def test_two_predictions_into_one_folder_are_one_run(workdir: Path, capfd: pytest.CaptureFixture[str]) -> None:
    sentences = [Sentence(f"c/test/{number}", ("Ada", "left")) for number in range(20)]
    answer = CountingBaseline("capitalised", [])
    at_once(resume, "_read_partial", [lambda: predict(answer, sentences, Path("run"))] * 2)
    said = capfd.readouterr().err
    assert "waiting until" in said
    assert "already there" in said
    assert sorted(path.name for path in Path("run").iterdir()) == [
        ".run.json.lmn-lock",
        "predictions.jsonl",
        "run.json",
    ]
    assert len(Path("run/predictions.jsonl").read_text().splitlines()) == 20


def test_two_commands_that_keep_a_prompt_keep_one_whole_one(workdir: Path) -> None:
    at_once(recipe, "_keeps_template", [lambda: recipe.keep_prompt(SPEC, workdir)] * 2)
    assert PromptSpec.load(Path("prompt_spec.json")) == SPEC
