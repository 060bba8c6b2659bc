"""`lmn-annotate plan`."""

from __future__ import annotations

from pathlib import Path

from annotating import PRICES, annotate, with_server
from fake_openai import Fake
from served_project import save_mini_project


def test_a_plan_says_tokens_and_money_and_sends_nothing(fake: Fake, workdir: Path) -> None:
    Path("prices.yaml").write_text(PRICES)
    words = [
        "demo",
        "--split",
        "testb",
        "--limit",
        "4",
        "--engine",
        "openai",
        "--base-url",
        fake.url,
        "--prices",
        "prices.yaml",
    ]
    lines = annotate("plan", *words, "--out", "llm").output.splitlines()
    assert lines[0] == "sentences: 4; requests: 4"
    assert lines[1].startswith("tokens in: ")
    assert lines[2].startswith("cost: from 0.")
    assert lines[2].endswith(
        "EUR, at 100 and 1000 EUR a million tokens in and out, https://example.org/prices, 2026-11-26"
    )
    assert lines[3] == "server: 127.0.0.1, this machine"
    assert not fake.requests
    with_server(fake, "demo", "--split", "testb", "--limit", "3", "--out", "llm")
    again = annotate("plan", *words, "--out", "llm").output.splitlines()
    assert again[0] == "sentences: 4; requests: 1; answers that are there already, and cost nothing more: 3"
    assert len(fake.requests) == 3


def test_a_model_here_costs_nothing(workdir: Path) -> None:
    save_mini_project(workdir, "nothing")
    said = annotate("plan", "demo", "--split", "testb", "--recipe", "recipe.yaml", "--out", "llm").output
    assert said == "demo testb (sentences: 100), in this process: nothing is sent, and nothing is charged\n"
    said = annotate(
        "plan", "demo", "--split", "testb", "--recipe", "recipe.yaml", "--out", "llm", "--tokenizer", "t", code=1
    ).stderr
    assert "--tokenizer t: tokens are counted for a server; add --engine openai, or leave it out" in said
