"""Runs of the demo corpus that are scored, and the report that is made of them."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from click.testing import CliRunner
from hostile import spoiled
from markdown_it import MarkdownIt

from llms_meet_ner import Sentence, get_format
from llms_meet_ner.data_converters import load_card, read_corpus
from llms_meet_ner.eval.cli.score import main
from llms_meet_ner.eval.evaluate import Gold, evaluate
from llms_meet_ner.eval.scored_run.run import Evaluation


def evaluated(
    folder: Path, sentences: Sequence[Sentence], outputs: Sequence[str], *, nested: bool = False
) -> Evaluation:
    """Score outputs in the bracketed format against sentences with the labels of the demo corpus."""
    path = folder / "outputs.jsonl"
    lines = [
        json.dumps({"id": one.id, "output": output, "decoding": "free"}) for one, output in zip(sentences, outputs)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    card = replace(load_card("demo"), nested=nested)
    return evaluate(Gold(card, "testb", card.data_of("testb"), list(sentences)), path)


def score_demo(folder: Path) -> None:
    """Score a run of the demo corpus in a folder and write its report, by the command."""
    drawn = random.Random(1)
    with (folder / "p.jsonl").open("w", encoding="utf-8") as file:
        for number, sentence in enumerate(read_corpus(load_card("demo"), "testb")):
            written = spoiled(sentence, drawn)
            output = get_format("bracketed").render(written)
            output += [" and more", "", "", ""][number % 4] if number else " [Nowhere | LOC]"
            spans = [[span.start, span.end, span.label] for span in written.spans]
            confidences = [drawn.choice((0, 0.1, 0.95, 1, round(drawn.random(), 4))) for _ in spans]
            row = {"id": sentence.id, "output": output, "decoding": "free", "spans": spans, "confidences": confidences}
            file.write(json.dumps(row) + "\n")
    words = ["--corpus", "demo", "--split", "testb", "--predictions", str(folder / "p.jsonl"), "--html", "--baselines"]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output


def reads_as(markdown: str) -> str:
    """Return the text of Markdown; fail where it holds anything but headings, tables, lists, bold and text."""
    known = {
        "inline", "text", "text_special", "softbreak",
        *(
            f"{name}_{end}"
            for name in ("heading", "paragraph", "table", "thead", "tbody", "tr", "th", "td", "bullet_list", "list_item", "strong")
            for end in ("open", "close")
        ),
    }  # fmt: skip
    parser = MarkdownIt("gfm-like", {"linkify": False, "html": True})
    said = []
    for token in parser.parse(markdown):
        for one in (token, *(token.children or ())):
            assert one.type in known, (one.type, one.content or token.content)
            said.append(one.content if one.type in ("text", "text_special") else "")
    return "".join(said)


def score_changed_demo(folder: str, wrong: tuple[str, str], *words: str) -> str:
    """Score the demo's gold as predictions, with one text replaced by another, in a new folder; return what is printed."""
    Path(folder).mkdir()
    with Path(folder, "p.jsonl").open("w", encoding="utf-8") as file:
        for sentence in read_corpus(load_card("demo"), "testb"):
            output = get_format("bracketed").render(sentence).replace(*wrong)
            file.write(json.dumps({"id": sentence.id, "output": output, "decoding": "free"}) + "\n")
    result = CliRunner().invoke(
        main, ["--corpus", "demo", "--split", "testb", "--predictions", f"{folder}/p.jsonl", *words]
    )
    assert result.exit_code == 0, result.output
    return result.stdout
