"""Text leaves the machine only with a yes."""

from __future__ import annotations

import sys

import click
import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.annotation.consent import ask_to_send, stays_here


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://localhost:8000/v1", True), ("http://127.0.0.1/v1", True), ("http://127.8.9.1/v1", True), ("http://[::1]:8000/v1", True),
        ("https://api.example.org/v1", False), ("http://10.0.0.5/v1", False), ("http://localhost.example.org/v1", False),
        ("http://127.0.0.1.example.org/v1", False), ("http://user@localhost:1/v1", True), ("http://localhost@example.org/v1", False),
        ("http://0.0.0.0/v1", False),
    ],
)  # fmt: skip
def test_only_the_machine_s_own_addresses_stay_here(address: str, expected: bool) -> None:
    assert stays_here(address) is expected


def test_a_server_here_is_named_and_needs_no_yes(capsys: pytest.CaptureFixture[str]) -> None:
    ask_to_send("http://localhost:1/v1", "news.txt (sentences: 3)", yes=False)
    assert capsys.readouterr().err == "to be sent to localhost, this machine: news.txt (sentences: 3)\n"


def test_another_host_is_named_and_needs_a_yes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    address = "https://api.example.org/v1"
    ask_to_send(address, "3 sentences", yes=True)
    assert capsys.readouterr().err == "to be sent to api.example.org, another machine: 3 sentences\n"
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    with pytest.raises(
        LmnError, match=r"api.example.org: nothing is sent without a yes, .* no terminal to ask on; add --yes"
    ):
        ask_to_send(address, "3 sentences", yes=False)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    said: list[str] = []
    monkeypatch.setattr(click, "confirm", lambda text, err: said.append(text) or True)
    ask_to_send(address, "3 sentences", yes=False)
    assert said == ["Send it to api.example.org?"]
    monkeypatch.setattr(click, "confirm", lambda text, err: False)
    with pytest.raises(LmnError, match="nothing was sent"):
        ask_to_send(address, "3 sentences", yes=False)


def test_a_proxy_elsewhere_makes_a_server_here_another_machine(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    address = "http://localhost:1/v1"
    monkeypatch.setenv("http_proxy", "http://user:secret@proxy.example.org:3128")
    monkeypatch.delenv("no_proxy", raising=False)
    ask_to_send(address, "3 sentences", yes=True)
    said = capsys.readouterr().err
    assert said == "to be sent to localhost, another machine: 3 sentences, through the proxy proxy.example.org\n"
    monkeypatch.setenv("no_proxy", "localhost")
    ask_to_send(address, "3 sentences", yes=False)
    assert capsys.readouterr().err == "to be sent to localhost, this machine: 3 sentences\n"
