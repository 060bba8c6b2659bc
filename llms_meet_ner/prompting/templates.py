"""Prompts as LLaMA-Factory's chat templates build them, token for token.

A template's pieces are tokenised one by one: the prompt as one string gives other ids with many tokenizers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import LmnError
from .spec import Example, PromptSpec, TemplatePieces

_MERGING = "Llama2Template"
_PLAIN = "Template"
_SPECIAL = {"bos_token", "eos_token"}


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
        assistant=_slot(template.format_assistant.slots),
    )


def _slot(slots: Sequence[Any]) -> tuple[Any, ...]:
    """Write a slot so that JSON can hold it: a set of one word becomes a mapping, or nothing where LLaMA-Factory knows no such word."""
    known = [piece for piece in slots if not isinstance(piece, set) or piece & _SPECIAL]
    return tuple({"special": next(iter(piece))} if isinstance(piece, set) else piece for piece in known)


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


def encode_prompt(tokenizer: Any, spec: PromptSpec, source: str, examples: Sequence[Example] = ()) -> list[int]:
    """Return the ids of a prompt, from the start of the sequence to where the model answers.

    Examples are earlier turns of the conversation. LLaMA-Factory puts nothing between turns but what the slots hold: templates whose
    `efficient_eos` is set end an answer without a token of its own, in training data of several turns as here.

    Args:
        tokenizer: of the base model, after `prepare_tokenizer`.
        spec: with its template.
        source: the sentence's text.
        examples: shown before it, in this order.

    Raises:
        LmnError: the spec has no template, or one without a slot for answers where there are examples.
    """
    pieces = spec.template
    if pieces is None:
        raise LmnError("the prompt spec names no chat template; predict with a recipe once, which adds it")
    system, turns = spec.conversation(source, examples)
    elements = _opening(pieces, system or pieces.default_system, turns[0])
    for number, turn in enumerate(turns[1:], start=1):
        if number % 2:
            elements += _fill(_answer_slot(pieces), content=turn)
        elif pieces.merge_system:
            elements += _fill(pieces.user, content=turn)
        else:
            elements += _fill(pieces.user, content=turn, idx=str(number // 2))
    ids: list[int] = []
    for element in elements:
        ids += _element_ids(tokenizer, element)
    return ids


def _opening(pieces: TemplatePieces, system: str, user: str) -> list[Any]:
    """Return the elements up to where the model first answers."""
    elements = list(pieces.prefix)
    if pieces.merge_system:
        head = str(_fill(pieces.system, content=system)[0]) if system else ""
        return elements + _fill(pieces.user, content=head + user)  # a template of this kind has no turn numbers
    elements += _fill(pieces.system, content=system) if system else []
    return elements + _fill(pieces.user, content=user, idx="0")


def _answer_slot(pieces: TemplatePieces) -> tuple[Any, ...]:
    if pieces.assistant is None:
        raise LmnError(
            f"template {pieces.name}: its pieces were kept by a version that showed no examples, and how an answer ends is not among "
            "them; --shots reads them from LLaMA-Factory anew"
        )
    return pieces.assistant


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
