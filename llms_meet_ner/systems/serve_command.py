"""Files and commands with which a server answers as the model was trained: the chat template, and vLLM's command line."""

from __future__ import annotations

import json
from pathlib import Path

from ..decoding.model import AUTO
from ..decoding.pretrained import Dtype
from ..errors import LmnError
from ..files import atomic_write
from ..prompting.spec import Slot, TemplatePieces
from ..training.adapter_config import read_adapter_config
from ..training.recipe import Recipe, keep_prompt, recipe_prompt, refuse_student

CHAT_TEMPLATE_FILE = "serving_template.jinja"
_VLLM_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
_EXPORT = "merge it with llamafactory-cli export and serve the merged model (docs/serving.md)"


def chat_template(pieces: TemplatePieces) -> str:
    """Return a Jinja chat template that writes the prompts the model was trained with.

    A model's own template may add to them (Llama 3.1's writes today's date), and base models have no template. This one is for the
    messages that lmn-predict sends: perhaps a system message, then messages of the user and the model by turns, the user's first and
    last. Pieces without a slot for answers refuse more than one turn.
    """
    first = "messages[0]['role'] == 'system'"
    system = f"({_expression(pieces.system, 'system')} if system else '')"
    before, content = f" ~ {system}", "turn['content']"
    if pieces.merge_system:
        before, content = "", f"({system} if loop.first else '') ~ turn['content']"
    answer = "raise_exception('this template was written for one turn')"
    if pieces.assistant is not None:
        answer = _expression(pieces.assistant, "turn['content']")
    lines = [
        f"{{%- set system = messages[0]['content'] if {first} else {_quoted(pieces.default_system)} -%}}",
        f"{{%- set turns = messages[1:] if {first} else messages -%}}",
        f"{{{{- {_expression(pieces.prefix, 'none')}{before} -}}}}",
        "{%- for turn in turns -%}",
        f"{{%- set content = {content} -%}}",
        f"{{{{- {_expression(pieces.user, 'content')} if turn['role'] == 'user' else {answer} -}}}}",
        "{%- endfor -%}",
    ]
    return "\n".join(lines)


def _expression(slot: Slot, variable: str) -> str:
    """Return a Jinja expression for a slot, with a variable in the place of the message."""
    terms: list[str] = []
    for piece in slot:
        if not isinstance(piece, str):
            terms.append(_quoted(piece["token"]) if "token" in piece else piece["special"])
            continue
        before, place, after = piece.partition("{{content}}")
        terms += [*_numbered(before), variable, *_numbered(after)] if place else _numbered(piece)
    return " ~ ".join(term for term in terms if term != '""') or '""'


def _numbered(text: str) -> list[str]:
    """Return the terms of a text in which `{{idx}}` stands for the number of the user's turn, counted from 0."""
    before, place, after = text.partition("{{idx}}")
    return [_quoted(before), "(loop.index0 // 2)", _quoted(after)] if place else [_quoted(text)]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def vllm_command(recipe: Recipe, name: str, dtype: Dtype = AUTO) -> list[str]:
    """Write the chat template next to a recipe's adapter, and return the words that start vLLM's server with both.

    Args:
        recipe: Recipe of a trained model.
        name: Name to serve the adapter under.
        dtype: Data type of the weights; `auto` is the one that the recipe trains in, if that is half precision, otherwise vLLM's `auto`.

    Raises:
        LmnError: There is no adapter, or vLLM cannot serve it apart from its base.
    """
    refuse_student(recipe, "vLLM serves models that write text")
    folder = recipe.output_dir
    if not recipe.is_trained:
        raise LmnError("no adapter there", recipe.weights_file, f"train it with lmn-train {recipe.path}")
    rank = _max_lora_rank(folder)
    spec = recipe_prompt(recipe, folder)
    keep_prompt(spec, folder)
    pieces = spec.template
    assert pieces is not None  # recipe_prompt adds it
    with atomic_write(folder / CHAT_TEMPLATE_FILE) as file:
        file.write(chat_template(pieces))
    if dtype == AUTO:
        dtype = recipe.half_precision or AUTO
    return [
        "vllm", "serve", recipe.model, "--dtype", dtype,
        "--enable-lora", "--lora-modules", f"{name}={folder}", "--max-lora-rank", str(rank),
        "--tokenizer", str(folder), "--chat-template", str(folder / CHAT_TEMPLATE_FILE),
        "--generation-config", "vllm", "--enable-prefix-caching",
        "--structured-outputs-config", json.dumps({"backend": "xgrammar"}), "--logprobs-mode", "processed_logprobs",
    ]  # fmt: skip


def _max_lora_rank(folder: Path) -> int:
    """Return the smallest rank that vLLM takes and that has room for an adapter's."""
    config = read_adapter_config(folder)
    config.check_weights()
    for key, what in (("use_dora", "DoRA"), ("modules_to_save", "whole modules (modules_to_save)")):
        if config.values.get(key):
            raise LmnError(f"vLLM serves no adapter with {what}", config.path, _EXPORT)
    fitting = [size for size in _VLLM_RANKS if size >= config.rank]
    if not fitting:
        raise LmnError(f"rank {config.rank} is above {_VLLM_RANKS[-1]}, the most that vLLM takes", config.path, _EXPORT)
    return fitting[0]
