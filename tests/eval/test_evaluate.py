"""Predictions against the gold: what is counted, with which labels, and what cannot be scored."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from conll_predictions import records, score_file, write
from paths import CONLL

from llms_meet_ner import LabelSet, LmnError, get_format
from llms_meet_ner.data_converters import Card, load_card, prompt_spec_of, read_corpus
from llms_meet_ner.data_converters.readers import CorpusFile
from llms_meet_ner.eval import Counts
from llms_meet_ner.eval.evaluate import Evaluation, Gold, asked_labels, evaluate, read_gold
from llms_meet_ner.eval.report.content import facts
from llms_meet_ner.eval.report.terminal import as_table
from llms_meet_ner.formats import format_names, is_inline
from llms_meet_ner.sentence import Sentence, Span
from llms_meet_ner.systems.system import Facts
from llms_meet_ner.typed_json import to_json


def test_of_nested_predictions_for_a_flat_corpus_the_outer_entity_counts(workdir: Path) -> None:
    card = load_card("germeval2014")
    sentence = Sentence("germeval2014/test/0", ("FC", "Bayern", "siegt"), (Span(0, 2, "ORG"),))
    spec = prompt_spec_of(load_card("germeval2014_nested"), "bracketed")
    (workdir / "gold.tsv").write_text("x\n")
    write([json.dumps({"id": sentence.id, "output": "[FC [Bayern | LOC] | ORG] siegt"})])
    scores = evaluate(
        Gold(card, "test", CorpusFile(workdir, "gold.tsv"), [sentence]), Path("p.jsonl"), spec=spec
    ).scores
    assert (scores.micro.correct, scores.micro.predicted, scores.alignment.dropped) == (1, 1, 1)


ORG = Span(0, 2, "ORG")


LOC = Span(0, 1, "LOC")


NESTED = {
    "output": "[[Bayern | LOC] München | ORG]",
    "spans": [[0, 2, "ORG"], [0, 1, "LOC"]],
    "confidences": [0.6, 0.9],
}


def score_one(card: str, gold: tuple[Span, ...], least: float | None) -> tuple[Any, dict[str, Any]]:
    evaluation = evaluated(card, gold, least)
    return evaluation.run.scores, to_json(evaluation.run)


def evaluated(card: str, gold: tuple[Span, ...], least: float | None) -> Evaluation:
    Path("gold.tsv").write_text("x\n")
    Path("p.jsonl").write_text(json.dumps({"id": "g/test/0", **NESTED}))
    sentence = Sentence("g/test/0", ("Bayern", "München"), gold)
    spec = prompt_spec_of(load_card("germeval2014_nested"), "bracketed")
    gold_side = Gold(load_card(card), "test", CorpusFile(Path(), "gold.tsv"), [sentence])
    return evaluate(gold_side, Path("p.jsonl"), spec=spec, min_confidence=least)


def test_nested_entities_have_their_own_confidences(workdir: Path) -> None:
    found, document = score_one("germeval2014_nested", (ORG, LOC), 0.8)
    assert (found.labels, document["below_min_confidence"]) == ({"LOC": Counts(1, 1, 1), "ORG": Counts(0, 0, 1)}, 1)
    assert document["calibration"]["predicted"] == 2
    _, document = score_one("germeval2014_nested", (LOC,), None)
    assert document["calibration"]["expected_calibration_error"] == pytest.approx((0.6 + 0.1) / 2)
    (row,) = evaluated("germeval2014_nested", (LOC,), None).sentences
    assert ([pair.predicted for pair in row.pairs], row.confidences) == ([ORG, LOC], (0.6, 0.9))


def test_of_nested_predictions_for_a_flat_corpus_the_outer_keeps_its_confidence(workdir: Path) -> None:
    _, document = score_one("germeval2014", (ORG,), None)
    assert document["calibration"]["brier"] == pytest.approx(0.4**2)
    assert document["calibration"]["predicted"] == 1
    found, document = score_one("germeval2014", (ORG,), 0.8)
    assert (found.micro, document["below_min_confidence"]) == (Counts(0, 0, 1), 1)


def test_a_smallest_confidence_that_is_none_is_an_error_in_python_too(workdir: Path) -> None:
    with pytest.raises(LmnError, match=r"--min-confidence 2: a probability is a number from 0 to 1"):
        score_one("germeval2014", (ORG,), 2)


def test_gold_is_a_whole_split_of_which_the_first_sentences_can_be_taken() -> None:
    gold = read_gold(load_card("demo"), "testb")
    assert (gold.split, len(gold.sentences), gold.limit) == ("testb", 100, None)
    assert str(gold.origin).endswith("demo.testb")
    assert gold.first(None) is gold
    part = gold.first(3)
    assert (part.sentences, part.limit, len(gold.sentences)) == (gold.sentences[:3], 3, 100)


@pytest.mark.parametrize(
    ("repair", "policy", "labels", "fact"),
    [
        (None, "conlleval", ["LOC"], "repair: conlleval; 1 x a tag that its"),
        ("discard", "discard", [], "repair: discard; 1 x"),
    ],
)
def test_the_run_and_its_report_say_how_the_gold_was_read(
    workdir: Path, capsys: pytest.CaptureFixture[str], repair: Any, policy: str, labels: list[str], fact: str
) -> None:
    (workdir / "demo.testb").write_text("in O\nVaasa B-LOC\n")
    gold = read_gold(load_card("demo"), "testb", Path(), repair)
    assert [span.label for span in gold.sentences[0].spans] == labels
    assert re.fullmatch(r"demo testb: 1 x a tag .*: 1 B- .* \(first at demo.testb:2\)\n", capsys.readouterr().err)
    Path("p.jsonl").write_text('{"output": "in Vaasa"}\n')
    run = evaluate(gold, Path("p.jsonl")).run
    assert (run.repair, run.repairs) == (policy, {"invalid-transition": 1})
    assert f"gold         {fact}" in as_table(run)
    assert dict(facts(run))["gold"].startswith(fact)


def test_a_report_of_gold_without_repairs_names_only_another_policy_than_the_usual_one(workdir: Path) -> None:
    gold = read_gold(load_card("demo"), "testb").first(1)
    Path("p.jsonl").write_text('{"output": "x"}\n')
    assert "gold " not in as_table(evaluate(gold, Path("p.jsonl")).run).partition("\n\n")[0]
    strict = evaluate(replace(gold, repair="error"), Path("p.jsonl")).run
    assert "gold         repair: error; nothing to repair" in as_table(strict)
    widened = evaluate(replace(gold, repairs={"cut-span": 2}), Path("p.jsonl")).run
    assert "gold         2 x a span that begins or ends inside a token\n" in as_table(widened)


def test_a_split_without_sentences_is_refused_with_its_file(workdir: Path) -> None:
    (workdir / "demo.testb").write_text("\n")
    with pytest.raises(LmnError, match=r"^demo\.testb: no sentences for split testb$"):
        read_gold(load_card("demo"), "testb", Path())


def test_gold_has_the_labels_that_the_model_was_asked_for() -> None:
    card = load_card("demo")
    labels = card.labels.changed(drop=["MISC"], rename={"PER": "PERSON"})
    asked = asked_labels(card, labels)
    assert asked.labels.names == labels.names
    assert {span.label for one in read_gold(asked, "testb").sentences for span in one.spans} == set(labels.names)
    assert asked_labels(card, None) is card


def test_other_labels_than_the_gold_can_have_are_refused(workdir: Path) -> None:
    card = load_card("demo")
    spec = replace(prompt_spec_of(card, "bracketed"), labels=LabelSet.of("PER", "SHIP"))
    message = "asked for PER, SHIP, but corpus demo has ORG, PER, LOC, MISC: scores would mean nothing; take a corpus with the same"
    with pytest.raises(LmnError, match=message):
        asked_labels(card, spec.labels)
    with pytest.raises(LmnError, match=message):
        evaluate(read_gold(card, "testb"), Path("p.jsonl"), spec=spec)


def test_outputs_as_models_write_them_are_scored_in_both_readings(workdir: Path) -> None:
    wrappings = ["<think>\nA name?\n</think>\n\n{}", "Here is the sentence:\n{}", "```\n{}\n```", "\n{}"]
    for wrapping in wrappings:
        write(records("testb", lambda sentence, output, around=wrapping: around.replace("{}", output)))  # type: ignore[misc]
        found = json.loads(score_file("--predictions", "p.jsonl", "--report", "json").stdout)
        assert found["seqeval"]["micro"]["f1"] == 1, wrapping
        assert (found["reading"], found["other_reading"]["reading"]) == ("lenient", "published")
        assert (found["other_reading"]["sentences"], found["other_reading"]["micro"]["f1"]) == (2, 0)
        assert list(found["alignment"]["reasons"].values()) == [3]
    assert "lenient: micro F1 1.0000; published finds other entities in 2 sentences: micro F1 0.0000" in (
        " ".join(score_file("--predictions", "p.jsonl").stdout.split())
    )
    found = json.loads(score_file("--predictions", "p.jsonl", "--reading", "published", "--report", "json").stdout)
    assert found["seqeval"]["micro"]["f1"] == 0
    assert (found["reading"], found["other_reading"]["micro"]["f1"]) == ("published", 1)


def test_files_of_other_tools_are_read_alike(workdir: Path) -> None:
    fmt = get_format("grouped")
    card = load_card("conll2003")
    lines = [
        json.dumps({"predict": "```json\n" + json.dumps(json.loads(fmt.render(one, card.labels)), indent=1) + "\n```"})
        for one in read_corpus(card, "testb", CONLL)
    ]
    write(lines)
    found = json.loads(
        score_file("--predictions", "p.jsonl", "--format", "grouped", "--report", "json", "--scorer", "llms4ner").stdout
    )
    assert found["seqeval"]["micro"]["f1"] == 1
    assert found["alignment"]["reasons"] == {"fenced": 3, "several-lines": 3}


def test_clean_outputs_are_read_alike_and_nothing_else_is_said(workdir: Path) -> None:
    write(records("testb", lambda sentence, output: output + "\nmore\n</think>\n"))
    found = json.loads(score_file("--predictions", "p.jsonl", "--report", "json").stdout)
    assert (found["alignment"]["exact"], found["other_reading"]) == (3, None)


def test_published_results_are_compared_with_the_published_reading(workdir: Path) -> None:
    write(records("testb", lambda sentence, output: "[Rome | LOC]:\n" + output))
    gold = read_gold(load_card("conll2003"), "testb", CONLL)
    facts = Facts(model="Qwen/Qwen2.5-7B")
    for scorer in (None, "llms4ner"):
        run = evaluate(gold, Path("p.jsonl"), facts=facts, scorer=scorer).run
        assert run.other_reading
        assert (run.scores.micro.f1, run.other_reading.micro.f1) == (1, 0)
        for reference in run.references.compared:
            assert "reading: scores above lenient, ours here published as theirs" in reference.differing
            (micro,) = (row for row in reference.rows if (row.kind, row.name) == ("strict", "micro"))
            whole = scorer and "Zhan" in reference.title  # that evaluator reads an output as far as it goes
            assert micro.f1.ours == (pytest.approx(2 / 3) if whole else 0)
    published = evaluate(gold, Path("p.jsonl"), facts=facts, reading="published").run
    assert not [note for one in published.references.compared for note in one.differing if "reading" in note]


def test_published_results_are_compared_as_the_prompt_joins_tokens(workdir: Path) -> None:
    card = load_card("conll2003")
    spec = replace(prompt_spec_of(card, "bracketed"), join="")
    sentence = Sentence("conll2003/testb/0", ("Peter", "Blackburn"), (Span(0, 2, "PER"),))
    write([json.dumps({"id": sentence.id, "output": "It is:\n" + spec.output_format().render(sentence)})])
    gold = replace(read_gold(card, "testb", CONLL), sentences=[sentence])
    run = evaluate(gold, Path("p.jsonl"), spec=spec, facts=Facts(model="Qwen/Qwen2.5-7B"), scorer="llms4ner").run
    assert run.llms4ner
    assert run.llms4ner.micro.f1 == 1
    (reference,) = (one for one in run.references.compared if "Zhan" in one.title)
    assert [row.f1.ours for row in reference.rows if (row.kind, row.name) == ("strict", "micro")] == [1]


def chinese(corpora: Path) -> Gold:
    card = load_card("uner_zh")
    return read_gold(card, "dev", corpora / "uner_zh")


def by_characters(gold: Gold) -> Gold:
    """Return the same sentences with one-character tokens."""
    sentences = []
    for sentence in gold.sentences:
        starts = [0, *accumulate(map(len, sentence.tokens))]
        spans = tuple(Span(starts[span.start], starts[span.end], span.label) for span in sentence.spans)
        sentences.append(Sentence(sentence.id, tuple("".join(sentence.tokens)), spans))
    return replace(gold, sentences=sentences)


def perfect(gold: Gold, card: Card, name: str, written: Callable[[str], str]) -> Evaluation:
    """Score outputs that are right, but for how `written` spaces them."""
    spec = prompt_spec_of(card, name)
    fmt = spec.output_format()
    rows = [
        json.dumps({"id": one.id, "output": written(fmt.render(one, spec.labels))}, ensure_ascii=False)
        for one in gold.sentences
    ]
    Path("p.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return evaluate(gold, Path("p.jsonl"), spec=spec)


def unspaced(text: str) -> str:
    return text.replace(" ", "")


def f1_and_exact(evaluation: Evaluation) -> tuple[float, int]:
    return evaluation.scores.micro.f1, evaluation.scores.alignment.exact


@pytest.mark.parametrize("name", format_names())
@pytest.mark.parametrize(
    "read", [chinese, lambda corpora: by_characters(chinese(corpora))], ids=["words", "characters"]
)
def test_right_outputs_for_a_text_without_spaces_score_one(
    corpora: Path, workdir: Path, name: str, read: Callable[[Path], Gold]
) -> None:
    gold = read(corpora)
    joined, spaced = gold.card, replace(gold.card, join=" ")
    if name == "grouped":  # it does not say where an entity is
        fmt = prompt_spec_of(joined, name).output_format()
        kept = [one for one in gold.sentences if not fmt.is_ambiguous(one, joined.labels)]
        assert len(kept) > 450
        gold = replace(gold, sentences=kept)
    everything = (1.0, len(gold.sentences))
    for card in (joined, spaced):
        assert f1_and_exact(perfect(gold, card, name, str)) == everything
        if is_inline(name):
            assert perfect(gold, card, name, unspaced).scores.micro.f1 == 1.0
    if is_inline(name):  # an answer with spaces to a prompt without them
        perfect(gold, spaced, name, str)
        assert evaluate(gold, Path("p.jsonl"), spec=prompt_spec_of(joined, name)).scores.micro.f1 == 1.0
