"""A model that is named without the recipe of its training, and the prompt that it is asked with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import LmnError
from ..hub_client import hub_folder
from ..prompting.card_prompts import CardPrompts, card_prompts, published_prompt
from ..prompting.spec import PROMPT_SPEC_FILE, PromptSpec
from ..students.student_file import STUDENT_FILE, is_student
from ..terminal import echo
from .finding import ModelFolder, locate_model, read_prompt, results_folder_of, with_base
from .found_model import FoundModel
from .options import SystemOptions
from .served_prompt import ServedPrompt
from .server import ServerOptions
from .system import NamedModel, System


@dataclass(frozen=True, slots=True)
class AdapterChoice:
    """An adapter, a merged model or a student without its recipe, as the command line names it; it may be behind a server.

    Attributes:
        name: Folder or Hub id.
        revision: Branch, tag or commit of a Hub id; None for its main branch.
        base: Folder or Hub id of an adapter's base model; None for the one that the adapter names.
        prompt: A `prompt_spec.json`; None for the one next to the weights, or else the prompt of a corpus card.
        template: LLaMA-Factory's name of the chat template, where the prompt is a card's; None if it is known otherwise.
    """

    name: str
    revision: str | None = None
    base: str | None = None
    prompt: Path | None = None
    template: str | None = None

    def system(
        self, card: CardPrompts | None, format_name: str | None, variant: str | None, options: SystemOptions
    ) -> System:
        """Return the system that it names, downloading an adapter if name is a Hub id.

        Args:
            card: Prompts of a corpus card. One is used if neither the adapter nor the user has a prompt and the adapter is not one of
                the published ones that are known. None if the user named no card.
            format_name: Output format of that prompt; None for the default.
            variant: Wording of that prompt; None for the card's.
            options: Options of the system. With a server in them, the model is behind it, and its weights are not looked for.

        Raises:
            LmnError: The adapter or its base model cannot be found, its prompt or template is not known, or its prompt has another
                format, variant or template than is asked for.
        """
        if options.server:
            return self._served(options.server, card, format_name, variant, options)
        found = locate_model(self.name, self.base, self.revision)
        if found.is_student:
            return found.student(
                options, prompt=self.prompt, template=self.template, format=format_name, variant=variant
            )
        return self.model(found, card, format_name, variant, options)

    def model(
        self, found: ModelFolder, card: CardPrompts | None, format_name: str | None, variant: str | None,
        options: SystemOptions,
    ) -> FoundModel:  # fmt: skip
        """Return the adapter or merged model as a system; arguments and errors are those of `system`, and `found` is its folder."""
        if self.prompt or found.prompt_file.is_file():
            spec = read_prompt(self.prompt or found.prompt_file)
        else:
            spec = self._prompt_of_card(card, format_name, variant, served=False)
        self._check_asked(spec, format_name, variant)
        return FoundModel(with_base(found, spec, self.base), options)

    def _served(
        self, server: ServerOptions, card: CardPrompts | None, format_name: str | None, variant: str | None,
        options: SystemOptions,
    ) -> System:  # fmt: skip
        """Return the model behind a server. Of an adapter, only the prompt is read."""
        folder, commit = (None, None) if self.prompt else self._prompt_folder(options)
        path = folder / PROMPT_SPEC_FILE if folder else self.prompt
        if path and (self.prompt or path.is_file()):
            spec = PromptSpec.load(path)
            self._check_asked(spec, format_name, variant)
        else:
            spec = self._prompt_of_card(card, format_name, variant, served=True)
        adapter, results = NamedModel(self.name, commit), results_folder_of(self.name, self.revision)
        return ServedPrompt(spec, options, server, adapter=adapter, results=results)

    def _prompt_folder(self, options: SystemOptions) -> tuple[Path, str | None]:
        """Return the folder that may hold the prompt, and the commit of a Hub id; no weights are fetched.

        Raises:
            LmnError: There is no such adapter, or it is a student.
        """
        folder, commit = Path(self.name), None
        if not folder.is_dir():
            files = (PROMPT_SPEC_FILE, STUDENT_FILE)
            folder = hub_folder(self.name, files, self.name, "name another, or go online", revision=self.revision)
            commit = folder.name
        if is_student(folder):
            found = locate_model(self.name, self.base, self.revision)
            found.student(options)  # which says that no server is for a student
        return folder, commit

    def _prompt_of_card(
        self, card: CardPrompts | None, format_name: str | None, variant: str | None, *, served: bool
    ) -> PromptSpec:
        """Return the prompt to ask a model with that has no prompt of its own; a served model needs no template in it."""
        from ..prompting.templates import pieces_of

        known = published_prompt(self.name)
        template = self.template or (known.template if known else None)
        if known:
            card = card_prompts(known.card)
            format_name, variant = format_name or known.format, variant or known.variant
        if card is None:
            raise LmnError(f"it has no {PROMPT_SPEC_FILE}", self.name, name_prompt(served=served))
        if template is None and not served:
            raise LmnError(
                f"it has no {PROMPT_SPEC_FILE}, and its chat template is unknown", self.name,
                "name it with --template NAME, as its recipe does, or the whole prompt with --prompt FILE",
            )  # fmt: skip
        spec = card.prompt(format_name, variant)
        why = f"published: {known.source}" if known else "the adapter itself does not say"
        with_template = "" if served else f", template {template}"
        shown = f"card {card.name}, {spec.format}, {spec.variant}{with_template}"
        echo(f"{self.name}: the prompt is that of {shown} ({why})", err=True)
        return spec if served else replace(spec, template=pieces_of(template or ""))

    def _check_asked(self, spec: PromptSpec, format_name: str | None, variant: str | None) -> None:
        """Refuse options that say something else than the prompt."""
        has = (spec.format, spec.variant, spec.template.name if spec.template else None)
        asked = (format_name, variant, self.template)
        for option, wanted, there in zip(("format", "variant", "template"), asked, has):
            if wanted is not None and wanted != there:
                raise LmnError(f"its prompt has {option} {there}, and not {wanted}", self.name, f"leave --{option} out")


def served_by_prompt(
    prompt: Path | None, card: CardPrompts | None, variant: str | None, options: SystemOptions
) -> ServedPrompt:
    """Return a served model that is asked with a prompt, without naming an adapter.

    Args:
        prompt: A `prompt_spec.json`; None for the prompt of a card.
        card: Prompts of a corpus card; None for the file.
        variant: Wording of the card's prompt; None for the card's.
        options: Options of the system, with a server in them.

    Raises:
        LmnError: No prompt is named, or it is wrong.
    """
    assert options.server is not None
    if prompt:
        spec = PromptSpec.load(prompt)
    elif card:
        spec = card.prompt(None, variant)
    else:
        raise LmnError("which prompt?", options.server.shown_url, name_prompt(served=True))
    return ServedPrompt(spec, options, options.server)


def name_prompt(*, served: bool) -> str:
    """Return the remedy for a model whose prompt is not known; a server has a chat template of its own."""
    template = "" if served else " and its chat template with --template NAME"
    return f"name a prompt with --prompt FILE, or the card of its corpus with --corpus CARD{template}"
