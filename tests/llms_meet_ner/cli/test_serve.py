"""`lmn-serve`: its options reach the loader and the limits, and mistakes are one line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from llms_meet_ner.cli.serve import main as lmn_serve
from llms_meet_ner.serving.limits import Limits


def call(*words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(lmn_serve, ["--adapter", "x", *words])
    assert result.exit_code == code, result.output + str(result.exception)
    return result


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What would be served: words and options of the loader, host, port and limits."""
    found: list[Any] = []
    monkeypatch.setattr(
        "llms_meet_ner.serving.process.serve", lambda load, *rest: found.extend([load.args, load.keywords, *rest])
    )
    return found


def test_defaults_are_those_of_lmn_tag_on_this_machine_only(served: list[Any]) -> None:
    call()
    assert served == [
        ("x",),
        {
            "base": None, "revision": None, "prompt": None, "corpus": None, "variant": None, "template": None, "decoding": None,
            "batch_size": 16, "dtype": "auto", "quantize": None, "min_confidence": None, "language": "auto", "server": None,
            "trust_remote_code": False,
        },
        "127.0.0.1", 8080, Limits(),
    ]  # fmt: skip


def test_options_reach_the_loader_and_the_limits(served: list[Any]) -> None:
    model = [
        "--tokens",
        "--decoding",
        "free",
        "--batch-size",
        "2",
        "--dtype",
        "float32",
        "--base",
        "b",
        "--prompt",
        "p.json",
        "--trust-remote-code",
        "--corpus",
        "demo",
        "--quantize",
        "8bit",
        "--min-confidence",
        "0.5",
    ]
    limits = [
        "--max-body",
        "1",
        "--max-texts",
        "2",
        "--max-characters",
        "3",
        "--max-requests",
        "4",
        "--queue",
        "5",
        "--portion",
        "6",
        "--patience",
        "7",
    ]
    call(*model, "--host", "0.0.0.0", "--port", "0", *limits)
    assert served[1:] == [
        {
            "base": "b", "revision": None, "prompt": Path("p.json"), "corpus": "demo", "variant": None, "template": None, "decoding": "free",
            "batch_size": 2, "dtype": "float32", "quantize": "8bit", "min_confidence": 0.5, "language": None, "server": None,
            "trust_remote_code": True,
        },
        "0.0.0.0", 0, Limits(1, 2, 3, 4, 5, 6, 7.0),
    ]  # fmt: skip


def test_mistakes_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LMN_SERVE_KEY", raising=False)
    refused = call("--tokens", "--language", "de", code=2)
    assert "--language is for finding sentences and tokens; with --tokens, lines and spaces say them" in refused.stderr
    assert call("--host", "0.0.0.0", code=1).stderr.startswith(
        "Error: 0.0.0.0: other machines can reach this address, and there is no key; "
    )
    monkeypatch.setenv("LMN_SERVE_KEY", "short-key-1")
    error = call(code=1).stderr
    assert error.startswith("Error: LMN_SERVE_KEY: a key has at least 16 characters")
    assert "short-key-1" not in error


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("llms_meet_ner.serving.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    error = call(code=1).stderr
    assert "the service needs FastAPI and uvicorn (" in error
    assert "pip install 'llms-meet-ner[serve]'" in error


def test_a_served_model_is_asked_with_a_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[Any] = []
    monkeypatch.setattr("llms_meet_ner.serving.process.serve", lambda load, *rest: found.append(load))
    words = ["--engine", "openai", "--base-url", "http://gpu1:8000/v1", "--corpus", "demo"]
    result = CliRunner().invoke(lmn_serve, words)
    assert result.exit_code == 0, result.output
    assert found[0].args == (None,)
    assert found[0].keywords["server"].base_url == "http://gpu1:8000/v1"
    without = CliRunner().invoke(lmn_serve, [])
    assert (without.exit_code, "which model? --adapter NAME" in without.output) == (2, True)
