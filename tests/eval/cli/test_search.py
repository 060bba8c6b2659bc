"""The command `lmn-eval search`."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from llms_meet_ner.eval.cli.score import main as lmn_eval
from llms_meet_ner.eval.studies.search_plan import SearchPlan

pytest.importorskip("optuna")


def test_the_command_tells_mistakes_without_a_traceback(plan: SearchPlan) -> None:
    result = CliRunner().invoke(lmn_eval, ["search", "s.yaml"])
    assert result.exit_code == 1
    assert result.stderr.startswith(
        "Error: data/dataset_info.json: no such file; write it with the lmn-convert command at the top of the recipe"
    )
    result = CliRunner().invoke(lmn_eval, ["search", "none.yaml"])
    assert (result.exit_code, result.stderr) == (1, "Error: none.yaml: no such file; name a YAML file\n")
