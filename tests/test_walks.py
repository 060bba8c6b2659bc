"""The walks in docs/walks/: each script runs to its end in an empty folder, with a few steps of training, and what comes out is looked at.

`make walks` runs this. Only the first walk finds its two models there already, because saving them takes longer than all else.
"""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from paths import ROOT

pytestmark = pytest.mark.walks
WALKS = ROOT / "docs" / "walks"
TESTED = ("own_corpus", "reproduce", "review", "tag_and_serve")
FEW = "max_steps=12 learning_rate=0.001 eval_dataset=null"
"""A training of seconds, after which the student marks entities, most of them wrongly."""
SECONDS = 1800
"""Longest time of a walk, on a machine with much else to do."""
SETTINGS = {
    name for path in WALKS.iterdir() for name in re.findall(r"\$\{([A-Z_]+):", path.read_text(encoding="utf-8"))
}
"""Variables that lead a walk elsewhere: those that a script reads with `${NAME:...}`."""


def walk(name: str, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a walk in a folder, to its end, with no other settings than these. Each of its steps has a time."""
    words = {key: value for key, value in os.environ.items() if key not in SETTINGS | {"LMN_SERVE_KEY"}}
    words["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), words["PATH"]])
    done = subprocess.run(
        ["bash", WALKS / f"{name}.sh"], cwd=folder, env=words | settings, capture_output=True, text=True, check=False, timeout=SECONDS
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    assert "Traceback" not in done.stderr
    steps, times = (
        re.findall(pattern, done.stderr, re.M)
        for pattern in (r"^\$ (\S+)", r"^-- \d+\.\d s, \d+\.\d s of processor time$")
    )
    assert len(steps) == len(times) > 5
    assert re.search(r"^all steps: \d+ s\n\Z", done.stdout, re.M)
    return done


def micro(scores: Path) -> dict[str, float]:
    """Return the micro average of a scored run."""
    return json.loads(scores.read_text(encoding="utf-8"))["seqeval"]["micro"]


def rows_of(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_every_walk_is_tested() -> None:
    assert tuple(sorted(path.stem for path in WALKS.iterdir())) == TESTED
    assert {"RECIPE", "FILE", "BASE", "FACTS", "MODEL", "PUBLISHED", "EVAL"} < SETTINGS


def test_a_result_is_reproduced(workdir: Path, smollm2: Path, minilm: Path) -> None:
    (workdir / "models").symlink_to(smollm2.parent)
    assert minilm.parent == smollm2.parent
    told = walk("reproduce", workdir, TRAIN="max_steps=1", EVAL="--limit 5").stdout
    assert (workdir / "outputs/demo_smollm2/adapter_model.safetensors").is_file()
    for split in ("testa", "testb"):
        (scores,) = (workdir / f"outputs/demo_smollm2/demo_{split}").rglob("scores.json")
        run = json.loads(scores.read_text(encoding="utf-8"))
        assert set(run["baselines"]["micro"]) == {"gazetteer", "capitalised", "majority"}
        assert (scores.parent / "report.html").is_file()
        assert len(rows_of(scores.with_name("sentences.jsonl"))) == 5
    assert re.search(
        r"^# Result .*\n# +Micro F1 0\.\d{4} on testb", told.splitlines(keepends=True)[-3] + told.splitlines()[-2]
    )


def test_a_file_becomes_a_model(workdir: Path) -> None:
    told = walk("own_corpus", workdir, TRAIN="max_steps=12").stdout
    card = yaml.safe_load((workdir / "exports/card.yaml").read_text(encoding="utf-8"))
    assert card["licence"]
    sizes = {
        split: len(json.loads((workdir / f"data/alpaca/letters_{split}.json").read_text())) for split in card["splits"]
    }
    assert sizes == {"train": 480, "dev": 60, "test": 60}
    recipe = yaml.safe_load((workdir / "recipes/letters.yaml").read_text(encoding="utf-8"))
    assert recipe["quantization_bit"] == 4
    page = (workdir / "stats.html").read_text(encoding="utf-8")
    assert '<tr><th scope="row">entities</th><td>729</td><td>92</td><td>93</td></tr>' in page
    assert list((workdir / "outputs/letters/letters_dev").rglob("curve.json"))
    (scores,) = (workdir / "outputs/letters/letters_test").rglob("scores.json")
    model_card = (workdir / "published/README.md").read_text(encoding="utf-8")
    assert f"{micro(scores)['f1']:.4f}" in model_card
    assert card["licence"] in model_card
    (tagged,) = re.findall(r"^.*left.*Tuesday\.$", told, re.M)
    assert re.sub(r"\[(.*?) \| [A-Z]+\]", r"\1", tagged) == "Giuliana Tedaldi left Ravenna on Tuesday."


def test_texts_are_tagged_alike_from_files_and_over_http(workdir: Path) -> None:
    done = walk("tag_and_serve", workdir, TRAIN=FEW, LMN_SERVE_KEY="a key that is of no use here")
    told = done.stdout
    texts = (workdir / "news.txt").read_text(encoding="utf-8").splitlines()
    assert len(texts) == 400
    brackets = (workdir / "tagged.txt").read_text(encoding="utf-8").splitlines()
    assert [re.sub(r"\[(.*?) \| [A-Z]+\]", r"\1", line) for line in brackets] == texts
    tagged, served = (rows_of(workdir / f"{name}.jsonl") for name in ("tagged", "served"))
    with (workdir / "tagged.csv").open(encoding="utf-8", newline="") as file:
        resumed = [{**row, "entities": json.loads(row["entities"])} for row in csv.DictReader(file)]
    places = [
        [(row["id"], row["text"], [(e["start"], e["end"], e["label"]) for e in row["entities"]]) for row in rows]  # type: ignore[attr-defined]
        for rows in (tagged, served, resumed)
    ]
    assert places[0] == places[1]
    assert places[2] == 5 * places[0]
    count = sum(len(entities) for _, _, entities in places[0])
    assert count == sum(line.count(" | ") for line in brackets) > 0
    assert f"{count} entities of 400 texts, the same in tagged.jsonl, served.jsonl, tagged.csv" in told
    (end,) = re.findall(r"^finished before the kill$|^killed; portions kept: [1-9]$", told, re.M)
    assert end.startswith("finished") or re.search(
        r"^tagged\.csv\.partial: goes on after [\d,]+ texts$", done.stderr, re.M
    )
    assert not (workdir / "tagged.csv.partial").exists()
    assert "ended; accepted requests: 5, all answered" in told


def test_a_score_is_distrusted(workdir: Path) -> None:
    done = walk("review", workdir, TRAIN=FEW)
    told = done.stdout
    assert "the scores are those that were published" in done.stderr
    (authors,) = (workdir / "outputs/minilm_demo").rglob("viterbi/scores.json")
    ours = micro(workdir / "again/scores.json")
    assert ours == micro(authors)
    assert (workdir / "again/report.html").is_file()
    traced = re.findall(r"^missed ([A-Z]+) ['\"](.+)['\"]: (.+):(\d+)$", told, re.M)
    assert traced
    for label, words, file, line in traced:
        sentence = Path(file).read_text(encoding="utf-8").split("\n")[int(line) - 1 :]
        lines = sentence[: sentence.index("")]
        assert f" {words} " in f" {' '.join(token.split()[0] for token in lines)} "
        assert label in "\n".join(lines)
    (overall,) = re.findall(r"precision: +([\d.]+)%; recall: +([\d.]+)%; FB1: +([\d.]+)$", told, re.M)
    assert [float(number) for number in overall] == [round(100 * ours[key], 2) for key in ("precision", "recall", "f1")]
    assert f"\nseqeval: {ours['f1']:.4f}\n" in told
    same, forth, back = re.findall(r"^f1 +([\d.]+) +([\d.]+) +([+-][\d.]+) .* ([\d.]+)$", told, re.M)
    assert same[0] == same[1]
    assert (forth[0], forth[1], forth[3]) == (back[1], back[0], back[3])
    assert float(forth[2]) == -float(back[2])
    check_review_of_published(workdir, ours)


def check_review_of_published(workdir: Path, ours: dict[str, float]) -> None:
    """Review what the walk has published, as a reader does: elsewhere, without the authors' data sets and runs."""
    elsewhere = workdir / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "models").symlink_to(workdir / "models")
    published = str(workdir / "published")
    walk("review", elsewhere, PUBLISHED=published, RECIPE="students/minilm_demo", CONVERT="--variant short", TRAIN=FEW)
    assert micro(elsewhere / "again/scores.json") == ours
    assert (elsewhere / "outputs/seed43").is_dir()
    assert not (elsewhere / "outputs/minilm_demo").exists()
    with pytest.raises(AssertionError, match="RECIPE: names the recipe that PUBLISHED was trained by"):
        walk("review", elsewhere, PUBLISHED=published)
