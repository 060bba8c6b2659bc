"""Prompts as LLaMA-Factory's chat templates build them, token for token.

A template's pieces are tokenised one by one: the prompt as one string gives other ids with many tokenizers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import LmnError
from ..prompts import PromptSpec, TemplatePieces

_MERGING = "Llama2Template"
_PLAIN = "Template"


def pieces_of(name: str) -> TemplatePieces:
    """Return a template's literal pieces, read from the installed LLaMA-Factory.

    Raises:
        LmnError: LLaMA-Factory is not installed, has no such template, or it is of a kind that is more than its pieces.
    """
    try:
        from llamafactory.data.template import TEMPLATES
    except ImportError as error:
        raise LmnError(
            f"template {name}: LLaMA-Factory is not installed ({error}); pip install 'llms-meet-ner[train]', or use an adapter "
            "folder that holds a prompt_spec.json"
        ) from error
    if name not in TEMPLATES:
        raise LmnError(f"template {name}: LLaMA-Factory has none of that name")
    template = TEMPLATES[name]
    kind = type(template).__name__
    if kind not in (_PLAIN, _MERGING):
        raise LmnError(
            f"template {name}: of the kind {kind}, which adds to its pieces (thoughts, say) and is not supported"
        )
    return TemplatePieces(
        name=name,
        prefix=_slot(template.format_prefix.slots),
        system=_slot(template.format_system.slots),
        user=_slot(template.format_user.slots),
        default_system=template.default_system,
        stop_words=tuple(template.stop_words),
        replace_eos=template.replace_eos,
        merge_system=kind == _MERGING,
    )


def _slot(slots: Sequence[Any]) -> tuple[Any, ...]:
    """Write a slot so that JSON can hold it: a set of one word becomes a mapping."""
    return tuple({"special": next(iter(piece))} if isinstance(piece, set) else piece for piece in slots)


def prepare_tokenizer(tokenizer: Any, pieces: TemplatePieces) -> None:
    """Set the special tokens as LLaMA-Factory does before training, and pad on the left.

    Raises:
        LmnError: the template needs a token that the tokenizer lacks, which LLaMA-Factory would have added to the model.
    """
    stop_words = list(pieces.stop_words)
    vocabulary = tokenizer.get_vocab()
    unknown = [word for word in stop_words if word not in vocabulary]
    if unknown:
        raise LmnError(
            f"template {pieces.name}: the tokenizer has no {', '.join(unknown)}; take a template that fits the model"
        )
    if pieces.replace_eos:
        tokenizer.eos_token = stop_words[0]
    if tokenizer.eos_token_id is None:
        raise LmnError(f"template {pieces.name}: the tokenizer has no end-of-sequence token")
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.padding_side = "left"


def stop_ids(tokenizer: Any, pieces: TemplatePieces) -> list[int]:
    """Return the ids that end an answer, sorted: end of sequence and the template's stop words."""
    return sorted({tokenizer.eos_token_id, *(tokenizer.convert_tokens_to_ids(word) for word in pieces.stop_words)})


def encode_prompt(tokenizer: Any, spec: PromptSpec, source: str) -> list[int]:
    """Return the ids of a prompt, from the start of the sequence to where the model answers.

    Args:
        tokenizer: of the base model, after `prepare_tokenizer`.
        spec: with its template.
        source: the sentence's text.

    Raises:
        LmnError: the spec has no template.
    """
    pieces = spec.template
    if pieces is None:
        raise LmnError("the prompt spec names no chat template; predict with a recipe once, which adds it")
    system, user = spec.messages(source)
    system = system or pieces.default_system
    elements = list(pieces.prefix)
    if pieces.merge_system:
        head = str(_fill(pieces.system, content=system)[0]) if system else ""
        elements += _fill(pieces.user, content=head + user)  # a template of this kind has no turn numbers
    else:
        elements += _fill(pieces.system, content=system) if system else []
        elements += _fill(pieces.user, content=user, idx="0")
    ids: list[int] = []
    for element in elements:
        ids += _element_ids(tokenizer, element)
    return ids


def _fill(slot: Sequence[Any], **values: str) -> list[Any]:
    """Put values into a slot, one after the other, each at the first place that names it, as LLaMA-Factory does."""
    filled = list(slot)
    for name, value in values.items():
        place = "{{" + name + "}}"
        filled = [piece.replace(place, value, 1) if isinstance(piece, str) else piece for piece in filled]
    return filled


def _element_ids(tokenizer: Any, element: Any) -> list[int]:
    if isinstance(element, str):
        return list(tokenizer.encode(element, add_special_tokens=False)) if element else []
    if "token" in element:
        return [tokenizer.convert_tokens_to_ids(element["token"])]
    token_id = tokenizer.bos_token_id if element["special"] == "bos_token" else tokenizer.eos_token_id
    return [] if token_id is None else [token_id]
