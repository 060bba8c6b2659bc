"""What a model is told before it reads a sentence, as one object that travels with the data and the adapter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from ..errors import LmnError
from ..files import read_json, write_json
from ..labels import LabelSet

InstructionAs = Literal["user", "system"]
PROMPT_SPEC_FILE = "prompt_spec.json"
_REMEDY = "it is written by lmn-convert into dataset_info.json and copied beside the adapter by lmn-predict; convert or copy it again"


class Example(NamedTuple):
    """A sentence and its right answer, shown to a model before the sentence that it is to mark.

    Attributes:
        id: of the sentence.
        source: its text.
        output: what a model is to write for it.
    """

    id: str
    source: str
    output: str


@dataclass(frozen=True, slots=True)
class TemplatePieces:
    """The literal parts of a LLaMA-Factory chat template, enough to build a prompt without LLaMA-Factory.

    A slot is a list of pieces, each tokenised on its own, as LLaMA-Factory does: a string, in which `{{content}}` stands for
    the message, or a mapping `{"token": T}` for one special token, or one of the words `{"bos_token"}`/`{"eos_token"}`,
    written here as `{"special": "bos_token"}`.

    Attributes:
        name: the template's name in LLaMA-Factory (`qwen`, `alpaca`, ...).
        prefix: slot before everything, usually the start-of-sequence token.
        system: slot of a system message.
        user: slot of a user message, up to where the model answers.
        default_system: system message where none is given; may be empty.
        stop_words: tokens, beside end of sequence, that end an answer.
        replace_eos: the first stop word takes the place of the tokenizer's end-of-sequence token.
        merge_system: the system message is put in front of the user's, without a slot of its own.
        assistant: slot of an answer that further turns follow; None where the pieces were kept before examples could be shown.
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

    def to_dict(self) -> dict[str, Any]:
        """Return a mapping for JSON."""
        return {
            "name": self.name, "prefix": list(self.prefix), "system": list(self.system), "user": list(self.user),
            "default_system": self.default_system, "stop_words": list(self.stop_words),
            "replace_eos": self.replace_eos, "merge_system": self.merge_system,
            "assistant": None if self.assistant is None else list(self.assistant),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> TemplatePieces:
        """Read what `to_dict` wrote, now or before there was a slot for answers."""
        assistant = row.get("assistant")
        return cls(
            name=row["name"], prefix=tuple(row["prefix"]), system=tuple(row["system"]), user=tuple(row["user"]),
            default_system=row["default_system"], stop_words=tuple(row["stop_words"]),
            replace_eos=row["replace_eos"], merge_system=row["merge_system"],
            assistant=None if assistant is None else tuple(assistant),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class PromptSpec:
    """The prompt of a corpus, a format and a variant.

    Attributes:
        format: name of the output format (`bracketed`).
        variant: name of the instruction's wording (`full`, `short`).
        instruction: its exact text.
        labels: the label set it lists, and what each label of the corpus counts as in it.
        nested: whether outputs may hold entities inside entities.
        instruction_as: `user` joins instruction and sentence by a newline in one user turn; `system` makes the instruction
            the system message.
        template: the chat template around both; None until a recipe names one.
    """

    format: str
    variant: str
    instruction: str
    labels: LabelSet
    nested: bool = False
    instruction_as: InstructionAs = "user"
    template: TemplatePieces | None = None

    def messages(self, source: str) -> tuple[str, str]:
        """Return the system and the user message (either may be empty) for a sentence's text."""
        if self.instruction_as == "system":
            return self.instruction, source
        return "", f"{self.instruction}\n{source}"

    def conversation(self, source: str, examples: Sequence[Example] = ()) -> tuple[str, tuple[str, ...]]:
        """Return the system message (may be empty) and the turns, the user's and the model's by turns, the user's last.

        The instruction stands once: in the system message, or before the first sentence. Later turns of the user's are bare sentences.
        """
        sources = [*(example.source for example in examples), source]
        system, first = self.messages(sources[0])
        turns = [first]
        for example, following in zip(examples, sources[1:], strict=True):
            turns += [example.output, following]
        return system, tuple(turns)

    def without_template(self) -> PromptSpec:
        """Return the spec as converted data holds it, before a recipe has named a template."""
        return replace(self, template=None)

    def differences(self, other: PromptSpec) -> list[str]:
        """Return the names of the fields, template aside, in which two specs differ."""
        names = ("format", "variant", "instruction", "nested", "instruction_as")
        differing = [name for name in names if getattr(self, name) != getattr(other, name)]
        same_labels = self.labels.names == other.labels.names and dict(self.labels.origins) == dict(
            other.labels.origins
        )
        return differing + ([] if same_labels else ["labels"])

    def to_dict(self) -> dict[str, Any]:
        """Return a mapping for JSON."""
        return {
            "format": self.format,
            "variant": self.variant,
            "instruction": self.instruction,
            "labels": self.labels.to_list(),
            "label_origins": dict(self.labels.origins),
            "nested": self.nested,
            "instruction_as": self.instruction_as,
            "template": self.template.to_dict() if self.template else None,
        }

    @classmethod
    def from_dict(cls, row: dict[str, Any], where: str) -> PromptSpec:
        """Read what `to_dict` wrote.

        Args:
            row: the mapping.
            where: the file it came from, for the error.

        Raises:
            LmnError: a key is missing or of the wrong kind.
        """
        try:
            for key in ("format", "variant", "instruction", "instruction_as"):
                if not isinstance(row[key], str):
                    raise TypeError(f"{key} is no string")
            if not isinstance(row["nested"], bool) or row["instruction_as"] not in get_args(InstructionAs):
                raise ValueError(f"nested is {row['nested']!r}, instruction_as {row['instruction_as']!r}")
            template = row["template"]
            return cls(
                format=row["format"], variant=row["variant"], instruction=row["instruction"],
                labels=LabelSet.from_list(row["labels"], row.get("label_origins")),
                nested=row["nested"], instruction_as=row["instruction_as"],
                template=TemplatePieces.from_dict(template) if template else None,
            )  # fmt: skip
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise LmnError(f"{where}: not a prompt spec ({type(error).__name__}: {error}); {_REMEDY}") from error

    @classmethod
    def load(cls, path: Path) -> PromptSpec:
        """Read a `prompt_spec.json`.

        Raises:
            LmnError: the file is missing or damaged.
        """
        return cls.from_dict(read_json(path, remedy=_REMEDY), str(path))

    def save(self, path: Path) -> None:
        """Write a `prompt_spec.json`."""
        write_json(path, self.to_dict())
