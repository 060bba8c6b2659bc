"""The reader of data sets of the `datasets` library, on data sets that the library itself wrote."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from reading import read_file, seen

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters import load_card, read_corpus
from llms_meet_ner.data_converters.cli.convert import main
from llms_meet_ner.data_converters.problems import ProblemLog
from llms_meet_ner.eval.evaluate import evaluate, read_gold

datasets = pytest.importorskip("datasets")

NAMES = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
ROWS = {
    "tokens": [["en:John", "en:left"], ["en:Paris"], ["fr:Paris"], ["en:John", "en:left"]],
    "ner_tags": [[1, 0], [3], [3], [1, 0]],
    "lang": ["en", "en", "fr", "en"],
}
FOUND = [
    ("en:John en:left", [(0, 1, "PER")]),
    ("en:Paris", [(0, 1, "LOC")]),
    ("fr:Paris", [(0, 1, "LOC")]),
    ("en:John en:left", [(0, 1, "PER")]),
]


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library's cache in a folder of the test's, and no connection to the Hub."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path_factory.mktemp("cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)


def named(rows: dict[str, Any] = ROWS) -> Any:
    """Return a data set whose features name the tags and the languages."""
    features = datasets.Features(
        {
            "tokens": datasets.Sequence(datasets.Value("string")),
            "ner_tags": datasets.Sequence(datasets.ClassLabel(names=NAMES)),
            "lang": datasets.ClassLabel(names=["en", "fr"]),
        }
    )
    return datasets.Dataset.from_dict(rows, features=features)


def read(folder: Path, path: str, split: str = "train", log: ProblemLog | None = None, **more: Any) -> Any:
    reader = {"type": "datasets", "path": path, "scheme": "IOB2", **more}
    return read_file(folder / split, reader, labels=("PER", "LOC"), log=log)


WRITERS: dict[str, Callable[[Path], Any]] = {
    "splits": lambda path: datasets.DatasetDict(train=named(), test=named()).save_to_disk(str(path)),
    "one": lambda path: named().save_to_disk(str(path)),
    "data.parquet": lambda path: named().to_parquet(str(path)),
    "folder": lambda path: (path.mkdir(), named().to_parquet(str(path / "train.parquet"))),
}
UNNAMED: dict[str, Callable[[Path], Any]] = {
    "data.json": lambda path: named().to_json(str(path)),
    "data.jsonl": lambda path: datasets.Dataset.from_dict(ROWS).to_json(str(path)),
    "data.csv": lambda path: datasets.Dataset.from_dict(
        {key: [" ".join(map(str, v)) if isinstance(v, list) else v for v in column] for key, column in ROWS.items()}
    ).to_csv(str(path)),
}


@pytest.mark.parametrize("name", [*WRITERS, *UNNAMED])
def test_whatever_the_library_wrote_is_read(tmp_path: Path, name: str) -> None:
    (WRITERS | UNNAMED)[name](tmp_path / name)
    more = {"tag_names": NAMES} if name in UNNAMED else {}
    found = read(tmp_path, name, **more)
    assert seen(found) == FOUND
    assert [str(s.where) for s in found] == [f"{tmp_path / name}[train]:{number}" for number in (1, 2, 3, 4)]


def test_an_arrow_file(tmp_path: Path) -> None:
    named().save_to_disk(str(tmp_path / "saved"))
    shard = next((tmp_path / "saved").glob("*.arrow"))
    assert seen(read(tmp_path, f"saved/{shard.name}")) == FOUND


def test_values_duplicates_and_prefixes(tmp_path: Path) -> None:
    WRITERS["one"](tmp_path / "one")
    log = ProblemLog()
    found = read(tmp_path, "one", where={"lang": "en"}, duplicates="drop", token_prefix="en:", log=log)
    assert seen(found) == [("John left", [(0, 1, "PER")]), ("Paris", [(0, 1, "LOC")])]
    assert [s.id for s in found] == ["c/s/0", "c/s/1"]
    assert [(p.kind, p.where.line) for p in log.kept] == [("filtered", 3), ("duplicate", 4)]
    assert seen(read(tmp_path, "one", where={"lang": "fr"})) == [FOUND[2]]


def test_names_may_be_written_in_any_form(tmp_path: Path) -> None:
    WRITERS["one"](tmp_path / "one")
    log = ProblemLog()
    found = read(tmp_path, "one", tag_names=["O", "PER-B", "PER-I", "LOC-B"], tag_form="LABEL-B", log=log)
    assert seen(found) == FOUND
    assert not log.counts


def test_the_card_s_names_win_over_the_features(tmp_path: Path) -> None:
    WRITERS["one"](tmp_path / "one")
    found = read(tmp_path, "one", tag_names=["O", "B-LOC", "I-LOC", "B-PER"])
    assert seen(found)[:2] == [("en:John en:left", [(0, 1, "LOC")]), ("en:Paris", [(0, 1, "PER")])]


@pytest.mark.parametrize(
    ("path", "split", "more", "message"),
    [
        ("splits", "dev", {}, r"splits: no split 'dev'; it has: train, test$"),
        ("data.parquet", "dev", {}, r"data\.parquet\[dev\]: Unknown split \"dev\"\. Should be one of \['train'\]; the card's reader\.path"),
        ("one", "train", {"tags": "tags"}, r"one\[train\]: no column 'tags'; it has tokens, ner_tags, lang: the card's reader\.tags names one"),
        ("one", "train", {"where": {"language": "en"}}, r"one\[train\]: no column 'language'; it has .*: the card's reader\.where names one"),
        ("one", "train", {"where": {"lang": "de"}}, r"one\[train\]: none of 4 records has lang: 'de'"),
        ("data.json", "train", {}, r"data\.json\[train\]:1: token 'en:John' is tagged '1', .* reader\.tag_names lists"),
        ("data.pkl", "train", {}, r"data\.pkl: a data set's file ends in \.parquet, "),
        ("script", "train", {}, r"script\[train\]: Dataset scripts are no longer supported, but found script\.py; it is a program, which is not run"),
        ("nobody/none", "train", {"name": "x"}, r"nobody/none\[x, train\]: Couldn't reach 'nobody/none' on the Hub .* is not a file or folder either"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_named(tmp_path: Path, path: str, split: str, more: dict[str, Any], message: str) -> None:
    if write := (WRITERS | UNNAMED).get(path):
        write(tmp_path / path)
    (tmp_path / "data.pkl").write_text("a")
    (tmp_path / "script").mkdir()
    (tmp_path / "script" / "script.py").write_text("")
    with pytest.raises(LmnError, match=message):
        read(tmp_path, path, split, **more)


def test_without_the_library_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "datasets", None)
    with pytest.raises(
        LmnError, match=r"x\[train\]: reading it needs the datasets library .*'llms-meet-ner\[readers\]'"
    ):
        read(tmp_path, "x")


CARD = """\
name: tiny
title: Tiny
language: en
licence: CC0
citation: Nobody
homepage: https://example.org
splits: {train: train, dev: {file: train, sentences: "1:3"}, test: test}
reader: {type: datasets, path: PATH, scheme: IOB2}
docstart: none
labels: [{name: PER}, {name: LOC}]
"""


def test_a_card_for_a_data_set_is_converted_and_scored(workdir: Path) -> None:
    Path("card.yaml").write_text(CARD.replace("PATH", "splits"))
    WRITERS["splits"](Path("splits"))
    done = CliRunner().invoke(main, ["card.yaml"])
    assert done.exit_code == 0, done.output
    assert [row["id"] for row in json.loads(Path("data/alpaca/tiny_dev.json").read_text())] == [
        "tiny/dev/1",
        "tiny/dev/2",
    ]
    card = load_card("card.yaml")
    gold = read_gold(card, "test")
    assert seen(gold.sentences) == FOUND
    with Path("p.jsonl").open("w") as file:
        file.writelines(json.dumps({"id": s.id, "output": s.text}) + "\n" for s in read_corpus(card, "test"))
    run = evaluate(gold, Path("p.jsonl")).run
    lines = [json.dumps([tokens, tags]) + "\n" for tokens, tags in zip(ROWS["tokens"], ROWS["ner_tags"])]
    assert run.provenance.sha256.corpus == hashlib.sha256("".join(lines).encode()).hexdigest()


def test_a_local_data_set_that_is_not_there_is_an_error_before_anything_is_written(workdir: Path) -> None:
    Path("card.yaml").write_text(CARD.replace("PATH", "data/train.parquet"))
    done = CliRunner().invoke(main, ["card.yaml"])
    assert done.exit_code == 1
    assert done.stderr == (
        "Error: data/train.parquet: no such file or folder; --source DIR names the folder that holds data/train.parquet "
        "(the corpus: https://example.org)\n"
    )
    assert not Path("data").exists()
    with pytest.raises(LmnError, match="no such file or folder"):
        load_card("card.yaml").file_of("train")
    WRITERS["splits"](Path("splits"))
    Path("card.yaml").write_text(CARD.replace("PATH", "splits"))
    with pytest.raises(LmnError, match=r"card\.yaml: split train of corpus tiny is not a file but splits\[train\]"):
        load_card("card.yaml").file_of("train")
