"""docs/errors.md shows what error messages say: its files are created here, and its commands are run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from paths import ROOT

from llms_meet_ner.annotation.cli.annotate import main as lmn_annotate
from llms_meet_ner.cli.serve import main as lmn_serve
from llms_meet_ner.cli.tag import main as lmn_tag
from llms_meet_ner.data_converters.cli.convert import main as lmn_convert

PAGE = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^```\w+ (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
COMMANDS: list[tuple[str, str]] = re.findall(r"^```console\n\$ (.*?)\n(.*?)\n```$", PAGE, re.MULTILINE | re.DOTALL)

COMMANDS_BY_NAME = {
    "lmn-convert": lmn_convert,
    "lmn-annotate": lmn_annotate,
    "lmn-serve": lmn_serve,
    "lmn-tag": lmn_tag,
}


@pytest.mark.parametrize(("command", "expected"), COMMANDS, ids=[command for command, _ in COMMANDS])
def test_the_message_is_the_one_on_the_page(
    command: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LMN_SERVE_KEY", raising=False)
    for name, content in FILES.items():
        Path(name).write_text(content, encoding="utf-8")
    program, *words = shlex.split(command)
    result = CliRunner().invoke(COMMANDS_BY_NAME[program], words)
    assert result.exit_code == 1
    beginning, dots, end = expected.partition("...")
    assert result.output.startswith(beginning)
    assert dots or result.output == f"{beginning}\n"
    assert result.output.endswith(f"{end}\n")
    assert not [path for path in (tmp_path / "data").rglob("*") if path.is_file()], "nothing is written"


def test_the_card_of_the_page_is_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, content in FILES.items():
        Path(name).write_text(content, encoding="utf-8")
    assert CliRunner().invoke(lmn_convert, ["ships.yaml", "--source", "."]).exit_code == 0
    assert len(COMMANDS) == 15
