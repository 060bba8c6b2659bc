"""Build the package. `setup.cfg` says all but what is computed here: the README as an index shows it, and the project's addresses.

An index shows the README alone, so its relative links lead nowhere. They are made absolute from `repository-code` in `CITATION.cff`;
as long as that names no address, links become their text, and images their description.
"""

from __future__ import annotations

import re
from pathlib import Path

from setuptools import setup

ROOT = Path(__file__).parent
_LINK = re.compile(r"(!?)\[([^\]]*)\]\((?![a-z]+:|#)([^)\s]+)\)")


def repository() -> str | None:
    """Return the address of the repository; None if CITATION.cff names none."""
    found = re.search(
        r'^repository-code: *"?([^\s"]+)', (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE
    )
    return found[1].rstrip("/") if found else None


def version() -> str:
    """Return the version of the package, which needs not be importable."""
    text = (ROOT / "llms_meet_ner/__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "([^"]+)"', text, re.MULTILINE)
    assert found
    return found[1]


def readme_of_index(text: str, address: str | None, tag: str) -> str:
    """Return a README as an index shows it.

    Args:
        text: Markdown with relative links.
        address: Address of the repository; None if there is none.
        tag: Tag of the release, whose files the links lead to.
    """

    def absolute(link: re.Match[str]) -> str:
        image, words, path = link.groups()
        if address is None:
            return f"*{words}*" if image else words
        return f"{image}[{words}]({address}/{'raw' if image else 'blob'}/{tag}/{path})"

    return _LINK.sub(absolute, text)


def addresses(address: str | None, tag: str) -> dict[str, str]:
    """Return the addresses of the project by name; none without a repository."""
    if address is None:
        return {}
    return {
        "Source": address,
        "Documentation": f"{address}/blob/{tag}/README.md",
        "Changelog": f"{address}/blob/{tag}/CHANGELOG.md",
        "Issues": f"{address}/issues",
    }


if __name__ == "__main__":
    TAG = f"v{version()}"
    setup(
        long_description=readme_of_index((ROOT / "README.md").read_text(encoding="utf-8"), repository(), TAG),
        long_description_content_type="text/markdown",
        project_urls=addresses(repository(), TAG),
    )
