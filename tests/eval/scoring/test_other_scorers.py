"""What conlleval reads, and the counting of a published evaluator that forgives positions."""

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

from llms_meet_ner import Alignment, LabelSet, LmnError, Sentence, Span, get_format
from llms_meet_ner.data_converters import load_card, read_corpus
from llms_meet_ner.eval import Counts, score
from llms_meet_ner.eval.cli.score import main
from llms_meet_ner.eval.scored_run.run import Llms4nerScores
from llms_meet_ner.eval.scoring.conlleval import write_conlleval
from llms_meet_ner.eval.scoring.llms4ner import count_llms4ner

LABELS = LabelSet.of("PER", "ORG", "LOC")


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


def published(gold: str, output: str, name: str = "bracketed", tokens: str = "Anna met Anna in Oslo") -> Llms4nerScores:
    fmt = get_format(name)
    words = tuple(tokens.split())
    sentence = Sentence("a/b/0", words, fmt.parse(gold, words, LABELS).spans)
    assert fmt.render(sentence, LABELS) == gold
    scores, (counts,) = count_llms4ner([sentence], [output], name, LABELS, nested=False)
    assert scores.micro == counts
    return scores


GOLD = "[Anna | PER] met Anna in [Oslo | LOC]"


@pytest.mark.parametrize(
    ("output", "counts", "forgiven"),
    [
        (GOLD, Counts(2, 2, 2), 0),
        ("Anna met [Anna | PER] in [Oslo | LOC]", Counts(1, 2, 2), 0),  # the text is the same: the position counts
        ("Anna meets [Anna | PER] in [Oslo | LOC]", Counts(2, 2, 2), 1),  # it is not: the position is forgiven
        ("[Anna | PER] [Oslo | LOC] [Rome | LOC]", Counts(2, 3, 2), 1),
        ("[Anna | PER] met [Anna | PER] in Oslo", Counts(1, 2, 2), 0),
        ("[Anna| PER] met Anna in [Oslo  |LOC]", Counts(2, 2, 2), 0),
        ("[Anna | THING] met Anna in [Oslo | LOC]", Counts(1, 2, 2), 0),  # any label closes
        ("Anna | PER] met Anna in [Oslo | LOC]", Counts(1, 1, 2), 0),
        ("", Counts(0, 0, 2), 1),
    ],
)
def test_brackets_are_counted_as_the_published_evaluator_does(output: str, counts: Counts, forgiven: int) -> None:
    found = published(GOLD, output)
    assert (found.micro, found.forgiven) == (counts, forgiven)


def test_tags_and_json_are_counted_as_the_published_evaluator_does() -> None:
    gold = "<PER>Anna</PER> met Anna in <LOC>Oslo</LOC>"
    assert published(gold, "Anna met <PER>Anna</PER> in <LOC>Oslo</LOC>", "xml").micro == Counts(1, 2, 2)
    assert published(gold, "<PER>Anna met <LOC>Anna</PER> in <LOC>Oslo</LOC>", "xml").micro == Counts(1, 2, 2)
    assert published(gold, "<LOC>Oslo</LOC> <PER>Anna</PER>", "xml").micro == Counts(2, 2, 2)
    rows = [
        {"text": "Anna", "label": "PER", "occurrence_index": 1},
        {"text": "Oslo", "label": "LOC", "occurrence_index": 1},
    ]
    listed = json.dumps(rows)
    twice = json.dumps([*rows, rows[0], {"text": "Oslo"}, 3])
    assert published(listed, twice, "occurrence").micro == Counts(2, 3, 2)
    assert published(listed, twice[:-1], "occurrence").micro == Counts(0, 0, 2)  # no JSON: nothing is read
    assert published(listed, json.dumps([{**rows[0], "occurrence_index": "x"}]), "occurrence").micro == Counts(0, 0, 2)
    grouped = json.dumps({"PER": ["Anna"], "ORG": [], "LOC": ["Oslo"]})
    assert published(grouped, json.dumps({"PER": ["Anna", "Rome"], "ORG": "x"}), "grouped").micro == Counts(1, 2, 2)


@settings(max_examples=100, deadline=None)
@given(data=corpora_with_predictions())
def test_what_keeps_the_sentence_is_counted_alike(data: tuple[list[Sentence], list[Alignment]]) -> None:
    sentences, alignments = data
    fmt = get_format("bracketed")
    outputs = [fmt.render(Sentence(s.id, s.tokens, a.spans), LABELS) for s, a in zip(sentences, alignments)]
    assert (
        count_llms4ner(sentences, outputs, "bracketed", LABELS, nested=False)[0].micro
        == score(sentences, alignments).micro
    )


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
