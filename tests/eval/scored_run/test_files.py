"""A scored run on disk: what is written reads back, and a file that is damaged or of another schema is one error that says where."""

from __future__ import annotations

import errno
import json
import shlex
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, NoReturn

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from scored_runs import scored_run

from llms_meet_ner import LmnError, get_format
from llms_meet_ner.data_converters import load_card, read_corpus
from llms_meet_ner.eval.cli.score import main
from llms_meet_ner.eval.scored_run.command import command_of
from llms_meet_ner.eval.scored_run.files import load_evaluation, load_run, save_evaluation, sibling
from llms_meet_ner.eval.scored_run.run import SCHEMA, Evaluation, ScoredRun
from llms_meet_ner.typed_json import from_json, to_json

WORDS = ["--corpus", "demo", "--split", "testb", "--predictions", "a/p.jsonl"]


def score() -> Path:
    """Score the demo corpus in the working directory, with everything that a scored run can have."""
    Path("a").mkdir()
    with Path("a/p.jsonl").open("w", encoding="utf-8") as file:
        for number, sentence in enumerate(read_corpus(load_card("demo"), "testb")):
            output = get_format("bracketed").render(sentence).replace("| LOC]", "| ORG]" if number % 3 else "| LOC]")
            spans = get_format("bracketed").parse(output, sentence.tokens, load_card("demo").labels).spans
            row = {
                "id": sentence.id, "output": output + " [Nowhere | LOC]" * (number == 0), "decoding": "free",
                "spans": [[span.start, span.end, span.label] for span in spans],
                "confidences": [0.5 + number / 250] * len(spans), "uncertainty": {"mean": 0.1, "max": number / 100},
            }  # fmt: skip
            file.write(json.dumps(row) + "\n")
    result = CliRunner().invoke(main, [*WORDS, "--baselines", "--scorer", "llms4ner"])
    assert result.exit_code == 0, result.output
    return Path("a/scores.json")


@pytest.fixture
def scored(workdir: Path) -> Path:
    return score()


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("scored"))
        content: dict[str, Any] = json.loads(score().read_text())
    del content["sentences_sha256"]
    return content


def without_hash(scores: Path) -> None:
    """Write scores as earlier versions did."""
    content = json.loads(scores.read_text())
    del content["sentences_sha256"]
    scores.write_text(json.dumps(content))


def test_what_is_read_is_written_byte_for_byte(scored: Path) -> None:
    evaluation = load_evaluation(scored.parent)
    run = evaluation.run
    assert None not in (run.calibration, run.uncertainty, run.baselines, run.llms4ner, run.scores.nervaluate)
    assert (run.path, run.name) == (scored, "a")
    assert save_evaluation(evaluation, Path("b")) == Path("b/scores.json")
    for name in ("scores.json", "sentences.jsonl"):
        assert Path("b", name).read_bytes() == Path("a", name).read_bytes()
    assert load_evaluation(Path("b")) == evaluation


@pytest.mark.parametrize("change", ["cut", "another prediction"])
def test_sentences_that_were_not_counted_are_refused(scored: Path, change: str) -> None:
    rows = scored.parent / "sentences.jsonl"
    lines = rows.read_text().splitlines(keepends=True)
    if change == "cut":
        lines = lines[:9]
    else:
        number = next(number for number, line in enumerate(lines) if '"correct"' in line)
        row = json.loads(lines[number])
        row["pairs"] = [pair for pair in row["pairs"] if pair[0] != "correct"]
        row["confidences"] = row["known"] = None
        lines[number] = json.dumps(row) + "\n"
    rows.write_text("".join(lines))
    with pytest.raises(
        LmnError, match=r"sentences\.jsonl: not the file that scores\.json describes .* the run again: lmn-eval "
    ):
        load_evaluation(scored)
    without_hash(scored)
    with pytest.raises(LmnError) as caught:
        load_evaluation(scored)
    assert (caught.value.where, caught.value.remedy) == (str(rows), "score the run again")
    assert caught.value.what.startswith(f"holds {len(lines)} sentences with ")
    assert ", and scores.json counts 100 sentences with " in caught.value.what


def test_scores_of_other_sentences_are_refused_and_the_remedy_mends_them(scored: Path) -> None:
    rows = scored.parent / "sentences.jsonl"
    before = rows.read_bytes()
    rows.write_bytes(before + b"\n")
    with pytest.raises(LmnError) as caught:
        load_run(scored)
    name, *words = shlex.split(str(caught.value.remedy).removeprefix("score the run again: "))
    assert name == "lmn-eval"
    assert CliRunner().invoke(main, words).exit_code == 0
    assert (load_run(scored), rows.read_bytes()) == (load_evaluation(scored).run, before)
    rows.unlink()
    assert load_run(scored), "the sentences may be deleted, the scores are whole"


def test_views_are_part_of_the_result(scored: Path) -> None:
    evaluation = load_evaluation(scored)
    Path("b").mkdir()
    Path("b/page").write_text("earlier")

    def fails(file: IO[str]) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(LmnError, match="b/page: cannot be written"):
        save_evaluation(evaluation, Path("b"), {Path("b/page"): fails})
    assert [path.name for path in Path("b").iterdir()] == ["page"]
    save_evaluation(evaluation, Path("b"), {Path("b/page"): lambda file: file.write("now")})
    assert Path("b/page").read_text() == "now"


def test_ratios_are_derived_and_not_believed(scored: Path) -> None:
    document = json.loads(scored.read_text())
    document["seqeval"]["micro"] = {"correct": 0, "predicted": 0, "gold": 0, "f1": 1.0}
    document["seqeval"]["labels"]["LOC"]["f1"] = 1.0
    document["calibration"]["brier"] = document["analysis"]["tags"]["accuracy"] = "high"
    changed = from_json(ScoredRun, document, "here", writer="lmn-eval")
    assert changed == load_run(scored)
    del document["sentences_sha256"]
    without_hash(scored)
    assert to_json(changed) == json.loads(scored.read_text())


DAMAGE: list[tuple[str, Any, str]] = [
    ("corpus", 3, "corpus: 3 is not a text"),
    ("limit", True, "limit: True is not a whole number"),
    ("min_confidence", "0.9", "min_confidence: '0.9' is not a number"),
    ("sentences", [], "sentences: [] is not a mapping"),
    ("sentences docstart", 101, "sentences: 101 -DOCSTART- lines of 100 cannot be"),
    ("seqeval", None, "either seqeval or spans holds the strict scores, and the other one is null"),
    ("seqeval labels LOC correct", 10_000, "seqeval.labels.LOC: not valid counts: 10000 correct of "),
    ("seqeval labels LOC gold", -1, "seqeval.labels.LOC: not valid counts: "),
    ("seqeval micro_with_ungrounded predicted", 10_000, "micro_with_ungrounded is not micro with the ungrounded entities"),
    ("nervaluate overall exact missed", -1, "nervaluate.overall.exact: not valid counts: "),
    ("nervaluate labels LOC strict", None, "nervaluate.labels.LOC.strict: None is not a mapping"),
    ("alignment exact", "all", "alignment.exact: 'all' is not a whole number"),
    ("calibration bins", [], "calibration: not a calibration: 0 bins"),
    ("calibration bins 3 correct", 1000, "calibration.bins.3: not a bin of confidences: "),
    ("uncertainty quarters 1 from", 99, "uncertainty.quarters.1: not a quarter of sentences: "),
    ("analysis confusion rows 0", [1], "analysis.confusion: not a square of "),
    ("analysis errors labels LOC type", -1, "analysis.errors.labels.LOC: not valid counts: "),
    ("analysis groups", {"entity length": {"1": {}}}, "analysis.groups.entity length.1: correct is missing"),
    ("analysis intervals scores micro f1", [0.9, 0.1], "analysis.intervals.scores.micro.f1: 0.9 to 0.1 is not an interval"),
    ("analysis intervals scores micro f1", [0.9], "analysis.intervals.scores.micro.f1: [0.9] is not a list of low, high"),
    ("analysis intervals scores", {}, "analysis: the intervals of micro are missing"),
    ("references compared", None, "references.compared: None is not a list"),
    ("versions", {"python": 3}, "versions.python: 3 is not a text"),
    ("sha256 predictions", None, "sha256.predictions: None is not a text"),
]  # fmt: skip


def put(value: Any, keys: list[str], new: Any) -> None:
    for key in keys[:-1]:
        value = value[int(key) if isinstance(value, list) else key]
    value[int(keys[-1]) if isinstance(value, list) else keys[-1]] = new


@pytest.mark.parametrize(("place", "value", "told"), DAMAGE)
def test_damage_is_named_by_its_key(
    document: dict[str, Any], tmp_path: Path, place: str, value: Any, told: str
) -> None:
    damaged = json.loads(json.dumps(document))
    put(damaged, place.split(), value)
    path = tmp_path / "scores.json"
    path.write_text(json.dumps(damaged))
    with pytest.raises(LmnError) as caught:
        load_run(path)
    assert caught.value.what.startswith(f"not as lmn-eval writes it ({told}")
    assert (caught.value.where, caught.value.remedy) == (str(path), "score the run again")


def test_each_missing_key_is_named(document: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "scores.json"
    for key in document.keys() - {
        "repair",
        "repairs",
        "in_pieces",
        "reading",
        "other_reading",
    }:  # files of earlier versions lack these
        path.write_text(json.dumps({name: value for name, value in document.items() if name != key}))
        with pytest.raises(LmnError, match=rf"\({key} is missing\)" if key != "schema" else "without a schema"):
            load_run(path)
    for content in ("[]", "3", "null"):
        path.write_text(content)
        with pytest.raises(LmnError, match="is not a mapping"):
            load_run(path)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_whatever_is_put_anywhere_is_read_or_refused(document: dict[str, Any], data: st.DataObject) -> None:
    damaged = json.loads(json.dumps(document))
    value, keys = damaged, []
    while isinstance(value, dict | list) and value and (not keys or data.draw(st.integers(0, 3))):
        key = data.draw(
            st.sampled_from(list(value) if isinstance(value, dict) else [str(at) for at in range(len(value))])
        )
        keys.append(key)
        value = value[int(key) if isinstance(value, list) else key]
    odd = st.sampled_from([None, True, -1, 0, 10**9, 0.5, float("nan"), "", "x", [], {}, [[]], {"x": 1}, ["a", "b"]])
    put(damaged, keys, data.draw(odd))
    with suppress(LmnError):
        from_json(ScoredRun, damaged, "here", writer="lmn-eval")


def test_another_schema_names_the_command_that_scores_again(tmp_path: Path) -> None:
    path = tmp_path / "scores.json"
    row = {"recipe": "my recipes/r.yaml", "split": "test", "predictions": str(tmp_path / "p.jsonl")}
    for schema, told in (
        ({"schema": 1}, "written in schema 1"),
        ({}, "written without a schema"),
        ({"schema": 99}, "written in schema 99"),
    ):
        for again, origin in (
            ("score the run again", row),
            ("score the run again, with the same --source and --repair, if any", row | {"recipe": None, "corpus": "c"}),
        ):
            path.write_text(json.dumps({**origin, **schema}))
            with pytest.raises(LmnError) as caught:
                load_run(path)
            assert str(caught.value) == (
                f"{path}: {told}, and this version reads schema {SCHEMA}; {again}: {command_of(origin, path)}"
            )


def test_the_files_of_a_run_share_their_mark() -> None:
    assert sibling(Path("a/scores.json"), "sentences.jsonl") == Path("a/sentences.jsonl")
    assert sibling(Path("a/scores.min0.9.json"), "sentences.jsonl") == Path("a/sentences.min0.9.jsonl")
    assert sibling(Path("a/scores.min0.9.json"), "report.html") == Path("a/report.min0.9.html")


def test_a_smallest_confidence_marks_the_files(tmp_path: Path) -> None:
    assert save_evaluation(Evaluation(scored_run(min_confidence=0.9), ()), tmp_path) == tmp_path / "scores.min0.9.json"
    assert (tmp_path / "sentences.min0.9.jsonl").is_file()
    assert load_run(tmp_path / "scores.min0.9.json") == scored_run(min_confidence=0.9)
