"""Measures what speculation gives in vLLM: none, n-grams of the prompt, and the prototype of a proposer of our own.

    python tests/vllm/speculation.py [--sentences N] [--concurrency 1,8,32] [--speculating 8] [--decoding constrained,free]

Each setting has a server of its own, one after the other, with the demo's adapter in float32. Passes and tokens of a sentence are counted
by vLLM and do not depend on what else the machine does; speeds do. `same` counts the outputs that are those of the first line. Run make demo
and make test-vllm first.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from click.testing import CliRunner
from paths import ROOT
from vllm_server import VENV, VllmServer

from llms_meet_ner.cli.predict import main as lmn_predict
from llms_meet_ner.prompting.spec import PromptSpec
from llms_meet_ner.systems.local import training_guesser
from llms_meet_ner.training.recipe import load_recipe

HERE = Path(__file__).resolve().parent
RECIPE, NAME = "recipes/demo_smollm2.yaml", "demo_smollm2"
NGRAM: dict[str, Any] = {"method": "ngram", "num_speculative_tokens": 8, "prompt_lookup_max": 4}
SETTINGS: dict[str, dict[str, Any] | None] = {
    "none": None,
    "ngram, 2 to 4": {**NGRAM, "prompt_lookup_min": 2},
    "ngram, 1 to 4": {**NGRAM, "prompt_lookup_min": 1},
    "copy_proposer.py": {"method": "custom_class", "model": "copy_proposer.CopyProposer", "num_speculative_tokens": 64},
}
_COUNTERS = (
    "generation_tokens",
    "prompt_tokens",
    "prefix_cache_hits",
    "spec_decode_num_draft_tokens",
    "spec_decode_num_accepted_tokens",
)


def main() -> None:
    """Print a line for each setting, decoding and concurrency."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sentences", type=int, default=32)
    parser.add_argument("--concurrency", default="1,8,32", help="requests at a time without speculation")
    parser.add_argument("--speculating", default="8", help="requests at a time with speculation")
    parser.add_argument("--decoding", default="constrained")
    parser.add_argument("--only", choices=SETTINGS, action="append", help="setting; may be repeated")
    options = parser.parse_args()
    os.chdir(ROOT)
    print(
        "| speculation | decoding | requests at a time | sentences/s | speed | passes | written | drafted | computed | same |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    plain: dict[tuple[str, str], float] = {}
    first: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as name:
        guesses = Path(name) / "guesses.json"
        guesses.write_text(json.dumps(guesses()), encoding="utf-8")
        os.environ |= {"LMN_GUESSES": str(guesses), "PYTHONPATH": str(HERE)}
        if (VENV / "lib/libiomp5.so").is_file():  # vLLM asks for it where it speculates on a CPU
            os.environ["LD_PRELOAD"] = str(VENV / "lib/libiomp5.so")
        for setting in options.only or SETTINGS:
            config = SETTINGS[setting]
            more = ["--max-num-seqs", "16"]  # vLLM keeps room for the longest proposal of each
            more += ["--speculative-config", json.dumps(config)] if config else []
            numbers = (options.speculating if config else options.concurrency).split(",")
            for decoding, requests, rate, counts in _measured(Path(name), more, numbers, options):
                base = plain.setdefault((decoding, requests), rate)  # no speculation comes first
                outputs = _outputs(Path(name) / "out")
                same = sum(map(str.__eq__, first.setdefault(decoding, outputs), outputs))
                cells = [f"{rate:.2f}", f"{rate / base:.2f}x", *(f"{count:.1f}" for count in counts), str(same)]
                print("| " + " | ".join([setting, decoding, requests, *cells]) + " |", flush=True)


def guesses() -> dict[str, list[tuple[int, int, str]]]:
    """Return the guessed entities of the demo's test sentences by their texts, as ranges of characters."""
    recipe = load_recipe(ROOT / RECIPE)
    guesser = training_guesser(recipe, PromptSpec.load(recipe.output_dir / "prompt_spec.json"))
    found = {}
    for row in json.loads((ROOT / "data/alpaca/demo.short_testb.json").read_text(encoding="utf-8")):
        tokens = tuple(row["tokens"])
        starts = [len(" ".join([*tokens[:at], ""])) for at in range(len(tokens))]
        found[" ".join(tokens)] = [
            (starts[span.start], starts[span.end - 1] + len(tokens[span.end - 1]), span.label)
            for span in guesser.guess(tokens).spans
        ]
    return found


def _measured(
    folder: Path, more: list[str], numbers: list[str], options: argparse.Namespace
) -> Iterator[tuple[str, str, float, list[float]]]:
    """Yield decoding, requests at a time, sentences a second, and for a sentence: passes, tokens written, drafted and computed."""
    server = VllmServer(RECIPE, NAME, folder / "server.log", *more)
    try:
        server.start()
        asked = ["--recipe", RECIPE, "--split", "testb", "--engine", "openai", "--base-url", server.url]
        asked += ["--served-model", NAME, "--restart"]
        for decoding in options.decoding.split(","):
            _predict(*asked, "--decoding", decoding, "--limit", "2", "--out", str(folder / "warm"))
            for requests in numbers:
                before, began = _counters(server), time.monotonic()
                some = ["--decoding", decoding, "--concurrency", requests, "--limit", str(options.sentences)]
                _predict(*asked, *some, "--out", str(folder / "out"))
                seconds, after = time.monotonic() - began, _counters(server)
                written, prompt, cached, drafted, accepted = (
                    (after[name] - before[name]) / options.sentences for name in _COUNTERS
                )
                passes = written - accepted
                yield (
                    decoding,
                    requests,
                    options.sentences / seconds,
                    [passes, written, drafted, prompt - cached + passes - 1 + drafted],
                )
    finally:
        server.kill()


def _outputs(folder: Path) -> list[str]:
    lines = (folder / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["output"] for line in lines]


def _predict(*words: str) -> None:
    done = CliRunner().invoke(lmn_predict, words)
    assert done.exit_code == 0, done.output


def _counters(server: VllmServer) -> dict[str, float]:
    text = server.metrics()
    return {
        name: sum(float(value) for value in re.findall(rf"^vllm:{name}_total\{{.*\}} (\S+)$", text, re.M))
        for name in _COUNTERS
    }


if __name__ == "__main__":
    main()
