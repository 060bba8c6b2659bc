"""Shared fixtures, and the rule that CI skips no test if the real corpora are there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from paths import ROOT

if TYPE_CHECKING:
    from tiny_training import TinyTraining

os.environ["HF_HUB_OFFLINE"] = "1"  # set before any package reads it; no test calls the Hub
os.environ["ONEDNN_MAX_CPU_ISA"] = (
    "AVX512_CORE_VNNI"  # without bfloat16, so that --dtype auto is float32 on every CPU, also in subprocesses
)


@pytest.fixture(scope="session")
def corpora() -> Path:
    """Folder of the real corpora, which the environment variable LMN_CORPORA names."""
    folder = os.environ.get("LMN_CORPORA")
    if not folder:
        pytest.skip(
            "LMN_CORPORA is not set: it names the folder of the real corpora (wikigold, wnut17, germeval2014, ...)"
        )
    path = Path(folder).resolve()
    assert path.is_dir(), f"LMN_CORPORA: {path} is not a folder"
    return path


@pytest.fixture
def workdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def _no_secret_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test mask the secrets of another one, or those of whoever runs the tests."""
    from llms_meet_ner import masking

    for name in ("_masks", "_words", "_names"):
        monkeypatch.setattr(masking, name, {})


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run the longest files first on workers, so that none of them runs alone at the end: real models and trainings, then attacks."""
    if hasattr(config, "workerinput"):
        slow = {item.path for item in items if item.get_closest_marker("slow")}
        attacks = ROOT / "tests" / "security"
        items.sort(key=lambda item: (item.path not in slow, attacks not in item.path.parents))


_skipped: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail"):
        _skipped.append(report.nodeid)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.skipped:
        _skipped.append(report.nodeid)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run in CI that skipped a test although LMN_CORPORA is set."""
    if os.environ.get("CI") and os.environ.get("LMN_CORPORA") and _skipped:
        print(f"\nskipped although LMN_CORPORA is set: {', '.join(_skipped)}")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def smollm2() -> Path:
    """Checkpoint of the embedded real model, saved once in models/ of the checkout, as the demo does."""
    from llms_meet_ner.eval.studies.demo_model import save_checkpoint

    return save_checkpoint(ROOT / "models" / "smollm2-135m-instruct")


@pytest.fixture(scope="session")
def minilm() -> Path:
    """The embedded encoder, saved once in models/ of the checkout, as the demo does."""
    from llms_meet_ner.eval.studies.demo_encoder import save_encoder

    return save_encoder(ROOT / "models" / "minilm-l6-v2")


@pytest.fixture(scope="session")
def gemma3_tokenizer() -> Path:
    """Gemma 3's tokenizer, saved once in models/ of the checkout."""
    from gemma3_tokenizer import save_tokenizer

    return save_tokenizer(ROOT / "models" / "gemma3-tokenizer")


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyTraining:
    """Tiny model and data for real training runs, made once in a session."""
    from byte_llama import save_byte_llama
    from tiny_training import TinyTraining, save_data

    folder = tmp_path_factory.mktemp("tiny")
    save_byte_llama(folder / "model")
    save_data(folder / "data")
    return TinyTraining(folder)
