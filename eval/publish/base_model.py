"""The base model as others can load it: its public name and its licence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ...errors import LmnError
from ...hub_client import guard_hub
from ...systems.local import LocalSystem
from ...training.adapter_config import read_adapter_config
from ...training.recipe import ADAPTER_CONFIG_FILE
from ...yaml_text import front_matter

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_CARD = "README.md"


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence as a model card's metadata names it.

    Attributes:
        id: Id in the Hub's list (`apache-2.0`, `gemma`, `other`, ...).
        name: Name of a licence that is `other`, or None.
        link: Link to its text, or None.
        of_base: Whether it is the base model's licence, and not one that was asked for.
    """

    id: str
    name: str | None = None
    link: str | None = None
    of_base: bool = True


def published_base(trained: str, named: str | None) -> str:
    """Return the name by which others can load a base model: the one that was asked for, else the one it was trained from.

    Args:
        trained: Hub id or folder that training started from.
        named: Hub id that was asked for instead, or None.

    Raises:
        LmnError: The name is not a Hub id, so that only this machine could load the model.
    """
    if named is not None:
        if is_local(named):
            raise LmnError("not a Hub id, which is OWNER/NAME", f"--base-model {named}")
        return named
    if is_local(trained):
        raise LmnError(
            "the base model is a folder on this machine, so a card cannot name it", trained,
            "name it with --base-model OWNER/NAME",
        )  # fmt: skip
    return trained


def public_base(system: LocalSystem, named: str | None) -> str:
    """Return the name by which others can load a system's base model.

    Args:
        system: Adapter on its base model.
        named: Hub id that was asked for instead, or None.

    Raises:
        LmnError: `published_base` fails, or the adapter was trained on another model than the recipe names.
    """
    base = system.weights().base
    if named is None:
        folder = adapter_folder(system)
        trained = read_adapter_config(folder).base
        if trained and trained != base:
            raise LmnError(
                f"the adapter was trained on {trained}, and {system.facts.recipe} names {base}",
                folder / ADAPTER_CONFIG_FILE, "name the base model with --base-model OWNER/NAME",
            )  # fmt: skip
    return published_base(base, named)


def adapter_folder(system: LocalSystem) -> Path:
    """Return the folder of a system's adapter.

    Raises:
        LmnError: The system has no adapter, or its file is missing.
    """
    adapter = system.weights().adapter
    if adapter is None:
        raise LmnError("a model without an adapter, and only adapters are published", system.name)
    return adapter


def is_local(base: str) -> bool:
    """Return whether the name of a base model is a local folder, or cannot be a Hub id."""
    return not _HUB_ID.fullmatch(base) or Path(base).exists()


def base_licence(base: str, folder: str) -> Licence | None:
    """Return the licence that the base model's card names; None if the card cannot be read or names no licence.

    Args:
        base: Public name of the model.
        folder: Name or folder that it was trained from, which may be the same.
    """
    path = _card_of(folder if Path(folder).is_dir() else base)
    if path is None:
        return None
    try:
        metadata = front_matter(path)
    except LmnError:  # what others wrote need not be YAML
        return None
    licence = metadata.get("license") if isinstance(metadata, dict) else None
    if not isinstance(licence, str) or not licence.strip():
        return None
    name, link = metadata.get("license_name"), metadata.get("license_link")
    return Licence(licence, name if isinstance(name, str) else None, link if isinstance(link, str) else None)


def _card_of(base: str) -> Path | None:
    """Return the path of a model's card: in its folder, in the Hub's cache, or downloaded now."""
    if Path(base).is_dir():
        return Path(base, _CARD) if Path(base, _CARD).is_file() else None
    if is_local(base):
        return None
    from huggingface_hub import hf_hub_download

    guard_hub()
    try:
        return Path(hf_hub_download(base, _CARD))
    except Exception:  # no such model or card, no permission, no network: the licence is not known
        return None
