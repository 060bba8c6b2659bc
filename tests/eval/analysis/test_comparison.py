"""Two scored runs compared, by the command."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from scored_demo import score_changed_demo

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters import load_card, read_corpus
from llms_meet_ner.eval.analysis.comparison import Comparison
from llms_meet_ner.eval.cli.score import main
from llms_meet_ner.eval.scored_run.analysis import Pair
from llms_meet_ner.eval.scored_run.files import load_evaluation
from llms_meet_ner.sentence import Span


def compared(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(main, ["compare", *words])
    assert result.exit_code == code, result.output
    return result.stdout if code == 0 else result.stderr


def test_two_runs_are_compared_and_what_differs_is_named(workdir: Path) -> None:
    score_changed_demo("a", ("| LOC]", "| ORG]"))
    score_changed_demo("b", ("| PER]", "| MISC]"))
    text = compared("a", "b", "--json", "c.json")
    assert text.splitlines()[:2] == ["A  a/scores.json", "B  b/scores.json"]
    document = json.loads(Path("c.json").read_text())
    only_first, only_second = document["only_first"], document["only_second"]
    assert f"gold entities that only A found: {only_first}; only B: {only_second}; of 154" in text
    gold = Counter(span.label for sentence in read_corpus(load_card("demo"), "testb") for span in sentence.spans)
    assert (only_first, only_second) == (gold["PER"], gold["LOC"])
    assert document["differences"]["recall"]["value"] == pytest.approx((gold["LOC"] - gold["PER"]) / 154)
    assert document["differing"] == []
    scores = json.loads(Path("b/scores.json").read_text())
    untrained = {"number": 0, "rule": None, "seed": None, "dataset": None, "ids": None, "sha256": None}
    other = {
        "decoding": "constrained", "split": "testa", "shots": untrained, "label_origins": {"GPE": "LOC"}, "reading": "published", "dtype": "bfloat16",
    }  # fmt: skip
    Path("b/scores.json").write_text(json.dumps(scores | other))
    lines = compared("a", "b").splitlines()[2:8]
    assert lines == [
        "they differ in split: testb (A); testa (B)",
        "they differ in decoding: free (A); constrained (B)",
        "they differ in reading: lenient (A); published (B)",
        "they differ in data type: not known (A); bfloat16 (B)",
        "they differ in examples: none (A); 0, without training (B)",
        "they differ in labels: as the corpus has them (A); GPE -> LOC (B)",
    ]
    weights = {"sha256": {**scores["sha256"], "adapter": 64 * "5"}}
    Path("b/scores.json").write_text(json.dumps(scores | weights))
    assert f"they differ in the hash of the weights: none (A); {12 * '5'} (B)" in compared("a", "b")
    shown = {**untrained, "number": 1, "rule": "nearest", "dataset": "d", "sha256": 64 * "1"}
    for folder, sha256 in (("a", 64 * "1"), ("b", 64 * "2")):
        scores = json.loads(Path(folder, "scores.json").read_text())
        Path(folder, "scores.json").write_text(json.dumps(scores | {"shots": {**shown, "sha256": sha256}}))
    told = "1, without training; nearest, of d (SHA-256"
    assert f"they differ in examples: {told} {12 * '1'}) (A); {told} {12 * '2'}) (B)" in compared("a", "b")


def test_what_cannot_be_compared_is_refused(workdir: Path) -> None:
    score_changed_demo("a", ("| LOC]", "| ORG]"))
    score_changed_demo("b", ("| PER]", "| MISC]"))
    lines = Path("b/sentences.jsonl").read_text().splitlines(keepends=True)
    whole = load_evaluation(Path("b"))
    with pytest.raises(LmnError, match="100 and 99 sentences, so no pairs can be made"):
        Comparison.of(whole, replace(whole, sentences=whole.sentences[:-1]))
    moved = replace(whole.sentences[0], pairs=(Pair("missed", Span(0, 1, "LOC"), None),), confidences=None, known=None)
    with pytest.raises(LmnError, match=f"the gold differs at {moved.id}, so no pairs can be made"):
        Comparison.of(whole, replace(whole, sentences=(moved, *whole.sentences[1:])))
    Path("b/sentences.jsonl").write_text("".join(lines[:-1]))
    assert "b/sentences.jsonl: not the file that scores.json describes" in compared("a", "b", code=1)
    scores = json.loads(Path("b/scores.json").read_text())
    del scores["sentences_sha256"]  # as in a file of an earlier version
    Path("b/scores.json").write_text(json.dumps(scores))
    assert "b/sentences.jsonl: holds 99 sentences with " in compared("a", "b", code=1)
    changed = json.loads(lines[0])
    changed["tokens"][0] += "x"
    Path("b/sentences.jsonl").write_text(json.dumps(changed) + "\n" + "".join(lines[1:]))
    assert "the tokens differ at demo/testb/" in compared("a", "b", code=1)
