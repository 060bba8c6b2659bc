"""The documentation as a site: it is built once, strictly, and what was built is read again. `make site-check` runs this."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import NamedTuple
from urllib.parse import unquote

import lxml.html
import pytest
import reference
import repository
from chromium import chromium
from markdown_it import MarkdownIt
from paths import ROOT

pytestmark = pytest.mark.site

PAGES = [*sorted(repository.DOCS.rglob("*.md")), *repository.outside_pages()]
STRUCTURE = ("h1", "h2", "h3", "h4", "ul", "ol", "li", "table", "tr", "td", "th", "pre", "code", "img", "strong", "em")
LOADING = {"img": "src", "script": "src", "iframe": "src", "source": "src", "link": "href"}
"""Elements that load something, and the attribute that says what."""


class Built(NamedTuple):
    """The site: its folder and its pages as trees, by their names."""

    folder: Path
    pages: dict[str, lxml.html.HtmlElement]

    def article(self, name: str) -> lxml.html.HtmlElement:
        """Return what is written on a page, without what stands around it on every page."""
        (article,) = self.pages[name].iter("article")
        return article


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("site")
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    paths = sorted(folder.rglob("*.html"))
    return Built(folder, {path.relative_to(folder).as_posix(): lxml.html.parse(path).getroot() for path in paths})


def built_name(page: Path) -> str:
    """Return the name of the file that a page becomes."""
    return re.sub(r"README\.md$", "index.md", repository.site_name(page)).removesuffix(".md") + ".html"


def test_every_page_is_built_and_the_pages_that_are_generated_too(site: Built) -> None:
    assert {built_name(page) for page in PAGES} <= set(site.pages)
    assert {
        "index.html",
        "install.html",
        "recipes/index.html",
        "recipes/qwen25_conll.yaml.html",
        "reference/python.html",
    } <= set(site.pages)
    assert {"notebooks/own_corpus.html", "notebooks/tag_and_compare.html"} <= set(site.pages)


def test_every_link_leads_to_a_file_and_every_anchor_to_a_place(site: Built) -> None:
    places = {name: set(page.xpath("//@id")) | {"__search"} for name, page in site.pages.items()}
    checked = 0
    for name, page in site.pages.items():
        if name == "404.html":  # shown in place of any other page, so that its links begin at the root
            continue
        for target in page.xpath("//@href | //@src"):
            if re.match(r"(?:https?|mailto|data|javascript):", target):
                continue
            file, _, anchor = target.partition("#")
            path = os.path.normpath((site.folder / name).parent / unquote(file)) if file else str(site.folder / name)
            assert os.path.isfile(path) or os.path.isfile(os.path.join(path, "index.html")), f"{name}: {target}"
            linked = os.path.relpath(path, site.folder)
            if anchor and linked in places:
                assert unquote(anchor) in places[linked], f"{name}: {target}"
            checked += 1
    assert checked > 10_000


def test_nothing_is_loaded_from_elsewhere(site: Built) -> None:
    for name, page in site.pages.items():
        loaded = [element.get(LOADING[element.tag], "") for element in page.iter(*LOADING)]
        assert not [target for target in loaded if re.match(r"(?:https?:)?//", target)], name
    for sheet in site.folder.rglob("*.css"):
        assert not re.search(r"(?:url\(|@import )[\"']?(?:https?:)?//", sheet.read_text(encoding="utf-8")), sheet


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_has_the_same_structure_here_as_where_the_repository_is_shown(page: Path, site: Built) -> None:
    """Python-Markdown, which builds the site, reads some things otherwise than CommonMark: a list without an empty line before it, ..."""
    text = re.sub(r"\A---\n.*?\n---\n", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    there = lxml.html.fromstring("<main>" + MarkdownIt("commonmark").enable("table").render(text) + "</main>")
    here = site.article(built_name(page))
    counts = [Counter(element.tag for element in tree.iter(*STRUCTURE)) for tree in (there, here)]
    assert counts[0] == counts[1]


def test_no_markup_is_left_in_what_people_read(site: Built) -> None:
    for page in PAGES:
        paragraphs = site.article(built_name(page)).iter("p", "li", "td")
        texts = ["".join(element.xpath("text()")) for element in paragraphs]
        assert not [text for text in texts if re.search(r"```|\]\(|^\||^#", text)], page


def commands() -> Iterator[str]:
    """Yield the names of all commands."""
    for line in reference.settings()["options.entry_points"]["console_scripts"].strip().splitlines():
        yield line.partition(" = ")[0]


@pytest.mark.parametrize("command", list(commands()))
def test_the_page_of_a_command_says_what_the_command_says(command: str, site: Built) -> None:
    article = site.article(f"reference/commands/{command}.html")
    titles = [title.text_content().rstrip("¶\n") for title in article.iter("h1", "h2")]
    helps = [block.text_content() for block in article.iter("pre")]
    assert titles[0] == command
    assert len(titles) == len(helps)
    shown = Path(sys.executable).with_name(command)
    environment = os.environ | {"COLUMNS": reference.WIDTH}
    for title, text in zip(titles, helps, strict=True):
        words = [shown, *title.split()[1:], "--help"]
        done = subprocess.run(words, capture_output=True, text=True, check=True, env=environment)
        assert text.rstrip() == done.stdout.rstrip()
        named = re.findall(
            r"^  (\w[\w-]*) ", done.stdout.partition("Commands:\n")[2].partition("\n\n")[0], re.MULTILINE
        )
        assert not [name for name in named if f"{title} {name}" not in titles]


@pytest.mark.parametrize("module", reference.MODULES)
def test_every_public_name_is_in_the_reference_with_its_docstring(module: str, site: Built) -> None:
    article = site.article("reference/python.html")
    said = " ".join(article.text_content().split())
    for name in import_module(module).__all__:
        assert article.xpath("//*[@id=$id]", id=f"{module}.{name}"), f"{module}.{name}"
        first = (getattr(import_module(module), name).__doc__ or "").partition("\n")[0]
        assert first, f"{module}.{name}"
        assert " ".join(first.replace("`", "").split()) in said, f"{module}.{name}"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def test_pages_load_in_a_browser_and_the_search_finds_words(site: Built) -> None:
    handler = partial(_Quiet, directory=str(site.folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, chromium() as browser:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/"
        said: list[str] = []
        page = browser.new_context(viewport={"width": 390, "height": 800}).new_page()
        page.on(
            "request",
            lambda request: (
                said.append(request.url) if not request.url.startswith((address, "data:", "blob:")) else None
            ),
        )
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        for name in ("index.html", "decoding.html", "notebooks/own_corpus.html", "reference/commands/lmn-convert.html"):
            page.goto(address + name)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
        page.set_viewport_size({"width": 1280, "height": 800})
        page.goto(address + "index.html")
        page.get_by_role("textbox", name="Search").first.fill("gazetteer")
        page.locator(".md-search-result__item a").first.wait_for()
        assert "eval/index.html" in " ".join(
            page.locator(".md-search-result__item a").evaluate_all("links => links.map(link => link.href)")
        )
        assert said == []
        server.shutdown()
