"""Nothing that a stranger's file holds moves the cursor, sets a title or hides text in the terminal of who reads it."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from in_terminal import harmful_in, in_terminal
from paths import ROOT
from standins import stand_in_load

from llms_meet_ner import get_format
from llms_meet_ner.cli.predict import main as lmn_predict
from llms_meet_ner.cli.tag import main as lmn_tag
from llms_meet_ner.data_converters import load_card, read_corpus
from llms_meet_ner.data_converters.cli.convert import main as lmn_convert
from llms_meet_ner.eval.cli.publish import main as lmn_publish
from llms_meet_ner.eval.cli.score import main as lmn_eval

TITLE, CLEAR, BLINK, C1, BIDI, BELL = "\x1b]0;owned\x07", "\x1b[2J", "\x1b[5;31m", "\x9b2J", "\u202egnp", "\x07"
HOSTILE = "".join((TITLE, CLEAR, BLINK, C1, BIDI, BELL, "\x08\x08", "\u2028", "\u2066"))
LINK = "\x1b]8;;http://evil.example\x1b\\here\x1b]8;;\x1b\\"
NAME = f"a{CLEAR}{TITLE}\rb{BIDI}"
"""Name of a file; it is legal on Linux."""

_PAST_THE_FILTER = re.compile(
    r"print|input|(click\.)?(echo_via_pager|secho|prompt|confirm|progressbar|open_file|get_(text|binary)_stream)|click\.echo"
    r"|(rich\.)?(Console|Progress|track|Live|print)|tqdm(\.tqdm)?|sys\.(__)?std(out|err)(__)?\.(buffer\.)?write(lines)?|warnings\.warn"
)  # fmt: skip
"""Calls that write, or ask, without `terminal.py`."""


def test_terminal_is_the_only_module_that_prints() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno} {called}"
        for folder in ("llms_meet_ner", "data_converters", "eval", "recipes")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path != ROOT / "llms_meet_ner/terminal.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and _PAST_THE_FILTER.fullmatch(called := ast.unparse(node.func))
    ]
    assert found == []


CARD: dict[str, Any] = {
    "name": "mine", "title": f"Corpus {HOSTILE}", "language": "en", "licence": f"CC0 {TITLE}", "citation": f"x {LINK}",
    "splits": {"train": "a.train", "test": "a.test"}, "reader": {"type": "columns", "scheme": "IOB2"}, "docstart": "none",
    "labels": [{"name": "PER", "long": "person", "definition": "A person."}, {"name": "LOC", "long": "place", "definition": "A place."}],
}  # fmt: skip
"""A card whose texts and files are hostile; what the schema refuses is left out where a command has to go on."""


def show(command: Any, *words: str, typed: bytes = b"", status: int = 0, holds: str = "") -> str:
    """Run a command in a terminal, and check that nothing harmful arrives there, and that it ends as it should."""
    code, written = in_terminal(command, *words, typed=typed)
    assert (code, harmful_in(written)) == (status, []), written
    assert BLINK not in written
    assert "Traceback" not in written
    assert holds in written
    return written


@pytest.fixture
def corpus(workdir: Path) -> Path:
    """A corpus with hostile tokens and file names, and a card that may be read."""
    tokens = f"Ada{CLEAR}{BELL} B-PER\nleft{C1} O\nOs\u202elo{TITLE} B-LOC\n.\u2028 O\n"
    Path(NAME).mkdir()
    wrong = f"Ada{CLEAR} I-LOC\nOslo B-{BIDI}{BLINK}\n"
    for split, content in (("train", tokens * 2 + "\n" + tokens), ("test", f"{tokens}\n{wrong}")):
        Path(NAME, f"a.{split}").write_text(content, encoding="utf-8", newline="")
    card = {**CARD, "title": "Corpus", "licence": "CC0", "citation": "x"}
    Path("mine.yaml").write_text(yaml.safe_dump(card, allow_unicode=True), encoding="utf-8")
    return workdir


def test_a_hostile_corpus_is_described(corpus: Path) -> None:
    for words in (
        ["check"],
        ["check", "--limit", "0"],
        ["stats", "--limit", "0", "--page", "p.html", "--json", "j.json"],
        [],
    ):
        show(lmn_convert, *words, "mine.yaml", "--source", NAME, status=1, holds="\\x")
    show(lmn_convert, "check", "mine.yaml", "--split", "train", "--source", NAME)
    Path(NAME, "a.test").unlink()
    show(lmn_convert, "check", "mine.yaml", "--source", NAME, holds="is missing")


def test_a_hostile_card_is_refused_in_one_line(corpus: Path) -> None:
    for key, value in (
        ("name", NAME),
        ("title", HOSTILE),
        ("labels", [{"name": f"P{CLEAR}"}]),
        (HOSTILE, 1),
        ("reader", {"type": HOSTILE}),
        ("splits", {"train": NAME}),
    ):
        Path("bad.yaml").write_text(yaml.safe_dump({**CARD, key: value}, allow_unicode=True))
        show(lmn_convert, "check", "bad.yaml", "--source", ".", status=1)
    Path(f"{NAME}.yaml").write_text(f"a: {BELL}", encoding="utf-8")
    show(lmn_convert, "check", f"{NAME}.yaml", status=1, holds="Error: ")
    show(lmn_convert, f"no{HOSTILE}", status=1)


@pytest.mark.parametrize("command", [lmn_convert, lmn_predict, lmn_eval, lmn_publish, lmn_tag])
def test_hostile_options_are_refused_without_harm(workdir: Path, command: Any) -> None:
    for words in (
        [f"--{HOSTILE}"],
        [HOSTILE, HOSTILE],
        ["--limit", HOSTILE, "--retries", HOSTILE, "--dtype", HOSTILE, "--batch-size", HOSTILE],
    ):
        code, written = in_terminal(command, *words)
        assert (code in (1, 2), harmful_in(written)) == (True, []), written
        assert "Traceback" not in written


def test_hostile_predictions_are_scored_and_reported(workdir: Path) -> None:
    rows = []
    for number, sentence in enumerate(read_corpus(load_card("demo"), "testb")):
        output = (
            get_format("bracketed").render(sentence).replace("| LOC]", f"| L{CLEAR}{BIDI}]" if number % 2 else "| ORG]")
        )
        rows.append({"id": sentence.id, "output": f"{output} [No{HOSTILE} | {TITLE}]", "decoding": f"free{BLINK}"})
    Path(NAME).mkdir()
    path = Path(NAME, f"{NAME}.jsonl")
    words = ["--corpus", "demo", "--split", "testb", "--predictions", str(path)]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    for report in ("table", "markdown", "json"):
        show(lmn_eval, *words, "--report", report, "--html", "--conlleval", f"{NAME}.conll")
    for more in ([], ["--markdown"]):
        show(lmn_eval, "report", NAME, *more)
    show(lmn_eval, "compare", NAME, NAME)
    spoiled = [
        {**rows[0], "id": HOSTILE}, {**rows[0], "output": None, HOSTILE: 1}, {**rows[0], "confidences": HOSTILE},
        {**rows[0], "uncertainty": {HOSTILE: 1}}, {HOSTILE: HOSTILE}, HOSTILE,
    ]  # fmt: skip
    for row in spoiled:
        lines = [json.dumps(row, ensure_ascii=False), *map(json.dumps, rows[1:])]
        path.write_text("\n".join(lines), encoding="utf-8")
        show(lmn_eval, *words, status=1, holds="Error: ")
    Path(NAME, "scores.json").write_text(
        json.dumps({"schema": HOSTILE, "recipe": HOSTILE, "corpus": NAME, "split": BLINK})
    )
    show(lmn_eval, "report", NAME, status=1, holds="Error: ")


def test_hostile_runs_and_recipes_are_refused_in_one_line(workdir: Path) -> None:
    Path(NAME).mkdir()
    Path(NAME, "run.json").write_text(json.dumps({"stamp": {"shard": HOSTILE, HOSTILE: HOSTILE}}))
    show(lmn_predict, "merge", NAME, status=1, holds="Error: ")
    recipe = {
        "model_name_or_path": HOSTILE,
        "template": HOSTILE,
        "dataset": f"{HOSTILE}_train",
        "output_dir": NAME,
        "dataset_dir": ".",
    }
    Path(f"{NAME}.yaml").write_text(yaml.safe_dump(recipe, allow_unicode=True), encoding="utf-8")
    Path("dataset_info.json").write_text(
        json.dumps({f"{HOSTILE}_train": {"file_name": HOSTILE, "lmn": {"card": HOSTILE}}})
    )
    show(lmn_predict, "--recipe", f"{NAME}.yaml", "--split", "test", status=1, holds="Error: ")
    show(lmn_predict, "serve-command", "--recipe", f"{NAME}.yaml", status=1, holds="Error: ")
    show(lmn_publish, "--recipe", f"{NAME}.yaml", "--repo", "a/b", "--dry-run", status=1, holds="Error: ")
    show(lmn_eval, "--recipe", f"{NAME}.yaml", "--split", "test", status=1, holds="Error: ")
    show(lmn_tag, "--adapter", NAME, status=1, holds="Error: ")


def test_tagged_text_is_escaped_on_a_terminal(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llms_meet_ner.cli.tag.load", stand_in_load)
    Path(NAME).write_text(f"Anna{HOSTILE} came. Kent\r{LINK}\n", encoding="utf-8", newline="")
    for form in ("brackets", "json", "conll"):
        show(lmn_tag, "--adapter", "x", "--format", form, NAME, holds="Anna\\x1b" if form != "json" else "Anna\\u001b")


_PROGRAM = """
import logging, sys, threading, warnings, click
from llms_meet_ner.masking import keep_secret
from llms_meet_ner.terminal import GuardedCommand
hostile = sys.argv[1] + " sk-of-the-security-tests"
keep_secret("sk-of-the-security-tests")

@click.command(cls=GuardedCommand, context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1)
def main(words):
    logging.getLogger("transformers").warning("%s", hostile)
    warnings.warn(hostile)
    print(hostile)
    thread = threading.Thread(target=int, args=[hostile])
    thread.start()
    thread.join()
    if words[1:]:
        raise click.BadParameter(hostile, param_hint=hostile)
    raise RuntimeError(hostile)
main()
"""


@pytest.mark.parametrize("more", [[], ["x"]])
def test_logs_warnings_and_errors_of_libraries_are_guarded(workdir: Path, more: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, HOSTILE, *more], capture_output=True, text=True, check=False, encoding="utf-8"
    )
    written = done.stdout + done.stderr
    assert (done.returncode, harmful_in(written)) == (2 if more else 1, []), written
    assert written.count("***") == 5 + len(more)
    assert "sk-of" not in written.replace("keep_secret(", "")
