"""The benchmarks run: each is started with little to do. Their figures are for people and are not looked at, only how they are counted."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from paths import ROOT
from planting import KINDS, Planted, confusions_of, hit_by, plant, shape_of

from llms_meet_ner import LabelSet, Sentence, Span
from llms_meet_ner.annotation.doubts.ranking import Doubt, Support
from llms_meet_ner.formats import get_format
from llms_meet_ner.records import Answer


@pytest.mark.parametrize(
    ("name", "words", "last"),
    [
        ("pipeline", ["--sentences", "200"], "everything held at once"),
        ("growth", ["--sizes", "50,100", "--format", "bracketed"], "bracketed"),
        ("convert", ["--sentences", "50", "--rounds", "1", "--only", "tokens"], "tokens"),
        ("startup", ["--rounds", "1", "--only", "lmn-tag --help"], "1.00"),
        ("memory", ["--megabytes", "1", "--only", "long prompts"], "long prompts"),
    ],
)
def test_a_benchmark_runs(name: str, words: list[str], last: str, tmp_path: Path) -> None:
    assert last in run(name, words, tmp_path)


def run(name: str, words: list[str], folder: Path, timeout: int = 120, code: int = 0) -> str:
    path = os.pathsep.join([str(ROOT / "tests/support"), os.environ.get("PYTHONPATH", "")])
    result = subprocess.run(
        [sys.executable, str(ROOT / "tests/benchmarks" / f"{name}.py"), *words], cwd=folder, env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, check=False,
    )  # fmt: skip
    assert result.returncode == code, result.stderr[-2000:]
    return result.stderr if code else result.stdout


def measured(line: str, seconds: float, examples: int, computed: int, losses: list[float]) -> dict[str, object]:
    return {
        "line": line, "seconds": seconds, "processor": 2 * seconds, "steps": 2, "examples": examples, "tokens": 256 * examples, "computed": computed, "memory": 1000,
        "losses": losses, "threads": 2, "device": "cpu",
    }  # fmt: skip


def test_the_benchmark_of_training_compares_samples_a_second_over_all_rounds(tmp_path: Path) -> None:
    conditions = {
        "steps": 2, "instruction": "published", "shape": "demo", "dtype": "float32", "rank": None, "overrides": [], "cpu": "Fast", "cores": 2,
        "python": "3", "torch": "2", "transformers": "5", "peft": "0", "llamafactory": "0",
    }  # fmt: skip
    runs = [
        measured("published", 20.0, 16, 4096, [2.0, 1.0]), measured("packed", 10.0, 12, 4096, [2.5, 1.5]),
        measured("shared", 8.0, 16, 1120, [2.0, 1.000001]), measured("published", 30.0, 16, 4096, [2.0, 1.0]),
        measured("shared", 8.0, 16, 1120, [2.0, 1.000001]),
    ]  # fmt: skip
    (tmp_path / "train.json").write_text(json.dumps({"conditions": conditions, "runs": runs}))
    shown = run("train", ["--rounds", "0", "--out", "."], tmp_path).splitlines()
    rows = {line.split("  ")[0]: line.split() for line in shown[1:4]}
    assert rows["LLaMA-Factory as published"][4:] == [
        "2",
        "0.640",
        "164",
        "164",
        "256.0",
        "1,000",
        "1.5",
        "1.00x",
        "1.00-1.00x",
        "1.00x",
    ]
    assert rows["LLaMA-Factory, neat_packing"][2:4] == ["6.0", "2"]
    assert rows["ours, shared instruction"][-3:] == ["3.12x", "2.50-3.75x", "3.12x"]
    assert "ours, shared instruction, against LLaMA-Factory, neat_packing: 1.67x samples/s" in shown
    assert (
        shown[-1]
        == "ours, shared instruction: losses differ by at most 1.0e-06, relative, from those of LLaMA-Factory as published"
    )
    assert "ours, shared instruction" in (tmp_path / "train.md").read_text()


@pytest.mark.verify
def test_the_benchmark_of_training_trains_a_model_of_a_shape(tmp_path: Path, smollm2: Path) -> None:
    words = [
        "--shape",
        "tiny",
        "--steps",
        "3",  # packs of 2,048 tokens hold so many short examples that fewer would leave one step
        "--rank",
        "4",
        "--instruction",
        "short",
        "--out",
        ".",
        f"model_name_or_path={smollm2}",
    ]
    shown = run("train", words, tmp_path, timeout=600)
    assert "random weights, shape tiny, rank 4, float32, short instruction" in shown
    runs = {row["line"]: row for row in json.loads((tmp_path / "train.json").read_text())["runs"]}
    assert [runs[name]["examples"] for name in ("published", "batched", "shared")] == [24, 24, 24]
    assert runs["shared"]["tokens"] == runs["published"]["tokens"]
    assert runs["shared"]["computed"] < runs["published"]["tokens"] <= runs["published"]["computed"]
    assert runs["shared"]["losses"] == pytest.approx(runs["published"]["losses"], rel=1e-5)


@pytest.mark.verify
def test_a_line_of_ours_that_falls_back_is_an_error(tmp_path: Path, smollm2: Path) -> None:
    words = [
        "--shape",
        "tiny",
        "--steps",
        "1",
        "--rank",
        "4",
        "--instruction",
        "short",
        "--lines",
        "shared",
        "--out",
        ".",
    ]
    words += [f"model_name_or_path={smollm2}", "lora_dropout=0.1"]
    assert "shared nothing, so it is no training of ours: lora_dropout: 0.1" in run(
        "train", words, tmp_path, 300, code=1
    )


def test_a_training_sees_one_gpu() -> None:
    module = loaded_benchmark("train")
    for before, after in ((None, "0"), ("", ""), ("3", "3"), ("2,3", "2")):
        environment = {"A": "b"} | ({} if before is None else {"CUDA_VISIBLE_DEVICES": before})
        assert module.one_device(environment) == {"A": "b", "CUDA_VISIBLE_DEVICES": after}


def loaded_benchmark(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"benchmark_{name}", ROOT / f"tests/benchmarks/{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return module


def test_decodings_are_compared_in_the_data_type_of_each_side() -> None:
    module = loaded_benchmark("decode")
    keys = module._keys("marked-up,LLaMA-Factory", "32,8", "float32,bfloat16")
    assert keys[:5] == [("marked-up", 8, "float32"), ("marked-up", 32, "float32")] + [
        ("LLaMA-Factory", size, "float32") for size in (1, 8, 32)
    ]
    assert len(keys) == 10
    times = dict(zip(keys, (10, 5, 80, 40, 60, 4, 2.5, 50, 20, 30)))
    lines = [module.Line(*key, times[key], 2.0, 29.0, 60.0, 900, 0.5, 1.0, [(5, 1, 2)]) for key in keys]
    found = [text for line in lines if line.method == "marked-up" for text in module._against(lines, line, "float32")]
    assert found[2:4] == [
        "marked-up (float32, batch 32) against LLaMA-Factory (float32) at batch 1: 16.0x",
        "... at its best batch size (8): 8.0x",
    ]
    assert found[6] == "marked-up (bfloat16, batch 32) against LLaMA-Factory (float32) at batch 1: 32.0x"
    assert module._against(lines, lines[6], "bfloat16")[0].endswith("LLaMA-Factory (bfloat16) at batch 1: 20.0x")
    assert [row[4] for row in module._rows(lines)][:3] == ["8.0x", "16.0x", "1.0x"]


def test_what_a_data_type_changes_is_counted() -> None:
    module = loaded_benchmark("dtype")
    gold = [Sentence("a", ("Ann", "left", "Oslo"), (Span(0, 1, "PER"), Span(2, 3, "LOC"))), Sentence("b", ("no",))]
    first = [Answer("[Ann | PER] left [Oslo | LOC]", (0.9, 0.5)), Answer("no", ())]
    second = [Answer("[Ann | PER] left [Oslo | PER]", (0.75, 0.5)), Answer("no", ())]
    fmt, labels = get_format("bracketed"), LabelSet.of("PER", "LOC")
    changes = module.Changes.of(gold, first, second, lambda answer, s: fmt.parse(answer.text or "", s.tokens, labels))
    assert (changes.sentences, changes.outputs, changes.entities) == (2, 1, 1)
    assert (changes.first.f1, changes.second.f1, changes.f1.value) == (1.0, 0.5, -0.5)
    assert (changes.shared, changes.largest, changes.mean) == (1, pytest.approx(0.15), pytest.approx(0.15))
    assert changes.row()[:3] == ["1 of 2 (50.0%)", "1", "1.0000"]
    same = module.Changes.of(gold, first, first, lambda answer, s: fmt.parse(answer.text or "", s.tokens, labels))
    assert (same.outputs, same.entities, same.f1.value, same.largest, same.shared) == (0, 0, 0.0, 0.0, 2)


GOLD = [
    Sentence("c/0", ("Ann", "saw", "New", "York", "in", "May", "1999"), (Span(0, 1, "PER"), Span(2, 4, "LOC"))),
    Sentence("c/1", ("Oslo", "is", "Far", ",", "said", "Bob", "Roe"), (Span(0, 1, "LOC"), Span(5, 7, "PER"))),
]
SAID = [
    (Span(0, 1, "LOC"), Span(3, 4, "LOC"), Span(5, 7, "MISC")),  # a label, a boundary, and a false positive
    (Span(2, 3, "MISC"), Span(6, 7, "ORG")),  # a miss, a false positive, a boundary with another label
]


def test_the_errors_of_a_model_are_counted() -> None:
    found = confusions_of(GOLD, SAID)
    assert found.kinds == {"type": 1, "boundary": 1, "both": 1, "missed": 1, "spurious": 2}
    assert found.labels == {"PER": {"LOC": 1, "ORG": 1}}
    assert found.moves == {(1, 0): 2}
    assert found.surplus == {("MISC", ("X", "9")): 1, ("MISC", ("X",)): 1}
    assert shape_of(("don't", "3rd", "-", "Ö", "7"), 0, 5) == ("x", "x", ".", "X", "9")
    assert found.only(["missed", "type"]).kinds == {"missed": 1, "type": 1}


@pytest.mark.parametrize("kind", KINDS)
def test_errors_of_each_kind_are_planted_as_the_model_makes_them(kind: str) -> None:
    gold = [replace(one, id=f"c/{at}") for at, one in enumerate(GOLD * 20)]
    errors = confusions_of(GOLD, SAID)
    wrong, planted = plant(gold, errors.only([kind]), 0.25, 7)
    assert (len(planted), {one.kind for one in planted}) == (20, {kind})
    assert plant(gold, errors.only([kind]), 0.25, 7) == (wrong, planted)
    assert plant(gold, errors.only([kind]), 0.25, 8)[1] != planted
    sentences = {one.id: one for one in gold}
    before = {(one.id, span) for one in gold for span in one.spans}
    after = {(one.id, span) for one in wrong for span in one.spans}
    assert before - after == {(one.id, one.before) for one in planted if one.before}
    assert after - before == {(one.id, one.after) for one in planted if one.after}
    for one in planted:
        tokens = sentences[one.id].tokens
        if kind == "spurious":
            assert one.before is None
            assert (one.after.label, shape_of(tokens, one.after.start, one.after.end)) in errors.surplus
            assert not any(a.start < one.after.end and one.after.start < a.end for a in sentences[one.id].spans)
        elif kind == "missed":
            assert one.after is None
        else:
            move = (one.after.start - one.before.start, one.after.end - one.before.end)
            assert move in (errors.moves if kind != "type" else [(0, 0)])
            assert (one.after.label == one.before.label) == (kind == "boundary")


def test_a_doubt_hits_the_planted_error_that_it_is_about() -> None:
    def doubt(gold: Span | None, instead: Span | None) -> Doubt:
        return Doubt(1, 0.9, "label", "c/0", "", gold, instead, "w", Support(0.1, 0.8), 0.2, False)

    surplus = Planted("c/0", "spurious", None, Span(4, 5, "PER"))
    gone = Planted("c/0", "missed", Span(0, 2, "LOC"), None)
    elsewhere = replace(surplus, id="c/1")
    planted = [elsewhere, surplus, gone]
    assert hit_by(doubt(Span(4, 5, "PER"), None), planted) == surplus
    assert hit_by(doubt(None, Span(1, 3, "LOC")), planted) == gone
    assert hit_by(doubt(None, Span(4, 5, "PER")), planted) is None
    assert hit_by(doubt(Span(0, 2, "LOC"), None), planted) is None
