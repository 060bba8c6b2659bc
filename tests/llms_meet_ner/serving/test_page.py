"""The page to try the service with, in a real browser: keyboard, key, errors, phone width, light and dark, and no other address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from capitals_service import Running, running
from chromium import chromium
from playwright.sync_api import Browser, Page, expect

from llms_meet_ner.serving.page import POLICY, drawn, page
from llms_meet_ner.tagging.tagger import TaggedSentence, TaggedText

HOSTILE = "<script>alert(1)</script> <img src=x onerror=alert(1)> \u202e Kent"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@contextmanager
def shown(browser: Browser, one: Running) -> Iterator[Page]:
    """Open the page; fail if it writes to the console, raises an error, opens a dialog, or asks another address."""
    context = browser.new_context()
    tab = context.new_page()
    said: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    tab.on("request", lambda request: said.append(request.url) if not request.url.startswith(one.url) else None)
    tab.goto(one.url)
    yield tab
    context.close()
    refused = [line for line in said if re.search("the server responded with a status of (4|503)", line)]
    assert said == refused


def test_ctrl_enter_draws_the_entities(shared: Running, browser: Browser) -> None:
    with shown(browser, shared) as tab:
        expect(tab.locator("#model")).to_have_text("capitals")
        assert tab.evaluate("document.activeElement.id") == "text"  # no click is needed
        tab.keyboard.type("Anna came.\nKent Clark won.")
        tab.keyboard.press("Control+Enter")
        drawing = tab.locator("#result > div").first
        expect(drawing).to_have_text("AnnaLOC came.\nKent ClarkPER won.")
        assert drawing.locator("span[title]").first.get_attribute("title") == "confidence 0.5000"
        rows = [row.inner_text().split("\t") for row in tab.locator("#result tbody tr").all()]
        assert rows == [["Anna", "LOC", "0.5000", "0–4"], ["Kent Clark", "PER", "0.5000", "11–21"]]
        tab.locator("#text").fill("nobody")
        tab.get_by_role("button").click()
        expect(tab.locator("#result")).to_contain_text("no entities")


def test_what_is_typed_shows_as_text_and_runs_nothing(shared: Running, browser: Browser) -> None:
    with shown(browser, shared) as tab:
        tab.locator("#text").fill(HOSTILE)
        tab.keyboard.press("Control+Enter")
        expect(tab.locator("#result > div").first).to_contain_text("<img src=x onerror=alert(1)> \\u202e Kent")
        assert tab.locator("#result script, #result img").count() == 0
        tab.evaluate("document.body.insertAdjacentHTML('beforeend', '<b>x</b>')")
        answer = tab.request.get(shared.url)
        assert all(answer.headers[name.lower()] == value for name, value in POLICY.items())


def test_errors_are_said(browser: Browser) -> None:
    with running() as one, shown(browser, one) as tab:
        tab.locator("#text").fill("Bad")
        tab.keyboard.press("Control+Enter")
        expect(tab.locator("#said")).to_have_text("Bad: cannot be read")
        tab.locator("#text").fill("Anna")
        tab.keyboard.press("Control+Enter")
        expect(tab.locator("#said")).to_have_text("")
        expect(tab.get_by_role("button")).to_be_enabled()


def test_the_page_says_when_the_model_is_at_fault_and_when_it_answers_again(browser: Browser) -> None:
    with running() as one, shown(browser, one) as tab:
        one.service.worker.fault = "it burns"
        tab.reload()
        expect(tab.locator("#model")).to_have_text("The service is failing.")
        one.service.worker.fault = None
        expect(tab.locator("#model")).to_have_text("capitals")


def test_a_service_with_a_key_asks_for_it(browser: Browser) -> None:
    with running(key="a-key-of-20-letters!") as one, shown(browser, one) as tab:
        tab.locator("#text").fill("Anna")
        tab.keyboard.press("Control+Enter")
        assert tab.evaluate("document.activeElement.id") == "key"
        for key, told in (("wrong", "wrong or missing key; send Authorization: Bearer KEY"), (one.key, "")):
            tab.locator("#key").fill(key)
            tab.keyboard.press("Enter")
            expect(tab.locator("#said")).to_have_text(told)
        expect(tab.locator("#result > div").first).to_have_text("AnnaLOC")


_RIGHT = """Math.max(...[...document.querySelectorAll("textarea, button, #result > div span")]
    .map((one) => one.getBoundingClientRect().right))"""


def test_nothing_is_cut_off_on_a_phone_or_a_desktop_light_or_dark(shared: Running, browser: Browser) -> None:
    with shown(browser, shared) as tab:
        tab.locator("#text").fill("Anna saw " + "Kent" * 40 + " and Mary Ann Evans. " * 12)
        tab.keyboard.press("Control+Enter")
        expect(tab.locator("#result table")).to_be_visible()
        for width in (390, 1280):
            tab.set_viewport_size({"width": width, "height": 800})
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
            assert tab.evaluate(_RIGHT) <= width
            assert (
                tab.evaluate(
                    "(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector('#result .wide'))"
                )
                == 0
            )
        for scheme, paper in (("light", "rgb(255, 255, 255)"), ("dark", "rgb(20, 23, 26)")):
            tab.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == paper


def test_pieces_are_said() -> None:
    tagged = TaggedText("a", (TaggedSentence(("a",), ((0, 1),), pieces=2),))
    assert "no entities; read in 2 pieces, so that an entity across a cut is lost or torn" in drawn([tagged])


def test_the_page_asks_for_a_key_only_if_there_is_one() -> None:
    assert 'type="password"' in page(needs_key=True, characters=10)
    assert 'type="password"' not in page(needs_key=False, characters=10)
    assert 'maxlength="10"' in page(needs_key=False, characters=10)
