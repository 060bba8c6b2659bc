"""Nothing that a stranger's file holds moves the cursor, sets a title or hides text in the terminal of who reads it."""

from __future__ import annotations

import ast
import re

from paths import ROOT

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
