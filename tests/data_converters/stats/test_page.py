"""The page of `lmn-convert stats`: parsed strictly, and opened in a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import chromium, opened
from harbour import CARD, SMALL, counted, run, sentence, write
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser
from strict_html import parsed

from llms_meet_ner.data_converters.stats import corpus_stats
from llms_meet_ner.data_converters.stats.page import stats_page
from llms_meet_ner.rendering.text import visible

ELEMENTS = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "h1",
        "h2",
        "h3",
        "p",
        "nav",
        "a",
        "div",
        "figure",
        "figcaption",
    ),
    *("table", "thead", "tbody", "tr", "th", "td", "span", "i", "svg", "rect", "text", "line", "b", "bdi", "ol", "li"),
    *("details", "summary", "caption", "br", "defs", "lineargradient", "stop"),
}

HOSTILE = [
    "<script>alert(1)</script>",
    '"onload=',
    "'&amp;",
    "</style>",
    "<!--",
    "]]>",
    "<img/src=x>",
    "\u202egnp.exe",
    "$title",
]


def test_hostile_tokens_show_as_text(workdir: Path) -> None:
    hostile = [(token, "B-SHIP" if number % 2 else "B-PORT") for number, token in enumerate(HOSTILE * 3)]
    write(workdir, {"train": [hostile, [(token, "O") for token in HOSTILE]], "test": [hostile]})
    result = run(".", "--page", "stats.html")
    text = (workdir / "stats.html").read_text(encoding="utf-8")
    page = parsed(text)
    assert set(page.tags) <= ELEMENTS
    assert set(page.urls) == {"#sizes", "#labels", "#overlap", "#ambiguity", "#findings"}
    assert "url(" not in page.style
    assert "@import" not in page.style
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    shown_text = "".join(page.text)
    for token in HOSTILE:
        assert f"[{visible(token)} | SHIP]" in shown_text
    assert "\u202e" not in text
    assert "\u202e" not in result.stdout
    assert "\\u202egnp.exe" in result.stdout
    assert "Harbour <b>messages</b>" in shown_text
    assert "&amp; who" in shown_text


def test_labels_are_escaped_in_plots_too(workdir: Path) -> None:
    card = write(workdir, {"train": [sentence("x/B-A&amp;B")]}, CARD.replace("SHIP", "A&amp;B"))
    page = stats_page(corpus_stats(card, source=workdir))
    assert "A&amp;B" not in page
    assert "A&amp;B" in "".join(parsed(page).text)


TEXT = st.text(
    st.characters(exclude_characters="\n\r\t\x0b\x0c\x1c\x1d\x1e\x85", exclude_categories=["Cs", "Z"]),
    min_size=1,
    max_size=6,
)


@settings(max_examples=40, deadline=None)
@given(st.lists(TEXT.filter(lambda token: token != "\ufeff" and "-DOCSTART-" not in token), min_size=1, max_size=5))
def test_any_token_shows_as_text(tokens: list[str]) -> None:
    stats = counted({"train": [[("x", "O"), *((token, tag) for token in tokens for tag in ("B-SHIP", "B-PORT"))]]})
    page = parsed(stats_page(stats))
    assert set(page.tags) <= ELEMENTS
    text = "".join(page.text)
    assert all(f"[{visible(token)} | SHIP]" in text for token in tokens)


def test_bars_are_as_long_as_their_numbers(workdir: Path) -> None:
    page = stats_page(corpus_stats(write(workdir, SMALL), source=workdir))
    width = {
        note: float(number)
        for number, note in re.findall(r'width="([\d.]+)" height="[\d.]+"><title>(.*?)</title>', page)
    }
    assert width["SHIP, train: 1 (50.0%)"] == width["PORT, test: 1 (50.0%)"] > 0
    assert width["test SHIP, other label: 1 (100.0%)"] == width["test PORT, seen: 1 (100.0%)"]
    assert width["test SHIP, seen: 0 (0.0%)"] == 0
    assert width["B-SHIP, test: 1 (25.0%)"] == pytest.approx(1.5 * width["B-SHIP, train: 1 (16.7%)"], rel=0.01)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.mark.parametrize(("scheme", "paper"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(20, 23, 26)")])
def test_in_a_browser_hostile_tokens_are_text_and_nothing_is_loaded(
    workdir: Path, browser: Browser, scheme: str, paper: str
) -> None:
    hostile = [(token, "B-SHIP" if number % 2 else "B-PORT") for number, token in enumerate(HOSTILE * 3)]
    write(workdir, {"train": [hostile, [(token, "O") for token in HOSTILE]], "test": [hostile]})
    run(".", "--page", "stats.html")
    with opened(browser, workdir / "stats.html", scheme) as page:
        assert page.title() == "Harbour <b>messages</b>: what is in it"
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == paper
        assert page.locator("script, img").count() == 0
        text = page.locator("main").inner_text()
        assert all(f"[{visible(token)} | SHIP]" in text for token in HOSTILE)
        for link in page.locator("nav a").all():
            link.click()
            assert page.locator(":target").count() == 1


def test_in_a_browser_the_page_of_a_real_corpus_is_no_wider_than_a_telephone(
    workdir: Path, browser: Browser, corpora: Path
) -> None:
    run("wikigold", "--source", corpora / "wikigold", "--page", "stats.html")
    with opened(browser, workdir / "stats.html") as page:
        page.set_viewport_size({"width": 390, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        bars = page.locator("svg rect").all()
        assert len(bars) > 50
        assert all(
            page.evaluate("[...document.querySelectorAll('svg text')].map(t => t.getBoundingClientRect().left >= 0)")
        )
        assert not page.locator("details .row", has_text="B-PER").is_visible()
        page.locator("summary").click()
        assert page.locator("details .row", has_text="B-PER").is_visible()
