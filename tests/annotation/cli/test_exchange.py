"""`lmn-annotate export` and `lmn-annotate import`: from a labelled corpus to a corrected one that every command reads."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
import tool_exports
from annotating import annotate, labelled, rows, with_server
from click.testing import CliRunner
from fake_openai import Fake
from tool_exports import save_corpus

from llms_meet_ner.data_converters.cards import load_card
from llms_meet_ner.data_converters.cli.convert import main as lmn_convert


def exported(tool: str, corpus: str | Path, out: str, *words: str) -> list[dict[str, object]]:
    annotate("export", corpus, "--tool", tool, "--out", out, *words)
    return tool_exports.imported(tool, Path(out))


def test_labels_of_a_model_are_corrected_and_provenance_says_by_whom(fake: Fake, workdir: Path) -> None:
    Path("news.txt").write_text("Ada  left, she said. Bob stayed.\nEve won.\n")
    with_server(fake, "news.txt", "--labels", "conll2003", "--out", "data/news")
    over_text = annotate("export", "data/news", "--tool", "prodigy", "--out", "news.txt", code=1).stderr
    assert "news.txt: is a file of the corpus, and would be written over" in over_text
    tasks = exported("label-studio", "data/news", "tasks.json")
    assert tasks[0]["data"] == {"text": "Ada  left, she said.", "lmn_id": "news/train/0"}, (
        "the text as it stood in the file"
    )
    assert tasks[0]["predictions"][0]["model_version"] == "tuned"  # type: ignore[index]
    config = ElementTree.fromstring(Path("tasks.xml").read_text())
    assert [label.get("value") for label in config.iter("Label")] == ["ORG", "PER", "LOC", "MISC"]
    marks = [[(0, 3, "PER")], [(0, 3, "LOC")], []]
    done = [
        tool_exports.finished("label-studio", task, one, number=at + 1)
        for at, (task, one) in enumerate(zip(tasks, marks))
    ]
    done[2]["annotations"] = []
    tool_exports.write("label-studio", Path("done.json"), done)
    words = ["import", "done.json", "--tool", "label-studio", "--from", "data/news"]
    said = annotate(*words, "--out", "data/corrected").stdout.splitlines()
    assert said[:4] == [
        "2 sentences; entities: 1 LOC, 1 PER", "suggestions by sentence: 1 accepted, 1 rejected",
        "suggested entities: 1 kept, 1 removed; 1 added; by ada (2)", "left out, nobody annotated it to the end: 1",
    ]  # fmt: skip
    assert [sentence.spans[0].label for sentence in labelled(Path("data/corrected"), "train")] == ["PER", "LOC"]
    lines = rows(Path("data/corrected/provenance.jsonl"))
    assert [(line["id"], line["asked"], line["review"]["verdict"]) for line in lines] == [
        ("corrected/train/0", "news/train/0", "accepted"), ("corrected/train/1", "news/train/1", "rejected"),
        (None, "news/train/2", "left out"),
    ]  # fmt: skip
    assert (lines[0]["system"], lines[0]["review"]["annotator"], lines[0]["review"]["date"]) == (
        "tuned",
        "ada",
        tool_exports.DATE,
    )
    summary = json.loads(Path("data/corrected/annotation.json").read_text())
    assert (summary["tool"], summary["sentences"], summary["kept"], summary["added"]) == ("label-studio", 2, 1, 1)
    assert (
        load_card("data/corrected").title
        == "news.txt, labelled by tuned with the template bracketed, corrected in label-studio"
    )
    result = CliRunner().invoke(lmn_convert, ["check", "data/corrected/card.yaml"])
    assert result.exit_code == 0, result.output
    again = exported("doccano", "data/corrected", "again.jsonl")
    assert [row["label"] for row in again] == [[[0, 3, "PER"]], [[0, 3, "LOC"]]], (
        "a corrected corpus is exported like any other"
    )
    assert "holds a card.yaml that this command did not write" in annotate(*words, "--out", "data/news", code=1).stderr
    said_again = with_server(fake, "news.txt", "--labels", "conll2003", "--out", "data/corrected", code=1).stderr
    assert "holds a card.yaml that this command did not write; name another folder" in said_again
    annotate(*words, "--out", "data/corrected")


def test_any_card_is_exported_and_its_confidences_travel(workdir: Path) -> None:
    records = exported("prodigy", "demo", "demo.jsonl", "--split", "testb")
    assert len(records) == 100
    assert records[0]["meta"] == {"lmn_id": "demo/testb/0", "source": "demo"}
    said = annotate("export", "demo", "--tool", "prodigy", "--out", "x.jsonl", code=1).stderr
    assert "demo: the card has 3 splits; name one with --split: train, testa, testb" in said


def test_a_suggestion_that_argilla_would_refuse_is_left_out_and_counted(workdir: Path) -> None:
    save_corpus(workdir / "mine", [(["🚀", "Ada", "saw", "Rome"], [(1, 2, "PER"), (3, 4, "LOC")])])
    said = annotate("export", "mine", "--tool", "argilla", "--out", "a.json")
    assert "a.json: left out, entities that argilla cannot show: 1" in said.stderr
    (record,) = tool_exports.imported("argilla", Path("a.json"))
    done = tool_exports.finished("argilla", record, [(2, 5, "PER")])
    tool_exports.write("argilla", Path("b.json"), [done])
    said = annotate("import", "b.json", "--tool", "argilla", "--from", "mine", "--out", "out")
    assert "suggestions by sentence: 1 accepted" in said.stdout, "nobody rejected what nobody saw"


def test_an_export_takes_the_place_of_no_other_file(workdir: Path) -> None:
    save_corpus(workdir / "mine", [(["Ada", "left"], [])])
    exported("label-studio", "mine", "a.json")
    exported("label-studio", "mine", "a.json")
    Path("a.xml").write_text("<View>mine</View>")
    words = ["export", "mine", "--tool", "label-studio", "--out"]
    said = annotate(*words, "a.json", code=1).stderr
    assert (
        "a.xml: the export writes the settings of label-studio to this file, which holds something else; name another file"
        in said
    )
    assert "both.xml: is where the settings of label-studio are written" in annotate(*words, "both.xml", code=1).stderr
    assert Path("a.xml").read_text() == "<View>mine</View>"


def test_a_sentence_with_a_key_of_this_process_is_left_out_and_counted(
    workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_Abcdef0123456789xyz")
    save_corpus(workdir / "mine", [(["use", "hf_Abcdef0123456789xyz"], []), (["Ada", "left"], [])])
    said = annotate("export", "mine", "--tool", "prodigy", "--out", "a.jsonl")
    assert "left out, sentences that hold a key or password of this process: 1" in said.stderr
    assert [row["text"] for row in rows(Path("a.jsonl"))] == ["Ada left"]


def test_no_correction_is_lost(workdir: Path) -> None:
    save_corpus(workdir / "mine", [(["Ada", "left"], []), (["Bob", "stayed"], [])])
    records = exported("prodigy", "mine", "a.jsonl")
    for at, record in enumerate(records):
        tool_exports.write("prodigy", Path(f"{at}.jsonl"), [tool_exports.finished("prodigy", record, [(0, 3, "PER")])])
    words = ["--tool", "prodigy", "--out", "out", "--from"]
    annotate("import", "0.jsonl", *words, "mine")
    said = annotate("import", "1.jsonl", *words, "mine", code=1).stderr
    assert "out: would lose corrected sentences that this import lacks: 1 (mine/train/0)" in said
    assert "take the place of the one that was exported" in annotate("import", "0.jsonl", *words, "out", code=1).stderr
    annotate("import", "0.jsonl", *words, "mine")
    text = Path("out/train.jsonl").read_text()
    Path("out/train.jsonl").write_text(text.replace("PER", "LOC"))
    said = annotate("import", "0.jsonl", *words, "mine", code=1).stderr
    assert "out/train.jsonl: was changed after it was written" in said
    assert "LOC" in Path("out/train.jsonl").read_text()


def test_what_goes_wrong_is_one_line(workdir: Path) -> None:
    save_corpus(workdir / "mine", [(["Ada", "left"], [])])
    words = ["--tool", "prodigy", "--from", "mine", "--out", "out"]
    assert "nowhere.jsonl: no such file" in annotate("import", "nowhere.jsonl", *words, code=1).stderr
    Path("bad.jsonl").write_text("{\n")
    said = annotate("export", "mine", "--tool", "doccano", "--out", "mine/train.jsonl", code=1).stderr
    assert "mine/train.jsonl: is a file of the corpus, and would be written over; name another file with --out" in said
    assert "bad.jsonl:2: not JSON" in annotate("import", "bad.jsonl", *words, code=1).stderr
    (record,) = exported("prodigy", "mine", "a.jsonl")
    tool_exports.write("prodigy", Path("b.jsonl"), [tool_exports.finished("prodigy", record, [], state="skipped")])
    said = annotate("import", "b.jsonl", *words, code=1).stderr
    assert "b.jsonl: no record is annotated: its answer is ignore; accept answers in Prodigy, and export again" in said
    assert (
        "prodigy says itself what was annotated; leave it out"
        in annotate("import", "b.jsonl", *words, "--reviewed", code=1).stderr
    )
    assert not Path("out/card.yaml").exists()


def test_the_shapes_are_those_of_real_files(workdir: Path, corpora: Path) -> None:
    save_corpus(workdir / "mine", [(["Ada", "left"], [(0, 1, "PER")])])
    (record,) = exported("prodigy", "mine", "a.jsonl")
    with (corpora / "prodigy_fashion_brands" / "fashion_brands_training_first400.jsonl").open() as file:
        real = next(row for row in map(json.loads, file) if row["spans"])
    assert record.keys() <= real.keys()
    assert record["spans"][0].keys() - {"text"} == real["spans"][0].keys()  # type: ignore[index]
    assert record["tokens"][0].keys() - {"ws"} == real["tokens"][0].keys()  # type: ignore[index]
    (task,) = exported("label-studio", "mine", "a.json")
    answer = json.loads((corpora / "label_studio" / "spacy_backend_predict_response.json").read_text())["results"][0]
    region, known = task["predictions"][0]["result"][0], answer["result"][0]  # type: ignore[index]
    assert region.keys() - {"id"} == known.keys()
    assert region["value"].keys() == known["value"].keys()
    (document,) = exported("doccano", "mine", "d.jsonl")
    with (corpora / "doccano" / "doccano" / "data_import_tests_data_sequence_labeling_example.jsonl").open() as file:
        assert {"text", "label"} <= document.keys() & json.loads(file.readline()).keys()
