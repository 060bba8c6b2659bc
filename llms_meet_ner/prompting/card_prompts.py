"""Prompts of corpus cards and of published adapters, by name.

Cards and publications are read in upper rooms, which register that as entry points (`setup.cfg`). So a command of the library finds them
without importing these rooms.
"""

from __future__ import annotations

from typing import Any, Protocol

from ..errors import LmnError
from .spec import PromptSpec

GROUP = "llms_meet_ner.prompts"
"""Group of the entry points."""


class CardPrompts(Protocol):
    """The prompts of a corpus card."""

    @property
    def name(self) -> str:
        """Name of the card."""
        ...

    def prompt(self, format_name: str | None = None, variant: str | None = None) -> PromptSpec:
        """Return a prompt of the card, without a chat template.

        Args:
            format_name: Output format; None for the default.
            variant: Wording of the instruction; None for the card's.

        Raises:
            LmnError: There is no such format or wording.
        """
        ...


class PublishedPrompt(Protocol):
    """The prompt that a published adapter answers to."""

    @property
    def card(self) -> str:
        """Name of the corpus card that it was trained with."""
        ...

    @property
    def format(self) -> str:
        """Name of the output format."""
        ...

    @property
    def variant(self) -> str:
        """Wording of the instruction."""
        ...

    @property
    def template(self) -> str:
        """LLaMA-Factory's name of the chat template."""
        ...

    @property
    def source(self) -> str:
        """Source that says so."""
        ...


def card_prompts(card: str) -> CardPrompts:
    """Return the prompts of a card.

    Args:
        card: Name or file of the card.

    Raises:
        LmnError: There is no such card, or it is wrong.
    """
    found: CardPrompts = _registered("cards")(card)
    return found


def published_prompt(adapter: str) -> PublishedPrompt | None:
    """Return the prompt of a published adapter, by its Hub id; None if it is not known."""
    found: PublishedPrompt | None = _registered("published")(adapter)
    return found


def _registered(name: str) -> Any:
    """Return the function that is registered under a name."""
    from importlib.metadata import entry_points  # takes a while, and few calls come here

    for entry in entry_points(group=GROUP, name=name):
        return entry.load()
    raise LmnError(
        f"this installation registers no {GROUP}: {name}",
        "llms-meet-ner",
        "install the package again, as the first time",
    )
