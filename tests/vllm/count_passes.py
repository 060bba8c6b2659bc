"""Counts the passes that the prototype of a proposer would take in vLLM, from finished outputs and without a server.

    python tests/vllm/count_passes.py [--sentences N]

Greedy decoding accepts a proposed token if the output has it. So passes follow from the outputs of the demo's constrained run.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import numpy as np
from copy_proposer import CopyProposer
from paths import ROOT
from speculation import NAME, SETTINGS, guesses

OUTPUTS = ROOT / "outputs" / NAME / "demo_testb/constrained/predictions.jsonl"


def main() -> None:
    """Print the passes, the tokens written and those drafted, for a sentence."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sentences", type=int, default=32)
    number = parser.parse_args().sentences
    os.chdir(ROOT)
    with tempfile.TemporaryDirectory() as name:
        os.environ["LMN_GUESSES"] = str(Path(name) / "guesses.json")
        Path(os.environ["LMN_GUESSES"]).write_text(json.dumps(guesses()), encoding="utf-8")
        model, speculation = (
            SimpleNamespace(tokenizer=f"outputs/{NAME}"),
            SimpleNamespace(**SETTINGS["copy_proposer.py"]),
        )
        proposer = CopyProposer(SimpleNamespace(model_config=model, speculative_config=speculation))
        outputs = [json.loads(line)["output"] for line in OUTPUTS.read_text(encoding="utf-8").splitlines()[:number]]
        counts = [_counted(proposer, source, output) for source, output in zip(guesses(), outputs)]
    passes, written, drafted = (sum(column) / len(counts) for column in zip(*counts))
    print(f"{len(counts)} sentences: {passes:.1f} passes, {written:.1f} tokens written, {drafted:.1f} drafted")


def _counted(proposer: CopyProposer, source: str, output: str) -> tuple[int, int, int]:
    """Return the passes of an output, its tokens, and the drafted ones."""
    prompt, answer = (
        proposer.encode(f"Human: Mark\n{source}<|im_end|>\nAssistant:"),
        proposer.encode(output + "<|im_end|>"),
    )
    done, passes, drafted = 1, 1, 0  # the pass of the prompt writes the first token
    while done < len(answer):
        row = np.array([prompt + answer[:done]])
        (draft,) = proposer.propose([[1]], [row.shape[1]], row)
        pairs = zip(draft, answer[done:])
        accepted = next(
            (at for at, (one, other) in enumerate(pairs) if one != other), min(len(draft), len(answer) - done)
        )
        done, passes, drafted = done + accepted + 1, passes + 1, drafted + len(draft)
    return passes, len(answer), drafted


if __name__ == "__main__":
    main()
