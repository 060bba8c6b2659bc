"""The tiny model and data that the real training runs of this folder share."""

from pathlib import Path

import pytest
from tiny_training import TinyTraining, save_data, save_model


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyTraining:
    """The tiny model and data, made once a session."""
    folder = tmp_path_factory.mktemp("tiny")
    save_model(folder / "model")
    save_data(folder / "data")
    return TinyTraining(folder)


@pytest.fixture(scope="session")
def finished(tiny: TinyTraining, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of six steps with checkpoints after the third and the sixth, made once a session."""
    pytest.importorskip("llamafactory")
    folder = tmp_path_factory.mktemp("finished") / "run"
    tiny.train(tiny.recipe(folder))
    assert sorted(path.name for path in folder.glob("checkpoint-*")) == ["checkpoint-3", "checkpoint-6"]
    return folder
