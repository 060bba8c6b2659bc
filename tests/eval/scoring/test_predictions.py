"""`lmn-eval` over predictions of any tool, and what it says of those that are not of these sentences."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from conll_predictions import LABELS, records, score_file, write
from paths import CONLL

from llms_meet_ner import get_format
from llms_meet_ner.data_converters import load_card, prompt_spec_of, read_corpus
from llms_meet_ner.eval.cli.score import main
from llms_meet_ner.sentence import Sentence, tokens_sha1


def test_llamafactory_predictions_without_ids_and_with_lost_spaces(workdir: Path) -> None:
    lines = []
    for sentence in read_corpus("conll2003", "testb", CONLL):
        prompt = f"user\nNow process the input sentence:\n{sentence.text}\nassistant\n".replace(" ]", "]")
        lines.append(
            json.dumps(
                {
                    "prompt": prompt,
                    "predict": get_format().render(sentence).replace(" ]", "]") + "\nrubbish",
                    "label": "x",
                }
            )
        )
    write(lines)
    result = score_file("--predictions", "p.jsonl")
    assert "alignment    2 exact, 1 repaired, 0 failed\n             1 respaced\n" in result.stdout
    assert "micro avg       1.0000  1.0000  1.0000        3" in result.stdout
    write([lines[0], lines[2], lines[1]])
    assert (
        "p.jsonl:2: the prompt does not contain sentence conll2003/testb/1"
        in score_file("--predictions", "p.jsonl", code=1).stderr
    )


def test_records_are_matched_by_id_in_any_order(workdir: Path) -> None:
    write(list(reversed(records("testb"))))
    assert "micro avg       1.0000  1.0000  1.0000        3" in score_file("--predictions", "p.jsonl").stdout


@pytest.mark.parametrize(
    ("lines", "end", "message"),
    [
        (records("testb")[:2], "\n", "p.jsonl: 2 predictions for 3 sentences (the first without one is conll2003/testb/2); predict the whole split, or score only its first N sentences with --limit N"),
        (records("testa"), "\n", "p.jsonl:1: sentence 'conll2003/testa/0' is not among the gold's (conll2003/testb/0 to conll2003/testb/2): the predictions are of another corpus or split"),
        ([*records("testb")[:2], records("testb")[2][:40]], "", "p.jsonl:3: not a whole JSON line (Unterminated string starting at); the file was cut off: predict again, or copy it again"),
        ([records("testb")[0], *records("testb")[:2]], "\n", "p.jsonl:2: a second prediction of conll2003/testb/0; keep one"),
        ([line.replace('"tokens_sha1": "', '"tokens_sha1": "0') for line in records("testb")], "\n", "p.jsonl:1: conll2003/testb/0 was predicted with other tokens than those at"),
        ([json.dumps({"predict": "x"})] * 2, "\n", "p.jsonl: 2 predictions for 3 sentences; predict the whole split, or score only its first N sentences with --limit N"),
        ([json.dumps({"text": "x"})] * 3, "\n", "p.jsonl:1: no text under 'output' or 'predict', and no spans; it has: text"),
        ([*records("testb")[:2], json.dumps({"predict": "x"})], "\n", "p.jsonl:3: no id, while other lines have one"),
        ([], "", "p.jsonl: no predictions in it"),
        (["[]"], "\n", "p.jsonl:1: not a JSON mapping"),
        (["[" * 100_000], "\n", "p.jsonl:1: not a whole JSON line"),
        (['{"predict": ' + "1" * 5_000 + "}", "{}"], "\n", "p.jsonl:1: not a whole JSON line"),
        ([json.dumps({"id": [1], "output": "x"})] * 3, "\n", "p.jsonl:1: sentence [1] is not among the gold's"),
    ],
)  # fmt: skip
def test_predictions_that_cannot_be_scored(workdir: Path, lines: list[str], end: str, message: str) -> None:
    write(lines, end)
    assert message in score_file("--predictions", "p.jsonl", code=1).stderr


def test_half_of_a_surrogate_pair_is_no_traceback(workdir: Path) -> None:
    lines = records("testb")
    row = json.loads(lines[2])
    broken = row | {"output": row["output"].replace(" | ORG]", " | \ud800]"), "decoding": "\ud800"}
    write([lines[0], lines[1], json.dumps(broken)])
    assert "1 with an unknown label (\ufffd 1)" in score_file("--predictions", "p.jsonl").stdout


def test_prompts_may_differ_in_white_space_and_compatibility_form(workdir: Path) -> None:
    (workdir / "eng.testb").write_text("-DOCSTART- -X- O O\n\nn\u00a0o NN I-NP I-PER\nﬁn VB I-VP O\n")
    rows = [{"prompt": "-DOCSTART-", "predict": "-DOCSTART-"}, {"prompt": "n o fin", "predict": "[n\u00a0o | PER] ﬁn"}]
    write([json.dumps(row) for row in rows])
    assert "micro avg       1.0000" in score_file("--source", str(workdir), "--predictions", "p.jsonl").stdout


def test_overrides_without_a_recipe_are_not_ignored(workdir: Path) -> None:
    write(records("testb"))
    assert "name the recipe with --recipe FILE" in score_file("--predictions", "p.jsonl", "seed=3", code=1).stderr


def test_without_recipe_or_predictions_the_remedy_is_named(workdir: Path) -> None:
    result = CliRunner().invoke(main, ["--split", "testb"])
    assert (result.exit_code, result.stderr) == (1, "Error: recipes: no recipe there; name one with --recipe FILE\n")


def f1_of(result: Result) -> float:
    assert result.exit_code == 0
    f1: float = json.loads(Path("scores.json").read_text(encoding="utf-8"))["seqeval"]["micro"]["f1"]
    return f1


@pytest.mark.parametrize("name", ["xml", "grouped", "occurrence", "offset", "tags"])
def test_outputs_in_another_format_are_scored_as_the_option_or_their_run_says(workdir: Path, name: str) -> None:
    fmt = get_format(name)
    outputs = [fmt.render(sentence, LABELS) for sentence in read_corpus("conll2003", "testb", CONLL)]
    path = workdir / "predictions.jsonl"
    path.write_text("".join(json.dumps({"output": output}) + "\n" for output in outputs))
    assert f1_of(score_file("--predictions", str(path), "--format", name)) == 1.0
    spec = prompt_spec_of(load_card("conll2003"), name)
    (workdir / "run.json").write_text(json.dumps({"stamp": {"prompt": spec.to_dict()}}))
    assert f1_of(score_file("--predictions", str(path))) == 1.0
    other = score_file("--predictions", str(path), "--format", "bracketed", code=1).output
    assert f"answers to a prompt of format {name}, variant full; leave --format and --variant out" in other


def test_letters_are_scored_as_letters(workdir: Path) -> None:
    spec = prompt_spec_of(load_card("conll2003"), "bracketed", "letters")
    card = load_card("conll2003").with_labels(spec.labels)
    outputs = [get_format().render(sentence) for sentence in read_corpus(card, "testb", CONLL)]
    path = workdir / "p.jsonl"
    path.write_text("".join(json.dumps({"output": output}) + "\n" for output in outputs))
    assert f1_of(score_file("--predictions", str(path), "--variant", "letters")) == 1.0
    labels = json.loads((workdir / "scores.json").read_text())["seqeval"]["labels"]
    assert labels.keys() <= {"A", "B", "C", "D"}


@pytest.mark.parametrize("option", [["--shots", "3"], ["--decoding", "free"], ["--restart"]])
def test_options_of_predicting_are_refused_where_predictions_are_given(workdir: Path, option: list[str]) -> None:
    path = write(records("testb"))
    assert (
        f"{option[0]} is for predicting; --predictions scores what is there"
        in score_file("--predictions", str(path), *option, code=2).output
    )


def spans_of(sentences: list[Sentence], **changes: object) -> list[str]:
    """Return records that are the gold's spans, without a text; the last one has changes."""
    rows = [
        {"id": sentence.id, "output": None, "tokens_sha1": tokens_sha1(sentence.tokens), "decoding": None,
         "spans": [[span.start, span.end, span.label] for span in sentence.spans]}
        for sentence in sentences
    ]  # fmt: skip
    return [json.dumps(row) for row in [*rows[:-1], {**rows[-1], **changes}]]


def gold() -> list[Sentence]:
    return list(read_corpus("conll2003", "testb", CONLL))


def test_spans_without_a_text_are_the_answer(workdir: Path) -> None:
    write(spans_of(gold()))
    result = score_file("--predictions", "p.jsonl", "--html")
    assert "predictions  p.jsonl (decoding: none)\n" in result.stdout
    assert "alignment    3 exact, 0 repaired, 0 failed\n" in result.stdout
    document = json.loads(Path("scores.json").read_text())
    assert (document["seqeval"]["micro"]["f1"], document["decoding"], document["format"]) == (1.0, "none", "spans")
    sentences = [json.loads(line) for line in Path("sentences.jsonl").read_text().splitlines()]
    assert [row["output"] for row in sentences] == ["", "", ""]
    write([*records("testb")[:2], spans_of(gold())[2]])
    assert "(decoding: free+none)" in score_file("--predictions", "p.jsonl").stdout
    assert json.loads(Path("scores.json").read_text())["format"] == "bracketed"


def test_spans_have_confidences_as_texts_have(workdir: Path) -> None:
    last = gold()[2]
    sure = [0.25] + [0.75] * (len(last.spans) - 1)
    others = [{**json.loads(line), "confidences": []} for line in spans_of(gold())[:2]]
    others[1]["confidences"] = [0.5] * len(others[1]["spans"])
    write([*map(json.dumps, others), spans_of(gold(), confidences=sure)[2]])
    score_file("--predictions", "p.jsonl", "--min-confidence", "0.5")
    document = json.loads(Path("scores.min0.5.json").read_text())
    assert (document["below_min_confidence"], document["seqeval"]["micro"]["precision"]) == (1, 1.0)


def test_spans_outside_the_labels_and_inside_others_are_counted_and_left_out(workdir: Path) -> None:
    sentence = gold()[2]
    whole, first = [0, 2, "ORG"], [0, 1, "ORG"]
    write(spans_of(gold(), spans=[first, whole, [len(sentence.tokens) - 1, len(sentence.tokens), "SHIP\ud800"]]))
    stdout = score_file("--predictions", "p.jsonl").stdout
    assert "alignment    2 exact, 1 repaired, 0 failed\n             1 nested, 1 unknown-label\n" in stdout
    assert "1 with an unknown label (SHIP\ufffd 1), 1 dropped\n" in stdout


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tokens_sha1": None}, "p.jsonl:3: spans without tokens_sha1, the hash of the sentence's tokens"),
        ({"tokens_sha1": "0"}, "p.jsonl:3: conll2003/testb/2 was predicted with other tokens than those at"),
        ({"spans": [[0, 99, "ORG"]]}, "p.jsonl:3: [0, 99, 'ORG'] ends after the last of "),
        ({"spans": [[0, 0, "ORG"]]}, "p.jsonl:3: spans must be [start, end, label] each, without repetition; predict again"),
        ({"spans": [[0, 1, "ORG"]] * 2}, "p.jsonl:3: spans must be [start, end, label] each, without repetition"),
        ({"spans": "O"}, "p.jsonl:3: spans must be [start, end, label] each"),
        ({"output": 3}, "p.jsonl:3: no text under 'output' or 'predict', and no spans; it has: id, output"),
        ({"confidences": []}, "p.jsonl:3: confidences are [], and not a list of 1, one for each span"),
    ],
)  # fmt: skip
def test_spans_that_cannot_be_scored(workdir: Path, changes: dict[str, object], message: str) -> None:
    write(spans_of(gold(), **changes))
    assert message in score_file("--predictions", "p.jsonl", code=1).stderr


def test_an_evaluator_of_texts_refuses_spans(workdir: Path) -> None:
    write(spans_of(gold()))
    refused = score_file("--predictions", "p.jsonl", "--scorer", "llms4ner", code=1).stderr
    assert refused == "Error: p.jsonl:1: holds spans and no generated text; leave --scorer out, which reads texts\n"


def in_pieces(**changes: object) -> list[str]:
    """Return perfect records of the gold, the last of them read in pieces of one token."""
    rows = [json.loads(line) for line in records("testb")]
    sentence = gold()[2]
    inside = {token: span for span in sentence.spans if span.end == span.start + 1 for token in [span.start]}
    pieces = [
        [1, f"[{token} | {inside[at].label}]" if at in inside else token] for at, token in enumerate(sentence.tokens)
    ]
    rows[2] |= {"output": "of no use", "pieces": pieces, **changes}
    return [json.dumps(row) for row in rows]


def test_an_output_in_pieces_is_scored_piece_by_piece_and_the_report_says_so(workdir: Path) -> None:
    write(in_pieces())
    stdout = score_file("--predictions", "p.jsonl", "--html").stdout
    assert "alignment    3 exact, 0 repaired, 0 failed\n" in stdout
    told = "1 sentence was read in pieces, too long to be read at once: an entity across a cut is lost or torn"
    assert f"pieces {told} " in " ".join(stdout.split())
    assert told in Path("report.html").read_text()
    assert json.loads(Path("scores.json").read_text())["in_pieces"] == 1
    write(records("testb"))
    assert "pieces" not in score_file("--predictions", "p.jsonl").stdout


@pytest.mark.parametrize(
    ("pieces", "message"),
    [
        ([[1, "x"]], "p.jsonl:3: the pieces are not those of a sentence of "),
        ([["x", 1]], "p.jsonl:3: not a piece, [tokens, output]: ['x', 1]; predict again"),
        ([[0, "x"]], "p.jsonl:3: not a piece, [tokens, output]: [0, 'x']; predict again"),
        ("x", "p.jsonl:3: not a piece, [tokens, output]: None; predict again"),
    ],
)
def test_pieces_that_are_not_those_of_the_sentence_are_refused(workdir: Path, pieces: object, message: str) -> None:
    write(in_pieces(pieces=pieces))
    assert message in score_file("--predictions", "p.jsonl", code=1).stderr
