"""Measures the service under load against the tagger alone, in one run, on the sentences of a corpus.

    python tests/benchmarks/serving.py --adapter outputs/minilm_demo
    python tests/benchmarks/serving.py --adapter outputs/minilm_demo --corpus wikigold --split test --source CORPORA/wikigold

`lmn-serve` runs as a process of its own. Clients send one sentence a request, each the next one as soon as it has an answer. Before and after
them, the tagger of `lmn-tag` tags the same sentences in this process: all at once, for sentences a second, and one after another, for the time
of a lone sentence. A corpus with fewer sentences than are asked for is read again from its beginning. The loading of models is not counted.
The best of the rounds counts for each. Look at the ratios: sentences a second divided by those of the tagger, and the median and the 99th
percentile of the time of a request divided by that of a lone sentence.
"""

from __future__ import annotations

import argparse
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count, cycle, islice
from pathlib import Path
from statistics import quantiles
from threading import Thread
from typing import NamedTuple

from llms_meet_ner.data_converters import load_card, read_corpus
from llms_meet_ner.tagging.loading import load
from llms_meet_ner.tagging.tagger import Tagger


class Round(NamedTuple):
    """What one way of tagging took.

    Attributes:
        rate: Sentences a second.
        median: Seconds of a sentence or a request.
        worst: 99th percentile of these seconds.
    """

    rate: float
    median: float
    worst: float


def of_times(times: Sequence[float], seconds: float) -> Round:
    """Return the round of sentences or requests that took these times, all together so many seconds."""
    cuts = quantiles(times, n=100, method="inclusive")
    return Round(len(times) / seconds, cuts[49], cuts[98])


def best(rounds: Sequence[Round]) -> Round:
    """Return the best of each measure."""
    return Round(max(one.rate for one in rounds), min(one.median for one in rounds), min(one.worst for one in rounds))


@contextmanager
def serving(words: Sequence[str]) -> Iterator[str]:
    """Start `lmn-serve`, and yield its host and port when it is ready."""
    command = [Path(sys.executable).with_name("lmn-serve"), "--port", "0", *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        for line in process.stderr:
            if line.startswith("serving "):
                break
        else:
            raise SystemExit("the service did not start; run lmn-serve by hand with these options")
        Thread(target=process.stderr.read, daemon=True).start()  # or it could write no more at some time
        try:
            yield line.split("http://")[1].split(";")[0].strip()
        finally:
            process.terminate()


def ask(host: str, texts: Sequence[str], numbers: Iterator[int]) -> list[tuple[int, float, int]]:
    """Send texts whose turn it is, one a request; return the number, the seconds and the number of entities of each."""
    connection, found = http.client.HTTPConnection(host, timeout=600), []
    for number in numbers:
        if number >= len(texts):
            break
        began = time.perf_counter()
        connection.request("POST", "/tag", json.dumps({"texts": [texts[number]]}), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = json.load(answer)
        if answer.status != 200:
            raise SystemExit(content["error"])
        found.append((number, time.perf_counter() - began, len(content["results"][0]["entities"])))
    connection.close()
    return found


def load_service(host: str, texts: Sequence[str], clients: int) -> tuple[Round, int]:
    """Let clients send all texts; return the round and the number of entities."""
    numbers = count()  # its next number is drawn by one thread at a time
    began = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        parts = list(pool.map(lambda _: ask(host, texts, numbers), range(clients)))
    rows = [row for part in parts for row in part]
    assert sorted(number for number, *_ in rows) == list(range(len(texts)))
    return of_times([seconds for _, seconds, _ in rows], time.perf_counter() - began), sum(found for *_, found in rows)


def tag_alone(tagger: Tagger, texts: Sequence[str], lone: int) -> tuple[Round, int]:
    """Tag all texts at once, and some one after another; return the round and the number of entities."""
    began = time.perf_counter()
    entities = sum(len(tagged.entities) for tagged in tagger.tag(texts))
    seconds, times = time.perf_counter() - began, []
    for text in texts[:: max(1, len(texts) // lone)]:
        began = time.perf_counter()
        tagger.tag([text])
        times.append(time.perf_counter() - began)
    return of_times(times, 1.0)._replace(rate=len(texts) / seconds), entities


def main() -> None:
    """Print a line for the tagger and one for the service."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--adapter", required=True)
    parser.add_argument("--corpus", default="demo")
    parser.add_argument("--split", default="testb")
    parser.add_argument("--source")
    parser.add_argument("--sentences", type=int, default=1000)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--portion", type=int, default=64)
    parser.add_argument("--dtype", default="float32")
    asked = parser.parse_args()
    source = read_corpus(load_card(asked.corpus), asked.split, asked.source)
    texts = list(islice(cycle([sentence.text for sentence in source]), asked.sentences))
    tagger = load(asked.adapter, dtype=asked.dtype)
    alone, served, entities = [], [], set()
    words = ["--adapter", asked.adapter, "--portion", str(asked.portion), "--dtype", asked.dtype]
    with serving(words) as host:
        load_service(host, texts[:100], asked.clients)  # is not counted
        for _ in range(asked.rounds):
            for rounds, (one, found) in (
                (alone, tag_alone(tagger, texts, 100)),
                (served, load_service(host, texts, asked.clients)),
            ):
                rounds.append(one)
                entities.add(found)
    print(
        f"{len(texts):,} sentences, {asked.clients} clients, portions of {asked.portion}, best of {asked.rounds} rounds"
    )
    print(
        f"entities found: {', '.join(f'{found:,}' for found in sorted(entities))} (one number: the same in all rounds)"
    )
    print(f"{'':<12}{'sentences/s':>12}{'x':>7}{'median ms':>12}{'x':>7}{'99% ms':>12}{'x':>7}")
    base = best(alone)
    for name, one in (("tagger alone", base), ("service", best(served))):
        shares = (one.rate / base.rate, one.median / base.median, one.worst / base.worst)
        values = (one.rate, 1000 * one.median, 1000 * one.worst)
        print(f"{name:<12}" + "".join(f"{value:>12.1f}{share:>7.2f}" for value, share in zip(values, shares)))


if __name__ == "__main__":
    main()
