"""Whatever a training raises becomes one line, with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.training.failures import training_errors

RECIPE, OUT = Path("r.yaml"), Path("outputs/x")


def told(error: BaseException, *, sharing: bool = True) -> str:
    with pytest.raises(LmnError) as caught, training_errors(RECIPE, OUT, sharing=sharing):
        raise error
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB.\nSee documentation"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
    ],
)
def test_too_little_memory_says_what_takes_less(workdir: Path, error: BaseException) -> None:
    assert "r.yaml: out of memory (" in told(error)
    assert "a smaller --tokens-per-row needs less" in told(error)
    assert "a smaller per_device_train_batch_size needs less" in told(error, sharing=False)
    assert not list(workdir.iterdir())


def test_another_error_keeps_its_traceback_in_a_file(workdir: Path) -> None:
    line = told(KeyError("weight\nand more"))
    assert line == "r.yaml: training failed: KeyError: 'weight\\nand more'; the traceback is in outputs/x.error.txt"
    text = Path("outputs/x.error.txt").read_text()
    assert text.startswith("Traceback (most recent call last):")
    assert "test_failures.py" in text
    assert "ValueError: ValueError; the" in told(ValueError())


def test_a_key_that_llama_factory_refuses_is_an_error_of_the_recipe(workdir: Path) -> None:
    parser = pytest.importorskip("llamafactory.hparams.parser")
    with pytest.raises(LmnError) as caught, training_errors(RECIPE, OUT, sharing=True):
        parser.get_train_args(
            {"model_name_or_path": "m", "output_dir": "o", "use_cpu": True, "do_train": True, "dataset": None}
        )
    assert str(caught.value) == (
        "r.yaml: LLaMA-Factory refuses it: Please specify dataset for training; correct the key in the recipe"
    )
    assert not list(workdir.iterdir())


def test_a_missing_package_and_our_own_errors(workdir: Path) -> None:
    line = told(ImportError("bitsandbytes is not installed"))
    assert line.startswith(
        "r.yaml: a package for training is missing or does not fit (bitsandbytes is not installed); pip install "
    )
    assert told(LmnError("what", "where", "remedy")) == "where: what; remedy"
    with pytest.raises(KeyboardInterrupt), training_errors(RECIPE, OUT, sharing=True):
        raise KeyboardInterrupt
