"""Everything that a model reads before the sentence, as one object that is saved with the data and with the adapter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

from ..files import read_json, write_json
from ..labels import LabelSet
from ..typed_json import from_json, to_json, written_as

InstructionAs = Literal["user", "system"]
PROMPT_SPEC_FILE = "prompt_spec.json"
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
    """

    name: str
    prefix: tuple[Any, ...]
    system: tuple[Any, ...]
    user: tuple[Any, ...]
    default_system: str = ""
    stop_words: tuple[str, ...] = ()
    replace_eos: bool = False
    merge_system: bool = False
    assistant: tuple[Any, ...] | None = None


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
    """

    format: str
    variant: str
    instruction: str
    labels: LabelSet
    nested: bool = False
    instruction_as: InstructionAs = "user"
    template: TemplatePieces | None = None

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
        names = ("format", "variant", "instruction", "nested", "instruction_as")
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
        """Read what `to_dict` returned, now or before there was a slot for answers.

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
        return cls.from_dict(read_json(path, remedy=_REMEDY), str(path))

    def save(self, path: Path) -> None:
        """Write a `prompt_spec.json`."""
        write_json(path, self.to_dict())


written_as(PromptSpec, "format variant instruction *labels nested instruction_as template")
