"""The tiny model and data that the real training runs of this folder share."""

import pytest
from byte_llama import save_byte_llama
from tiny_training import TinyTraining, save_data


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyTraining:
    """The tiny model and data, made once a session."""
    folder = tmp_path_factory.mktemp("tiny")
    save_byte_llama(folder / "model")
    save_data(folder / "data")
    return TinyTraining(folder)
