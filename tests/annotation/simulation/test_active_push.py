"""Rounds on a Hub on this machine, by the real client."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from annotating import rows, simulate_active
from hub_server import HubServer, point_at
from tiny_encoders import student_recipe

from llms_meet_ner import LmnError
from llms_meet_ner.annotation.simulation.active import Round
from llms_meet_ner.annotation.simulation.active_learners import learner_of
from llms_meet_ner.annotation.simulation.active_push import RoundPublisher
from llms_meet_ner.data_converters import load_card
from llms_meet_ner.training.recipe import load_recipe

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
        lost = simulate_active(*words, *base, code=1)
        assert "someone/encoder" in lost.stderr
        assert [row["cell"] for row in rows(Path("out/rows.jsonl"))[1:]] == ["start/seed-1/round-00"]
        server.add("someone/encoder")
        said = simulate_active(*words, *base)
        assert "2 of 3 trainings" in said.stderr  # the start was not trained again
        assert not {"hub", "published-data", "weights"} & {path.name for path in Path("out").rglob("*")}
        assert list(json.loads(Path("out/uploads.json").read_text())["me/rounds"]) == [
            "start/seed-1/round-00",
            "mean-entropy/seed-1/round-01",
        ]
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


def test_what_was_uploaded_is_left_and_what_is_gone_is_said(workdir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe, card = student_recipe(workdir), load_card("demo")
    learner = learner_of(recipe, [], card)
    marks = Path("uploads.json")
    publisher = RoundPublisher("me/rounds", None, "mnlp", 1, learner, load_recipe(recipe), card, marks)
    marks.write_text('{"me/rounds": {"mnlp/seed-1/round-01": "https://hub/1"}}')
    capsys.readouterr()
    for one in (Round("mnlp", 1, 1), Round("random", 1, 1), Round("mnlp", 2, 1)):
        publisher(one, Path("gone"), ())
    assert capsys.readouterr().err == ""
    publisher(Round("mnlp", 1, 2), Path("gone"), ())
    assert "mnlp/seed-1/round-02: its weights are not there any more, and are not uploaded" in capsys.readouterr().err
    marks.write_text("[]")
    with pytest.raises(LmnError, match="does not say what was uploaded"):
        publisher(Round("mnlp", 1, 2), Path("gone"), ())
