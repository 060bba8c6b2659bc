"""A file of one huge line, or a huge value in a file or an option: no command prints it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from paths import CONLL

from llms_meet_ner.cli.predict import main as lmn_predict
from llms_meet_ner.cli.tag import main as lmn_tag
from llms_meet_ner.data_converters.cli.convert import main as lmn_convert
from llms_meet_ner.eval.cli.publish import main as lmn_publish
from llms_meet_ner.eval.cli.score import main as lmn_eval

MANY = 100_000
HUGE = "x" * MANY
MOST = 10_000
"""Characters that a command may print."""


def printed(command: Any, *words: str) -> str:
    """Run a command as a user does; return what it printed, which is short and holds no traceback."""
    result = CliRunner().invoke(command, list(words))
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)[:500]
    assert len(result.output) < MOST, (
        f"{len(result.output):,} characters: {result.output[:300]} ... {result.output[-300:]}"
    )
    assert "Traceback" not in result.output
    return result.output


# Corpus files, by each reader


def card(reader: dict[str, Any], **keys: Any) -> str:
    known = {
        "name": "huge", "title": "Huge", "language": "en", "licence": "CC0", "citation": "none", "splits": {"train": "file"},
        "reader": reader, "docstart": "none", "labels": [{"name": "PER", "long": "person", "definition": "A person."}],
    }  # fmt: skip
    return yaml.safe_dump(known | keys, width=10**9)


COLUMNS = {"type": "columns", "scheme": "IOB2", "separator": "tab", "token": 0, "tag": 1}
LINES = {"type": "lines", "scheme": "IOB2", "separator": "tab", "tokens": 0, "tags": 1}
TOKENS = {"type": "tokens", "scheme": "IOB2"}
SPANS = {"type": "spans", "language": "spaces"}
HUB = {"type": "datasets", "path": "json", "scheme": "IOB2", "tokens": "tokens", "tags": "tags"}


def span(**keys: Any) -> str:
    return json.dumps({"text": "Ada left", "spans": [{"start": 0, "end": 3, "label": "PER"} | keys]})


FILES: dict[str, tuple[dict[str, Any], str]] = {
    "columns: nothing but x": (COLUMNS, HUGE),
    "columns: a token": (COLUMNS, f"{HUGE}\tO\n"),
    "columns: a tag": (COLUMNS, f"Ada\t{HUGE}\n"),
    "columns: a label": (COLUMNS, f"Ada\tB-{HUGE}\n"),
    "columns: a token, with a wrong tag": (COLUMNS, f"{HUGE}\tI-PER\n"),
    "columns: many columns": (COLUMNS | {"columns": 2}, "x\t" * MANY),
    "columns: a token with brackets": (COLUMNS, f"[{HUGE}\tO\n"),
    "lines: nothing but x": (LINES, HUGE),
    "lines: a tag": (LINES, f"Ada\t{HUGE}\n"),
    "lines: more tags than tokens": (LINES, f"Ada\t{'O ' * MANY}\n"),
    "lines: more tokens than tags": (LINES, f"{'Ada ' * MANY}\tO\n"),
    "lines: items": (LINES | {"within": "|", "separator": " "}, HUGE),
    "tokens: nothing but x": (TOKENS, HUGE),
    "tokens: a string": (TOKENS, json.dumps(HUGE)),
    "tokens: a tag": (TOKENS, json.dumps({"tokens": ["Ada"], "tags": [HUGE]})),
    "tokens: no list": (TOKENS, json.dumps({"tokens": HUGE, "tags": ["O"]})),
    "tokens: a number": (TOKENS, json.dumps({"tokens": ["Ada"], "tags": [int("9" * 250)]})),
    "tokens: a key": (TOKENS, json.dumps({HUGE: 1})),
    "tokens: keys": (TOKENS, json.dumps(dict.fromkeys(map(str, range(30_000))))),
    "tokens: a mapping": (TOKENS, json.dumps({"tokens": ["Ada"], "tags": [{"x": HUGE}]})),
    "tokens: filtered": (TOKENS | {"where": {"lang": "en"}}, json.dumps({"tokens": ["Ada"], "tags": ["O"], "lang": HUGE})),
    "spans: nothing but x": (SPANS, HUGE),
    "spans: a label": (SPANS, span(label=HUGE)),
    "spans: an offset": (SPANS, span(start=HUGE)),
    "spans: another shape": (SPANS, json.dumps({"text": "Ada", "spans": HUGE})),
    "spans: no text": (SPANS, json.dumps({"text": [HUGE], "spans": []})),
    "spans: a key": (SPANS, json.dumps({HUGE: 1})),
    "spans: outside": (SPANS, json.dumps({"text": HUGE, "spans": [[500_000, 500_009, "PER"]]})),
    "spans: cut": (SPANS | {"cut": "error"}, json.dumps({"text": HUGE, "spans": [[1, 90_000, "PER"]]})),
    "spans: crossing": (SPANS, json.dumps({"text": "x " * MANY, "spans": [[0, 90_001, "PER"], [2, 190_001, "PER"]]})),
    "docbin: nothing but x": ({"type": "docbin", "language": "en"}, HUGE),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("command", ["check", "convert", "stats"])
def test_no_command_prints_a_line_of_a_corpus(name: str, command: str, workdir: Path) -> None:
    reader, content = FILES[name]
    Path("card.yaml").write_text(card(reader))
    Path("file").write_text(content)
    printed(lmn_convert, command, "card.yaml", "--source", ".")


# Cards, mixes, recipes and other YAML

CARDS: dict[str, str] = {
    "nothing but x": HUGE,
    "a flow": "[" + "x, " * (10 * MANY),
    "a quote": f'name: "{HUGE}',
    "a key": f"{HUGE}: 1",
    "an unknown key": card(COLUMNS, **{HUGE: 1}),
    "a name": card(COLUMNS, name=HUGE),
    "a language": card(COLUMNS, language=[HUGE]),
    "a split": card(COLUMNS, splits={HUGE: HUGE}),
    "a file": card(COLUMNS, splits={"train": HUGE}),
    "a type of reader": card({"type": HUGE}),
    "an option of a reader": card(COLUMNS | {"scheme": HUGE}),
    "a key of a reader": card(COLUMNS | {HUGE: 1}),
    "a label": card(COLUMNS, labels=[{"name": HUGE, "long": "x", "definition": "x."}]),
    "a label's key": card(COLUMNS, labels=[{"name": "PER", HUGE: "x"}]),
    "labels": card(COLUMNS, labels=[{"name": f"L {number}"} for number in range(2_000)]),
    "a title": card(COLUMNS, title=HUGE),
    "a card to extend": f"extends: {HUGE}",
    "a docstart": card(COLUMNS, docstart=HUGE),
    "a tag": f"!!{HUGE} x",
    "an anchor": f"*{HUGE}",
}


@pytest.mark.parametrize("name", CARDS)
def test_no_command_prints_a_value_of_a_card(name: str, workdir: Path) -> None:
    Path("card.yaml").write_text(CARDS[name])
    Path("train").write_text("Ada\tB-PER\n")
    Path("file").write_text("Ada\tB-PER\n")
    printed(lmn_convert, "check", "card.yaml", "--source", ".")
    printed(lmn_convert, "mix", "card.yaml")
    printed(lmn_eval, "search", "card.yaml")
    printed(lmn_predict, "--recipe", "card.yaml", "--split", "test")
    printed(lmn_eval, "--recipe", "card.yaml", "--split", "test")


# JSON

ROWS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "an id": lambda row: row | {"id": HUGE},
    "an id that is a list": lambda row: row | {"id": [HUGE]},
    "a hash": lambda row: row | {"tokens_sha1": HUGE},
    "a label": lambda row: row | {"output": None, "spans": [[0, 1, HUGE]]},
    "an output": lambda row: row | {"output": HUGE},
    "an output with a label": lambda row: row | {"output": f"[x | {HUGE}]"},
    "an output with labels": lambda row: row | {"output": " ".join(f"[x | L{number}]" for number in range(20_000))},
    "an output of entities": lambda row: row | {"output": "[x | PER] " * 50_000},
    "a decoding": lambda row: row | {"decoding": HUGE},
    "spans": lambda row: row | {"output": None, "spans": HUGE},
    "confidences": lambda row: row | {"confidences": HUGE},
    "a confidence": lambda row: row | {"spans": [[0, 1, "PER"]], "confidences": [HUGE]},
    "an uncertainty": lambda row: row | {"uncertainty": {HUGE: 1}},
    "a key": lambda row: {HUGE: 1},
    "keys": lambda row: dict.fromkeys(map(str, range(30_000))),
    "a list": lambda row: [HUGE],
    "a text": lambda row: HUGE,
    "a prompt": lambda row: {"prompt": HUGE, "predict": "x"},
}


@pytest.mark.parametrize("name", ROWS)
def test_no_command_prints_a_value_of_a_predictions_file(name: str, workdir: Path) -> None:
    rows = [{"id": f"conll2003/testb/{number}", "output": "x"} for number in range(3)]
    lines = [json.dumps(row) for row in [rows[0], ROWS[name](rows[1]), rows[2]]]
    Path("p.jsonl").write_text("\n".join(lines) + "\n")
    words = ["--corpus", "conll2003", "--source", str(CONLL), "--split", "testb"]
    printed(lmn_eval, *words, "--predictions", "p.jsonl", "--baselines", "--html")


def test_no_command_prints_a_line_that_is_no_json(workdir: Path) -> None:
    words = ["--corpus", "conll2003", "--source", str(CONLL), "--split", "testb"]
    for content in (HUGE, '{"output": "' + HUGE, "[" * MANY, "\x00" * MANY, '{"a": ' + "9" * MANY + "}"):
        Path("p.jsonl").write_text(content)
        printed(lmn_eval, *words, "--predictions", "p.jsonl")


VALUES: dict[str, Any] = {
    "a text": HUGE, "a list": [HUGE], "a key": {HUGE: 1}, "keys": dict.fromkeys(map(str, range(30_000))), "schema": {"schema": HUGE},
    "a corpus": {"schema": 2, "corpus": HUGE, "recipe": HUGE}, "an entry": {"d": {"file_name": HUGE, "lmn": {"card": HUGE}}},
    "a stamp": {"stamp": HUGE}, "a stamp's key": {"stamp": {"prompt": {"format": HUGE}}}, "a version": {"version": HUGE},
}  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
def test_no_command_prints_a_value_of_a_json_file(name: str, workdir: Path) -> None:
    text = json.dumps(VALUES[name])
    for path in (
        "run/scores.json", "run/sentences.jsonl", "run/run.json", "data/alpaca/dataset_info.json", "adapter/prompt_spec.json",
        "adapter/adapter_config.json", "adapter/config.json", "search/search.json", "trainer_log.jsonl",
    ):  # fmt: skip
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text)
    Path("run/predictions.jsonl").write_text('{"id": "a", "output": "x"}\n')
    Path("r.yaml").write_text(
        "model_name_or_path: none\ntemplate: default\ndataset: d\ndataset_dir: data/alpaca\noutput_dir: adapter\n"
    )
    printed(lmn_eval, "report", "run")
    printed(lmn_eval, "compare", "run", "run")
    printed(lmn_eval, "--corpus", "demo", "--split", "testb", "--predictions", "run/predictions.jsonl")
    printed(lmn_predict, "--recipe", "r.yaml", "--split", "test")
    printed(lmn_predict, "merge", "run", "run")
    printed(lmn_eval, "--adapter", "adapter", "--corpus", "demo", "--split", "testb")
    printed(lmn_publish, "--recipe", "r.yaml", "me/mine")
    printed(lmn_tag, "--adapter", "adapter", "r.yaml")


# The command line

OPTIONS: list[tuple[Any, list[str]]] = [
    (lmn_convert, ["check", HUGE]),
    (lmn_convert, ["stats", "demo", "--split", HUGE]),
    (lmn_convert, ["demo", "--format", HUGE]),
    (lmn_convert, ["demo", "--variant", HUGE]),
    (lmn_convert, ["demo", "--repair", HUGE]),
    (lmn_convert, ["demo", "--keep", HUGE]),
    (lmn_convert, ["demo", "--keep", "a," * 100_000]),
    (lmn_convert, ["demo", "--merge", HUGE]),
    (lmn_convert, ["demo", f"--{HUGE}"]),
    (lmn_convert, [HUGE, HUGE]),
    (lmn_eval, [HUGE]),
    (lmn_eval, ["--limit", HUGE]),
    (lmn_eval, ["--limit", "9" * 4000]),
    (lmn_eval, ["--corpus", HUGE, "--split", HUGE]),
    (lmn_eval, ["--corpus", "demo", "--split", HUGE, "--predictions", "p"]),
    (lmn_eval, ["--corpus", "demo", "--split", "testb", "--predictions", HUGE]),
    (lmn_eval, ["--recipe", HUGE]),
    (lmn_eval, ["report", HUGE]),
    (lmn_eval, ["compare", HUGE, HUGE]),
    (lmn_eval, ["--scorer", HUGE]),
    (lmn_eval, [f"{HUGE}=1"]),
    (lmn_predict, ["--split", HUGE]),
    (lmn_predict, ["--recipe", "r.yaml", "--split", "test", "--shard", HUGE]),
    (lmn_predict, ["merge", HUGE]),
    (lmn_predict, [*[f"k{number}=1" for number in range(50_000)]]),
    (lmn_publish, [HUGE]),
    (lmn_tag, ["--adapter", HUGE]),
]  # fmt: skip


@pytest.mark.parametrize("place", range(len(OPTIONS)))
def test_no_command_prints_a_huge_word_of_its_command_line(place: int, workdir: Path) -> None:
    command, words = OPTIONS[place]
    printed(command, *words)
