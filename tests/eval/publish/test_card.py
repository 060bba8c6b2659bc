"""The model card: everything from files, nothing that breaks the page."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from converting import forget_hashes
from hostile import HOSTILE, MARKDOWN, adversarial, inlines, shown, text_of
from publish_command import call, card_of
from publishing import BASE, Trained

from llms_meet_ner import get_format
from llms_meet_ner.characters import is_harmful
from llms_meet_ner.data_converters import load_card
from llms_meet_ner.eval.evaluate import Gold
from llms_meet_ner.labels import Label, LabelSet
from llms_meet_ner.prompting.spec import PromptSpec
from llms_meet_ner.rendering.text import visible


def test_the_folder_and_its_card(tiny: Trained) -> None:
    free = json.loads(tiny.score("testb", "free", wrong=3).read_text())
    sure = json.loads(tiny.score("testb", "constrained").read_text())
    told = call("--dry-run", "--license", "mit").output
    hub = Path("outputs/tiny/hub")
    files = [path for path in hub.rglob("*") if path.is_file() and not path.name.startswith(".lmn-publish.json")]
    assert told == (
        f"outputs/tiny/hub: {len(files)} files, 0.1 MB; weights in bfloat16\n"
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
    use = text.index("\n## Use\n")
    assert max(use, text.index("```python")) < min(
        text.index("\n|---"), text.index("SHA-256"), text.index("\n## Scores\n")
    )
    assert tiny.spec.instruction in text
    assert "| learning\\_rate | 0.001 |" in text
    assert "12 of 30 lines of the log. Mean training loss 0.2500. Training took 1,234 s." in text
    assert "lmn-convert demo --source DIR --variant short" in text
    assert "lmn-eval --recipe recipe.yaml --split testb --decoding constrained" in text
    assert PromptSpec.load(Path("outputs/tiny/hub/prompt_spec.json")) == tiny.spec


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
    forget_hashes(Path("data/alpaca"))
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
    assert [fence.info for fence in fences] == ["sh", "python", "sh", "sh", "text", "text", "sh"]
    assert fences[4].content.split("\n")[0] in {visible(one.text) for one in sentences}


@pytest.mark.parametrize("start", range(len(HOSTILE) // 6 + 1))
def test_a_hostile_corpus_does_not_break_the_card(tiny: Trained, start: int) -> None:
    """Labels, definitions, title, licence, citation, instruction and example may hold anything."""
    told = [HOSTILE[(6 * start + number) % len(HOSTILE)] for number in range(6)]
    plain = ["".join(character for character in text if not is_harmful(character)) for text in told]
    lines = [
        " ".join(text.split()) or "x" for text in plain
    ]  # a card or a label that holds other characters is refused
    labels = LabelSet((Label(label_name(plain[0]), lines[0], lines[1]), Label("LOC", "place", lines[2])))
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
    assert [fence.info for fence in fences] == ["sh", "python", "sh", "text", "text", "sh"]
    compile(fences[1].content, "snippet", "exec")
    headings = [token for token in MARKDOWN.parse(text) if token.type == "heading_open"]
    assert [heading.tag for heading in headings] == ["h1", *["h2"] * 5, "h3", "h3", "h2", "h2", "h3", "h2", "h2"]
