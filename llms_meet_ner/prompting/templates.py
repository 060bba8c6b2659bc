"""Builds prompts as LLaMA-Factory's chat templates do, token for token.

The pieces of a template are tokenised one by one. With many tokenizers, the prompt as one string would give other token ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import LmnError, installing
from ..standard_input import kept_from_libraries
from .spec import PROMPT_SPEC_FILE, Example, Piece, PromptSpec, Slot, TemplatePieces

_MERGING = "Llama2Template"
_PLAIN = "Template"
_SPECIAL = {"bos_token", "eos_token"}


def pieces_of(name: str) -> TemplatePieces:
    """Return the literal pieces of a template, read from the installed LLaMA-Factory.

    Raises:
        LmnError: LLaMA-Factory is not installed or does not have the template, or the template does more than its pieces.
    """
    try:
        with kept_from_libraries():
            from llamafactory.data.template import TEMPLATES
    except ImportError as error:
        raise LmnError(
            f"LLaMA-Factory is not installed ({error})",
            f"template {name}",
            f"{installing('train')}, or use an adapter folder that holds a {PROMPT_SPEC_FILE}",
        ) from error
    if name not in TEMPLATES:
        raise LmnError(
            "LLaMA-Factory has no template of this name",
            f"template {name}",
            "name one that it has, as template in the recipe",
        )
    template = TEMPLATES[name]
    kind = type(template).__name__
    if kind not in (_PLAIN, _MERGING):
        raise LmnError(
            f"templates of the kind {kind}, which add to their pieces (such as thoughts), are not supported",
            f"template {name}",
            "use another template",
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


def _slot(slots: Sequence[Any]) -> Slot:
    """Return a slot that JSON can hold: a set of one word becomes a mapping, or is left out if LLaMA-Factory ignores the word."""
    known = [piece for piece in slots if not isinstance(piece, set) or piece & _SPECIAL]
    return tuple({"special": next(iter(piece))} if isinstance(piece, set) else piece for piece in known)


def prepare_tokenizer(tokenizer: Any, pieces: TemplatePieces) -> None:
    """Set the special tokens of a tokenizer as LLaMA-Factory does before training, and let it pad on the left.

    Raises:
        LmnError: The tokenizer lacks a token of the template, which LLaMA-Factory would have added to the model.
    """
    stop_words = list(pieces.stop_words)
    vocabulary = tokenizer.get_vocab()
    unknown = [word for word in stop_words if word not in vocabulary]
    unknown += [token for token in pieces.tokens if tokenizer.convert_tokens_to_ids(token) is None]
    if unknown:
        raise LmnError(
            f"the tokenizer has no {', '.join(unknown)}",
            f"template {pieces.name}",
            "use a template that fits the model",
        )
    if pieces.replace_eos:
        tokenizer.eos_token = stop_words[0]
    if tokenizer.eos_token_id is None:
        raise LmnError(
            "the tokenizer has no end-of-sequence token",
            f"template {pieces.name}",
            "use a template that fits the model",
        )
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.padding_side = "left"


def stop_ids(tokenizer: Any, pieces: TemplatePieces) -> list[int]:
    """Return the ids that end an answer, sorted: the end-of-sequence token and the stop words of the template."""
    return sorted({tokenizer.eos_token_id, *(tokenizer.convert_tokens_to_ids(word) for word in pieces.stop_words)})


def encode_prompt(tokenizer: Any, spec: PromptSpec, source: str, examples: Sequence[Example] = ()) -> list[int]:
    """Return the token ids of a prompt, from the start of the sequence to where the model answers.

    Examples are earlier turns of the conversation. Between turns there is only what the slots hold. Templates with
    `efficient_eos` end an answer without a token of its own, as in LLaMA-Factory's training data of several turns.

    Args:
        tokenizer: Tokenizer of the base model, after `prepare_tokenizer`.
        spec: Prompt spec with a template.
        source: Text of the sentence.
        examples: Examples to show before it, in this order.

    Raises:
        LmnError: The spec has no template; or there are examples, and the template has no slot for answers.
    """
    pieces = spec.template
    if pieces is None:
        raise LmnError("the prompt spec names no chat template", remedy="predict with a recipe once, which adds it")
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


def _opening(pieces: TemplatePieces, system: str, user: str) -> list[Piece]:
    """Return the pieces up to where the model first answers, filled with the messages."""
    elements = list(pieces.prefix)
    if pieces.merge_system:
        head = str(_fill(pieces.system, content=system)[0]) if system else ""
        return elements + _fill(pieces.user, content=head + user)  # templates of this kind have no turn numbers
    elements += _fill(pieces.system, content=system) if system else []
    return elements + _fill(pieces.user, content=user, idx="0")


def _answer_slot(pieces: TemplatePieces) -> Slot:
    if pieces.assistant is None:
        raise LmnError(
            "its pieces were saved before there were examples, and do not say how an answer ends",
            f"template {pieces.name}",
            "--shots reads them from LLaMA-Factory again",
        )
    return pieces.assistant


def _fill(slot: Slot, **values: str) -> list[Piece]:
    """Put values into a slot, one after the other, each where its name first occurs in a piece, as LLaMA-Factory does."""
    filled = list(slot)
    for name, value in values.items():
        place = "{{" + name + "}}"
        filled = [piece.replace(place, value, 1) if isinstance(piece, str) else piece for piece in filled]
    return filled


def _element_ids(tokenizer: Any, element: Piece) -> list[int]:
    if isinstance(element, str):
        return list(tokenizer.encode(element, add_special_tokens=False)) if element else []
    if "token" in element:
        return [tokenizer.convert_tokens_to_ids(element["token"])]
    token_id = tokenizer.bos_token_id if element["special"] == "bos_token" else tokenizer.eos_token_id
    return [] if token_id is None else [token_id]
