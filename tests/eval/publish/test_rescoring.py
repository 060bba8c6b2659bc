"""What is published of a run: scores and spans without text, from which others get the same scores."""

from __future__ import annotations

import json
import random
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hub_server import HubServer, point_at
from publish_command import call, card_of
from publishing import Trained

from llms_meet_ner import get_format
from llms_meet_ner.data_converters import load_card
from llms_meet_ner.eval.cli.score import main as lmn_eval
from llms_meet_ner.eval.evaluate import evaluate, read_gold
from llms_meet_ner.eval.scored_run.files import save_evaluation
from llms_meet_ner.files import sha256_of
from llms_meet_ner.records import spans_to_json
from llms_meet_ner.sentence import tokens_sha1
from llms_meet_ner.systems.choosing import recipe_system
from llms_meet_ner.systems.options import SystemOptions
from llms_meet_ner.training.recipe import load_recipe

HUB = Path("outputs/tiny/hub")
ELSEWHERE = ("predictions", "recipe", "adapter", "sentences_sha256")
"""Keys of scores.json that say where the predictions lie."""


def spoiled(text: str, number: int) -> str:
    """Return an output in which something has to be repaired, or nothing can be read."""
    return [
        text,
        f"{text} [Nowhere | LOC]",
        text.replace("| PER]", "| Secret words]"),
        text.replace(" | ORG]", ""),
        "",
    ][number % 5]


def score(tiny: Trained, run: str = "constrained") -> dict[str, Any]:
    """Score spoiled outputs with confidences as lmn-eval does; return scores.json."""
    gold, fmt, drawn = read_gold(load_card("demo"), "testb"), get_format(tiny.spec.format), random.Random(1)
    folder = tiny.output / "demo_testb" / run
    folder.mkdir(parents=True)
    with (folder / "predictions.jsonl").open("w") as file:
        for number, sentence in enumerate(gold.sentences):
            output = spoiled(fmt.render(sentence, tiny.spec.labels), number)
            spans = fmt.parse(output, sentence.tokens, tiny.spec.labels).spans
            row = {
                "id": sentence.id, "output": output, "tokens_sha1": tokens_sha1(sentence.tokens), "decoding": run,
                "spans": spans_to_json(spans), "confidences": [round(drawn.random(), 3) for _ in spans],
                "uncertainty": {"mean": drawn.random(), "max": 1.0},
            }  # fmt: skip
            file.write(json.dumps(row) + "\n")
    stamp = {"adapter_sha256": sha256_of(tiny.output / "adapter_model.safetensors"), "shots": None}
    (folder / "run.json").write_text(json.dumps({"stamp": stamp}))
    facts = recipe_system(load_recipe(tiny.recipe), SystemOptions()).facts
    train = read_gold(load_card("demo"), "train")
    path = save_evaluation(
        evaluate(gold, folder / "predictions.jsonl", spec=tiny.spec, facts=facts, train=train), folder
    )
    document: dict[str, Any] = json.loads(path.read_text())
    return document


def rescored(name: str, *words: str, code: int = 0) -> Result:
    options = ["--corpus", "demo", "--split", "testb", "--published-predictions"]
    result = CliRunner().invoke(lmn_eval, ["--adapter", name, *options, *words])
    assert result.exit_code == code, result.output + str(result.exception)
    return result


@pytest.mark.parametrize("run", ["constrained", "free"])
def test_others_get_the_same_scores(tiny: Trained, run: str) -> None:
    before = score(tiny, run)
    assert before["alignment"]["ungrounded"] > 0
    assert before["alignment"]["failed"] > 0
    assert before["other_reading"] is None
    call("--dry-run")
    told = rescored(str(HUB)).stderr
    assert "the scores are those that were published" in told
    after = json.loads(Path(f"outputs/tiny--hub@published/demo_testb/{run}/scores.json").read_text())
    assert after.pop("adapter") == {"name": str(HUB), "revision": None}
    assert after["sha256"].pop("predictions") == sha256_of(HUB / f"demo_testb/{run}/predictions.jsonl")
    assert before["sha256"].pop("predictions")
    assert before["alignment"].pop("unknown_labels") == {
        "Secret words": after["alignment"]["unknown_labels"]["not published"]
    }
    del after["alignment"]["unknown_labels"]
    assert {key: value for key, value in after.items() if key not in ELSEWHERE} == {
        key: value for key, value in before.items() if key not in ELSEWHERE
    }


def test_no_text_is_published(tiny: Trained) -> None:
    score(tiny)
    call("--dry-run", "--no-corpus-text")
    gold = read_gold(load_card("demo"), "testb").sentences
    names = {word for sentence in gold for word in sentence.tokens if re.fullmatch(r"[A-Z][a-z]{4,}", word)}
    for path in (HUB / "demo_testb/constrained").iterdir():
        found = set(re.findall(r"\w+", path.read_text())) & (names | {"Nowhere", "Secret"})
        assert found == set(), path
    rows = [json.loads(line) for line in (HUB / "demo_testb/constrained/predictions.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rows] == [sentence.id for sentence in gold]
    assert {row["output"] for row in rows} == {None}
    assert str(tiny.folder) not in (HUB / "demo_testb/constrained/scores.json").read_text()


def test_the_card_says_how_and_a_second_run_has_its_decoding(tiny: Trained) -> None:
    score(tiny)
    free = score(tiny, "free")
    call("--dry-run")
    _, text = card_of()
    command = "lmn-eval --adapter me/tiny-ner --corpus demo --source DIR --split testb"
    assert f"{command} --published-predictions\n{command} --decoding free --published-predictions\n" in text
    rescored(str(HUB), "--decoding", "free", "--out", "mine")
    assert json.loads(Path("mine/scores.json").read_text())["seqeval"] == free["seqeval"]
    manifest = json.loads((HUB / ".lmn-publish.json").read_text())
    assert {
        f"demo_testb/{run}/{name}" for run in ("constrained", "free") for name in ("scores.json", "predictions.jsonl")
    } <= set(manifest)
    shutil.rmtree(tiny.output / "demo_testb/free")
    call("--dry-run")
    assert not (HUB / "demo_testb/free/scores.json").exists()


def test_another_version_of_the_corpus_is_named(tiny: Trained) -> None:
    score(tiny)
    call("--dry-run")
    card = load_card("demo")
    shutil.copytree(Path(str(card.data_of("testb"))).parent, "corpus")
    path = Path("corpus") / Path(str(card.data_of("testb"))).name
    lines = path.read_text().split("\n")
    words = [number for number, line in enumerate(lines) if line.strip()]
    for number in words[20], words[-1]:
        lines[number] = f"x{lines[number]}"
    path.write_text("\n".join(lines))
    told = rescored(str(HUB), "--source", "corpus", code=1).stderr
    assert "2 of 100 sentences are not those that were predicted; the first, demo/testb/" in told
    assert "has other tokens than those that were predicted" in told
    assert f"Error: {path}:" in told
    assert (
        "no published predictions of demo_testa; it holds demo_testb/constrained"
        in rescored(str(HUB), "--split", "testa", code=1).stderr
    )
    told = rescored(str(HUB), "--limit", "5", code=2).stderr
    assert "--limit does not go with --published-predictions" in told


def test_runs_without_their_sentences_are_named(tiny: Trained) -> None:
    score(tiny)
    (tiny.output / "demo_testb/constrained/sentences.jsonl").unlink()
    told = call("--dry-run").output
    assert (
        "predictions that others cannot score again: outputs/tiny/demo_testb/constrained/sentences.jsonl: no such file"
        in told
    )
    assert "--published-predictions" not in card_of()[1]
    assert not (HUB / "demo_testb").exists()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[HubServer]:
    from huggingface_hub import constants

    with HubServer() as started:
        point_at(started, monkeypatch)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        started.writers = {"hf_aVerySecretTokenOfMine1234": {"me"}}
        yield started


def test_a_repository_is_scored_without_its_weights(
    tiny: Trained, server: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    before = score(tiny)
    call("--dry-run")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    files = {path.relative_to(HUB).as_posix(): path.read_bytes() for path in HUB.rglob("*") if path.is_file()}
    server.add("me/tiny-ner", **files)
    told = rescored("me/tiny-ner")
    assert "the scores are those that were published" in told.stderr
    after = json.loads(Path("outputs/me--tiny-ner@published/demo_testb/constrained/scores.json").read_text())
    assert (after["seqeval"], after["analysis"]) == (before["seqeval"], before["analysis"])
    assert after["adapter"]["revision"]
    assert not [where for _, where in server.requests if where.endswith(".safetensors")]
