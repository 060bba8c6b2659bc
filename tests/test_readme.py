"""What the README and the pages of the first steps show works: Python and commands. `test_docs.py` checks links and the options of all."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from paths import ROOT

from llms_meet_ner.data_converters.cli.convert import main as lmn_convert
from llms_meet_ner.eval.cli.score import main as lmn_eval

README = (ROOT / "README.md").read_text(encoding="utf-8")
CONLL = ROOT / "tests/fixtures/conll2003"
PAGES = [
    README,
    *((ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8") for name in ("reproduce", "own_corpus", "scoring")),
]
COMMANDS = [
    line
    for page in PAGES
    for block in re.findall(r"```sh\n(.*?)```", page, re.S)
    for line in block.splitlines()
    if line
]


def test_the_python_runs(workdir: Path) -> None:
    (code,) = [code for page in PAGES for code in re.findall(r"```python\n(.*?)```", page, re.S)]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    f1, exact = done.stdout.split()
    assert 0.9 < float(f1) < 1.0
    assert exact == "100"


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"make (\w+)", README))
    assert {"setup", "demo", "test"} <= targets
    assert all(re.search(rf"^{target}:", makefile, re.M) for target in targets)


@pytest.mark.parametrize("command", [line for line in COMMANDS if re.match("lmn-convert (?!mix )", line)])
def test_converting_commands_run(command: str, workdir: Path) -> None:
    card = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", (ROOT / "data_converters/README.md").read_text(), re.S)[0])
    (workdir / "my_corpus.yaml").write_text(yaml.safe_dump(card))
    for name in ("train", "dev", "test"):
        (workdir / f"{name}.conll").write_text("Vaasa\tB-PORT\nfroze\tO\n\nAnna\tB-SHIP\n\nOulu\tB-PORT\n")
    (workdir / "exports").mkdir()
    names = {"PER": ("Anna", "Bert"), "ORG": ("Shell", "Essex"), "LOC": ("Oulu", "Kemi"), "GPE": ("Peru", "Cuba")}
    rows = [
        {"text": f"{name} met ship {number}", "label": [[0, len(name), label]]}
        for number in range(20) for label, pair in names.items() for name in [pair[number % 2]]
    ]  # fmt: skip
    (workdir / "exports/letters.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    start = next(line for line in COMMANDS if line.startswith("lmn-convert init"))
    for line in dict.fromkeys([start, command] if "exports" in command else [command]):
        words = [
            str(workdir if "my_corpus" in line else CONLL) if word == "DIR" else word
            for word in shlex.split(line, comments=True)[1:]
        ]
        result = CliRunner().invoke(lmn_convert, words)
        assert result.exit_code == 0, result.output


def test_the_scoring_command_runs(workdir: Path) -> None:
    (command,) = [line for line in COMMANDS if "generated_predictions" in line]
    (workdir / "generated_predictions.jsonl").write_text('{"predict": "-DOCSTART-"}\n' * 3)
    words = [str(CONLL) if word == "DIR" else word for word in shlex.split(command)[1:]]
    result = CliRunner().invoke(lmn_eval, words)
    assert result.exit_code == 0, result.output


def test_recipes_that_are_named_exist() -> None:
    assert all((ROOT / name).is_file() for page in PAGES for name in re.findall(r"recipes/qwen\w+\.yaml", page))


def test_the_first_screens_are_short() -> None:
    assert len(README.splitlines()) <= 120


def test_nothing_is_left_to_be_filled_in() -> None:
    assert not re.findall(r"^\W*[A-Z]+(?:_[A-Z]+)*$", README, re.M)
    assert "REPOSITORY" not in README
