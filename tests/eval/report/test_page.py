"""The page of a run: opened in a real browser, and read strictly."""

from __future__ import annotations

import json
import random
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from chromium import chromium, opened
from click.testing import CliRunner
from hostile import TOKENS, adversarial
from playwright.sync_api import Browser, expect
from playwright.sync_api import Page as Tab
from scored_demo import evaluated, reads_as
from strict_html import Page

from llms_meet_ner import Sentence, Span
from llms_meet_ner.eval.cli.score import main
from llms_meet_ner.eval.published.side_by_side import find_references
from llms_meet_ner.eval.report.markdown import markdown_report
from llms_meet_ner.eval.report.page import html_report
from llms_meet_ner.eval.scored_run.analysis import ERRORS, ExaminedSentence
from llms_meet_ner.eval.scored_run.files import load_evaluation, load_run
from llms_meet_ner.eval.scored_run.run import Evaluation, ScoredRun
from llms_meet_ner.rendering.text import visible
from llms_meet_ner.typed_json import from_json, to_json


class Strict(Page):
    """Knows the elements without an end that the report has."""

    VOID = (*Page.VOID, "input")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def written(path: Path, evaluation: Evaluation) -> Path:
    path.write_text("".join(html_report(evaluation)), encoding="utf-8")
    return path


def rows(folder: Path) -> list[ExaminedSentence]:
    return list(load_evaluation(folder).sentences)


def ids(tab: Tab) -> list[str]:
    found: list[str] = tab.eval_on_selector_all("#list h3 a", "all => all.map(one => one.textContent)")
    return found


def test_the_page_shows_what_the_scores_say(demo: Path, browser: Browser) -> None:
    document = json.loads((demo / "scores.json").read_text("utf-8"))
    interval = document["analysis"]["intervals"]["scores"]["micro"]
    with opened(browser, demo / "report.html") as tab:
        shown = tab.eval_on_selector_all(".score", "all => all.map(one => one.innerText.split('\\n'))")
        assert shown == [
            [name, f"{document['seqeval']['micro'][key]:.4f}", "{:.4f} to {:.4f}".format(*interval[key])]
            for name, key in (("precision", "precision"), ("recall", "recall"), ("F1", "f1"))
        ]
        text = tab.inner_text("main")
        for value in (*document["sha256"].values(), document["versions"]["seqeval"], "baseline: majority"):
            assert str(value or "not known") in text
        errors = document["analysis"]["errors"]
        table = tab.locator("table", has_text="spurious entities are counted with").locator("tbody tr")
        assert table.last.inner_text().split() == ["all", *map(str, errors["all"].values())]
        heat = tab.eval_on_selector_all(
            "table.heat", "all => all.map(one => [...one.tBodies[0].rows].map(row => row.innerText))"
        )
        tags = document["analysis"]["tags"]["confusion"]
        for lines, confusion in zip(heat, (document["analysis"]["confusion"], tags), strict=True):
            assert [line.replace(",", "").split() for line in lines] == [
                [name, *map(str, counts)] for name, counts in zip(confusion["names"], confusion["rows"])
            ]
        assert tab.locator("figure svg").count() == 5


def test_errors_come_first_and_scores_stand_beside_them(demo: Path, browser: Browser) -> None:
    with opened(browser, demo / "report.html") as tab:
        place = "one => { const box = one.getBoundingClientRect(); return [box.left, box.top, box.right]; }"
        tab.set_viewport_size({"width": 390, "height": 844})
        (left, top, _), (aside_left, aside_top, _) = (
            tab.locator(one).first.evaluate(place) for one in ("#list article", "aside")
        )
        assert top < 844
        assert aside_top > tab.locator("#list article").last.evaluate(place)[1]
        assert aside_left <= left
        tab.set_viewport_size({"width": 1440, "height": 1000})
        (left, top, right), (aside_left, aside_top, aside_right) = (
            tab.locator(one).first.evaluate(place) for one in ("#list article", "aside")
        )
        assert max(top, aside_top) < 500
        assert right < aside_left
        assert aside_right - left > 0.9 * 1440
        assert tab.locator("aside .wide").first.evaluate("one => one.scrollWidth <= one.clientWidth")
        tab.locator("#confidence").evaluate("one => one.scrollIntoView()")
        assert tab.locator("#list article").first.evaluate(place)[1] < 500  # the scores scroll by themselves


def test_on_a_phone_tables_scroll_in_themselves_and_say_so(demo: Path, browser: Browser) -> None:
    with opened(browser, demo / "report.html") as tab:
        tab.set_viewport_size({"width": 390, "height": 844})
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
        cut = tab.evaluate(_CUT)
        assert len(cut) > 5
        for name, shadow, before, after, shown in cut:
            assert shadow.count("linear-gradient") == 4, name
            assert before == after, name  # the names of the rows stay
            assert shown > 60, name  # beside the names, there is room for a number


_CUT = """() => [...document.querySelectorAll(".wide")].filter((one) => one.scrollWidth > one.clientWidth).map((one) => {
  const name = one.querySelector("tbody th"), left = () => name.getBoundingClientRect().left, before = left();
  one.scrollLeft = 1000;
  const shown = one.getBoundingClientRect().right - name.getBoundingClientRect().right;
  return [one.ariaLabel, getComputedStyle(one).backgroundImage, before, left(), shown];
})"""
"""Tables with more columns than there is room for: name, background, place of the first column before and after a scroll, room."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_letters_stand_out_from_what_is_behind_them_light_and_dark(demo: Path, browser: Browser, scheme: str) -> None:
    with opened(browser, demo / "report.html", scheme) as tab:
        colours = tab.evaluate(_COLOURS)
        assert len(colours) > 100
        for text, one, other in colours:
            lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
            assert (lighter + 0.05) / (darker + 0.05) >= 4.5, (text, one, other)
        assert (luminance(tab.evaluate("pixels(getComputedStyle(document.body).backgroundColor)")) < 0.1) == (
            scheme == "dark"
        )


_COLOURS = """() => {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  window.pixels = (...layers) => {
    context.clearRect(0, 0, 1, 1);
    for (const layer of layers) { context.fillStyle = layer; context.fillRect(0, 0, 1, 1); }
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const paper = getComputedStyle(document.body).backgroundColor, found = [];
  for (const one of document.querySelectorAll(".bar.start, .word, td, dt, dd, h2, button:enabled, option, .place, caption, figcaption")) {
    if (one.textContent) {
      const style = getComputedStyle(one);
      found.push([one.textContent, pixels(paper, style.backgroundColor, style.color), pixels(paper, style.backgroundColor)]);
    }
  }
  return found;
}"""


def luminance(colour: Sequence[int]) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [value / 255 for value in colour]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


_FOLLOW = """async (most) => {
  const told = [], followed = {};
  document.getElementById("browser").style.display = "none"; // nothing to paint
  for (const link of document.querySelectorAll("table a")) {
    const keys = [...new URLSearchParams(link.hash.slice(1)).keys()].join();
    followed[keys] = (followed[keys] ?? 0) + 1;
    if (followed[keys] > most || link.hash === location.hash) continue;
    const changed = new Promise((done) => addEventListener("hashchange", done, { once: true }));
    location.hash = link.hash;
    await changed;
    told.push([link.hash, link.textContent, document.getElementById("found").textContent]);
  }
  return told;
}"""
"""Follows so many links with the same filters."""


def test_every_count_leads_to_its_sentences(demo: Path, browser: Browser) -> None:
    with opened(browser, demo / "report.html") as tab:
        told = tab.evaluate(_FOLLOW, 30)
    assert len(told) > 80
    assert {"goldtag", "gold", "label", "length", "seen", "ambiguity", "confidence", "words", "status", "reason"} <= {
        name for link, *_ in told for name in re.findall(r"[#&](\w+)=", link)
    }
    for link, count, found in told:
        numbers = re.findall(r"([\d,]+) (?:entit|token)", found) or re.findall(r"^([\d,]+) sentence", found)
        assert numbers == [count], (link, count, found)


def test_published_results_stand_beside_ours(demo: Path, tmp_path: Path) -> None:
    document = json.loads((demo / "scores.json").read_text("utf-8"))
    run = replace(load_run(demo), corpus="conll2003")
    document["references"] = to_json(find_references(run, "Qwen/Qwen2.5-7B", None))
    (tmp_path / "scores.json").write_text(json.dumps(document), "utf-8")
    shutil.copy(demo / "sentences.jsonl", tmp_path)
    for words, name in (([], "report.html"), (["--markdown"], "report.md")):
        result = CliRunner().invoke(main, ["report", str(tmp_path), *words])
        assert result.exit_code == 0, result.output
        text = (tmp_path / name).read_text("utf-8")
        assert "Published results" in text
        assert "0.9373" in text
        assert "differs in sentences" in text


def test_filters_search_and_pages(demo: Path, browser: Browser) -> None:
    sentences = rows(demo)
    missed = [row.id for row in sentences if any(p.kind == "missed" and p.label == "LOC" for p in row.pairs)]
    wrong = [row.id for row in sentences if any(pair.kind in ERRORS for pair in row.pairs)]
    assert missed
    with opened(browser, demo / "report.html") as tab:
        assert ids(tab) == wrong[:20]
        tab.click("#next")
        assert ids(tab) == wrong[20:40]
        tab.select_option("#kind", "missed")
        tab.select_option("#label", "LOC")
        assert ids(tab) == missed[:20]
        assert tab.evaluate("location.hash") == "#kind=missed&label=LOC"
        tab.select_option("#kind", "all")
        tab.select_option("#label", "")
        tab.select_option("#status", "repaired")
        assert ids(tab) == [row.id for row in sentences if row.status == "repaired"][:20]
        tab.select_option("#status", "")
        word = sentences[3].tokens[1]
        tab.fill("#q", word.upper())
        assert ids(tab) == [r.id for r in sentences if word.lower() in f"{' '.join(r.tokens)}\n{r.output}".lower()][:20]
        assert tab.locator(".word.found").first.text_content().lower().count(word.lower()) == 1
        tab.fill("#q", "no such text")
        assert tab.inner_text("#found") == "0 sentences of 100"
        tab.click("#clear")
        assert ids(tab) == wrong[:20]
        assert tab.input_value("#q") == ""
        tab.evaluate("location.hash = '#kind=all&gold=LOC&predicted=O'")
        tab.wait_for_selector("#chips button")
        tab.get_by_role("button", name="Remove the filter gold label LOC").click()
        assert tab.evaluate("location.hash") == "#kind=all&predicted=O"


def test_an_error_says_which_labels_its_words_have_in_train(tmp_path: Path, demo: Path, browser: Browser) -> None:
    told = {(): "not in train", ("LOC",): "in train LOC", ("LOC", "PER"): "in train LOC, PER"}
    drawn, sentences, expected = random.Random(2), [], []
    for row in rows(demo):
        gold = [pair for pair in row.pairs if pair.gold]
        known = tuple(drawn.choice(list(told)) for _ in gold)
        sentences.append(replace(row, known=known))
        expected += [f"; {told[labels]})" for pair, labels in zip(gold, known) if pair.kind in ERRORS]
    path = written(tmp_path / "known.html", Evaluation(load_run(demo), tuple(sentences)))
    with opened(browser, path) as tab:
        shown = tab.eval_on_selector_all("#list li", "all => all.map(one => one.textContent)")
    found = [match[0] for item in shown if (match := re.search(r"; (not )?in train.*?\)", item))]
    assert set(found) == {f"; {words})" for words in told.values()}
    assert found == expected[: len(found)]


def test_everything_is_within_reach_of_the_keyboard(demo: Path, browser: Browser) -> None:
    current = "document.activeElement.closest('article')?.getAttribute('aria-label') ?? null"
    with opened(browser, demo / "report.html") as tab:
        shown = ids(tab)
        tab.keyboard.press("j")
        assert tab.evaluate(current) == f"Sentence {shown[0]}"
        tab.keyboard.press("ArrowDown")
        tab.keyboard.press("j")
        tab.keyboard.press("ArrowUp")
        assert tab.evaluate(current) == f"Sentence {shown[1]}"
        tab.wait_for_url(lambda url: shown[1].replace("/", "%2F") in url)
        assert "solid" in tab.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        for _ in range(19):
            tab.keyboard.press("j")
        assert tab.inner_text("#page").startswith("page 2 of")
        assert tab.evaluate(current) == f"Sentence {ids(tab)[0]}"
        tab.keyboard.press("k")
        assert tab.evaluate(current) == f"Sentence {shown[19]}"
        tab.keyboard.press("/")
        tab.keyboard.type("jk/")
        assert tab.input_value("#q") == "jk/"
        tab.keyboard.press("Escape")
        assert tab.input_value("#q") == ""
        tab.keyboard.press("Escape")
        assert tab.evaluate("document.activeElement === document.body")
        tab.focus("#kind")
        reached = []
        for _ in range(8):
            reached.append(tab.evaluate("document.activeElement.id || document.activeElement.tagName"))
            tab.keyboard.press("Tab")
        assert reached == ["kind", "label", "status", "q", "clear", "next", "ARTICLE", "A"]
        unnamed = "all => all.filter(one => !(one.textContent.trim() || one.labels?.length || one.ariaLabel)).length"
        assert tab.eval_on_selector_all("button, input, select, a, [role=img], [role=region]", unnamed) == 0


def test_a_link_restores_what_was_seen(demo: Path, browser: Browser) -> None:
    with opened(browser, demo / "report.html") as tab:
        tab.select_option("#kind", "error")
        tab.fill("#q", "the")
        for _ in range(3):
            tab.locator("#list article").nth(2).focus()
        shown = ids(tab)
        tab.wait_for_url(lambda url: "at=" in url)
        address = tab.evaluate("location.hash")
        tab.reload()
        assert ids(tab) == shown
        assert tab.input_value("#q") == "the"
        assert tab.evaluate("location.hash") == address
        assert tab.locator("article.current h3 a").text_content() == shown[2]
        assert tab.locator("article.current").evaluate("one => one.getBoundingClientRect().top < innerHeight")
        tab.locator("article.current h3 a").click()
        expect(tab.locator("#kind")).to_have_value("all")
        assert tab.locator("article.current h3 a").text_content() == shown[2]
        right = next(row.id for row in rows(demo) if all(pair.kind == "correct" for pair in row.pairs))
        tab.evaluate(f"location.hash = '#kind=error&at={right}'")
        tab.wait_for_selector("#found a")
        assert f"not among them: {right}" in tab.inner_text("#found")
        tab.click("#found a")
        tab.wait_for_selector("article.current")
        assert tab.locator("article.current h3 a").text_content() == right
        tab.evaluate("location.hash = '#kind=<b>&at=%E0%A4%A&label=<img src=x>'")
        expect(tab.locator("#found")).to_contain_text("there is no sentence")
        assert tab.input_value("#kind") == "error"


def hostile_sentences() -> tuple[list[Sentence], list[str]]:
    sentences, outputs = [], []
    for number, token in enumerate(TOKENS):
        tokens = (token, "in", token, "Oslo")
        sentences.append(Sentence(f"demo/testb/{number}", tokens, (Span(0, 1, "ORG"), Span(3, 4, "LOC"))))
        outputs.append(
            [f"[{token} | PER] in {token} [Oslo | LOC]", f"{token} [Bergen | LOC] {token}", token, ""][number % 4]
        )
    return sentences, outputs


@pytest.mark.filterwarnings("ignore:A single label was found")
def test_hostile_texts_show_as_text(tmp_path: Path, browser: Browser) -> None:
    sentences, outputs = hostile_sentences()
    evaluation = evaluated(tmp_path, sentences, outputs)
    path = written(tmp_path / "hostile.html", evaluation)
    assert not set(path.read_text("utf-8")) & set("\u202e\u2028\u200b\x00\x85")
    with opened(browser, path) as tab:
        tab.select_option("#kind", "all")
        shown: list[list[str]] = []
        while True:
            shown += tab.eval_on_selector_all(
                ".drawn", "all => all.map(d => [...d.querySelectorAll('.word')].map(w => w.textContent))"
            )
            written_out = tab.eval_on_selector_all(".output bdi", "all => all.map(one => one.textContent)")
            assert set(written_out) <= {visible(output) or "(empty)" for output in outputs}
            if tab.locator("#next").is_disabled():
                break
            tab.click("#next")
        assert shown == [list(map(visible, sentence.tokens)) for sentence in sentences]
        elements = set(tab.eval_on_selector_all("#list *", "all => all.map(one => one.tagName)"))
        assert elements <= {"ARTICLE", "H3", "A", "SPAN", "DIV", "BDI", "UL", "LI", "B", "P"}
        for text in ("</textarea>", "\\u202egnp", "%3Cb%3E"):
            tab.fill("#q", text)
            assert tab.inner_text("#found").startswith("1 sentence of")


def renamed(value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        return {
            key.replace(old, new) if isinstance(key, str) else key: renamed(of, old, new) for key, of in value.items()
        }
    if isinstance(value, list):
        return [renamed(one, old, new) for one in value]
    return value.replace(old, new) if isinstance(value, str) else value


def test_labels_and_facts_are_escaped_too(tmp_path: Path, browser: Browser, demo: Path) -> None:
    label = "</script><img src=x onerror=alert(1)>|*\u202e$x_1$&lt;"
    document = renamed(json.loads((demo / "scores.json").read_text("utf-8")), "MISC", label)
    document |= {"corpus": "<b>$body</b>", "commit": "</title><script>alert(1)</script>"}
    sentences = tuple(
        from_json(ExaminedSentence, renamed(to_json(row), "MISC", label), "here", writer="lmn-eval")
        for row in rows(demo)
    )
    run = from_json(ScoredRun, document, "here", writer="lmn-eval")
    path = written(tmp_path / "labels.html", Evaluation(run, sentences))
    with opened(browser, path) as tab:
        assert "\u202e" not in tab.content()
        assert tab.inner_text("h1") == "<b>$body</b> testb: gold and predictions"
        for _, count, found in tab.evaluate(_FOLLOW, 6):
            assert re.match(rf"(.*\D)?{count} (sentence|entit|token)", found)
        tab.evaluate("document.getElementById('browser').style.display = ''")
        tab.select_option("#label", visible(label))
        assert tab.locator(".bar", has_text="</script><img").count() > 0
        assert tab.locator("img").count() == 0
    assert reads_as(markdown_report(run, sentences))


def test_nested_spans_are_drawn_within_each_other(tmp_path: Path, browser: Browser) -> None:
    tokens = ("University", "of", "the", "Free", "State", "in", "South", "Africa")
    spans = (Span(0, 8, "ORG"), Span(0, 5, "ORG"), Span(3, 5, "LOC"), Span(6, 8, "LOC"))
    output = "[[University of the Free State | ORG] in [South [Africa | LOC] | LOC] | MISC]"
    evaluation = evaluated(tmp_path, [Sentence("demo/testb/0", tokens, spans)], [output], nested=True)
    assert evaluation.run.scores.seqeval is None
    with opened(browser, written(tmp_path / "nested.html", evaluation)) as tab:
        assert "entities nest" in tab.inner_text("main")
        boxes = tab.evaluate("""() => [...document.querySelectorAll(".token")].map((column) => {
            const top = column.querySelector(".word").getBoundingClientRect().top;
            return [...column.querySelectorAll(".cell")].map((cell) =>
              cell.matches(".bar") ? [cell.getBoundingClientRect().top < top ? "gold" : "predicted", cell.textContent] : null);
        })""")
        top, bottom = ["gold", "≠ ORG"], ["predicted", "≠ MISC"]
        assert boxes[0] == [top, ["gold", "ORG"], None, ["predicted", "ORG"], None, bottom]
        assert boxes[3] == [["gold", ""], ["gold", ""], ["gold", "− LOC"], ["predicted", ""], None, ["predicted", ""]]
        assert boxes[5] == [["gold", ""], None, None, None, None, ["predicted", ""]]
        assert boxes[7][3:] == [["predicted", "+ LOC"], ["predicted", ""], ["predicted", ""]]
        assert tab.get_attribute(".drawn", "aria-label") == (
            "University of the Free State in South Africa Gold: University of the Free State in South Africa, ORG; "
            "University of the Free State, ORG; Free State, LOC; South Africa, LOC. Predicted: University of the Free State in South "
            "Africa, MISC; University of the Free State, ORG; South Africa, LOC; Africa, LOC."
        )
        assert (
            tab.locator("#list li")
            .all_text_contents()[0]
            .startswith("≠ type: gold University of the Free State in South Africa (ORG)")
        )


def test_a_span_that_runs_right_to_left_or_over_a_line_end_is_drawn(tmp_path: Path, browser: Browser) -> None:
    tokens = ("\u05d9\u05e8\u05d5\u05e9\u05dc\u05d9\u05dd", "\u05d4\u05d9\u05d0", *["\u05e2\u05d9\u05e8"] * 80)
    sentence = Sentence("demo/testb/0", tokens, (Span(0, 1, "LOC"), Span(10, 80, "ORG")))
    evaluation = evaluated(tmp_path, [sentence], [" ".join(tokens)])
    with opened(browser, written(tmp_path / "long.html", evaluation)) as tab:
        tab.set_viewport_size({"width": 390, "height": 800})
        lefts = tab.eval_on_selector_all(".word", "all => all.map(one => one.getBoundingClientRect().left)")
        assert lefts[0] > lefts[1]
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert tab.locator(".token .bar").count() == 71


@pytest.mark.filterwarnings("ignore:A single label was found")
def test_a_thousand_random_and_adversarial_predictions(tmp_path: Path, browser: Browser) -> None:
    sentences, outputs = adversarial(1000)
    evaluation = evaluated(tmp_path, sentences, outputs)
    text = "".join(html_report(evaluation))
    page = Strict()
    page.feed(text)
    page.close()
    assert page.open == []
    assert page.tags["script"] == 2
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert all(url and url.startswith("#") for url in page.urls)
    assert not {character for character in text if visible(character) != character} - {"\n"}
    data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)[1])  # type: ignore[index]
    assert [row[2].split("\n") for row in data["rows"]] == [list(map(visible, one.tokens)) for one in sentences]
    assert {row[7] for row in data["rows"]} - {0} <= {visible(output) for output in outputs}
    path = tmp_path / "thousand.html"
    path.write_text(text, encoding="utf-8")
    with opened(browser, path) as tab:
        tab.select_option("#kind", "all")
        for _ in range(5):
            tab.click("#next")
        assert ids(tab) == [sentence.id for sentence in sentences[100:120]]
