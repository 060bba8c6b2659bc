"""The choice of what labels: an adapter, a recipe's model, or any model with an annotation template."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ..data_converters.alpaca import PromptsOf
from ..data_converters.cards import Card
from ..errors import LmnError
from ..prompting.spec import PromptSpec
from ..students.student_file import is_student
from ..systems.adapter_choice import AdapterChoice
from ..systems.choosing import recipe_system
from ..systems.finding import locate_model, model_files, with_base
from ..systems.found_model import FoundModel
from ..systems.options import SystemOptions
from ..systems.served_model import ServedModel
from ..systems.system import System
from ..training.recipe import load_recipe
from .gold_examples import GoldExamples, GoldSplit
from .labelling import Annotator
from .ledger import ANSWERS_FILE, Ledger
from .template import DEFAULT_TEMPLATE, Template, load_template
from .template_server import TemplateServer


@dataclass(frozen=True, slots=True)
class SystemChoice:
    """What is to label, as the command line names it.

    Attributes:
        options: Options of the system; with a server in them, the model is behind it.
        adapter: Adapter, merged or base model in this process; None for none.
        recipe: Recipe whose model labels; None for none.
        template: Annotation template that the model is asked by; None for the prompt that it was trained with.
        examples: Gold that a template's examples come from; None if it was not named.
    """

    options: SystemOptions
    adapter: AdapterChoice | None = None
    recipe: Path | None = None
    template: str | None = None
    examples: GoldSplit | None = None

    def __post_init__(self) -> None:
        """Check that one thing is to label.

        Raises:
            LmnError: Nothing is named, or two things are.
        """
        if self.adapter and (self.recipe or self.options.server):
            raise LmnError("--adapter runs in this process, without recipe and server", remedy="leave one of them out")
        if self.recipe and self.template:
            raise LmnError(
                "a recipe's model answers to the prompt of its data", f"--template {self.template}",
                "leave --template out, or name the model with --adapter, or its server without --recipe",
            )  # fmt: skip
        if not (self.adapter or self.recipe or self.options.server):
            raise LmnError("which system labels?", remedy="name one with --adapter, --recipe, or --engine openai")
        if self.examples and not self.template and (self.recipe or self.adapter):
            raise LmnError(
                "examples are for an annotation template", "--examples-from", "leave it out, or add --template"
            )  # fmt: skip
        if self.adapter and self.template and self.adapter.prompt:
            raise LmnError(
                "an annotation template is the prompt",
                f"--prompt {self.adapter.prompt}",
                "leave --prompt or --template out",
            )
        if self.options.shots is not None and not self.recipe:
            raise LmnError("--shots is for --recipe", remedy=f"write --template {DEFAULT_TEMPLATE}+nearest3")

    def annotator(self, card: Card | None, answers: Path) -> Annotator:
        """Return what labels. No model is loaded, and no server is asked.

        Args:
            card: Card that says the labels of a template; None if none is known.
            answers: Folder for the answers of a server.

        Raises:
            LmnError: A file is missing or wrong, or a template has no labels or no examples.
        """
        server = self.options.server
        ledger = Ledger(answers / ANSWERS_FILE, server.base_url) if server else None
        if self.recipe:
            recipe = load_recipe(self.recipe)
            if server:
                served = ServedModel(recipe, self.options, server, self.options.shots, ledger)
                return Annotator(served, ledger=ledger)
            return Annotator(recipe_system(recipe, self.options))
        if self.adapter and not self.template:
            return Annotator(_trained(self.adapter, card, self.options))
        if card is None:
            raise _no_labels()
        template = load_template(self.template or DEFAULT_TEMPLATE)
        spec = template.prompt(card)
        chooser = self._chooser(template, spec)
        if server:
            system = TemplateServer(template.name, spec, self.options, server, chooser, ledger)
            return Annotator(system, template.name, ledger, chooser)
        assert self.adapter is not None  # checked when the choice was made
        return Annotator(_local(self.adapter, spec, self.options, chooser), template.name, examples=chooser)

    def _chooser(self, template: Template, spec: PromptSpec) -> GoldExamples | None:
        """Return what chooses the examples of a template; None if it shows none."""
        if template.shots is None:
            if self.examples:
                raise LmnError(
                    "the template shows no examples", f"--template {template.name}", f"write {template.name}+nearest3"
                )
            return None
        if self.examples is None:
            raise LmnError(
                "the template shows examples, and none are named", f"--template {template.name}",
                "name gold sentences with --examples-from CARD --examples-split SPLIT",
            )  # fmt: skip
        return GoldExamples(self.examples, spec, template.shots)


def _trained(adapter: AdapterChoice, card: Card | None, options: SystemOptions) -> System:
    """Return a student, or a model with the prompt that it was trained with; a published one may be asked with a card's."""
    found = locate_model(adapter.name, adapter.base, adapter.revision)
    if found.is_student:
        return found.student(options, **{"prompt": adapter.prompt, "chat-template": adapter.template})
    has_prompt = adapter.prompt or found.prompt_file.is_file()
    if adapter.template and has_prompt:
        raise LmnError(
            "the prompt that it was trained with names its chat template", f"--chat-template {adapter.template}",
            "leave it out, or add --template for an annotation template",
        )  # fmt: skip
    if card is None or adapter.prompt:
        return FoundModel(model_files(found, adapter.base, adapter.prompt), options)
    return adapter.model(found, PromptsOf(card), None, None, options)


def _local(
    adapter: AdapterChoice, spec: PromptSpec, options: SystemOptions, chooser: GoldExamples | None
) -> FoundModel:
    """Return a model in this process that is asked by a template."""
    from ..prompting.templates import pieces_of

    if adapter.template is None and not is_student(Path(adapter.name)):  # nothing is downloaded for an error
        raise LmnError(
            "an annotation template needs the chat template of the model", adapter.name,
            "name it with --chat-template NAME, as LLaMA-Factory calls it",
        )  # fmt: skip
    found = locate_model(adapter.name, adapter.base, adapter.revision)
    if found.is_student:
        raise LmnError("a student, which reads no prompt", adapter.name, "leave --template out")
    assert adapter.template is not None  # only a student comes here without one
    whole = replace(spec, template=pieces_of(adapter.template))
    return FoundModel(with_base(found, whole, adapter.base), options, chooser)


def _no_labels() -> LmnError:
    return LmnError("which labels? A text file names none", remedy="name a card that lists them with --labels CARD")
