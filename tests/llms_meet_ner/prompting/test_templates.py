"""Prompts are those of LLaMA-Factory, token for token."""

from __future__ import annotations

import dataclasses
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from paths import ROOT
from small_tokenizers import byte_level

from llms_meet_ner import LmnError, PromptSpec
from llms_meet_ner.data_converters import load_card, prompt_spec_of, read_corpus
from llms_meet_ner.data_converters.alpaca import merge_dataset_info, write_split
from llms_meet_ner.generation import Generation
from llms_meet_ner.prompting.spec import Example, TemplatePieces
from llms_meet_ner.prompting.templates import encode_prompt, pieces_of, prepare_tokenizer, stop_ids

RECIPES = sorted((ROOT / "recipes").rglob("*.yaml"))
TEMPLATES = sorted(
    {recipe["template"] for recipe in map(yaml.safe_load, map(Path.read_text, RECIPES)) if "template" in recipe}
    | {"alpaca", "smollm2", "llama2", "gemma"}
)


@lru_cache
def tokenizer_for(smollm2: Path, template: str, user: str) -> Any:
    """SmolLM2's tokenizer, with the special tokens of the template where it lacks them; one for each user, who may change it."""
    from llamafactory.data.template import TEMPLATES as THEIRS
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(smollm2)
    words = [word for word in THEIRS[template].stop_words if word not in tokenizer.get_vocab()]
    if words:
        tokenizer.add_special_tokens({"additional_special_tokens": words})
    return tokenizer


@pytest.mark.parametrize("instruction_as", ["user", "system"])
@pytest.mark.parametrize("template", TEMPLATES)
def test_prompts_are_those_of_the_template(smollm2: Path, template: str, instruction_as: Any) -> None:
    from llamafactory.data.template import get_template_and_fix_tokenizer
    from llamafactory.hparams import DataArguments

    ours, theirs = tokenizer_for(smollm2, template, "ours"), tokenizer_for(smollm2, template, "theirs")
    their_template = get_template_and_fix_tokenizer(theirs, DataArguments(template=template))
    card = load_card("conll2003")
    for variant in ("full", "short"):
        spec = dataclasses.replace(
            prompt_spec_of(card, "bracketed", variant, instruction_as), template=pieces_of(template)
        )
        spec = PromptSpec.from_dict(spec.to_dict(), "test")  # as read back from prompt_spec.json
        prepare_tokenizer(ours, spec.template)  # type: ignore[arg-type]
        for source in ["Ida Holm left Oslo .", "", " | PER]", "İstanbul'da {{content}} {{idx}} 😀", "<|im_end|> [x]"]:
            system, user = spec.messages(source)
            messages = [{"role": "user", "content": user}, {"role": "assistant", "content": "x"}]
            expected, _ = their_template.encode_oneturn(theirs, messages, system or None)
            assert encode_prompt(ours, spec, source) == expected
        assert stop_ids(ours, spec.template) == sorted(their_template.get_stop_token_ids(theirs))  # type: ignore[arg-type]


EXAMPLES = (
    Example("a", "Ada Holm met {{content}} .", "[Ada Holm | PER] met {{content}} ."),
    Example("b", "İstanbul {{idx}} 😀", "[İstanbul | LOC] {{idx}} 😀"),
)
MORE_TEMPLATES = (
    "chatglm3",
    "chatml",
    "mistral",
    "phi_small",
    "vicuna",
)  # without eos, with tokens in slots


@pytest.mark.parametrize("instruction_as", ["user", "system"])
@pytest.mark.parametrize("template", [*TEMPLATES, *MORE_TEMPLATES])
def test_prompts_with_examples_are_conversations_of_the_template(
    smollm2: Path, template: str, instruction_as: Any
) -> None:
    from llamafactory.data.template import get_template_and_fix_tokenizer
    from llamafactory.hparams import DataArguments

    ours, theirs = tokenizer_for(smollm2, template, "ours"), tokenizer_for(smollm2, template, "theirs")
    their_template = get_template_and_fix_tokenizer(theirs, DataArguments(template=template))
    spec = prompt_spec_of(load_card("conll2003"), "bracketed", "short", instruction_as)
    spec = PromptSpec.from_dict(dataclasses.replace(spec, template=pieces_of(template)).to_dict(), "test")
    prepare_tokenizer(ours, spec.template)  # type: ignore[arg-type]
    for number in (1, 2):
        system, first = spec.messages(EXAMPLES[0].source)
        messages = [{"role": "user", "content": first}, {"role": "assistant", "content": EXAMPLES[0].output}]
        for example in EXAMPLES[1:number]:
            messages.append({"role": "user", "content": example.source})
            messages.append({"role": "assistant", "content": example.output})
        messages += [{"role": "user", "content": "Ida left ."}, {"role": "assistant", "content": "x"}]
        pairs = their_template.encode_multiturn(theirs, messages, system or None)
        expected = [index for prompt, answer in pairs[:-1] for index in prompt + answer] + pairs[-1][0]
        assert encode_prompt(ours, spec, "Ida left .", EXAMPLES[:number]) == expected
        assert their_template.encode_oneturn(theirs, messages, system or None)[0] == expected


def test_pieces_that_were_kept_without_the_slot_of_answers_take_no_examples() -> None:
    spec = prompt_spec_of(load_card("conll2003"), "bracketed")
    row = dataclasses.replace(spec, template=pieces_of("default")).to_dict()
    del row["template"]["assistant"]
    old = PromptSpec.from_dict(row, "test")

    class Words:
        eos_token_id = 0

        def encode(self, text: str, add_special_tokens: bool) -> list[str]:
            return [text]

    assert encode_prompt(Words(), old, "Ida left .")
    with pytest.raises(LmnError, match="template default: its pieces were saved before there were examples"):
        encode_prompt(Words(), old, "Ida left .", EXAMPLES)


@pytest.mark.parametrize("instruction_as", ["user", "system"])
def test_prompts_are_those_that_training_sees(smollm2: Path, workdir: Path, instruction_as: Any) -> None:
    from llamafactory.data import get_dataset, get_template_and_fix_tokenizer
    from llamafactory.hparams import get_train_args
    from transformers import AutoTokenizer

    card = load_card("demo")
    spec = prompt_spec_of(card, "bracketed", "short", instruction_as)
    sentences = list(read_corpus(card, "testb"))
    with Generation() as files:
        converted = write_split(card, "testb", sentences, spec, workdir, files)
        merge_dataset_info(card, {"testb": converted}, spec, workdir, files)
    arguments = {
        "model_name_or_path": str(smollm2), "template": "alpaca", "stage": "sft", "do_train": True, "finetuning_type": "lora",
        "dataset": converted.dataset, "dataset_dir": str(workdir), "output_dir": str(workdir / "out"), "use_cpu": True,
        "cutoff_len": 4096, "report_to": "none",
    }  # fmt: skip
    model_args, data_args, training_args, _, _ = get_train_args(arguments)
    theirs = AutoTokenizer.from_pretrained(smollm2)
    template = get_template_and_fix_tokenizer(theirs, data_args)
    data = get_dataset(template, model_args, data_args, training_args, stage="sft", tokenizer=theirs)["train_dataset"]
    ours = AutoTokenizer.from_pretrained(smollm2)
    full = dataclasses.replace(spec, template=pieces_of("alpaca"))
    prepare_tokenizer(ours, full.template)  # type: ignore[arg-type]
    assert len(data) == len(sentences)
    for row, sentence in zip(data, sentences):
        answer_at = next(at for at, label in enumerate(row["labels"]) if label != -100)
        assert encode_prompt(ours, full, sentence.text) == row["input_ids"][:answer_at]


def test_templates_that_are_not_there_or_do_more_are_refused() -> None:
    with pytest.raises(LmnError, match="template qwem: LLaMA-Factory has no template of this name"):
        pieces_of("qwem")
    with pytest.raises(LmnError, match="template qwen3: templates of the kind ReasoningTemplate"):
        pieces_of("qwen3")


def test_a_template_whose_tokens_the_tokenizer_lacks_is_refused(smollm2: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(smollm2)
    with pytest.raises(LmnError, match=r"template gemma: the tokenizer has no <end_of_turn>"):
        prepare_tokenizer(tokenizer, pieces_of("gemma"))


def test_a_special_token_that_a_tokenizer_has_no_id_for_is_refused() -> None:
    pieces = TemplatePieces("mine", (), ("{{content}}",), ({"token": "<|nowhere|>"}, "{{content}}"))
    with pytest.raises(LmnError, match=r"template mine: the tokenizer has no <\|nowhere\|>; use a template that fits"):
        prepare_tokenizer(byte_level(), pieces)
