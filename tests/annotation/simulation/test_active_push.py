"""Rounds on a Hub on this machine, by the real client."""

from __future__ import annotations

from pathlib import Path

import pytest
from annotating import simulate_active
from hub_server import HubServer, point_at
from tiny_encoders import student_recipe

pytest.importorskip("torch")
TOKEN = "hf_aVerySecretTokenOfMine1234"


def test_rounds_are_branches_on_the_hub_with_a_card_each(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    student_recipe(workdir)
    words = ("--strategies", "mean-entropy", "--rounds", "1", "--seeds", "1", "--push", "me/rounds", "--out", "out")
    base = ("--base-model", "someone/encoder")
    monkeypatch.delenv("HF_TOKEN", raising=False)
    assert "no token for the Hub" in simulate_active(*words, *base, code=1).stderr
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert "the base model is a folder on this machine" in simulate_active(*words, code=1).stderr
    assert not Path("out").exists()
    with HubServer() as server:
        point_at(server, monkeypatch)
        server.writers = {TOKEN: {"me"}}
        server.add("someone/encoder")
        said = simulate_active(*words, *base)
        repo = server.repos["me/rounds"]
    assert "to be uploaded to me/rounds: the rounds of mean-entropy with seed 1, each on a branch" in said.stderr
    assert set(repo.branches) == {"main", "round-00", "round-01"}
    assert repo.private
    tree = repo.commits[repo.branches["round-01"]]
    assert {"README.md", "model.safetensors", "student.json", "config.json", "recipe.yaml"} <= set(tree)
    card = tree["README.md"].decode()
    assert "base_model: someone/encoder" in card
    assert "round 1 of mean-entropy" in card
    assert str(workdir) not in card
