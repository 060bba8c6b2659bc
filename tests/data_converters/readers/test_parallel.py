"""The reader of parallel files of tokens and tags."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from reading import counts, read_file, seen

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters.problems import ProblemLog
from llms_meet_ner.data_converters.readers.parallel import ParallelOptions

READER = {"type": "parallel", "scheme": "IOB2"}


def written(tmp_path: Path, **files: str) -> Path:
    for name, content in files.items():
        path = tmp_path / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode())
    return tmp_path / "seq.in"


def test_tokens_and_tags_line_by_line(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        seq_in="\ufeffAnn  Lee left\r\n\r\nin\tRome \u00a0 \u3000x",
        seq_out="B-PER I-PER O\n \nO B-LOC O O\n\n",
    )
    found = read_file(path, READER)
    assert seen(found) == [("Ann Lee left", [(0, 2, "PER")]), ("in Rome \u00a0 \u3000x", [(1, 2, "LOC")])]
    assert [(s.id, s.where and s.where.line) for s in found] == [("c/s/0", 1), ("c/s/1", 3)]


def test_tags_are_written_as_the_card_says(tmp_path: Path) -> None:
    path = written(tmp_path, seq_in="Ann Lee left\nin Rome\n", seq_out="ne=PER_B|x=y ne=PER_E _\n_ ne=LOC_S\n")
    found = read_file(path, {"type": "parallel", "scheme": "IOBES", "tag_key": "ne", "tag_form": "LABEL_B"})
    assert seen(found) == [("Ann Lee left", [(0, 2, "PER")]), ("in Rome", [(1, 2, "LOC")])]


@pytest.mark.parametrize(
    ("tokens", "tags", "message"),
    [
        ("a b\nc", "O O\nO O", r"seq\.in:2: 1 tokens and 2 tags: 'c'; mend the line"),
        ("a\nb\n", "O\n", r"seq\.in:2: seq\.out ends before this line, and seq\.in goes on; the two files have the same lines"),
        ("a\n", "O\n\nO\n", r"seq\.out:3: seq\.in ends before this line, and seq\.out goes on"),
        ("a\n\nb", "O\nO\nO", r"seq\.in:2: 0 tokens and 1 tags"),
    ],
)  # fmt: skip
def test_lines_that_do_not_match(tmp_path: Path, tokens: str, tags: str, message: str) -> None:
    path = written(tmp_path, seq_in=tokens, seq_out=tags)
    with pytest.raises(LmnError, match=message):
        read_file(path, READER)
    log = ProblemLog(keep_going=True)
    read_file(path, READER, log=log)
    assert log.counts == {"unequal": 1}


@pytest.mark.parametrize(
    ("value", "tags", "there", "expected"),
    [
        ("train/seq.in", "*.out", "train/seq.out", "train/seq.out"),
        ("train.in", "*.out", "train.out", "train.out"),
        ("dev.v1.in", "*.out", "dev.v1.out", "dev.v1.out"),
        ("train.words.txt", "*.tags.txt", "train.tags.txt", "train.tags.txt"),
        ("words/train.txt", "tags/*.txt", "tags/train.txt", "tags/train.txt"),
        ("train/sentences", "labels", "train/labels", "train/labels"),
        ("train", "*.out", "train.out", "train.out"),
        ("a.in", "*.out", "", "a.out"),
    ],
)
def test_the_file_of_tags(tmp_path: Path, value: str, tags: str, there: str, expected: str) -> None:
    if there:
        (tmp_path / there).parent.mkdir(exist_ok=True)
        (tmp_path / there).write_text("")
    options = ParallelOptions.of({**READER, "tags": tags})
    assert options.files(tmp_path, value) == [tmp_path / value, tmp_path / expected]


def test_the_data_of_a_split_are_both_files(tmp_path: Path) -> None:
    path = written(tmp_path, seq_in="a\n")
    data = ParallelOptions.of(READER).data(tmp_path, "seq.in")
    assert str(data.missing()) == f"{tmp_path}/seq.out: no such file; the card's reader.tags names the file of tags"
    (tmp_path / "seq.out").write_text("O\n")
    before = data.sha256()
    assert (data.missing(), str(data)) == (None, str(path))
    (tmp_path / "seq.out").write_text("B-PER\n")
    assert data.sha256() != before


def test_a_real_corpus_taken_apart(corpora: Path, tmp_path: Path) -> None:
    rows: list[list[Any]] = [[]]
    for line in (corpora / "uner" / "en_ewt-ud-dev.iob2").read_text(encoding="utf-8").split("\n"):
        if not line:
            rows.append([])
        elif not line.startswith("# "):
            rows[-1].append(line.split("\t")[1:3])
    sentences = [[(token.replace(" ", "_"), tag) for token, tag in sentence] for sentence in rows if sentence]
    for at, name in enumerate(("seq.in", "seq.out")):
        (tmp_path / name).write_text(
            "".join(" ".join(pair[at] for pair in s) + "\n" for s in sentences), encoding="utf-8"
        )
    found = counts(read_file(tmp_path / "seq.in", READER))
    tags = [tag for sentence in sentences for _, tag in sentence]
    assert found[:2] == (len(sentences), len(tags)) == (2001, 25149)
    assert found[2] == {label: tags.count(f"B-{label}") for label in ("PER", "LOC", "ORG")}
