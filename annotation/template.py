"""Annotation templates: named files that say how a model is asked to label a sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

from ..data_converters.cards import Card
from ..data_converters.yaml_lines import YamlFile, check_schema, key_error, load_schema
from ..errors import LmnError
from ..formats import DEFAULT_VARIANT, format_names, get_format
from ..formats.instructions import label_line
from ..labels import LabelSet
from ..prompting.spec import PromptSpec, Quote
from ..systems.examples import COVERING, NEAREST, RANDOM, RULES, Rule, Shots

DEFAULT_TEMPLATE = "bracketed"
DEFINITIONS = "definitions"
"""Addition that gives each label its definition."""
_HERE = Path(__file__).parent
_TEMPLATES = _HERE / "templates"
_SCHEMA = _HERE / "template.schema.yaml"
_LABELS = "{labels}"
_SHOTS = re.compile(rf"(?P<rule>{NEAREST}|{COVERING}|{RANDOM})(?P<number>[1-9]\d{{0,2}})")
_ADDITIONS = f"after a + stand {DEFINITIONS}, or {NEAREST}N, {COVERING}N or {RANDOM}N for N examples: bracketed+{DEFINITIONS}+{NEAREST}3"


@dataclass(frozen=True, slots=True)
class Template:
    """A way to ask a model for labels.

    Attributes:
        name: Name with its additions, as the user gave it: `published+definitions+nearest3`.
        title: What the model is to write, in one line.
        format: Output format of the answers.
        quote: Text before and after each token of the sentence.
        instruction: Text before the sentence, with `{labels}` for the labels; None for the full instruction of the format.
        definitions: Whether the labels come with their definitions.
        shots: Examples before the sentence; None for none.
    """

    name: str
    title: str
    format: str
    quote: Quote = ""
    instruction: str | None = None
    definitions: bool = False
    shots: Shots | None = None

    def prompt(self, card: Card) -> PromptSpec:
        """Return the prompt for the labels of a card."""
        labels = card.labels if self.definitions else _without_definitions(card.labels)
        fmt = get_format(self.format, nested=card.nested, join=card.join)
        instruction = fmt.instruction(labels, DEFAULT_VARIANT)
        if self.instruction is not None:
            instruction = self.instruction.replace(_LABELS, "\n".join(map(label_line, labels)))
        return PromptSpec(
            self.format, DEFAULT_VARIANT, instruction, labels, card.nested, join=card.join, quote=self.quote
        )


def _without_definitions(labels: LabelSet) -> LabelSet:
    return replace(labels, labels=tuple(replace(label, definition="") for label in labels))


def template_names() -> list[str]:
    """Return the names of the templates that come with the package, sorted."""
    return sorted(path.stem for path in _TEMPLATES.glob("*.yaml"))


def load_template(name: str) -> Template:
    """Load a template of the package by name, or one of your own by path, with additions after plus signs.

    Args:
        name: Name or path, then perhaps `+definitions` and `+nearest3`, `+covering3` or `+random3`.

    Raises:
        LmnError: There is no such template or addition, or its file is wrong; the message names file, line and key.
    """
    base, *additions = name.split("+")
    template = _read(_find(base), name)
    for addition in additions:
        match = _SHOTS.fullmatch(addition)
        if addition == DEFINITIONS:
            template = replace(template, definitions=True)
        elif match and template.shots is None:
            template = replace(template, shots=Shots(int(match["number"]), _rule(match["rule"])))
        else:
            raise LmnError(f"{addition!r} is no addition to a template, or a second one for examples", name, _ADDITIONS)
    return template


def _rule(name: str) -> Rule:
    return next(rule for rule in RULES if rule == name)


def _find(name: str) -> Path:
    if re.fullmatch(r"[\w-]+", name) and (path := _TEMPLATES / f"{name}.yaml").is_file():
        return path
    if (path := Path(name)).is_file():
        return path
    names = template_names()
    near = get_close_matches(name[:100], names, n=1)
    meant = f"did you mean {near[0]}? " if near else ""
    raise LmnError(
        "neither a template's name nor a template's file", name, f"{meant}templates: {', '.join(names)}; {_ADDITIONS}"
    )


def _read(path: Path, name: str) -> Template:
    file = YamlFile(path)
    check_schema(file.value, load_schema(_SCHEMA), [file], "template")
    keys = file.value
    if keys["format"] not in format_names():
        remedy = f"there are: {', '.join(format_names())}"
        raise key_error([file], ("format",), f"no output format is called {keys['format']!r}", remedy)
    instruction = keys.get("instruction")
    return Template(
        name, keys["title"], keys["format"], keys.get("quote", ""), instruction and instruction.rstrip("\n")
    )
