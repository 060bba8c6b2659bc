"""Compares constrained decoding with the plain reference, token for token.

python tests/verify/decoding.py MODEL [ADAPTER] [--sentences N] [--out FILE]
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from llms_meet_ner.cli.options import catch_errors
from llms_meet_ner.data_converters.cards import load_card
from llms_meet_ner.data_converters.corpus import read_corpus
from llms_meet_ner.decoding.model import load_model
from llms_meet_ner.decoding.pretrained import Weights, load_pretrained
from llms_meet_ner.decoding.requests import Request
from llms_meet_ner.errors import LmnError
from llms_meet_ner.files import write_json
from llms_meet_ner.formats import DEFAULT_FORMAT, get_format
from llms_meet_ner.prompting.spec import PROMPT_SPEC_FILE, PromptSpec, TemplatePieces
from llms_meet_ner.prompting.templates import encode_prompt
from llms_meet_ner.sentence import Sentence
from llms_meet_ner.training.recipe import ADAPTER_FILE


@dataclass(frozen=True, slots=True)
class Agreement:
    """The result of a comparison.

    Attributes:
        sentences: Number of sentences compared.
        steps: Number of output tokens; the reference takes a pass for each.
        passes: Number of passes of the fast decoder, summed over the sentences.
        differences: Ids of the sentences whose tokens differ.
    """

    sentences: int
    steps: int
    passes: int
    differences: list[str]

    def to_dict(self) -> dict[str, Any]:
        """Return a mapping for JSON."""
        return {
            "sentences": self.sentences,
            "steps": self.steps,
            "passes": self.passes,
            "steps_a_sentence": round(self.steps / self.sentences, 2),
            "passes_a_sentence": round(self.passes / self.sentences, 2),
            "differences": self.differences,
        }


def compare(
    model: Path,
    adapter: Path | None,
    number: int,
    batch_size: int,
    most_tokens: int | None = None,
    form: str = DEFAULT_FORMAT,
) -> Agreement:
    """Decode sentences of the embedded corpus both ways, in float32.

    Args:
        model: Folder of a base model with a byte-level tokenizer.
        adapter: Folder of an adapter for the embedded corpus, or None for the model alone.
        number: Number of sentences; those of the test split come first.
        batch_size: Number of sentences that both decode together.
        most_tokens: Number of tokens from which longer sentences are left out; None for no limit.
        form: Output format for a model without an adapter.
    """
    from reference_decoder import decode

    from llms_meet_ner.decoding.constrained import ConstrainedGenerator

    card = load_card("demo")
    splits = list(card.splits)
    sentences: list[Sentence] = [s for split in (splits[-1], splits[0]) for s in read_corpus(card, split)]
    sentences = [s for s in sentences if most_tokens is None or len(s.tokens) <= most_tokens][:number]
    spec = _spec(adapter, form)
    weights = Weights(str(model), adapter)
    loaded = load_model(weights, spec, "float32")
    reference = load_pretrained(weights, "float32").eval()  # with the linear layers of torch
    fast = ConstrainedGenerator(loaded, spec)
    differences: list[str] = []
    for start in range(0, len(sentences), batch_size):
        batch = sentences[start : start + batch_size]
        prompts = [encode_prompt(loaded.tokenizer, spec, sentence.text) for sentence in batch]
        tokens = [sentence.tokens for sentence in batch]
        plain = decode(reference, loaded.tokenizer, prompts, tokens, spec.labels.names, spec.format)
        fast.generate([Request(prompt, words, 1) for prompt, words in zip(prompts, tokens)])
        pairs = zip(batch, plain, fast.last_ids, strict=True)
        differences += [sentence.id for sentence, one, other in pairs if one != other]
    return Agreement(len(sentences), fast.cost.steps, fast.cost.passes, differences)


def _spec(adapter: Path | None, form: str) -> PromptSpec:
    """Return the prompt spec of an adapter, or the short instruction of a format in LLaMA-Factory's template `default`."""
    if adapter is not None:
        return PromptSpec.load(adapter / PROMPT_SPEC_FILE)
    card = load_card("demo")
    template = TemplatePieces(
        "default", (), ("{{content}}",), ("Human: {{content}}", {"special": "eos_token"}, "\nAssistant:")
    )
    instruction = get_format(form).instruction(card.labels, "short")
    return PromptSpec(form, "short", instruction, card.labels, template=template)


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("adapter", type=click.Path(path_type=Path))
@click.option("--sentences", "number", type=click.IntRange(min=1), default=300, show_default=True)
@click.option("--batch-size", type=click.IntRange(min=1), default=10, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="JSON file for the result.")
@catch_errors
def main(model: Path, adapter: Path, number: int, batch_size: int, out: Path | None) -> None:
    """Decode sentences of the embedded corpus step by step and fast; every token must be the same."""
    if not (adapter / ADAPTER_FILE).is_file():
        raise LmnError("no such file", adapter / ADAPTER_FILE, "make demo trains one")
    result = compare(model, adapter, number, batch_size)
    click.echo(
        f"{result.sentences} sentences, {len(result.differences)} differences; step by step {result.steps / result.sentences:.2f} "
        f"passes a sentence, here {result.passes / result.sentences:.2f}"
    )
    if out:
        write_json(out, result.to_dict())
    if result.differences:
        raise LmnError(f"the tokens differ from decoding step by step in: {', '.join(result.differences)}")


if __name__ == "__main__":
    main()
