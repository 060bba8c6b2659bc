"""Everything that a model reads before the sentence, as one object that is saved with the data and with the adapter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypedDict, cast, final, get_args

from ..characters import harmful_in
from ..files import read_json, write_json
from ..formats import OutputFormat, format_names, get_format
from ..formats.instructions import VARIANTS
from ..labels import LabelSet
from ..sentence import JOINS, SPACE, Join
from ..typed_json import from_json, read_as_it_is, to_json, written_as

InstructionAs = Literal["user", "system"]
Quote = Literal["", "`"]
QUOTES: tuple[Quote, ...] = get_args(Quote)
Special = Literal["bos_token", "eos_token"]
PROMPT_SPEC_FILE = "prompt_spec.json"
CONTENT = "{{content}}"
"""Place of the message in a slot."""
_LARGEST_FILE = 16 * 2**20
"""Bytes of a `prompt_spec.json`; the largest part of a real one is an instruction of some thousand characters."""
_LONGEST_INSTRUCTION = 1_000_000
"""Characters, more than the context of any model holds."""
_MOST_LABELS = 10_000
_MOST_PIECES = 100
_LONGEST_PIECE = 10_000
_LONGEST_NAME = 100
_REMEDY = "lmn-convert writes it into dataset_info.json, and lmn-predict copies it into the adapter's folder; convert or copy it again"


class Example(NamedTuple):
    """A sentence and its correct output, shown to a model before the sentence that it must mark.

    Attributes:
        id: Id of the sentence.
        source: Text of the sentence.
        output: Output that a model should write for it.
    """

    id: str
    source: str
    output: str


@final
class TokenPiece(TypedDict):
    """One special token of a chat template."""

    token: str


@final
class SpecialPiece(TypedDict):
    """The token of the tokenizer that has this name."""

    special: Special


Piece = str | TokenPiece | SpecialPiece
Slot = tuple[Piece, ...]
_SPECIAL: tuple[Special, ...] = get_args(Special)
read_as_it_is(Piece)


@dataclass(frozen=True, slots=True)
class TemplatePieces:
    """The literal parts of a LLaMA-Factory chat template, enough to build a prompt without LLaMA-Factory.

    A slot is a list of pieces. Each piece is tokenised on its own, as LLaMA-Factory does, and is one of these:

    - a string, in which `{{content}}` stands for the message;
    - `{"token": T}`, one special token;
    - `{"special": "bos_token"}` or `{"special": "eos_token"}`, which LLaMA-Factory writes as a set of this one word.

    Attributes:
        name: Name of the template in LLaMA-Factory (`qwen`, `alpaca`, ...).
        prefix: Slot before everything, usually the start-of-sequence token.
        system: Slot of a system message.
        user: Slot of a user message, up to where the model answers.
        default_system: System message if none is given; may be empty.
        stop_words: Tokens that end an answer, in addition to the end-of-sequence token.
        replace_eos: Whether the first stop word replaces the tokenizer's end-of-sequence token.
        merge_system: Whether the system message is put before the first user message, without a slot of its own.
        assistant: Slot of an answer that more turns follow; None in pieces saved before there were examples.

    Raises:
        ValueError: A piece is something else, a slot lacks its one `{{content}}` or the prefix has one, there is no stop word to
            replace the end of a sequence, or something is longer than templates are.
    """

    name: str
    prefix: Slot
    system: Slot
    user: Slot
    default_system: str = ""
    stop_words: tuple[str, ...] = ()
    replace_eos: bool = False
    merge_system: bool = False
    assistant: Slot | None = None

    def __post_init__(self) -> None:
        _check_name("name", self.name)
        _check_slot("prefix", self.prefix, contents=0)
        for name, slot in (("system", self.system), ("user", self.user), ("assistant", self.assistant)):
            if slot is not None:
                _check_slot(name, slot, contents=1)
        if self.merge_system and [CONTENT in piece for piece in self.system if isinstance(piece, str)] != [True]:
            raise ValueError(f"system: with merge_system it is one text with {CONTENT}")
        if len(self.default_system) > _LONGEST_INSTRUCTION:
            raise ValueError(f"default_system: more than {_LONGEST_INSTRUCTION:,} characters")
        if len(self.stop_words) > _MOST_PIECES or not all(0 < len(word) <= _LONGEST_PIECE for word in self.stop_words):
            raise ValueError(f"stop_words: at most {_MOST_PIECES} words of 1 to {_LONGEST_PIECE:,} characters")
        if self.replace_eos and not self.stop_words:
            raise ValueError("replace_eos: there is no stop word to take the place of the end of a sequence")

    @property
    def tokens(self) -> list[str]:
        """The special tokens that slots name, each once."""
        slots = (*self.prefix, *self.system, *self.user, *(self.assistant or ()))
        return list(dict.fromkeys(piece["token"] for piece in slots if not isinstance(piece, str) and "token" in piece))


def _check_slot(name: str, slot: Slot, contents: int) -> None:
    """Raise an error for a slot that LLaMA-Factory would refuse, too.

    Args:
        name: Name of the slot.
        slot: Its pieces, whatever they are.
        contents: Number of its places for a message, as LLaMA-Factory asks.
    """
    if len(slot) > _MOST_PIECES:
        raise ValueError(f"{name}: {len(slot):,} pieces, and at most {_MOST_PIECES}")
    for number, piece in enumerate(slot):
        if not _is_piece(piece):
            raise ValueError(
                f'{name}.{number}: {piece!r:.60} is not a text, {{"token": a text}} or {{"special": "bos_token" or "eos_token"}}, '
                f"of at most {_LONGEST_PIECE:,} characters"
            )
    found = sum(piece.count(CONTENT) for piece in slot if isinstance(piece, str))
    if found != contents:
        raise ValueError(f"{name}: holds {CONTENT} {found:,} times, and not {'once' if contents else 'never'}")


def _is_piece(piece: Any) -> bool:
    """Return whether a value is a piece of a template."""
    match piece:
        case str(text):
            return len(text) <= _LONGEST_PIECE
        case {"token": str(text)} if len(piece) == 1:
            return 0 < len(text) <= _LONGEST_PIECE
        case {"special": str(text)} if len(piece) == 1:
            return text in _SPECIAL
    return False


def _check_name(key: str, name: str) -> None:
    """Raise an error for what is not the name of anything."""
    if not 0 < len(name) <= _LONGEST_NAME:
        raise ValueError(f"{key}: {name!r:.60} is not a name of 1 to {_LONGEST_NAME} characters")
    if harmful := harmful_in(name):
        raise ValueError(f"{key}: {name!r:.60} holds {harmful}")


written_as(TemplatePieces, "name prefix system user default_system stop_words replace_eos merge_system assistant?")


@dataclass(frozen=True, slots=True)
class PromptSpec:
    """The prompt for a corpus, an output format and a variant of its instruction.

    Attributes:
        format: Name of the output format (`bracketed`, ...).
        variant: Name of the instruction's variant (`full`, `short`, ...).
        instruction: Exact text of the instruction.
        labels: Label set that the instruction lists, with the labels of the corpus that count as each of them.
        nested: Whether outputs may hold entities inside entities.
        instruction_as: `user` joins the instruction and the sentence by a newline in one user turn; `system` makes the
            instruction the system message.
        template: Chat template around both; None until a recipe names one.
        join: Text between two tokens, in the sentence and in outputs: a space, or nothing.
        quote: Text before and after each token of the sentence that a model reads, so that it sees where tokens end; empty for nothing.

    Raises:
        ValueError: There is no such format, variant, join or quote, or something is longer than any prompt.
    """

    format: str
    variant: str
    instruction: str
    labels: LabelSet
    nested: bool = False
    instruction_as: InstructionAs = "user"
    template: TemplatePieces | None = None
    join: Join = SPACE
    quote: Quote = ""

    def __post_init__(self) -> None:
        for key, name, known in (("format", self.format, format_names()), ("variant", self.variant, VARIANTS)):
            if name not in known:
                raise ValueError(f"{key}: {name!r:.60} is not one of {', '.join(known)}")
        if self.join not in JOINS:
            raise ValueError(f"join: {self.join!r:.60} is neither a space nor empty")
        if self.quote not in QUOTES:
            raise ValueError(f"quote: {self.quote!r:.60} is neither a backtick nor empty")
        if len(self.instruction) > _LONGEST_INSTRUCTION:
            raise ValueError(f"instruction: more than {_LONGEST_INSTRUCTION:,} characters")
        if len(self.labels) > _MOST_LABELS:
            raise ValueError(f"labels: more than {_MOST_LABELS:,}")

    def source(self, tokens: Sequence[str]) -> str:
        """Return the text of a sentence as a model reads it: its tokens, joined, each in quotes if the prompt has some."""
        if self.quote:
            tokens = [f"{self.quote}{token}{self.quote}" for token in tokens]
        return self.join.join(tokens)

    def output_format(self) -> OutputFormat:
        """Return the format of the outputs."""
        return get_format(self.format, nested=self.nested, join=self.join)

    def messages(self, source: str) -> tuple[str, str]:
        """Return the system message (may be empty) and the user message for the text of a sentence."""
        if self.instruction_as == "system":
            return self.instruction, source
        return "", f"{self.instruction}\n{source}"

    def conversation(self, source: str, examples: Sequence[Example] = ()) -> tuple[str, tuple[str, ...]]:
        """Return the system message (may be empty) and the turns of a conversation with examples.

        The turns alternate between user and model; the first and the last are the user's. The instruction comes once: in the
        system message, or before the first sentence. Later user turns are bare sentences.

        Args:
            source: Text of the sentence to mark.
            examples: Examples to show before it, in this order.
        """
        sources = [*(example.source for example in examples), source]
        system, first = self.messages(sources[0])
        turns = [first]
        for example, following in zip(examples, sources[1:], strict=True):
            turns += [example.output, following]
        return system, tuple(turns)

    def without_template(self) -> PromptSpec:
        """Return the spec as converted data holds it, before a recipe names a template."""
        return replace(self, template=None)

    def differences(self, other: PromptSpec) -> list[str]:
        """Return the names of the fields in which two specs differ; the template is not compared."""
        names = ("format", "variant", "instruction", "nested", "instruction_as", "join", "quote")
        differing = [name for name in names if getattr(self, name) != getattr(other, name)]
        same_labels = self.labels.names == other.labels.names and dict(self.labels.origins) == dict(
            other.labels.origins
        )
        return differing + ([] if same_labels else ["labels"])

    def to_dict(self) -> dict[str, Any]:
        """Return a mapping for JSON."""
        return cast(dict[str, Any], to_json(self))

    @classmethod
    def from_dict(cls, row: object, where: str) -> PromptSpec:
        """Read what `to_dict` returned, now or before there was a slot for answers or a `join`, which was a space then.

        Args:
            row: Value that was read from JSON.
            where: File that it comes from, for the error.

        Raises:
            LmnError: A key is missing, or its value is wrong.
        """
        return from_json(cls, row, where, writer="lmn-convert", remedy=_REMEDY)

    @classmethod
    def load(cls, path: Path) -> PromptSpec:
        """Read a `prompt_spec.json`.

        Raises:
            LmnError: The file is missing or damaged.
        """
        return cls.from_dict(read_json(path, _REMEDY, _LARGEST_FILE), str(path))

    def save(self, path: Path) -> None:
        """Write a `prompt_spec.json`."""
        write_json(path, self.to_dict())


written_as(PromptSpec, "format variant instruction *labels nested instruction_as template join?? quote??")
