"""Secrets of a recipe, of the environment and of a server's address: none of them leaves, is printed or is written."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from fake_openai import chat, error, fake_server
from paths import ROOT
from publishing import BASE, Trained, trained
from secrets_of_all_kinds import SECRETS

from llms_meet_ner import LmnError
from llms_meet_ner.eval.cli.publish import main as lmn_publish
from llms_meet_ner.eval.publish.hyperparameters import hyperparameters, training_keys
from llms_meet_ner.systems.server import Server, ServerOptions
from llms_meet_ner.training.recipe import load_recipe

OPTIONS = ["--recipe", "tiny.yaml", "--repo", "me/tiny-ner", "--base-model", BASE, "--dry-run"]
HUB = Path("outputs/tiny/hub")


@pytest.fixture
def tiny(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trained]:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return trained(workdir)


def published(*words: str, code: int = 0) -> str:
    """Run lmn-publish, and return everything that a stranger may see: its output, and the files of the folder."""
    result = CliRunner().invoke(lmn_publish, [*OPTIONS, *words])
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    files = [path.read_bytes().decode("utf-8", "replace") for path in HUB.rglob("*") if path.is_file()]
    return "\n".join([result.output, *files])


def secret_part(kind: str) -> str:
    """Return the part of an invented secret that must not be seen."""
    return {"basic auth": "user:pw"}.get(kind, SECRETS[kind][-12:])


def add_to_recipe(**keys: Any) -> None:
    values = yaml.safe_load(Path("tiny.yaml").read_text())
    Path("tiny.yaml").write_text(yaml.safe_dump({**values, **keys}, sort_keys=False))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("swanlab_lark_webhook_url", "https://example.org/hook/geheim-7"),
        ("ray_init_kwargs", {"runtime_env": {"env_vars": {"WANDB_API_KEY": "geheim-7"}}}),
        ("aws_secret_access_key", "geheim-7"),
        ("proxy", "http://user:geheim-7@proxy"),
        ("run_name", "sk-geheim-7aaaaaaaaaaa"),
        ("optim_args", "x=1,token=geheim-7"),
        ("default_system", "http://user:geheim-7@proxy"),
        ("lr_scheduler_kwargs", {"a": [{"api_key": "geheim-7"}]}),
        ("unheard_of", "geheim-7"),
    ],
)
def test_no_key_of_a_recipe_gives_a_secret_away(tiny: Trained, key: str, value: Any) -> None:
    add_to_recipe(**{key: value})
    seen = published()
    assert "geheim-7" not in seen
    assert f"keys of the recipe left out: {key}; --allow KEY publishes one" in seen
    assert key.replace("_", "\\_") in (HUB / "README.md").read_text()


def test_secrets_of_all_kinds_in_all_kinds_of_keys_are_left_out(tiny: Trained) -> None:
    for place in ("plain", "list", "deep"):
        for number, kind in enumerate(SECRETS):
            value: Any = {"plain": SECRETS[kind], "list": ["x", SECRETS[kind]], "deep": {"a": {"b": SECRETS[kind]}}}[
                place
            ]
            add_to_recipe(**dict.fromkeys(("optim_args", f"my_key_{place}_{number}"), value))
            left_out = hyperparameters(load_recipe(Path("tiny.yaml"))).left_out
            assert "optim_args" in left_out, (kind, place)
    seen = published()
    assert not [kind for kind in SECRETS if secret_part(kind) in seen]


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_in_a_file_that_is_copied_refuses_the_folder(tiny: Trained, kind: str) -> None:
    rows = [{"current_steps": 1, "loss": 2.0}, {"current_steps": 2, "loss": 1.0, "note": SECRETS[kind]}]
    (tiny.output / "trainer_log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    seen = published(code=1)
    assert "trainer_log.jsonl:2" in seen
    assert "so nothing was published" in seen
    assert secret_part(kind) not in seen
    assert [path.name for path in HUB.iterdir() if not path.name.endswith(".lmn-lock")] == []


@pytest.mark.parametrize("file", ["prompt_spec.json", "tokenizer_config.json", "tokenizer.json", "adapter_config.json"])
def test_no_file_of_the_adapter_hides_a_secret(tiny: Trained, file: str) -> None:
    values = json.loads((tiny.output / file).read_text())
    (values["template"] if file == "prompt_spec.json" else values)["default_system"] = SECRETS["github"]
    (tiny.output / file).write_text(json.dumps(values))
    assert SECRETS["github"][-12:] not in published(code=1)


def test_a_place_that_holds_no_secret_can_be_passed_over(tiny: Trained) -> None:
    (tiny.output / "trainer_log.jsonl").write_text(
        json.dumps({"current_steps": 1, "loss": 1, "note": SECRETS["jwt"]}) + "\n"
    )
    place = next(word for word in published(code=1).split() if word.startswith("trainer_log"))
    assert SECRETS["jwt"] in published("--not-secret", place)


@pytest.mark.parametrize("written", [str, lambda text: base64.b64encode(f"me:{text}".encode()).decode()])
def test_a_secret_of_the_environment_does_not_leave(
    tiny: Trained, monkeypatch: pytest.MonkeyPatch, written: Any
) -> None:
    monkeypatch.setenv("MY_LOGGING_TOKEN", "0wn-secret")
    (tiny.output / "trainer_log.jsonl").write_text(
        json.dumps({"current_steps": 1, "loss": 1, "x": written("0wn-secret")}) + "\n"
    )
    seen = published("--not-secret", "trainer_log.jsonl:1", code=1)
    assert "trainer_log.jsonl:1 (x): holds the secret in MY_LOGGING_TOKEN, so nothing was published" in seen
    assert written("0wn-secret") not in seen


def test_recipes_of_the_repository_lose_nothing_that_describes_the_training() -> None:
    recipes = [path for path in sorted((ROOT / "recipes").rglob("*.yaml")) if path.parent.name != "search"]
    assert len(recipes) > 15
    expected = {"report_to", "plot_loss", "overwrite_output_dir"}
    for path in recipes:
        if "model_name_or_path" in yaml.safe_load(path.read_text(encoding="utf-8")):
            recipe = load_recipe(path)
            found = hyperparameters(recipe)
            assert set(found.left_out) <= expected, path
            assert set(found.values) == set(recipe.values) & training_keys(), path


@pytest.mark.parametrize(
    "echo",
    ["p4ss-word", base64.b64encode(b"me:p4ss-word").decode(), "me:p4ss-word@", "k3y-of-mine", "sk-somebody0elses0key"],
)
def test_what_a_server_echoes_is_masked(echo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k3y-of-mine")
    with fake_server() as fake:
        url = f"http://me:p4ss-word@{fake.url.removeprefix('http://')}"
        fake.before = lambda *_: error(400, f"bad request by {echo}, see {echo}")
        assert echo not in _said_by(url)


def _said_by(url: str) -> str:
    with pytest.raises(LmnError) as caught:
        Server(ServerOptions(url, "m", retries=0)).complete("", ["x"], 5)
    return str(caught.value)


def test_a_secret_in_an_answer_is_masked() -> None:
    with fake_server() as fake:
        fake.before = lambda *_: chat("you are p4ss-word")
        url = f"http://me:p4ss-word@{fake.url.removeprefix('http://')}"
        assert Server(ServerOptions(url, "m", retries=0)).complete("", ["x"], 50)[0] == "you are ***"
