"""The report of many sentences: how long it takes to make, and in headless Chromium to load and to filter; memory.

    python -m llms_meet_ner.eval.benchmarks.report_page [--sentences N] [--keep FILE]

The corpus is the embedded demo corpus over and over, with the first token of each sentence numbered; every fourth entity of a prediction
has another label, is shorter, or is not there, drawn with a seed. Each time is of one run, in seconds of the clock; loading is from the
address to the sentences on the screen, filtering from the event to the next frame painted, the largest of some runs of each.
"""

from __future__ import annotations

import json
import os
import platform
import random
import resource
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ...data_converters.cards import load_card
from ...formats import get_format
from ...sentence import Sentence, Span
from ..evaluate import evaluate, read_gold
from ..html_report import write_page
from .pipeline import write_corpus

_RUNS = 5
_LOAD, _FILTER = 3.0, 0.3
"""What loading and filtering 50,000 sentences may take, in seconds."""
_STEPS: dict[str, dict[str, str]] = {
    "kind": {"kind": "type"},
    "label": {"label": "LOC"},
    "kind and label": {"kind": "spurious", "label": "ORG"},
    "all sentences": {"kind": "all"},
    "search": {"q": "minister"},
    "search in vain": {"q": "zzz"},
    "cell of the tags": {"address": "#kind=all&goldtag=I-PER&predictedtag=O"},
    "sentence length": {"address": "#kind=gold&words=11-20"},
}
"""By what is done: controls to set, or a link to follow."""
_PROBE = """async (step) => {
  const painted = () => new Promise((done) => setTimeout(() => requestAnimationFrame(() => setTimeout(done))));
  document.getElementById("clear").click();
  await painted();
  const started = performance.now();
  for (const [id, value] of Object.entries(step)) {
    if (id === "address") location.hash = value;
    else {
      const control = document.getElementById(id);
      control.value = value;
      control.dispatchEvent(new Event(id === "q" ? "input" : "change"));
    }
  }
  await painted();
  return [(performance.now() - started) / 1000, document.getElementById("found").textContent];
}"""


def _spoiled(sentence: Sentence, labels: Sequence[str], drawn: random.Random) -> tuple[Span, ...]:
    kept = []
    for span in sentence.spans:
        fate = drawn.randrange(12)
        if fate == 0:
            kept.append(Span(span.start, span.end, drawn.choice(labels)))
        elif fate == 1:
            kept.append(Span(span.start, max(span.start + 1, span.end - 1), span.label))
        elif fate > 2:
            kept.append(span)
    return tuple(kept)


def _write_predictions(path: Path, sentences: Sequence[Sentence], labels: Sequence[str]) -> None:
    drawn, fmt = random.Random(7), get_format("bracketed")
    with path.open("w", encoding="utf-8") as file:
        for sentence in sentences:
            output = fmt.render(Sentence(sentence.id, sentence.tokens, _spoiled(sentence, labels, drawn)))
            file.write(json.dumps({"id": sentence.id, "output": output, "decoding": "free"}) + "\n")


def _make(folder: Path, sentences: int) -> Path:
    """Score the corpus and write its report; print how long that took."""
    card = load_card("demo")
    write_corpus(folder, sentences)
    gold = read_gold(card, "train", folder)
    _write_predictions(folder / "predictions.jsonl", gold.sentences, card.labels.names)
    started = time.perf_counter()
    evaluation = evaluate(gold, folder / "predictions.jsonl")
    scored = time.perf_counter()
    before = _memory()
    path = folder / "report.html"
    write_page(path, evaluation.document, evaluation.sentences)
    print(f"aligning, scoring, analysing   {scored - started:7.2f} s   peak memory {before:,.0f} MB")
    print(f"writing the page               {time.perf_counter() - scored:7.2f} s   peak memory {_memory():,.0f} MB")
    print(f"size of the page               {path.stat().st_size / 1e6:7.1f} MB")
    return path


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _browse(path: Path) -> bool:
    """Load and filter the page in Chromium; print times; return whether they are within bounds."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        raise SystemExit("no Chromium here")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        loads = [_load(browser, path) for _ in range(_RUNS)]
        page = browser.new_context(offline=True).new_page()
        page.goto(path.as_uri())
        worst = 0.0
        for name, step in _STEPS.items():
            times, told = zip(*(page.evaluate(_PROBE, step) for _ in range(_RUNS)))
            worst = max(worst, *times)
            print(f"filter: {name:<22} {max(times):7.3f} s   {told[0]}")
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        metrics = {row["name"]: row["value"] for row in session.send("Performance.getMetrics")["metrics"]}
        browser.close()
    print(
        f"loading                        {max(loads):7.2f} s   of {_RUNS} runs the largest; median {sorted(loads)[_RUNS // 2]:.2f} s"
    )
    print(f"largest filter                 {worst:7.3f} s   heap of scripts {metrics['JSHeapUsedSize'] / 1e6:,.0f} MB")
    return max(loads) <= _LOAD and worst <= _FILTER


def _load(browser: Any, path: Path) -> float:
    page = browser.new_context(offline=True).new_page()
    started = time.perf_counter()
    page.goto(path.as_uri())
    page.wait_for_function("document.documentElement.dataset.ready")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    taken = time.perf_counter() - started
    page.context.close()
    return taken


@click.command()
@click.option("--sentences", type=click.IntRange(min=1), default=50_000, show_default=True)
@click.option("--keep", type=click.Path(path_type=Path), help="Copy the page to this file.")
def main(sentences: int, keep: Path | None) -> None:
    """Measure; fail where loading takes more than 3 s or a filter more than 0.3 s, which 50,000 sentences should not."""
    print(
        f"{sentences:,} sentences; Python {platform.python_version()}, {os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}"
    )
    with tempfile.TemporaryDirectory() as name:
        path = _make(Path(name), sentences)
        if keep:
            shutil.copy(path, keep)
        raise SystemExit(0 if _browse(path) else 1)


if __name__ == "__main__":
    main()
