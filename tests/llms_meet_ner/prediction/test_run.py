"""A run of any system: document separators, records, and which predictions are left as they are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from standins import CapitalsSystem

from llms_meet_ner import LmnError, Sentence
from llms_meet_ner.decoding.batches import Batch
from llms_meet_ner.prediction.run import alignments, check_run, joined_notes, predict, run_folder, run_name
from llms_meet_ner.prediction.shards import Shard
from llms_meet_ner.records import Answer, spans_to_json
from llms_meet_ner.systems.counting import CountingBaseline
from llms_meet_ner.systems.system import Job, System

DOCSTART = ("-DOCSTART-",)
SENTENCES = [
    Sentence(f"c/test/{number}", tokens)
    for number, tokens in enumerate([DOCSTART, ("Ada", "left"), ("no",), DOCSTART, ("Olli", "Holm", "saw", "Oslo")])
]


class Watched(CountingBaseline):
    """A baseline that notes what it is asked, and answers in several threads."""

    def __init__(self) -> None:
        super().__init__("capitalised", [])
        self.asked: list[str] = []

    def prepare(self, sentences: Sequence[Sentence]) -> Job:
        """Return a job of single sentences."""
        self.asked += [sentence.id for sentence in sentences]
        job = super().prepare(sentences)
        batches = [Batch((item,)) for item in reversed(range(len(sentences)))]
        return replace(job, batches=batches, workers=2, machine={"device": "here"}, notes={"weather": "fine"})


class Prompted(CapitalsSystem):
    """The stand-in of a model, which answers with texts."""

    def identity(self) -> dict[str, Any]:
        """Return no hash of weights: there are none."""
        return {"model": "capitals"}

    def prepare(self, sentences: Sequence[Sentence]) -> Job:
        """Return a job of one batch."""
        batch = Batch(tuple(range(len(sentences))), tuple([1] * len(sentences)))
        return Job(
            [batch],
            lambda one: self.answer([sentences[item] for item in one.items]),
            description="capitals",
            remarks=["stand-ins answer"],
        )

    def precision(self) -> Mapping[str, Any]:
        """Return nothing: there is no model."""
        return {}


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_document_separators_are_never_asked_and_have_no_entities(workdir: Path) -> None:
    system = Watched()
    records = rows(predict(system, SENTENCES, Path("run")))
    assert system.asked == ["c/test/1", "c/test/2", "c/test/4"]
    assert [record["id"] for record in records] == [sentence.id for sentence in SENTENCES]
    assert [record["spans"] for record in records] == [[]] * 5
    texts = rows(predict(Prompted(), SENTENCES, Path("texts")))
    assert [text["output"] for text in texts] == [
        "-DOCSTART-", "[Ada | LOC] left", "no", "-DOCSTART-", "[Olli Holm | PER] saw [Oslo | LOC]",
    ]  # fmt: skip
    assert (texts[0]["confidences"], texts[0]["uncertainty"]) == (
        [],
        {"mean": 0.0, "max": 0.0, "log_probability": 0.0, "choices": 0},
    )
    assert {text["decoding"] for text in texts} == {"constrained"}


def test_a_run_prints_the_remarks_of_its_job_first(workdir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    predict(Prompted(), SENTENCES, Path("run"))
    assert capsys.readouterr() == ("", "stand-ins answer\ncapitals\n")


def test_the_spans_of_a_system_in_memory_are_those_of_a_run(workdir: Path) -> None:
    system = Watched()
    found = alignments(system, SENTENCES)
    assert system.asked == ["c/test/1", "c/test/2", "c/test/4"]
    assert [list(one.spans) for one in found] == [[]] * 5
    for sentence, one, row in zip(
        SENTENCES, alignments(Prompted(), SENTENCES), rows(predict(Prompted(), SENTENCES, Path("run")))
    ):
        assert (row["id"], row["spans"]) == (sentence.id, spans_to_json(one.spans))


def test_what_a_run_notes(workdir: Path) -> None:
    system = Watched()
    predict(system, SENTENCES, Path("run"), repair="discard")
    run = json.loads(Path("run/run.json").read_text())
    assert run["batches"] == [[[2], []], [[1], []], [[0], []]]
    assert run["notes"] == {"weather": "fine"}
    assert run["system_sha256"] == system.sha256
    assert (run["repair"], "repair" in run["stamp"]) == ("discard", False)
    stamp = run["stamp"]
    assert stamp["device"] == "here"
    assert [name for name, _ in stamp["sentences"]] == [sentence.id for sentence in SENTENCES]
    assert not Path("run/predictions.partial.jsonl").exists()


class Noted(Watched):
    """A baseline whose job has notes, and fails at some sentence."""

    def __init__(self, layers: str, fails_at: int | None = None) -> None:
        super().__init__()
        self.layers, self.fails_at = layers, fails_at

    def prepare(self, sentences: Sequence[Sentence]) -> Job:
        """Return a job of single sentences, answered one after the other."""
        job = super().prepare(sentences)

        def answer(batch: Batch) -> list[Answer]:
            if batch.items[0] == self.fails_at:
                raise LmnError("no power")
            return list(job.answer(batch))

        return replace(job, answer=answer, workers=1, notes={"linear_layers": self.layers})


def test_a_run_that_goes_on_with_other_notes_says_so_and_keeps_both(
    workdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(LmnError, match="no power"):
        predict(Noted("packed", 1), SENTENCES, Path("run"))
    with pytest.raises(LmnError, match="no power"):
        predict(Noted("packed", 0), SENTENCES, Path("run"))
    assert "begun" not in capsys.readouterr().err
    predict(Noted("plain"), SENTENCES, Path("run"))
    said = "run/predictions.partial.jsonl: begun with linear_layers packed, goes on with plain\n"
    assert said in capsys.readouterr().err
    assert json.loads(Path("run/run.json").read_text())["notes"] == {"linear_layers": ["packed", "plain"]}
    with pytest.raises(LmnError, match="no power"):
        predict(Noted("packed", 1), SENTENCES, Path("run"), restart=True)
    predict(Noted("plain"), SENTENCES, Path("run"), restart=True)
    assert json.loads(Path("run/run.json").read_text())["notes"] == {"linear_layers": "plain"}
    assert "begun" not in capsys.readouterr().err


@pytest.mark.parametrize("notes", [3, [], {"linear_layers": [1, {"a": None}]}, {"linear_layers": "x" * 5000}])
def test_notes_of_any_kind_do_no_harm(notes: Any, workdir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(LmnError, match="no power"):
        predict(Noted("packed", 1), SENTENCES, Path("run"))
    path = Path("run/run.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), "notes": notes}))
    capsys.readouterr()
    predict(Noted("packed"), SENTENCES, Path("run"))
    said = capsys.readouterr().err
    assert ("goes on with packed\n" in said) == isinstance(notes, dict)
    assert len(said) < 500


def test_notes_are_joined_by_key() -> None:
    assert joined_notes([{"a": 1}, {"a": [1, 2], "b": "x"}, {}, {"a": 2}]) == {"a": [1, 2], "b": "x"}
    assert joined_notes([]) == {}


def test_a_finished_run_is_left_as_it_is_and_another_is_not_written_over(
    workdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = predict(Watched(), SENTENCES, Path("run"))
    again = Watched()
    predict(again, SENTENCES, Path("run"))
    assert again.asked == []
    assert f"{path}: already there, with the same data, model and options\n" in capsys.readouterr().err
    other: list[tuple[System, list[Sentence]]] = [(Watched(), SENTENCES[:3]), (Prompted(), SENTENCES)]
    for system, sentences in other:
        with pytest.raises(
            LmnError, match=r"^run/predictions\.jsonl: predictions of other data, another model or other"
        ):
            predict(system, sentences, Path("run"))
    assert len(rows(predict(Watched(), SENTENCES[:3], Path("run"), restart=True))) == 3


def test_predictions_are_checked_before_they_are_scored(workdir: Path) -> None:
    check_run(Path("nothing"), Watched(), SENTENCES)
    predict(Watched(), SENTENCES, Path("run"))
    check_run(Path("run"), Watched(), SENTENCES)
    counted = CountingBaseline("gazetteer", [])
    with pytest.raises(LmnError, match="made with a different baseline, sentences; --restart predicts again"):
        check_run(Path("run"), counted, SENTENCES[1:])


def test_a_run_says_which_sentences_it_read_in_pieces(workdir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sentences = [SENTENCES[1], Sentence("c/test/9", ("Ada", "left") * 200)]
    path = predict(Prompted(), sentences, Path("run"))
    assert f"{path}: 1 of 2 sentences were read in pieces: c/test/9 (2)\n" in capsys.readouterr().err
    assert json.loads(Path("run/run.json").read_text())["pieces"] == {"c/test/9": 2}
    whole, cut = rows(path)
    assert "pieces" not in whole
    assert [tokens for tokens, _ in cut["pieces"]] == [200, 200]
    assert cut["output"] == " ".join(output for _, output in cut["pieces"])
    assert len(cut["spans"]) == 200
    assert cut["status"] == "exact"


def test_the_name_of_a_run_says_what_sets_it_apart() -> None:
    system = Prompted()
    assert run_name(system) == "constrained"
    assert run_name(system, 3, Shard(1, 8)) == "constrained-first3-shard1of8"
    assert run_folder(system, "demo", "testb", limit=2) == Path("outputs/capitals/demo_testb/constrained-first2")


def test_a_shard_is_a_part_of_the_sentences(workdir: Path) -> None:
    records = [rows(predict(Watched(), SENTENCES, Path(str(n)), shard=Shard(n, 2))) for n in (1, 2)]
    assert [[record["id"][-1] for record in part] for part in records] == [["0", "2", "4"], ["1", "3"]]
    stamps = [json.loads(Path(f"{n}/run.json").read_text())["stamp"] for n in (1, 2)]
    assert [(stamp["shard"]["number"], stamp["shard"]["of"]) for stamp in stamps] == [(1, 2), (2, 2)]
    assert stamps[0]["shard"]["sentences_sha256"] == stamps[1]["shard"]["sentences_sha256"]


class Typed(Prompted):
    """A stand-in that is asked for a data type, and computes in another one where that is `auto`."""

    def __init__(self, asked: str, computed: str) -> None:
        super().__init__()
        self.asked, self.computed = asked, computed

    def stamp(self, sentences: Sequence[Sentence] = ()) -> dict[str, Any]:
        """Return the stamp with the data type that was asked for."""
        return {**super().stamp(sentences), "dtype": self.asked}

    def prepare(self, sentences: Sequence[Sentence]) -> Job:
        """Return a job that notes the data type."""
        return replace(super().prepare(sentences), machine={"device": "cpu", "resolved_dtype": self.computed})


def test_a_finished_run_stays_where_it_was_made_in_the_data_type_that_is_asked_for(
    workdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    predict(Typed("auto", "float32"), SENTENCES, Path("run"))
    capsys.readouterr()
    predict(Typed("auto", "bfloat16"), SENTENCES, Path("run"))  # on another CPU
    assert capsys.readouterr().err.endswith("with the same data, model and options, made in float32\n")
    predict(Typed("float32", "float32"), SENTENCES, Path("run"))
    with pytest.raises(LmnError, match=r"other options: another dtype; --restart writes over them"):
        predict(Typed("bfloat16", "bfloat16"), SENTENCES, Path("run"))
    predict(Typed("bfloat16", "bfloat16"), SENTENCES, Path("run"), restart=True)
    capsys.readouterr()
    predict(Typed("bfloat16", "bfloat16"), SENTENCES, Path("run"))
    assert capsys.readouterr().err.endswith("with the same data, model and options\n")
