"""The command lmn-publish, and the card that it wrote."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner, Result

from llms_meet_ner.eval.cli.publish import main as lmn_publish


def call(*words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(lmn_publish, ["--repo", "me/tiny-ner", "--recipe", "tiny.yaml", *words])
    assert result.exit_code == code, result.output + str(result.exception)
    assert "hf_aVery" not in result.output
    return result


def card_of(folder: Path = Path("outputs/tiny/hub")) -> tuple[dict[str, Any], str]:
    head, text = re.fullmatch(
        r"---\n(.*?)\n---\n(.*)", (folder / "README.md").read_text(encoding="utf-8"), re.S
    ).groups()  # type: ignore[union-attr]
    return yaml.safe_load(head), text
