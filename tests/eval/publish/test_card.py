"""The folder that lmn-publish makes, and its card: everything from files, nothing of the machine, nothing that breaks the page."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from hostile import HOSTILE, MARKDOWN, adversarial, inlines, shown, text_of
from publishing import BASE, Trained, trained

from llms_meet_ner import get_format
from llms_meet_ner.data_converters import load_card
from llms_meet_ner.eval.cli.publish import main as lmn_publish
from llms_meet_ner.eval.evaluate import Gold
from llms_meet_ner.labels import Label, LabelSet
from llms_meet_ner.prompting.spec import PromptSpec
from llms_meet_ner.rendering.text import visible
from llms_meet_ner.training.recipe import load_recipe


@pytest.fixture
def tiny(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> Trained:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setenv("HF_TOKEN", "hf_aVerySecretTokenOfMine1234")
    return trained(workdir)


def call(*words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(lmn_publish, ["--repo", "me/tiny-ner", "--recipe", "tiny.yaml", *words])
    assert result.exit_code == code, result.output + str(result.exception)
    assert "hf_aVery" not in result.output
    return result


def card_of(folder: Path = Path("outputs/tiny/hub")) -> tuple[dict[str, Any], str]:
    head, text = re.fullmatch(
        r"---\n(.*?)\n---\n(.*)", (folder / "README.md").read_text(encoding="utf-8"), re.S
    ).groups()  # type: ignore[union-attr]
    return yaml.safe_load(head), text


def test_the_folder_and_its_card(tiny: Trained) -> None:
    free = json.loads(tiny.score("testb", "free", wrong=3).read_text())
    sure = json.loads(tiny.score("testb", "constrained").read_text())
    told = call("--dry-run", "--license", "mit").output
    files = [path for path in Path("outputs/tiny/hub").iterdir() if path.name != ".lmn-publish.json"]
    assert told == (
        f"outputs/tiny/hub: {len(files)} files, 0.0 MB; weights in bfloat16\n"
        f"  demo testb, constrained: F1 {sure['seqeval']['micro']['f1']:.4f}\n  no score for split testa\n"
    )
    metadata, text = card_of()
    assert {key: metadata[key] for key in metadata.keys() - {"tags", "model-index"}} == {
        "language": "en", "license": "mit", "library_name": "peft", "base_model": BASE, "base_model_relation": "adapter",
        "pipeline_tag": "token-classification", "datasets": ["demo"],
    }  # fmt: skip
    (result,) = metadata["model-index"][0]["results"]
    assert result["task"]["type"] == "token-classification"
    assert result["dataset"] == {"name": "llms-meet-ner demo corpus", "type": "demo", "split": "testb"}
    micro = sure["seqeval"]["micro"]
    assert {row["type"]: row["value"] for row in result["metrics"]} == {
        key: micro[key] for key in ("precision", "recall", "f1")
    }
    for document in (free, sure):
        micro = document["seqeval"]["micro"]
        assert f"| {micro['precision']:.4f} | {micro['recall']:.4f} | {micro['f1']:.4f} |" in text
    assert "Not scored: split testa." in text
    assert tiny.spec.instruction in text
    assert "| learning\\_rate | 0.001 |" in text
    assert "12 of 30 lines of the log. Mean training loss 0.2500. Training took 1,234 s." in text
    assert "lmn-convert demo --source DIR --variant short" in text
    assert "lmn-eval --recipe recipe.yaml --split testb --decoding constrained" in text
    assert PromptSpec.load(Path("outputs/tiny/hub/prompt_spec.json")) == tiny.spec


def test_a_readers_own_tools_read_the_metadata(tiny: Trained) -> None:
    from huggingface_hub import ModelCard

    tiny.score()
    call("--dry-run")
    data = ModelCard.load(Path("outputs/tiny/hub/README.md")).data
    assert [(result.dataset_split, result.metric_type) for result in data.eval_results] == [
        ("testb", "precision"), ("testb", "recall"), ("testb", "f1"),
    ]  # fmt: skip
    assert data.license is None
    assert "this model: not known. No licence was given" in card_of()[1]


def test_scores_of_other_adapters_are_named_and_left_out(tiny: Trained) -> None:
    tiny.score("testa", "free", adapter="0" * 64)
    damaged = tiny.score("testa", "constrained")
    damaged.write_text("{")
    changed = tiny.score("testb", "free-first10")
    (changed.parent / "predictions.jsonl").write_text("{}\n")
    kept = tiny.score("testb", "free")
    (kept.parent / "scores.min0.9.json").write_text(kept.read_text())
    untrained = tiny.score("testb", "free-shots1")
    shots = {"number": 1, "rule": "random", "seed": 42, "dataset": "d", "ids": ["a"], "sha256": "0"}
    untrained.write_text(json.dumps(json.loads(untrained.read_text()) | {"shots": shots}))
    older = tiny.score("testb", "free-older")
    older.write_text(json.dumps(json.loads(older.read_text()) | {"schema": 1}))
    part = tiny.score("testb", "free-first20")
    part.write_text(json.dumps(json.loads(part.read_text()) | {"limit": 20}))
    call("--dry-run")
    metadata, text = card_of()
    assert len(metadata["model-index"][0]["results"]) == 1
    for line in (
        "- demo\\_testb/free-first20: of the first 20 sentences only (--limit)",
        "- demo\\_testa/constrained: cannot be read: scores.json:1: not JSON (Expecting property name",
        "- demo\\_testa/free: of another adapter, or of this one before it was trained again",
        "- demo\\_testb/free-first10: the predictions next to it are others than those that were scored",
        "- demo\\_testb/free-older: cannot be read: scores.json: written in schema 1, and this version reads schema 2\n",
        "- demo\\_testb/free-shots1: of the model without the adapter",
        "- demo\\_testb/free/scores.min0.9.json: of a part of the predicted entities only (--min-confidence)",
        "Not scored: split testa.",
    ):
        assert line in text


def test_without_scores_log_and_data_the_card_says_so(tiny: Trained) -> None:
    for name in ("trainer_log.jsonl", "all_results.json"):
        (tiny.output / name).unlink()
    Path("data/alpaca/dataset_info.json").unlink()
    told = call("--dry-run", "--split", "testb").output
    assert "no score for split testb" in told
    assert "not known: data/alpaca/dataset_info.json: no such file" in told
    metadata, text = card_of()
    assert not {"model-index", "language", "license"} & metadata.keys()
    for line in (
        "These weights have no scores.", "Not scored: split testb.", "There is no log of the training.", "There is no plot of the loss.",
        "not known: data/alpaca/dataset\\_info.json: no such file", "made from the names of the labels, without text of the corpus", "- The corpus: not known",
    ):  # fmt: skip
        assert line in text


def test_only_the_splits_that_are_asked_for(tiny: Trained) -> None:
    tiny.score("testa")
    tiny.score("testb")
    call("--dry-run", "--split", "testa")
    metadata, text = card_of()
    assert [result["dataset"]["split"] for result in metadata["model-index"][0]["results"]] == ["testa"]
    assert "- demo\\_testb/free: split testb was not asked for" in text


def test_nothing_of_the_machine_is_published(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    tiny = trained(
        workdir, base="/home/me/models/llama", dataset_dir="data/alpaca", hf_hub_token="hf_ABCDEFGHIJKLMNOPQRSTUVWX", ms_hub_token="x9y9z9",
        cache_dir="cache", deepspeed="/home/me/ds.json", some_key="hf_ABCDEFGHIJKLMNOPQRSTUVWX",
    )  # fmt: skip
    tiny.score()
    result = call("--dry-run", "--base-model", BASE, "output_dir=outputs/tiny")
    assert "Warning" not in result.output
    for path in Path("outputs/tiny/hub").iterdir():
        content = path.read_bytes()
        assert not re.search(rb"/home/me|hf_ABC|x9y9z9", content), path
        assert str(workdir).encode() not in content, path
    _, text = card_of()
    left_out = "hf\\_hub\\_token, ms\\_hub\\_token, cache\\_dir, some\\_key, deepspeed"
    assert f"Left out because they concern one machine or account: {left_out}." in text
    published = load_recipe(Path("outputs/tiny/hub/recipe.yaml"))
    assert (published.model, published.output_dir, published.seed) == (BASE, Path("outputs/tiny"), 7)
    config = json.loads(Path("outputs/tiny/hub/adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == BASE
    assert json.loads(Path("outputs/tiny/hub/tokenizer_config.json").read_text()) == {"eos_token": "</s>"}
    told = call("--dry-run", "hub_token=abc", code=1).output
    assert (
        told == "Error: hub_token=...: a token comes from HF_TOKEN or from `hf auth login`, and not from an argument\n"
    )


def test_a_base_model_in_a_folder(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setenv("HF_TOKEN", "hf_x")
    (workdir / "models/llama").mkdir(parents=True)
    (workdir / "models/llama/README.md").write_text(
        "---\nlicense: other\nlicense_name: tiny\nlicense_link: https://a.bc/l\n---\nx\n"
    )
    trained(workdir, base="models/llama")
    told = "models/llama: the base model is a folder on this machine, so nobody else could load the adapter; name it with --base-model OWNER/NAME\n"
    assert call(code=1).output == f"Error: {told}"
    assert not Path("outputs/tiny/hub").exists()
    assert call("--dry-run").output.startswith(f"Warning: {told}")
    metadata, text = card_of()
    assert (metadata["license"], metadata["license_name"], metadata["license_link"]) == (
        "other",
        "tiny",
        "https://a.bc/l",
    )
    assert "this model: tiny, the licence of the base model" in text
    assert "not a Hub id, which is OWNER/NAME" in call("--dry-run", "--base-model", "models/llama", code=1).output
    assert (
        "the adapter was trained on models/llama, and tiny.yaml names models/other"
        in call("--dry-run", "model_name_or_path=models/other", code=1).output
    )


def test_rounded_weights_and_those_that_are_kept(tiny: Trained) -> None:
    import torch
    from safetensors.torch import load_file

    tiny.score()
    call("--dry-run")
    trained_file, published = (
        tiny.output / "adapter_model.safetensors",
        Path("outputs/tiny/hub/adapter_model.safetensors"),
    )
    before, after = load_file(trained_file), load_file(published)
    assert {name: tensor.to(torch.bfloat16).tolist() for name, tensor in before.items()} == {
        n: t.tolist() for n, t in after.items()
    }
    assert {tensor.dtype for tensor in after.values()} == {torch.bfloat16}
    for path in (trained_file, published):
        assert hashlib.sha256(path.read_bytes()).hexdigest() in card_of()[1]
    first = {path.name: path.read_bytes() for path in Path("outputs/tiny/hub").iterdir()}
    call("--dry-run")
    assert {path.name: path.read_bytes() for path in Path("outputs/tiny/hub").iterdir()} == first, (
        "the same again, byte for byte"
    )
    call("--dry-run", "--keep-float32", "--out", "elsewhere")
    assert Path("elsewhere/adapter_model.safetensors").read_bytes() == trained_file.read_bytes()
    assert "The file here is that adapter, unchanged." in card_of(Path("elsewhere"))[1]
    broken = {**before, "a.lora_A.weight": before["a.lora_A.weight"] / 0}
    from safetensors.torch import save_file

    save_file(broken, trained_file)
    assert "a.lora_A.weight holds NaN, or numbers that are too large for bfloat16" in call("--dry-run", code=1).output
    trained_file.write_bytes(b"x" * 100)
    assert "adapter_model.safetensors: cannot be read (" in call("--dry-run", code=1).output


def test_a_folder_of_others_is_not_written_into(tiny: Trained) -> None:
    Path("mine").mkdir()
    Path("mine/README.md").write_text("mine")
    assert "mine: not empty, and not written by lmn-publish" in call("--dry-run", "--out", "mine", code=1).output
    assert Path("mine/README.md").read_text() == "mine"
    call("--dry-run", "--out", "ours")
    Path("ours/mine.txt").write_text("mine")
    (tiny.output / "trainer_log.jsonl").unlink()
    call("--dry-run", "--out", "ours")
    assert Path("ours/mine.txt").read_text() == "mine"
    assert not Path("ours/trainer_log.jsonl").exists()
    assert sorted(path.name for path in Path().iterdir() if path.name.startswith(".")) == []


def test_what_is_missing_is_told(tiny: Trained) -> None:
    assert call("learning_rate", code=1).output.startswith("Error: 'learning_rate' is not an override")
    assert "is no id" not in call("--dry-run", "--repo", "no-owner", code=1).output
    (tiny.output / "tokenizer_config.json").unlink()
    assert "training saves the tokenizer next to the adapter" in call("--dry-run", code=1).output
    (tiny.output / "adapter_model.safetensors").unlink()
    assert "no adapter there; train it with llamafactory-cli train tiny.yaml" in call("--dry-run", code=1).output


def label_name(text: str) -> str:
    """Return what of a text can be a label's name."""
    return re.sub(r"[\s\[\]|<>{}\"\x00-\x1f\u2028\u2029]", "", text).strip("-") or "X"


@pytest.mark.filterwarnings("ignore:A single label was found")
def test_a_thousand_random_and_adversarial_predictions(tiny: Trained) -> None:
    card, fmt = load_card("demo"), get_format("bracketed")
    sentences, outputs = adversarial(1000)
    scores = json.loads(tiny.score_outputs(Gold(card, "testb", card.data_of("testb"), sentences), outputs).read_text())
    records = [{"id": one.id, "tokens": one.tokens, "output": fmt.render(one, card.labels)} for one in sentences]
    Path("data/alpaca/demo.short_train.json").write_text(json.dumps(records))
    call("--dry-run")
    metadata, text = card_of()
    assert not {character for character in text if visible(character) != character} - {"\n"}
    assert [result["value"] for result in metadata["model-index"][0]["results"][0]["metrics"]] == [
        scores["seqeval"]["micro"][key] for key in ("precision", "recall", "f1")
    ]
    cells = [text_of(inline) for inline in inlines(text) if inline.level == 4]
    counted = {**scores["seqeval"]["labels"], "micro avg": scores["seqeval"]["micro"]}
    for name, row in counted.items():
        at = cells.index(name)
        assert cells[at : at + 5] == [
            name,
            *(f"{row[key]:.4f}" for key in ("precision", "recall", "f1")),
            f"{row['gold']:,}",
        ]
    low, high = scores["analysis"]["intervals"]["scores"]["micro"]["f1"]
    statuses = [str(scores["alignment"][status]) for status in ("exact", "repaired", "failed")]
    at = cells.index(f"{low:.4f} to {high:.4f}")
    assert cells[at + 1 : at + 4] == statuses
    assert sum(map(int, statuses)) == 1000
    fences = [token for token in MARKDOWN.parse(text) if token.type == "fence"]
    assert [fence.info for fence in fences] == ["text", "text", "sh", "python", "sh", "sh"]
    assert fences[0].content.split("\n")[0] in {visible(one.text) for one in sentences}


@pytest.mark.parametrize("start", range(len(HOSTILE) // 6 + 1))
def test_a_hostile_corpus_does_not_break_the_card(tiny: Trained, start: int) -> None:
    """Labels, definitions, title, licence, citation, instruction and example may hold anything."""
    told = [HOSTILE[(6 * start + number) % len(HOSTILE)] for number in range(6)]
    lines = [" ".join(text.split()) or "x" for text in told]
    labels = LabelSet((Label(label_name(told[0]), lines[0], lines[1]), Label("LOC", "place", lines[2])))
    spec = replace(tiny.spec, labels=labels, instruction=f"{told[3]}\nx")
    card = {
        "name": "odd", "title": lines[4], "language": "no", "licence": lines[5], "citation": lines[3], "homepage": lines[1],
        "splits": {"train": "odd.train"}, "reader": {"type": "columns", "scheme": "IOB2"}, "docstart": "none", "labels": [{"name": "X1"}],
    }  # fmt: skip
    Path("odd.yaml").write_text(yaml.safe_dump(card, allow_unicode=True))
    info = json.loads(Path("data/alpaca/dataset_info.json").read_text())
    entry = info["demo.short_train"]
    entry["lmn"] |= {"card": "odd.yaml", "corpus": "odd", "prompt": spec.without_template().to_dict()}
    Path("data/alpaca/dataset_info.json").write_text(json.dumps(info))
    words = ["".join(text.split()) or "x" for text in told]
    record = {"id": "odd/train/0", "tokens": [*words, "Turku"], "output": f"{' '.join(words)} [Turku | LOC]"}
    Path(f"data/alpaca/{entry['file_name']}").write_text(json.dumps([record]))
    spec.save(tiny.output / "prompt_spec.json")
    (tiny.output / "trainer_log.jsonl").unlink()  # no plot: it takes the most time
    call("--dry-run", f"lora_target={json.dumps(lines[0])}")
    metadata, text = card_of()
    assert metadata["language"] == "no"
    joined = ["".join(child.content for child in row.children) for row in inlines(text)]
    assert all(shown(line) in joined for line in lines[:3])
    assert f"The corpus: {shown(lines[3])}" in joined
    assert any(f"trained on {shown(lines[4])} with LLaMA-Factory" in row for row in joined)
    assert f"{shown(lines[4])}: {shown(lines[5])}" in joined
    fences = [token for token in MARKDOWN.parse(text) if token.type == "fence"]
    assert [fence.info for fence in fences] == ["text", "text", "sh", "python", "sh", "sh"]
    compile(fences[3].content, "snippet", "exec")
    headings = [token for token in MARKDOWN.parse(text) if token.type == "heading_open"]
    assert [heading.tag for heading in headings] == ["h1", *["h2"] * 5, "h3", "h3", "h2", "h2", "h3", "h2", "h2"]
