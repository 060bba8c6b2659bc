"""Our scores next to published ones, with every condition named that differs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from conll_predictions import records, write
from paths import CONLL
from scored_runs import analysis, flat_scores, nested_scores, of_ratio, scored_run

from llms_meet_ner.counts import Counts
from llms_meet_ner.data_converters import load_card, prompt_spec_of
from llms_meet_ner.data_converters.cli.convert import main as lmn_convert
from llms_meet_ner.eval.cli.score import main as lmn_eval
from llms_meet_ner.eval.published.results import (
    known_adapter,
    rounded,
)
from llms_meet_ner.eval.published.side_by_side import find_references, reference_tables
from llms_meet_ner.eval.scored_run.analysis import Confusion, TagAverages, TagTable
from llms_meet_ner.eval.scored_run.run import Llms4nerScores, ScoredRun, ShownExamples
from llms_meet_ner.eval.scored_run.scores import ScenarioCounts, Scores, Size


def test_the_instruction_of_the_published_adapter_is_that_of_the_card() -> None:
    known = known_adapter("stefan-it/Qwen2.5-7B-CoNLL-2003")
    assert known
    assert (known.card, known.format, known.variant, known.template) == ("conll2003", "bracketed", "full", "qwen")
    assert known_adapter("stefan-it/LLaMmlein_7B-GermEval-2014") is None, "its exact instruction is not known"
    document = scored()
    spec = prompt_spec_of(load_card("conll2003"), "bracketed")
    assert not any("instruction" in note for note in differing(document, "Qwen/Qwen2.5-7B", spec))
    other = replace(spec, instruction=spec.instruction + " ")
    assert "instruction: both full, but not in the same words" in differing(document, "Qwen/Qwen2.5-7B", other)
    short = prompt_spec_of(load_card("conll2003"), "bracketed", "short")
    assert "instruction: ours short, theirs full" in differing(document, "Qwen/Qwen2.5-7B", short)


LABELS = {"LOC": of_ratio(0.96), "PER": of_ratio(0.9784), "MISC2": Counts(8735, 10_000, 10_000)}
"""Together they have a micro average of 0.9373."""


SIZE = Size(3684, 231)


TOKENS = Size(46_666, 231)


def scores(sentences: Size = SIZE, tokens: Size = TOKENS) -> Scores:
    return flat_scores(LABELS, ScenarioCounts(9, 0, 0, 1, 1), sentences=sentences, tokens=tokens)


def scored(**changes: Any) -> ScoredRun:
    """Return a run of the published split, scored freely."""
    known = {"corpus": "conll2003", "split": "testb", "label_origins": {"LOC": "LOC"}, "scores": scores()}
    return scored_run(**known | changes)


def shots(number: int) -> ShownExamples:
    return ShownExamples(number, None, None, None, None, None)


def differing(run: ScoredRun, model: str, spec: Any = None, number: int = 0) -> list[str]:
    return list(find_references(run, model, spec).compared[number].differing)


def test_each_condition_that_differs_is_named_and_no_other() -> None:
    model = "Qwen/Qwen2.5-7B"
    assert differing(scored(), model) == []
    cases: list[tuple[dict[str, Any], str]] = [
        ({"decoding": "constrained"}, "decoding: ours constrained, theirs free"),
        ({"format": "xml"}, "format: ours xml, theirs bracketed"),
        ({"label_origins": {"LOC": "LOC", "MISC": None}}, "labels: ours MISC -> O, theirs as the corpus has them"),
        ({"shots": shots(3)}, "training: ours 3 examples in the prompt and no training, theirs trained"),
        ({"shots": shots(0)}, "training: ours 0 examples in the prompt and no training, theirs trained"),
        ({"min_confidence": 0.5}, "confidence: ours without entities below 0.5, theirs with all"),
        (
            {"scores": scores(sentences=Size(3453, 0))},
            "sentences: ours 3,453 (none of them -DOCSTART-), theirs 3,684 (231 of them -DOCSTART-)",
        ),
        ({"scores": scores(tokens=Size(46_435, 0))}, "tokens: ours 46,435, theirs 46,666"),
        ({"scores": nested_scores(scores())}, "scorer: ours sets of spans, theirs seqeval"),
    ]
    for changes, note in cases:
        assert differing(scored(**changes), model) == [note]


def test_their_own_scorer_is_taken_where_it_counted_ours_too() -> None:
    def compared(**changes: Any) -> dict[str, Any]:
        references = find_references(scored(**changes), "meta-llama/Llama-3.1-8B", None)
        (found,) = (one for one in references.compared if "Zhan" in one.title)
        return {
            "f1": found.rows[0].f1.ours,
            "scorer": [note for note in found.differing if "scorer" in note],
        }

    assert compared() == {"f1": pytest.approx(0.9373), "scorer": ["scorer: ours seqeval, theirs the paper's own"]}
    theirs = Llms4nerScores(1, {"LOC": of_ratio(0.95)})
    assert compared(llms4ner=theirs) == {"f1": pytest.approx(0.95), "scorer": []}


def test_single_tags_are_compared_as_averages_over_sentences() -> None:
    averages = {"B-LOCATION": TagAverages(1, 0.5, 0.5, 0.5, 1), "B-PERSON": TagAverages(1, 0.4, 0.4, 0.4, 1)}
    tags = TagTable({}, averages, {}, Confusion(("O",), ((0,),)))
    run = scored(corpus="turkish", split="test", analysis=analysis(tags=tags))
    found = [row for one in find_references(run, "google/gemma-3-4b-pt", None).compared for row in one.rows]
    assert {row.name: row.f1.ours for row in found} == {"B-LOCATION": 0.5, "B-PERSON": 0.4}


def test_which_results_are_compared(workdir: Path) -> None:
    def titles(model: str | None, **changes: Any) -> list[str]:
        return [compared.title for compared in find_references(scored(**changes), model, None).compared]

    card = "model card stefan-it/Qwen2.5-7B-CoNLL-2003; Qwen2.5-7B; bracketed"
    paper = "Zhan et al. 2026, arXiv 2601.17898; "
    average = paper + "average of 8 models; "
    assert titles("Qwen/Qwen2.5-7B") == [card, paper + "Qwen2.5-7B; bracketed"]
    assert titles("Qwen/Qwen2.5-7B", format="offset") == [card, average + "offset", paper + "Qwen2.5-7B; bracketed"]
    assert titles("Qwen/Qwen2.5-7B", split="testa") == [card]
    assert titles("google/gemma-2-9b", corpus="genia", split="test") == [average + "bracketed"]
    assert titles("Qwen/Qwen2.5-7B", corpus="wikigold") == []
    for model in (None, "Qwen/Qwen2.5-7B-Instruct", "Qwen2.5-7B", "models/Qwen2.5-7B"):
        assert titles(model) == []
    (workdir / "models/Qwen2.5-7B").mkdir(parents=True)
    assert titles("models/Qwen2.5-7B")[0] == card
    assert differing(scored(), "models/Qwen2.5-7B") == [
        "model: ours models/Qwen2.5-7B, a folder; theirs Qwen/Qwen2.5-7B"
    ]
    assert differing(scored(format="xml"), "Qwen/Qwen2.5-7B", number=1)[0] == (
        "model: theirs averaged over 8 models, of which ours is one"
    )
    assert titles("google/gemma-3-4b-pt", corpus="turkish", split="test") == [
        "Fine-Tuning and Evaluation of Instruction-Tuned LLMs for Turkish NER; run 6; gemma-3-4b"
    ]
    assert titles("bert-base-uncased", corpus="multinerd", split="val")[0].startswith("MultiNERD")
    assert "split: ours val, theirs not published" in differing(
        scored(corpus="multinerd", split="val"), "bert-base-uncased"
    )


def test_a_difference_has_the_digits_of_what_was_published() -> None:
    def rows_of(run: ScoredRun) -> dict[str, tuple[str, ...]]:
        run = replace(run, references=find_references(run, "Qwen/Qwen2.5-7B", None))
        return {row[0]: row[-3:] for row in next(reference_tables(run)).rows}

    assert rounded(-0.0049, 2, "+") == "0.00"
    rows = rows_of(scored())
    assert rows["LOC"] == ("0.9600", "0.95", "+0.01")
    assert rows["PER"] == ("0.9784", "0.98", "0.00"), "0.9784 is 0.98 with two digits"
    assert rows["MISC"] == ("-", "0.83", "-")
    assert rows["micro avg"] == ("0.9373", "0.9373", "0.0000")
    assert rows["nervaluate strict"] == ("0.9000", "0.9373", "-0.0373")
    assert rows_of(scored(scores=nested_scores(scores())))["nervaluate exact"] == ("-", "0.9663", "-")


TABLE = """\
published: model card stefan-it/Qwen2.5-7B-CoNLL-2003; Qwen2.5-7B; bracketed
                     precision  theirs  difference  recall  theirs  difference
LOC                     0.0000    0.95       -0.95  0.0000    0.94       -0.94
MISC                         -    0.82           -       -    0.84           -
ORG                     1.0000    0.92       +0.08  0.6667    0.95       -0.28
PER                          -    0.98           -       -    0.97           -
micro avg               0.6667  0.9350     -0.2683  0.6667  0.9396     -0.2729
nervaluate strict       0.6667  0.9350     -0.2683  0.6667  0.9396     -0.2729
nervaluate exact        1.0000  0.9639     +0.0361  1.0000  0.9687     +0.0313
nervaluate partial      1.0000  0.9716     +0.0284  1.0000  0.9765     +0.0235
nervaluate ent_type     0.6667  0.9436     -0.2769  0.6667  0.9483     -0.2816

                         f1  theirs  difference
LOC                  0.0000    0.95       -0.95
MISC                      -    0.83           -
ORG                  0.8000    0.93       -0.13
PER                       -    0.98           -
micro avg            0.6667  0.9373     -0.2706
nervaluate strict    0.6667  0.9373     -0.2706
nervaluate exact     1.0000  0.9663     +0.0337
nervaluate partial   1.0000  0.9740     +0.0260
nervaluate ent_type  0.6667  0.9460     -0.2793
  differs in instruction: ours short, theirs full
  differs in sentences: ours 3 (1 of them -DOCSTART-), theirs 3,684 (231 of them
    -DOCSTART-)
  differs in tokens: ours 8, theirs 46,666
  theirs: every -DOCSTART- line counts as a sentence of one token, in training
    too (14,987 sentences)
  theirs: the card speaks of a system instruction and of Alpaca-style records,
    which have the instruction in the user's turn
  theirs: scores of labels are published with 2 digits

published: Zhan et al. 2026, arXiv 2601.17898; Qwen2.5-7B; bracketed
                 f1  theirs  difference
micro avg    0.6667  0.9373     -0.2706
  differs in instruction: ours short, theirs not published
  differs in scorer: ours seqeval, theirs the paper's own
  theirs: released CoNLL-2003 test text is true-cased and detokenised, so it is
    not the raw testb
  theirs: their scorer falls back to (label, text) multisets where an output
    does not give the sentence back, which forgives wrong positions
  theirs: that a model's name means the base model, and the checkpoint that is
    named here, is our reading

scores.json
micro F1 0.6667 (0.0000–1.0000), precision 0.6667, recall 0.6667, support 3
"""


def test_ours_stands_beside_theirs_in_every_report(workdir: Path) -> None:
    write(records("testb", lambda sentence, output: output.replace("[Ribe | ORG]", "[Ribe | LOC]")))
    recipe = {"model_name_or_path": "Qwen/Qwen2.5-7B", "template": "qwen", "dataset": "conll2003.short_train"}
    (workdir / "r.yaml").write_text(yaml.safe_dump({**recipe, "dataset_dir": "data/alpaca", "output_dir": "out"}))
    assert CliRunner().invoke(lmn_convert, ["conll2003", "--source", str(CONLL), "--variant", "short"]).exit_code == 0
    words = ["--recipe", "r.yaml", "--split", "testb", "--predictions", "p.jsonl"]

    def printed(*more: str) -> str:
        result = CliRunner().invoke(lmn_eval, [*words, *more])
        assert result.exit_code == 0, result.output
        return result.stdout

    line = "published: Zhan et al. 2026, arXiv 2601.17898; Qwen2.5-7B; bracketed: micro F1\n  0.9373, ours -0.2706; 2 conditions differ\n"
    assert line in printed()
    text = printed("--details")
    assert text[text.index("published:") :] == TABLE
    assert "significan" not in text
    markdown = printed("--report", "markdown")
    assert (
        "| micro avg | 0.6667 | 0.9350 | -0.2683 | 0.6667 | 0.9396 | -0.2729 | 0.6667 | 0.9373 | -0.2706 |" in markdown
    )
    assert "\n- differs in tokens: ours 8, theirs 46,666\n" in markdown
    document = json.loads(printed("--report", "json"))
    assert document == json.loads(Path("scores.json").read_text(encoding="utf-8"))
    references = document["references"]
    assert (references["model"], references["part"]) == ("Qwen/Qwen2.5-7B", False)
    assert references["others"] == {"results": 15, "lowest_f1": 0.47493, "highest_f1": 0.9385}
    micro = references["compared"][0]["rows"][4]
    assert (micro["name"], micro["digits"], micro["kind"]) == ("micro", 4, "strict")
    assert micro["f1"] == {"ours": pytest.approx(2 / 3), "theirs": 0.9373, "difference": -0.2706}
