"""A card or a folder of data of a stranger makes the `datasets` library run, unpickle, unpack or fetch nothing."""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from dataset_hub import dataset_hub
from reading import read_file, seen

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters.cli.convert import main as convert

datasets = pytest.importorskip("datasets")
pa = pytest.importorskip("pyarrow")

PACKAGED = sorted(datasets.packaged_modules._PACKAGED_DATASETS_MODULES)
CARD = """\
name: tiny
title: Tiny
language: en
licence: CC0
citation: Nobody
splits: {train: train}
reader: {type: datasets, path: PATH, scheme: IOB2}
docstart: none
labels: [{name: PER}]
"""
ROWS = {"tokens": [["Ada", "left"]], "ner_tags": [["B-PER", "O"]]}
SEEN = [("Ada left", [(0, 1, "PER")])]
CSV = "tokens,ner_tags\nAda left,B-PER O\n"


class Evil:
    """An object whose unpickling leaves a file."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (str(Path("ran").absolute()),)


@pytest.fixture(autouse=True)
def offline(workdir: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working directory and a cache of the test's own, and no connection to the Hub."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path_factory.mktemp("cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)


def read(path: str, root: str = ".", **more: Any) -> Any:
    return read_file(
        Path(root) / "train", {"type": "datasets", "path": path, "scheme": "IOB2", **more}, labels=("PER",)
    )


def refused(path: str, message: str, root: str = ".") -> None:
    with pytest.raises(LmnError, match=message):
        read(path, root)
    assert not Path("ran").exists()


@pytest.mark.parametrize("name", PACKAGED)
def test_no_builder_of_the_library_is_a_path(name: str) -> None:
    Path("train.pkl").write_bytes(pickle.dumps(Evil()))
    Path("train.csv").write_text(CSV)
    Path("card.yaml").write_text(CARD.replace("PATH", name))
    result = CliRunner().invoke(convert, ["card.yaml"])
    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: {name}: no such file or folder; --source DIR names the folder that holds {name}; "
        "a data set on the Hub is called OWNER/NAME\n"
    )
    assert not Path("ran").exists()


def test_a_pickle_is_not_opened_whatever_it_is_called() -> None:
    for name in ("train.pkl", "train.csv", "train.parquet", "train.arrow", "train.json"):
        Path("data").mkdir(exist_ok=True)
        Path("data", name).write_bytes(pickle.dumps(Evil()))
        refused("data", "data")
        refused(f"data/{name}", "data")
        Path("data", name).unlink()


@pytest.mark.parametrize("place", ["data/data.py", "data/train.py", "data.py"])
def test_a_program_is_not_run(place: str) -> None:
    Path("data").mkdir()
    Path(place).write_text("import os; os.mkdir('ran')")
    refused("data", "not run|any data file|data files found")
    refused(place, "ends in")


ELSEWHERE = [
    "../secret.csv",
    "/SECRET",
    "file:///SECRET",
    "http://127.0.0.1:9/a.csv",
    "hf://datasets/a/b/c.csv",
    "zip://a.csv::b.zip",
]
DESCRIBED: dict[str, Callable[[str], Any]] = {
    "text": lambda path: {"data_files": path},
    "list": lambda path: {"data_files": ["a.csv", path]},
    "splits": lambda path: {"data_files": [{"split": "train", "path": ["a.csv", path]}]},
    "folder": lambda path: {"data_dir": path},
}


@pytest.mark.parametrize("way", DESCRIBED)
@pytest.mark.parametrize("elsewhere", ELSEWHERE)
@pytest.mark.parametrize("file", ["README.md", ".huggingface.yaml"])
def test_a_description_names_no_files_elsewhere(file: str, elsewhere: str, way: str) -> None:
    Path("data").mkdir()
    Path("data/a.csv").write_text(CSV)
    Path("secret.csv").write_text(CSV)
    path = elsewhere.replace("/SECRET", str(Path("secret.csv").absolute()))
    text = json.dumps({"configs": [{"config_name": "default", **DESCRIBED[way](path)}]})
    Path("data", file).write_text(f"---\n{text}\n---\n" if file.endswith("md") else text)
    refused("data", rf"data/{file}: configs: .* is an? (path|address) .*; a data set's files lie in its own folder$")


def test_a_description_that_stands_for_a_billion_values_is_one_error() -> None:
    Path("data").mkdir()
    Path("data/a.csv").write_text(CSV)
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
    bomb += "".join(f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n" for old, new in zip("bcdefgh", "cdefghi"))
    Path("data/README.md").write_text(f"---\n{bomb}configs: *i\n---\n")
    refused("data", r"data/README\.md: more than 100,000 values")


def test_a_sound_description_is_followed() -> None:
    Path("data/part").mkdir(parents=True)
    Path("data/part/x.csv").write_text(CSV)
    Path("data/part/y.csv").write_text(CSV.replace("Ada", "Bea"))
    configs = [{"config_name": name, "data_files": [{"split": "train", "path": f"part/{name}.csv"}]} for name in "xy"]
    Path("data/README.md").write_text(f"---\n{json.dumps({'configs': configs})}\n---\n")
    assert seen(read("data", name="x")) == SEEN
    assert seen(read("data", name="y")) == [("Bea left", [(0, 1, "PER")])]


@pytest.mark.parametrize(
    "filename", ["../secret.arrow", "SECRET", "link.arrow", "http://127.0.0.1:9/a.arrow", "x::y.arrow"]
)
def test_a_saved_data_set_names_no_files_elsewhere(filename: str) -> None:
    datasets.Dataset.from_dict(ROWS).save_to_disk("root/saved")
    next(Path("root/saved").glob("*.arrow")).rename("secret.arrow")
    Path("root/saved/link.arrow").symlink_to("../../secret.arrow")
    state = json.loads(Path("root/saved/state.json").read_text())
    name = filename.replace("SECRET", str(Path("secret.arrow").absolute()))
    Path("root/saved/state.json").write_text(json.dumps({**state, "_data_files": [{"filename": name}]}))
    refused("saved", "not a|a path|leads out of", "root")


@pytest.mark.parametrize(
    "change",
    [{"_format_type": "torch"}, {"_format_kwargs": {"dtype": "x"}}, {"_format_columns": ["a"]}, {"_fingerprint": 5}],
)
def test_the_state_of_a_saved_data_set_says_nothing_but_its_files(change: dict[str, Any]) -> None:
    datasets.DatasetDict(train=datasets.Dataset.from_dict(ROWS)).save_to_disk("saved")
    state = json.loads(Path("saved/train/state.json").read_text())
    Path("saved/train/state.json").write_text(json.dumps({**state, **change}))
    Path("saved/train/dataset_info.json").write_text('{"features": {"a": {"_type": "os"}}}')
    assert seen(read("saved")) == SEEN


@pytest.mark.parametrize(
    "state",
    [
        None,
        5,
        [],
        {},
        {"_data_files": 5},
        {"_data_files": [5]},
        {"_data_files": [{"filename": 5}]},
        {"_data_files": [{"filename": ""}]},
    ],
)
def test_a_damaged_saved_data_set_is_one_error(state: Any) -> None:
    Path("saved").mkdir()
    Path("saved/state.json").write_text(json.dumps(state))
    refused("saved", r"saved/state\.json: it names no data files; save the data set again with save_to_disk")
    Path("saved/dataset_dict.json").write_text(json.dumps(state))
    refused("saved", "no split 'train'")
    Path("saved/dataset_dict.json").write_text('{"splits": ["train"]}')
    refused("saved", "state.json: no such file")


def arrow(path: Path, field: Any, array: Any) -> None:
    schema = pa.schema([field, pa.field("ner_tags", pa.list_(pa.string()))])
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_arrays([array, pa.array(ROWS["ner_tags"])], schema=schema)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, schema) as writer:
        writer.write_table(table)


def test_a_pickled_type_in_an_arrow_file_is_not_unpickled() -> None:
    metadata = {b"ARROW:extension:name": b"arrow.py_extension_type", b"ARROW:extension:metadata": pickle.dumps(Evil())}
    field = pa.field("tokens", pa.list_(pa.string()), metadata=metadata)
    for path in ("data/train.arrow", "data/train.parquet"):
        arrow(Path(path), field, pa.array(ROWS["tokens"]))
        try:
            read(path)
        except LmnError as error:
            assert "\n" not in str(error)  # noqa: PT017  # either answer is right
        assert not Path("ran").exists()


@pytest.mark.parametrize("kind", ["Image", "Audio", "Video", "Pdf", "Translation", "Array2D", "os", "ClassLabel"])
def test_a_feature_opens_no_file_that_the_data_names(kind: str) -> None:
    Path("secret").write_text("secret")
    secret = str(Path("secret").absolute())
    feature = {"_type": kind, "names_file": secret, "shape": [1, 1], "dtype": "string", "languages": ["a"]}
    info = {
        "info": {
            "features": {
                "tokens": {"feature": feature, "_type": "List"},
                "ner_tags": {"feature": {"dtype": "string", "_type": "Value"}, "_type": "List"},
            }
        }
    }
    schema_metadata = {b"huggingface": json.dumps(info).encode()}
    inner = pa.int64() if kind == "ClassLabel" else pa.struct({"path": pa.string(), "bytes": pa.binary()})
    value = 0 if kind == "ClassLabel" else {"path": secret, "bytes": None}
    schema = pa.schema(
        [pa.field("tokens", pa.list_(inner)), pa.field("ner_tags", pa.list_(pa.string()))], metadata=schema_metadata
    )
    table = pa.Table.from_arrays([pa.array([[value]], pa.list_(inner)), pa.array([["O"]])], schema=schema)
    with pa.OSFile("train.arrow", "wb") as sink, pa.ipc.new_stream(sink, schema) as writer:
        writer.write_table(table)
    with pytest.raises(LmnError) as raised:
        read("train.arrow")
    assert "secret" not in str(raised.value).replace(secret, "")


def packed(kind: str) -> bytes:
    buffer = io.BytesIO()
    if kind == "gzip":
        return gzip.compress(CSV.encode())
    if kind == "zip":
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("train.csv", CSV)
    else:
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            info = tarfile.TarInfo("../../train.csv")
            info.size = len(CSV)
            tar.addfile(info, io.BytesIO(CSV.encode()))
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["gzip", "zip", "tar"])
@pytest.mark.parametrize("name", ["train.csv", "train.csv.gz", "train.zip", "train.tar", "train.json"])
def test_nothing_is_unpacked(name: str, kind: str) -> None:
    Path("data").mkdir()
    Path("data", name).write_bytes(packed(kind))
    refused("data", "unpack it|are for the library's builder|any data file|[Nn]o .*data files|not a zip file")
    refused(f"data/{name}", "unpack it|ends in")


def test_a_link_out_of_the_source_is_refused_and_the_remedy_works() -> None:
    Path("elsewhere").mkdir()
    Path("elsewhere/train.csv").write_text(CSV)
    Path("root/data").mkdir(parents=True)
    Path("root/data/train.csv").symlink_to("../../elsewhere/train.csv")
    Path("root/folder").symlink_to("../elsewhere")
    for path in ("data", "data/train.csv", "folder", "folder/train.csv"):
        refused(path, r"leads out of root.*; --source DIR names ", "root")
    for path in (
        "../elsewhere",
        "data/../../elsewhere",
        str(Path("elsewhere").absolute()),
        "file:///etc",
        "zip://a::b",
    ):
        refused(path, "(a path|an address) .*--source DIR names the folder that holds it", "root")
    assert seen(read("train.csv", "elsewhere")) == SEEN


def test_a_folder_of_the_working_directory_is_not_taken_for_a_data_set_on_the_hub() -> None:
    Path("owner/name").mkdir(parents=True)
    Path("owner/name/train.csv").write_text(CSV)
    Path("root").mkdir()
    refused("owner/name", "and also a folder of the working directory", "root")
    assert seen(read("owner/name")) == SEEN


def test_an_older_library_which_runs_programs_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "__version__", "3.6.0")
    Path("train.csv").write_text(CSV)
    refused("train.csv", "needs datasets 4 or later, not 3.6.0, which runs programs")


READ = """
from pathlib import Path
from reading import read_file, seen
from llms_meet_ner import LmnError
try:
    print(seen(read_file(Path("root/train"), {"type": "datasets", "path": "owner/name", "scheme": "IOB2"}, labels=("PER",))))
except LmnError as error:
    print(error)
"""
README = "---\nconfigs: [{config_name: default, data_files: 'PATH'}]\n---\n"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"train.csv": CSV, "README.md": README.replace("PATH", "t*.csv")}, str(SEEN)),
        ({"train.csv": CSV, "README.md": README.replace("PATH", "../../../x.csv")}, "README.md: configs: '../../../x.csv' is a path that may"),
        ({"train.csv": CSV, "README.md": README.replace("PATH", "file:SECRET")}, "secret.csv', which is not one of its own files"),
        ({"train.csv": CSV, "name.py": "import os; os.mkdir('ran')"}, "it is a program, which is not run"),
    ],
    ids=["sound", "up", "file", "program"],
)  # fmt: skip
def test_a_data_set_on_the_hub_is_read_from_its_own_files(files: dict[str, str], message: str) -> None:
    Path("secret.csv").write_text(CSV)
    secret = str(Path("secret.csv").absolute())
    with dataset_hub({name: text.replace("SECRET", secret).encode() for name, text in files.items()}) as hub:
        environment = {
            **os.environ, "HF_ENDPOINT": hub.address, "HF_HUB_OFFLINE": "0", "HF_HOME": str(Path("cache").absolute()),
            "HF_HUB_DISABLE_XET": "1", "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-c", READ], check=False, env=environment, capture_output=True, text=True, timeout=120
        )
    assert message in done.stdout, done.stderr
    assert not Path("ran").exists()
