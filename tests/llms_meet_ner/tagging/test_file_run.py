"""A file through a tagger: what a killed run has tagged is kept, and the output is that of an undisturbed one."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from paths import ROOT
from standins import stand_in_load, tagger

from llms_meet_ner import LmnError
from llms_meet_ner.cli.tag import main as lmn_tag
from llms_meet_ner.tagging import portions as portions_module
from llms_meet_ner.tagging.file_run import SKIP, FileRun
from llms_meet_ner.tagging.files.choosing import FileOptions
from llms_meet_ner.tagging.files.records import InputFile
from llms_meet_ner.tagging.tagger import CHUNK_SENTENCES, Tagger

TEXTS = [f"Anna {n} saw Kent" for n in range(3 * CHUNK_SENTENCES)]


def run(name: str, out: str, *, with_: Tagger | None = None, restart: bool = False, **options: Any) -> None:
    path = Path(name)
    on_error = options.pop("on_error", "stop")
    with path.open("rb") as stream:
        made = FileRun.of(
            InputFile(name, stream, path), Path(out), FileOptions(**options), on_error, {"language": None}
        )
        made.to_file(with_ or tagger(None), restart=restart)


class Killed(BaseException):
    """The end of a run in the middle of a portion."""


def broken_off(after: int, name: str, out: str, **options: Any) -> None:
    """End a run while it writes a portion, of which half a line is on the disk."""
    with pytest.MonkeyPatch.context() as patch:
        written = portions_module.Portions.add
        seen: list[object] = []

        def add(self: Any, texts: list[Any]) -> None:
            seen.append(texts)
            if len(seen) == after:
                self._file.write(b'{"texts": [["half')
                self._file.flush()
                raise Killed
            written(self, texts)

        patch.setattr(portions_module.Portions, "add", add)
        with pytest.raises(Killed):
            run(name, out, **options)


KILLED = """
import os, signal, sys
import llms_meet_ner.cli.tag as tag_cli, standins
from llms_meet_ner.tagging import portions

add, seen = portions.Portions.add, []

def killing(self, texts):
    seen.append(texts)
    if len(seen) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    add(self, texts)

portions.Portions.add = killing
tag_cli.load = standins.stand_in_load
tag_cli.main(sys.argv[1:])
"""


@pytest.fixture
def files(workdir: Path) -> Path:
    (workdir / "a.txt").write_text("".join(f"{text}\n" for text in TEXTS))
    (workdir / "a.csv").write_text("text,n\n" + "".join(f"{text},{n}\n" for n, text in enumerate(TEXTS)))
    (workdir / "a.jsonl").write_text("".join(f'{{"n": {n}, "text": "{text}"}}\n' for n, text in enumerate(TEXTS)))
    pq.write_table(pa.table({"text": TEXTS, "n": list(range(len(TEXTS)))}), "a.parquet")
    return workdir


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("name", "out"),
    [
        ("a.txt", "b.txt"),
        ("a.jsonl", "b.jsonl"),
        ("a.csv", "b.csv"),
        ("a.parquet", "b.parquet"),
        ("a.csv", "b.parquet"),
    ],
)
def test_a_run_that_was_broken_off_goes_on_and_writes_the_same_bytes(
    name: str, out: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(name, out)
    undisturbed = Path(out).read_bytes()
    Path(out).unlink()
    broken_off(3, name, out)
    assert not Path(out).exists()
    tagging = tagger(None)
    run(name, out, with_=tagging)
    assert capsys.readouterr().err == f"{out}.partial: goes on after 512 texts\n"
    asked = [tokens for batch in tagging.system.generator.batches for tokens in batch]  # type: ignore[attr-defined]
    assert len(asked) == CHUNK_SENTENCES
    assert Path(out).read_bytes() == undisturbed
    assert {path.name for path in Path().iterdir() if path.name.startswith(("b", ".b"))} == {out}


def test_a_run_that_sigkill_ended_goes_on(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["--adapter", "x", "--language", "xx", "--out", "b.csv", "a.csv"]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "tests/support")}
    done = subprocess.run([sys.executable, "-c", KILLED, *words], env=env, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert sorted(path.name for path in files.iterdir() if path.name.startswith("b")) == ["b.csv.partial"]
    monkeypatch.setattr("llms_meet_ner.cli.tag.load", stand_in_load)
    resumed = CliRunner().invoke(lmn_tag, words)
    assert (resumed.exit_code, resumed.stderr) == (0, "b.csv.partial: goes on after 512 texts\n")
    written = (files / "b.csv").read_bytes()
    assert CliRunner().invoke(lmn_tag, words).stderr == ""
    assert (files / "b.csv").read_bytes() == written


@pytest.mark.usefixtures("files")
def test_a_run_with_other_settings_is_refused_and_restart_discards_it(capsys: pytest.CaptureFixture[str]) -> None:
    broken_off(2, "a.csv", "b.csv")
    with pytest.raises(LmnError, match="is in the way: another field; give the same ones to finish it, or --restart"):
        run("a.csv", "b.csv", field="n")
    with pytest.raises(LmnError, match="another format"):
        run("a.csv", "b.csv", output_format="jsonl")
    Path("a.csv").write_text("text\nAnna\n")
    with pytest.raises(LmnError, match="another input"):
        run("a.csv", "b.csv")
    run("a.csv", "b.csv", restart=True)
    assert capsys.readouterr().err == ""
    assert Path("b.csv").read_text().startswith("text,entities\nAnna,")


def test_a_record_that_cannot_be_read_ends_the_run_or_is_left_out(
    workdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f'{{"text": "{text}"}}' for text in TEXTS[: CHUNK_SENTENCES + 2]]
    rows[CHUNK_SENTENCES + 1] = '{"text": null}'
    (workdir / "a.jsonl").write_text("\n".join(rows) + '\n{"text": "Anna"}\n')
    with pytest.raises(LmnError, match=r"a\.jsonl:258: field 'text' is null; --on-error skip.*; tagged texts are kept"):
        run("a.jsonl", "b.jsonl")
    assert not Path("b.jsonl").exists()
    run("a.jsonl", "b.jsonl", on_error=SKIP)
    assert capsys.readouterr().err == (
        "b.jsonl.partial: goes on after 256 texts\nrecords left out: 1\n  a.jsonl:258: field 'text' is null\n"
    )
    assert len(Path("b.jsonl").read_text().splitlines()) == CHUNK_SENTENCES + 2


def test_a_bad_first_record_leaves_nothing(workdir: Path) -> None:
    (workdir / "a.jsonl").write_text("{}\n")
    with pytest.raises(LmnError, match="no field 'text'") as error:
        run("a.jsonl", "b.jsonl")
    assert "kept" not in str(error.value)
    assert os.listdir(workdir) == ["a.jsonl"]


def test_a_file_that_changes_meanwhile_is_no_result(workdir: Path) -> None:
    (workdir / "a.txt").write_text("Anna\n")
    changing = tagger(None)
    answer = changing.system.answer
    changing.system.answer = lambda asked: ((workdir / "a.txt").write_text("Bob\n"), answer(asked))[1]  # type: ignore[method-assign]
    with pytest.raises(LmnError, match=r"a\.txt: has changed while it was tagged; tag it again, with --restart"):
        run("a.txt", "b.txt", with_=changing)
    assert not Path("b.txt").exists()


def test_standard_input_and_devices_keep_nothing(workdir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stdin = InputFile.of(io.BytesIO(b"Anna came\n"))
    FileRun.of(stdin, Path("b.csv"), FileOptions()).to_file(tagger(None))
    assert Path("b.csv").read_text().startswith("text,entities\nAnna came,")
    (workdir / "a.txt").write_text("Anna came\n")
    run("a.txt", "/dev/null")
    assert sorted(os.listdir(workdir)) == ["a.txt", "b.csv"]
    assert not Path("/dev/null.partial").exists()


def test_texts_that_were_read_in_pieces_are_named(workdir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workdir / "a.txt").write_text("Anna\n" + "Anna sang " * 200 + "\n")
    for stream in (False, True):
        with Path("a.txt").open("rb") as file:
            made = FileRun.of(InputFile("a.txt", file, Path("a.txt")), None if stream else Path("b.txt"), FileOptions())
            if stream:
                made.to_stream(tagger(None), io.StringIO())
            else:
                made.to_file(tagger(None))
        assert capsys.readouterr().err.endswith(
            "texts with sentences that were read in pieces, where an entity may be lost or torn: a.txt:2 (2)\n"
        )
