"""The reader of brat's stand-off files: documents of our own in the documented format, and a real corpus written in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from reading import read_file, records_of, seen

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters.problems import ProblemLog
from llms_meet_ner.data_converters.readers.brat import BratOptions

READER = {"type": "brat", "language": "en"}
TEXT = "Ann Lee left Rome.\nShe saw New\nYork and Bonn."
LEE, ROME = "T1\tPER 0 7\tAnn Lee", "T2\tLOC 13 17\tRome"


def document(tmp_path: Path, *lines: str, text: str = TEXT, name: str = "docs/a", ending: str = ".ann") -> Path:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".txt").write_bytes(text.encode())
    path.with_suffix(ending).write_bytes("".join(f"{line}\n" for line in lines).encode())
    return path.parent


def test_documents_and_annotations_that_pass_by(tmp_path: Path) -> None:
    folder = document(
        tmp_path, LEE, ROME, "T3\tLOC 27 30;31 35\tNew York", "E1\tMove:T9 Agent:T1", "R1\tIn Arg1:T1 Arg2:T2", "A1\tSure T1",
        "M1\tSure T1", "N1\tReference T2 Wikipedia:1\tRome", "#1\tAnnotatorNotes T1\tT4 PER 0 3", "*\tEquiv T1 T2", "", "T9\tMove 8 12\tleft",
    )  # fmt: skip
    document(tmp_path, text="Nobody left.", name="docs/b/c")
    log = ProblemLog()
    found = read_file(folder, READER, log=log)
    assert seen(found) == [
        ("Ann Lee left Rome .", [(0, 2, "PER"), (3, 4, "LOC")]),
        ("She saw New York and Bonn .", [(2, 4, "LOC")]),
        ("Nobody left .", []),
    ]
    assert [(s.id, s.where and Path(s.where.file).name) for s in found] == [
        ("c/s/0", "a.txt"),
        ("c/s/1", "a.txt"),
        ("c/s/2", "c.txt"),
    ]
    assert log.counts == {"passed-region": 1}
    assert str(log.kept[0].where).endswith("docs/a.ann:12")


@pytest.mark.parametrize("name", ["a.txt", "a.ann"])
def test_a_split_may_name_one_document(tmp_path: Path, name: str) -> None:
    folder = document(tmp_path, LEE)
    document(tmp_path, name="docs/b")
    assert [s.spans != () for s in read_file(folder / name, READER)] == [True, False]
    data = BratOptions.of(READER).data(folder, name)
    before = data.sha256()
    (folder / "b.ann").write_text(LEE)
    assert (data.missing(), data.sha256()) == (None, before)
    (folder / "a.ann").write_text(ROME)
    assert data.sha256() != before


@pytest.mark.parametrize(
    ("sentences", "expected"),
    [("split", 2), ("lines", 3), ("whole", 1)],
)
def test_where_sentences_end(tmp_path: Path, sentences: str, expected: int) -> None:
    folder = document(tmp_path, LEE)
    assert len(read_file(folder, {**READER, "sentences": sentences})) == expected
    document(tmp_path, "T1\tLOC 27 35\tNew York")
    log = ProblemLog()
    found = read_file(folder, {**READER, "sentences": "lines"}, log=log)
    assert (len(found), log.counts) == (2, {"joined-sentences": 1})


@pytest.mark.parametrize(
    ("policy", "spans", "fatal"), [("drop", [], 0), ("join", [(0, 4, "PER")], 0), ("error", [], 1)]
)
def test_spans_in_parts(tmp_path: Path, policy: str, spans: Any, fatal: int) -> None:
    folder = document(tmp_path, "T1\tPER 0 3;13 17\tAnn Rome")
    log = ProblemLog(keep_going=True)
    found = read_file(folder, {**READER, "discontinuous": policy}, log=log)
    assert (seen(found)[0][1], log.counts, log.fatal) == (spans, {"discontinuous": 1}, fatal)
    assert log.kept[0].message == "the PER 'Ann Rome' has parts with other text between them"
    if fatal:
        with pytest.raises(
            LmnError, match=r"a\.ann:1: the PER 'Ann Rome' has parts .*; the card's reader\.discontinuous says"
        ):
            read_file(folder, {**READER, "discontinuous": policy})


@pytest.mark.parametrize(
    ("text", "line", "keys"),
    [
        ("\U0001f600 Ann left.", "T1\tPER 3 6\tAnn", {"offsets": "utf-16"}),
        ("x\r\ny\r\nAnn left.", "T1\tPER 4 7\tAnn", {"newlines": "one"}),
        ("\U0001f600\r\n\r\nAnn left.", "T1\tPER 4 7\tAnn", {"offsets": "utf-16", "newlines": "one"}),
    ],
)
def test_the_text_of_a_span_is_compared(tmp_path: Path, text: str, line: str, keys: dict[str, str]) -> None:
    folder = document(tmp_path, line, text=text)
    wanted = ", ".join(f"{key}: {value}" for key, value in keys.items())
    with pytest.raises(
        LmnError, match=rf"a\.ann:1: the PER from . to . is '.*' in the text, and 'Ann' in the record; .*{wanted}"
    ):
        read_file(folder, READER)
    (sentence,) = (s for s in read_file(folder, {**READER, **keys}) if s.spans)
    assert [sentence.tokens[s.start : s.end] for s in sentence.spans] == [("Ann",)]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("T2\tPER 0 3\tBob", r"a\.ann:2: the PER from 0 to 3 is 'Ann' in the text, and 'Bob' in the record; mend the record"),
        ("T2\tPER 40 99\tBob", r"a\.ann:2: the PER from 40 to 99 holds no character of the text"),
        ("T2\tPER 3\tBob", r"a\.ann:2: no line of brat's: T2\tPER 3\tBob; a span is T1, its label"),
        ("hello", r"a\.ann:2: no line of brat's: hello"),
        ("T2\tSHIP 0 3\tAnn", r"SHIP"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_at_its_own_line(tmp_path: Path, line: str, message: str) -> None:
    folder = document(tmp_path, LEE, line, text="Ann Lee left Rome.")
    with pytest.raises(LmnError, match=message):
        read_file(folder, READER)
    log = ProblemLog(keep_going=True)
    assert (len(read_file(folder, READER, log=log)), log.fatal) == (1, 1)


def test_files_without_a_partner(tmp_path: Path) -> None:
    folder = document(tmp_path, LEE)
    (folder / "b.ann").write_text(LEE)
    (folder / "README.txt").write_text("About the corpus")
    with pytest.raises(
        LmnError, match=r"b\.ann:1: there is no b\.txt with the text of the document; put the text next to it"
    ):
        read_file(folder, READER)
    log = ProblemLog(keep_going=True)
    found = read_file(folder, READER, log=log)
    assert ([Path(s.where.file).name for s in found if s.where], log.counts) == (
        ["a.txt"] * 2,
        {"malformed-record": 1, "not-annotated": 1},
    )
    for file in folder.glob("*.ann"):
        file.unlink()
    with pytest.raises(
        LmnError, match=r"docs: no document is annotated; the annotations of x\.txt lie next to it, in x\.ann"
    ):
        read_file(folder, READER)


def test_files_of_the_shared_tasks_and_lenient_separators(tmp_path: Path) -> None:
    folder = document(tmp_path, "T1 PER 0 7 Ann Lee", ending=".a1")
    (folder / "a.a2").write_text("T2\tLOC\t13 17\tRome\r\nE1\tMove:T2\n")
    assert seen(read_file(folder, READER))[0] == ("Ann Lee left Rome .", [(0, 2, "PER"), (3, 4, "LOC")])


def test_a_real_corpus_written_as_documents(corpora: Path, tmp_path: Path) -> None:
    path = corpora / "spacy_formats" / "projects_ner_demo" / "train.json"
    expected = []
    for at, (text, annotation) in enumerate(records_of(path)):
        lines = [
            f"T{n}\t{label} {s} {e}\t{text[s:e]}" for n, (s, e, label) in enumerate(annotation["entities"], start=1)
        ]
        folder = document(tmp_path, *lines, text=text, name=f"docs/{at:03}")
        expected += [(text[s:e].replace(" ", ""), label) for s, e, label in sorted(annotation["entities"])]
    found = read_file(folder, {**READER, "sentences": "whole", "cut": "error"}, labels=("PERSON", "LOC"))
    assert len(found) == len(records_of(path))
    assert [("".join(s.tokens[a.start : a.end]), a.label) for s in found for a in s.spans] == expected
