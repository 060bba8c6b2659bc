"""Fixtures of the library's tests: a format, and a system behind a server."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from fake_openai import Fake, fake_server
from listing import Listing
from served_project import CARD, DEMO, KEY, call

from llms_meet_ner import formats
from llms_meet_ner.data_converters.cli.convert import main as lmn_convert


@pytest.fixture
def listing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A format called `listing`, which does not write the sentence again."""
    monkeypatch.setitem(formats._FORMATS, "listing", Listing)


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working directory with data and a recipe, and no model."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "mini.yaml").write_text(CARD)
    recipe = {"model_name_or_path": "none/such", "template": "default", "dataset": "mini.short_train"}
    recipe |= {"dataset_dir": "data/alpaca", "output_dir": "outputs/mini"}
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    before = Path.cwd()
    os.chdir(folder)
    try:
        call(lmn_convert, "mini.yaml", "--source", str(DEMO), "--variant", "short")
    finally:
        os.chdir(before)
    return folder


@pytest.fixture
def project(converted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPENAI_API_KEY", KEY + "\n")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    folder = tmp_path / "project"
    shutil.copytree(converted, folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def fake() -> Iterator[Fake]:
    with fake_server() as server:
        yield server
