"""A small trained adapter for the tests of lmn-publish: a random Llama and adapter, with recipe, log and scores."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from llms_meet_ner import PromptSpec, get_format
from llms_meet_ner.data_converters import load_card
from llms_meet_ner.data_converters.alpaca import prompt_spec_of
from llms_meet_ner.data_converters.cli.convert import main as lmn_convert
from llms_meet_ner.data_converters.corpus import read_corpus
from llms_meet_ner.eval.evaluate import Gold, evaluate, read_gold
from llms_meet_ner.eval.scored_run.files import save_evaluation
from llms_meet_ner.files import sha256_of
from llms_meet_ner.prompting.spec import TemplatePieces
from llms_meet_ner.sentence import Sentence, tokens_sha1
from llms_meet_ner.systems.choosing import recipe_system
from llms_meet_ner.systems.options import SystemOptions
from llms_meet_ner.training.recipe import load_recipe

BASE = "someone/tiny-llama"
TEMPLATE = TemplatePieces("plain", (), ("{{content}}\n",), ("{{content}}\n",))
LOG = [
    {"current_steps": step, "total_steps": 30, "loss": 2.0 / step, "lr": 1e-3 / step, "epoch": step / 10}
    for step in range(1, 31)
]


def save_adapter(base: Path, folder: Path, scale: float = 1.0) -> None:
    """Save an adapter of random weights in float32, with its tokenizer, as training leaves them."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.manual_seed(1)
    config = LoraConfig(
        r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM", init_lora_weights=False
    )
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(base, dtype="float32"), config)
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if "lora_B" in name:
                weights.mul_(scale)
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(base).save_pretrained(folder)


def fake_adapter(folder: Path, base: str) -> None:
    """Write an adapter with all its files that nothing can load, for tests that load no model."""
    import torch
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(2)
    weights = {"a.lora_A.weight": torch.randn(4, 32), "a.lora_B.weight": torch.randn(32, 4)}
    save_file(weights, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    (folder / "adapter_config.json").write_text(
        json.dumps({"base_model_name_or_path": base, "r": 4, "peft_type": "LORA"})
    )
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"eos_token": "</s>", "name_or_path": "/home/me/model", "is_local": True})
    )
    (folder / "tokenizer.json").write_text("{}")


@dataclass(frozen=True)
class Trained:
    """A recipe with its adapter, in the working directory.

    Attributes:
        folder: Working directory.
        recipe: YAML file of the recipe.
        output: Folder of the adapter.
        spec: Prompt spec of the adapter.
    """

    folder: Path
    recipe: Path
    output: Path
    spec: PromptSpec

    def score(self, split: str = "testb", run: str = "free", *, adapter: str | None = None, wrong: int = 10) -> Path:
        """Score the gold with every `wrong`-th sentence unmarked, and return the path of `scores.json`."""
        gold = read_gold(load_card("demo"), split)
        fmt = get_format(self.spec.format)
        shown = [
            Sentence(sentence.id, sentence.tokens) if number % wrong == 0 else sentence
            for number, sentence in enumerate(gold.sentences)
        ]
        return self.score_outputs(gold, [fmt.render(one, self.spec.labels) for one in shown], run, adapter)

    def score_outputs(self, gold: Gold, outputs: Sequence[str], run: str = "free", adapter: str | None = None) -> Path:
        """Write outputs as records, score them, and return the path of `scores.json`."""
        folder = self.output / f"demo_{gold.split}" / run
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "predictions.jsonl").open("w") as file:
            for sentence, output in zip(gold.sentences, outputs, strict=True):
                row = {
                    "id": sentence.id, "output": output, "tokens_sha1": tokens_sha1(sentence.tokens), "decoding": run,
                    "confidences": None, "uncertainty": None,
                }  # fmt: skip
                file.write(json.dumps(row) + "\n")
        stamp = {"adapter_sha256": adapter or sha256_of(self.output / "adapter_model.safetensors"), "shots": None}
        (folder / "run.json").write_text(json.dumps({"stamp": stamp}))
        facts = recipe_system(load_recipe(self.recipe), SystemOptions()).facts
        evaluation = evaluate(gold, folder / "predictions.jsonl", spec=self.spec, facts=facts)
        return save_evaluation(evaluation, folder)


def trained(folder: Path, base: str = BASE, **changes: Any) -> Trained:
    """Write data, recipe, log and an adapter that nothing can load into the working directory."""
    from click.testing import CliRunner

    result = CliRunner().invoke(lmn_convert, ["demo", "--variant", "short"])
    assert result.exit_code == 0, result.output
    values = {
        "model_name_or_path": base, "stage": "sft", "finetuning_type": "lora", "lora_rank": 4, "dataset": "demo.short_train",
        "dataset_dir": "data/alpaca", "template": "plain", "output_dir": "outputs/tiny", "learning_rate": 1e-3, "seed": 7, **changes,
    }  # fmt: skip
    recipe = folder / "tiny.yaml"
    recipe.write_text(yaml.safe_dump(values, sort_keys=False))
    output = folder / "outputs/tiny"
    fake_adapter(output, base)
    spec = prompt_spec_of(load_card("demo"), "bracketed", "short")
    from dataclasses import replace

    spec = replace(spec, template=TEMPLATE)
    spec.save(output / "prompt_spec.json")
    (output / "trainer_log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in LOG))
    (output / "all_results.json").write_text(json.dumps({"train_loss": 0.25, "train_runtime": 1234.5}))
    return Trained(folder, Path("tiny.yaml"), Path("outputs/tiny"), spec)


def demo_sentences(count: int) -> list[Sentence]:
    """Return the first sentences of the demo corpus."""
    return list(read_corpus(load_card("demo"), "testb"))[:count]
