"""What a user names: files, a folder, a data set."""

from __future__ import annotations

from pathlib import Path

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters.starting.sources import find_source

ROWS = "Ann\tB-PER\nleft\tO\n"


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_files_of_one_folder(workdir: Path) -> None:
    write(workdir, train_conll=ROWS, dev_conll=ROWS)
    source = find_source(["train.conll", "dev.conll"], "en")
    assert (source.place.folder, source.place.splits) == (Path(), {"train": "train.conll", "dev": "dev.conll"})
    assert source.named


def test_files_of_several_folders(workdir: Path) -> None:
    write(workdir, a__train__x_conll=ROWS, a__dev__x_conll=ROWS)
    source = find_source(["a/train/x.conll", "a/dev/x.conll"])
    assert source.place.folder.resolve() == workdir / "a"
    assert source.place.splits == {"train": "train/x.conll", "dev": "dev/x.conll"}


def test_a_folder_leaves_out_what_is_no_data(workdir: Path) -> None:
    write(workdir, c__train_conll=ROWS, c__README_md="# x", c__notes_txt="Only words.\n")
    source = find_source(["c"])
    assert source.place.splits == {"train": "train.conll"}
    assert source.left_out == ("notes.txt",)


def test_folders_named_like_splits(workdir: Path) -> None:
    write(
        workdir,
        c__train__seq_in="Ann left\n",
        c__train__seq_out="B-PER O\n",
        c__test__seq_in="x\n",
        c__test__seq_out="O\n",
    )
    source = find_source(["c"])
    assert source.place.splits == {"train": "train/seq.in", "test": "test/seq.in"}
    assert source.candidates[0].reader == {"type": "parallel"}


def test_another_encoding_stands_on_the_card(workdir: Path) -> None:
    (workdir / "a.conll").write_bytes("Jörg\tB-PER\nging\tO\n".encode("cp1252"))
    source = find_source(["a.conll"])
    assert source.encoding == source.candidates[0].reader["encoding"] == "cp1252"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nope"], "nope: no such file or folder; name files, a folder, or a data set on the Hub as OWNER/NAME"),
        (["a.conll", "c"], "c: a folder among other names; name one folder, or files"),
        (["empty"], "empty: nothing here looks like annotated text of a known layout .there is no file."),
        (["n.jsonl"], "n.jsonl: the tags at 'tags' are numbers without names; the data set's page says"),
    ],
)
def test_what_cannot_be_read_is_named(workdir: Path, words: list[str], message: str) -> None:
    write(workdir, a_conll=ROWS, c__a_conll=ROWS, n_jsonl='{"tokens": ["a","b","c","d","e"], "tags": [0,1,0,0,2]}\n')
    (workdir / "empty").mkdir()
    with pytest.raises(LmnError, match=message):
        find_source(words)


def test_labels_in_capitals_are_no_words_of_a_language(workdir: Path) -> None:
    write(workdir, a_jsonl='{"text": "Ann left Rome", "label": [[0, 3, "PER"]]}\n' * 9)
    assert find_source(["a.jsonl"]).place.language == "und"
