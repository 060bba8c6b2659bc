"""Measures the report of many sentences: how long it takes to make, and in headless Chromium to load and filter; and memory.

    python tests/benchmarks/report_page.py [--sentences N] [--keep FILE]

The corpus is the embedded demo corpus, repeated, with a number in the first token of each sentence. A quarter of the predicted
entities, drawn with a seed, have another label, are shorter or are missing; confidences are drawn too. Times are clock seconds and,
in brackets, processor seconds of this process or of the page's main thread, which say more on a busy machine. Loading is measured
from the address to the sentences on the screen, filtering from the event to the next painted frame; each is the largest of some
runs.
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
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
from pipeline import write_corpus

from llms_meet_ner.data_converters.cards import load_card
from llms_meet_ner.eval.evaluate import evaluate, read_gold
from llms_meet_ner.eval.report import write_page
from llms_meet_ner.formats import get_format
from llms_meet_ner.sentence import Sentence, Span

_RUNS = 5
_PATIENCE = 300_000  # ms
_LOAD, _FILTER = 3.0, 0.3
"""Seconds that loading and filtering 50,000 sentences may take."""
_STEPS: dict[str, dict[str, str]] = {
    "kind": {"kind": "type"},
    "label": {"label": "LOC"},
    "kind and label": {"kind": "spurious", "label": "ORG"},
    "all sentences": {"kind": "all"},
    "search": {"q": "minister"},
    "search in vain": {"q": "zzz"},
    "cell of the tags": {"address": "#kind=all&goldtag=I-PER&predictedtag=O"},
    "sentence length": {"address": "#kind=gold&words=11-20"},
    "not in train": {"address": "#kind=gold&seen=unseen"},
    "confidence": {"address": "#kind=predicted&confidence=0.8-0.9"},
}
"""Controls to set, or a link to follow, by the name of the filter."""
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
            spans = _spoiled(sentence, labels, drawn)
            row = {
                "id": sentence.id, "output": fmt.render(Sentence(sentence.id, sentence.tokens, spans)), "decoding": "constrained",
                "spans": [[span.start, span.end, span.label] for span in spans],
                "confidences": [round(drawn.random(), 4) for _ in spans],
            }  # fmt: skip
            file.write(json.dumps(row) + "\n")


def _make(folder: Path, sentences: int) -> Path:
    """Score the corpus, write its report, print the times, and return the path of the page."""
    card = load_card("demo")
    write_corpus(folder, sentences)
    gold, train = read_gold(card, "train", folder), read_gold(card, "train")
    _write_predictions(folder / "predictions.jsonl", gold.sentences, card.labels.names)
    times = [(time.perf_counter(), time.process_time())]
    evaluation = evaluate(gold, folder / "predictions.jsonl", train=train)
    times.append((time.perf_counter(), time.process_time()))
    before = _memory()
    path = folder / "report.html"
    write_page(path, evaluation)
    times.append((time.perf_counter(), time.process_time()))
    (scoring, scoring_busy), (writing, writing_busy) = (
        (other[0] - one[0], other[1] - one[1]) for one, other in pairwise(times)
    )
    print(f"aligning, scoring, analysing   {scoring:7.2f} s ({scoring_busy:.2f})   peak memory {before:,.0f} MB")
    print(f"writing the page               {writing:7.2f} s ({writing_busy:.2f})   peak memory {_memory():,.0f} MB")
    print(f"size of the page               {path.stat().st_size / 1e6:7.1f} MB")
    return path


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _browse(path: Path) -> bool:
    """Load and filter the page in Chromium, print the times, and return whether they keep the limits."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        raise SystemExit("no Chromium here")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        loads = [_load(browser, path) for _ in range(_RUNS)]
        page = browser.new_context(offline=True).new_page()
        page.goto(path.as_uri(), timeout=_PATIENCE)
        session = _watched(page)
        worst = 0.0
        for name, step in _STEPS.items():
            before = _metric(session, "TaskDuration")
            times, told = zip(*(page.evaluate(_PROBE, step) for _ in range(_RUNS)))
            busy = (_metric(session, "TaskDuration") - before) / _RUNS
            worst = max(worst, *times)
            print(f"filter: {name:<22} {max(times):7.3f} s (with clearing on average {busy:.3f})   {told[0]}")
        heap = _metric(session, "JSHeapUsedSize") / 1e6
        browser.close()
    (median, _), (slowest, _) = sorted(loads)[_RUNS // 2], max(loads)
    busy = max(busy for _, busy in loads)
    print(f"load average now {os.getloadavg()[0]:.1f}")
    print(
        f"loading                        {slowest:7.2f} s ({busy:.2f}), the largest of {_RUNS}; median {median:.2f} s"
    )
    print(f"largest filter                 {worst:7.3f} s   heap of scripts {heap:,.0f} MB")
    return slowest <= _LOAD and worst <= _FILTER


def _load(browser: Any, path: Path) -> tuple[float, float]:
    """Load the page, and return clock seconds and processor seconds of its main thread."""
    page = browser.new_context(offline=True).new_page()
    session = _watched(page)
    started = time.perf_counter()
    page.goto(path.as_uri(), timeout=_PATIENCE)
    page.wait_for_function("document.documentElement.dataset.ready")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    taken = time.perf_counter() - started
    busy = _metric(session, "TaskDuration")
    page.context.close()
    return taken, busy


def _watched(page: Any) -> Any:
    """Return a session that counts the processor time of the page's main thread."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    return session


def _metric(session: Any, name: str) -> float:
    return next(float(row["value"]) for row in session.send("Performance.getMetrics")["metrics"] if row["name"] == name)


@click.command()
@click.option("--sentences", type=click.IntRange(min=1), default=50_000, show_default=True)
@click.option("--keep", type=click.Path(path_type=Path), help="Copy the page to this file.")
def main(sentences: int, keep: Path | None) -> None:
    """Measure, and fail if loading takes more than 3 s or a filter more than 0.3 s; 50,000 sentences should take less."""
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
