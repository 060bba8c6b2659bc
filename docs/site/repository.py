"""Pages of the site that lie elsewhere in the repository, and links between them.

A page has one name here and there: its path in the repository, without `docs/`. So a link of docs/decoding.md to ../eval/README.md, which
works where the repository is shown, leads to eval/README.html on the site. Files and folders that a page links to, and that are no pages,
become pages that show them: the site is whole without the repository.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
OUTSIDE = ("*.md", "annotation/**/*.md", "data_converters/*.md", "eval/**/*.md")
"""Where pages lie, besides docs/."""
SHOWN = {".csv": "text", ".json": "json", ".py": "python", ".sh": "sh", ".txt": "text", ".yaml": "yaml", "": "text"}
"""Files that a page may link to, by suffix, with their languages for the highlighter."""
_LINK = re.compile(r"(?<=\]\()(<?)([^)\s>#]+)")
_NOT_SEARCHED = "---\nsearch:\n  exclude: true\n---\n"


def generated_pages() -> dict[str, str]:
    """Return the pages that are not files of docs/, by their names on the site."""
    pages = outside_pages() | _notebook_pages()
    of_docs = {path: path.read_text(encoding="utf-8") for path in sorted(DOCS.rglob("*.md"))}
    linked = {
        path for page, text in (pages | of_docs).items() for path in _linked_paths(text, page) if _is_source(path)
    }
    folders = {path: _folder_page(path) for path in linked if path.is_dir()}
    files = {path for path in linked if path.is_file()}.union(*map(_files_of, folders))
    found = {site_name(path): with_links_of_the_site(text, path) for path, text in sorted((pages | folders).items())}
    return found | {site_name(path): _file_page(path) for path in sorted(files)}


def with_links_of_the_site(text: str, page: Path) -> str:
    """Return a page's text with links that lead to pages of the site.

    Args:
        text: Markdown whose links are those of the repository.
        page: Path of the page in the repository, or the folder that it lists.
    """

    def led(match: re.Match[str]) -> str:
        path = _target(match[2], page)
        here = posixpath.dirname(site_name(page)) or "."
        return match[0] if path is None else match[1] + posixpath.relpath(site_name(path), here)

    return _LINK.sub(led, text)


def site_name(path: Path) -> str:
    """Return the name on the site of a file or folder of the repository."""
    name = path.relative_to(DOCS if path.is_relative_to(DOCS) else ROOT).as_posix()
    if path.is_dir():
        return f"{name}/README.md" if (path / "README.md").is_file() else f"{name}/index.md"
    if path.suffix == ".ipynb":
        return name.replace(".ipynb", ".md")
    return f"{name}.md" if _is_source(path) else name


def outside_pages() -> dict[Path, str]:
    """Return the texts of the pages outside docs/."""
    paths = [path for pattern in OUTSIDE for path in sorted(ROOT.glob(pattern))]
    return {path: path.read_text(encoding="utf-8") for path in paths}


def _notebook_pages() -> dict[Path, str]:
    """Return the notebooks as Markdown, with the outputs that they were saved with."""
    from nbconvert import MarkdownExporter  # here, since nothing else needs it

    return {path: MarkdownExporter().from_filename(str(path))[0] for path in sorted(DOCS.glob("notebooks/*.ipynb"))}


def _linked_paths(text: str, page: Path) -> Iterator[Path]:
    """Yield the files and folders of the repository that a page links to."""
    for match in _LINK.finditer(text):
        path = _target(match[2], page)
        if path is not None:
            yield path


def _target(link: str, page: Path) -> Path | None:
    """Return what a link of a page leads to; None if it leaves the repository, or nothing is there."""
    if ":" in link:
        return None
    path = Path(posixpath.normpath((page if page.is_dir() else page.parent) / link))
    return path if path.is_relative_to(ROOT) and path.exists() else None


def _is_source(path: Path) -> bool:
    """Whether the site shows a file or folder in a page that is made for it."""
    return not (path / "README.md").is_file() if path.is_dir() else path.suffix in SHOWN


def _files_of(folder: Path) -> list[Path]:
    """Return the files of a folder that can be shown."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix in SHOWN and path.suffix]


def _file_page(path: Path) -> str:
    """Return a page that shows a file."""
    text = path.read_text(encoding="utf-8")
    fence = "`" * (1 + max(map(len, re.findall("`{2,}", text)), default=2))
    title = path.relative_to(ROOT).as_posix()
    return f"{_NOT_SEARCHED}# {title}\n\n{fence}{SHOWN[path.suffix]}\n{text}\n{fence}\n"


def _folder_page(folder: Path) -> str:
    """Return a page that lists the files of a folder, each with its first line if that says what it is."""
    rows = []
    for path in _files_of(folder):
        name = path.relative_to(folder).as_posix()
        said = re.match(r'(?:# |""")(.+?)(?:"""|\n)', path.read_text(encoding="utf-8"))
        rows.append(f"- [{name}]({name})" + (f": {said[1]}" if said else ""))
    return f"{_NOT_SEARCHED}# {folder.relative_to(ROOT).as_posix()}/\n\n" + "\n".join(rows) + "\n"
