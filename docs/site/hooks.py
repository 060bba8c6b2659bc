"""What MkDocs calls while it builds the site: pages from outside docs/, the reference from the code, and links that fit both places."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import reference
import repository
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

API = repository.ROOT / "build" / "api"


@event_priority(100)  # before mkdocstrings looks for the folder
def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Lay out the package for mkdocstrings, and list generated pages and decisions in the navigation."""
    reference.lay_out_package(API)
    folders = {
        "reference/commands": list(reference.command_pages()),
        "decisions": [f"decisions/{path.name}" for path in sorted((repository.DOCS / "decisions").glob("*.md"))],
    }
    folders["decisions"].sort(key=lambda name: not name.endswith("README.md"))
    config.nav = _filled(config.nav, folders)
    return config


def _filled(entry: Any, folders: dict[str, list[str]]) -> Any:
    """Return the navigation with the pages of a folder in place of its name."""
    if isinstance(entry, list):
        return [_filled(item, folders) for item in entry]
    if isinstance(entry, dict):
        return {title: _filled(item, folders) for title, item in entry.items()}
    return folders.get(entry, entry)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are not files of docs/."""
    in_navigation = set(_leaves(config.nav))
    for name, text in (repository.generated_pages() | reference.pages()).items():
        shown = InclusionLevel.UNDEFINED if name in in_navigation else InclusionLevel.NOT_IN_NAV
        files.append(File.generated(config, name, content=text, inclusion=shown))
    return files


def _leaves(entry: Any) -> Iterable[str]:
    """Yield the pages that the navigation names."""
    if isinstance(entry, str):
        yield entry
    else:
        for item in entry.values() if isinstance(entry, dict) else entry:
            yield from _leaves(item)


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links lead to pages of the site, and show the name that follows the language of a code block."""
    if not page.file.generated_by:
        markdown = repository.with_links_of_the_site(markdown, repository.DOCS / page.file.src_uri)
    return re.sub(r"^(```\w+) (\S+)$", r'\1 title="\2"', markdown, flags=re.MULTILINE)
