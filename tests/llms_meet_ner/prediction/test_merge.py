"""Shards of a run, put together, are the run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from fake_openai import Fake, fake_server

from llms_meet_ner import LmnError
from llms_meet_ner.cli.predict import main as lmn_predict
from llms_meet_ner.data_converters.cli.convert import main as lmn_convert
from llms_meet_ner.eval.cli.score import main as lmn_eval
from llms_meet_ner.prediction.merge import merge_shards

SENTENCES = ["-DOCSTART- O" if n % 4 == 0 else f"Anna{n} B-PER\nwaits O\n★ O" for n in range(10)]
CARD = {
    "name": "tiny", "title": "tiny", "language": "en", "licence": "CC0", "citation": "none", "splits": {"test": "t.txt"},
    "reader": {"type": "columns", "scheme": "IOB2"}, "docstart": "sentence",
    "labels": [{"name": "PER", "long": "person", "definition": "A person."}],
}  # fmt: skip
RUNS = Path("outputs/tiny/tiny_test")
BASE = ["--recipe", "recipe.yaml", "--split", "test", "--engine", "openai"]


def call(command: object, *words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(command, list(words))  # type: ignore[arg-type]
    assert result.exit_code == code, result.output + str(result.exception)
    return result


@pytest.fixture
def fake(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    """A server, and a working directory with data and a recipe."""
    Path("tiny.yaml").write_text(yaml.safe_dump(CARD))
    Path("t.txt").write_text("\n\n".join(SENTENCES) + "\n")
    call(lmn_convert, "tiny.yaml", "--source", ".")
    recipe = {"model_name_or_path": "none", "template": "default", "dataset": "tiny_test"}
    Path("recipe.yaml").write_text(
        yaml.safe_dump({**recipe, "dataset_dir": "data/alpaca", "output_dir": "outputs/tiny"})
    )
    with fake_server() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield server


def shards(of: int, *words: str) -> list[Path]:
    for number in range(1, of + 1):
        call(lmn_predict, *BASE, *words, "--shard", f"{number}/{of}")
    return [RUNS / f"free-openai-shard{number}of{of}" for number in range(1, of + 1)]


@pytest.mark.parametrize("of", [1, 3, 12])
def test_shards_make_up_the_file_of_one_run(fake: Fake, of: int) -> None:
    call(lmn_predict, *BASE, "--out", "whole")
    fake.requests.clear()
    folders = shards(of)
    assert len(fake.requests) == 7  # -DOCSTART- needs no model
    merged = call(lmn_predict, "merge", *map(str, reversed(folders)))
    assert f"{RUNS}/free-openai/predictions.jsonl: 10 sentences, " in merged.stdout
    assert (RUNS / "free-openai/predictions.jsonl").read_bytes() == Path("whole/predictions.jsonl").read_bytes()
    runs = [json.loads((folder / "run.json").read_text()) for folder in (Path("whole"), RUNS / "free-openai")]
    assert runs[0]["stamp"] == runs[1]["stamp"]
    assert [run["repair"] for run in runs] == ["conlleval", "conlleval"]
    assert [run["notes"] for run in runs] == [{"base_url": fake.url}] * 2
    assert "already there, with the same data" in call(lmn_predict, *BASE).stderr
    assert "scoring what is there" in call(lmn_eval, *BASE, "--source", ".").stderr
    call(lmn_predict, "merge", *map(str, folders))  # again
    assert len(fake.requests) == 7


def test_a_merged_run_has_the_notes_of_all_shards(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    call(lmn_predict, *BASE, "--shard", "1/2")
    other = fake.url.replace("127.0.0.1", "localhost")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    call(lmn_predict, *BASE, "--shard", "2/2", "--base-url", other)
    call(lmn_predict, "merge", *(str(RUNS / f"free-openai-shard{number}of2") for number in (1, 2)))
    assert json.loads((RUNS / "free-openai/run.json").read_text())["notes"] == {"base_url": [fake.url, other]}


def test_a_merged_run_is_not_written_over_another(fake: Fake) -> None:
    call(lmn_predict, *BASE, "--limit", "3", "--out", str(RUNS / "free-openai"))
    folders = [str(folder) for folder in shards(2)]
    there = call(lmn_predict, "merge", *folders, code=1)
    assert "other options; --restart writes over them" in there.stderr
    call(lmn_predict, "merge", *folders, "--restart")
    call(lmn_predict, "merge", *folders, "--out", "elsewhere")
    assert (
        Path("elsewhere/predictions.jsonl").read_bytes() == (RUNS / "free-openai/predictions.jsonl").read_bytes() != b""
    )


def change_stamp(folder: Path, **changes: Any) -> None:
    run = json.loads((folder / "run.json").read_text())
    run["stamp"] |= changes
    (folder / "run.json").write_text(json.dumps(run))


def test_shards_in_one_data_type_are_one_run_however_it_was_asked_for(fake: Fake) -> None:
    folders = shards(2)
    change_stamp(folders[0], dtype="auto", resolved_dtype="float32")
    change_stamp(folders[1], dtype="float32", resolved_dtype="float32")
    call(lmn_predict, "merge", *map(str, folders))
    for folder in folders:
        change_stamp(folder, dtype="auto", resolved_dtype="bfloat16")
    assert "--restart writes over them" in call(lmn_predict, "merge", *map(str, folders), code=1).stderr


def cut(folder: Path) -> None:
    path = folder / "predictions.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))


def swap(folder: Path) -> None:
    path = folder / "predictions.jsonl"
    path.write_text("\n".join(path.read_text().splitlines()[::-1]))


def alone(folders: list[Path], of: int) -> None:
    change_stamp(folders[0], shard={"number": 1, "of": of, "sentences_sha256": "0"})
    del folders[1:]


DAMAGE: dict[str, Callable[[list[Path]], object]] = {
    "of 3 shards 2 missing; give the folder": lambda folders: folders.pop(1),
    "of 3 shards 2, 3 missing and 1 given more than once": lambda folders: folders.__setitem__(slice(1, 3), [folders[0]]),
    "shard 2 of 3 is not finished; the same lmn-predict with --shard 2/3": lambda folders: (folders[1] / "predictions.jsonl").unlink(),
    "shard 2 of 3 lacks tiny/test/7; predict it again": lambda folders: cut(folders[1]),
    "shard 2 of 3 holds other sentences, or in another order": lambda folders: swap(folders[1]),
    "another served_model; predict all": lambda folders: change_stamp(folders[1], served_model="other"),
    "another resolved_dtype; predict all": lambda folders: change_stamp(folders[1], resolved_dtype="float16"),
    "options, auto being another --dtype on another machine": lambda folders: [change_stamp(f, dtype="auto", resolved_dtype=t) for f, t in zip(folders, ("float32", "bfloat16", "float32"))],
    "not the run of a shard": lambda folders: change_stamp(folders[1], shard=None),
    "another corpus; predict": lambda folders: change_stamp(folders[1], shard={"number": 2, "of": 3, "sentences_sha256": "0"}),
    "of 900000000000 shards 2, 3, 4, 5, 6 and 899,999,999,994 more missing": lambda folders: alone(folders, 900_000_000_000),
    "run.json: lists no sentences with their hashes; predict the shard again": lambda folders: change_stamp(folders[1], sentences=[["tiny/test/1"]]),
    "another number of shards": lambda folders: change_stamp(folders[1], shard={"number": 2, "of": 4, "sentences_sha256": "0"}),
    "free-openai-shard2of3/run.json: no such file; name the folder of a run that lmn-predict --shard i/n has written\n": lambda folders: (folders[1] / "run.json").unlink(),
}  # fmt: skip


@pytest.mark.parametrize("message", DAMAGE)
def test_what_is_not_all_of_one_run_is_refused(fake: Fake, message: str) -> None:
    folders = shards(3)
    DAMAGE[message](folders)
    result = call(lmn_predict, "merge", *map(str, folders), code=1)
    assert message in result.stderr
    assert not (RUNS / "free-openai").exists()


def test_shards_of_another_corpus_and_folders_without_a_common_name_are_refused(fake: Fake) -> None:
    first = shards(2)
    with pytest.raises(LmnError, match="do not share a name without -shardIofN; say --out"):
        merge_shards([first[0], first[1].rename("elsewhere")])
    Path("elsewhere").rename(first[1])
    call(lmn_predict, *BASE, "--shard", "2/2", "--limit", "5", "--out", str(first[1]), "--restart")
    with pytest.raises(LmnError, match="another corpus"):
        merge_shards(first)


def test_the_folder_of_a_shard_is_no_place_for_all(fake: Fake) -> None:
    folders = shards(2)
    before = (folders[0] / "predictions.jsonl").read_bytes()
    with pytest.raises(LmnError, match=r"the folder of a shard, whose predictions would be lost; --out names another"):
        merge_shards(folders, folders[0], restart=True)
    assert (folders[0] / "predictions.jsonl").read_bytes() == before


def test_a_shard_that_changes_while_it_is_merged_is_refused(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = shards(2)
    monkeypatch.setattr("llms_meet_ner.prediction.merge.locked", lambda path: nullcontext(cut(folders[1])))
    with pytest.raises(LmnError, match=r"has changed while the shards were merged; merge again"):
        merge_shards(folders)
    assert not (RUNS / "free-openai/predictions.jsonl").exists()
