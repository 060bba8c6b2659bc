"""What conlleval reads, counted by conlleval; and the options of lmn-eval for other scorers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import conlleval
import pytest
from click.testing import CliRunner
from drawn import corpora_with_predictions
from hypothesis import given, settings

from llms_meet_ner import Alignment, LmnError, Sentence, Span, get_format
from llms_meet_ner.data_converters import load_card, read_corpus
from llms_meet_ner.eval import Counts, score
from llms_meet_ner.eval.cli.score import main
from llms_meet_ner.eval.scoring.conlleval import write_conlleval


@settings(max_examples=100, deadline=None)
@given(data=corpora_with_predictions())
def test_conlleval_counts_what_we_count(tmp_path_factory: Any, data: tuple[list[Sentence], list[Alignment]]) -> None:
    sentences, alignments = data
    path = tmp_path_factory.getbasetemp() / "c.txt"
    assert write_conlleval(path, sentences, [alignment.spans for alignment in alignments]) == 0
    found = conlleval.evaluate(path.read_text(encoding="utf-8").splitlines())
    scores = score(sentences, alignments)
    overall = found["overall"]["chunks"]["stats"]
    assert Counts(overall["correct"], overall["pred"], overall["gold"]) == scores.micro
    for label, row in found["slots"]["chunks"].items():
        stats = row["stats"]
        assert Counts(stats["correct"], stats["pred"], stats["gold"]) == scores.labels[label]


def test_white_space_in_a_token_is_no_column_and_nested_entities_are_refused(tmp_path: Path) -> None:
    sentence = Sentence("a/b/0", ("New York", "\u2003", "!"), (Span(0, 1, "LOC"),))
    assert write_conlleval(tmp_path / "c.txt", [sentence], [()]) == 2
    assert (tmp_path / "c.txt").read_text() == "New_York B-LOC O\n_ O O\n! O O\n\n"
    nested = Sentence("a/b/1", ("Bayern", "München"), (Span(0, 2, "ORG"), Span(0, 1, "LOC")))
    with pytest.raises(LmnError, match="--conlleval: a/b/1: tags cannot hold overlapping spans"):
        write_conlleval(tmp_path / "c.txt", [nested], [()])


def lines() -> Iterator[str]:
    for sentence in read_corpus(load_card("demo"), "testb"):
        yield (
            json.dumps({"id": sentence.id, "output": get_format("bracketed").render(sentence).replace(" , ", " ; ")})
            + "\n"
        )


def test_both_are_options_of_lmn_eval(workdir: Path) -> None:
    Path("p.jsonl").write_text("".join(lines()), encoding="utf-8")
    words = [
        "--corpus",
        "demo",
        "--split",
        "testb",
        "--predictions",
        "p.jsonl",
        "--scorer",
        "llms4ner",
        "--conlleval",
        "c.txt",
    ]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    document = json.loads(Path("scores.json").read_text())
    forgiven = document["llms4ner"]["forgiven"]
    assert forgiven > 10
    assert f"llms4ner (no positions in {forgiven} sentences)" in result.stdout
    low, high = document["analysis"]["intervals"]["scores"]["llms4ner"]["f1"]
    assert low == high == document["llms4ner"]["micro"]["f1"] == 1
    assert "c.txt: for conlleval" in result.stderr
    found = conlleval.evaluate(Path("c.txt").read_text(encoding="utf-8").splitlines())["overall"]["chunks"]["stats"]
    assert found["correct"] == document["seqeval"]["micro"]["correct"] == 154
