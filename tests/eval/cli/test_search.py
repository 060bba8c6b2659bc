"""The command `lmn-eval search`."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from llms_meet_ner import LmnError
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
    assert (result.exit_code, result.stderr) == (
        1,
        "Error: none.yaml: no such file; name a YAML file, or a packaged recipe that lmn-recipes lists\n",
    )


def test_code_of_a_base_model_is_trusted_and_cut_examples_are_allowed_on_the_command_line_alone(
    plan: SearchPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[bool, bool]] = []

    def run_search(plan: SearchPlan) -> None:
        seen.append((plan.trust_remote_code, plan.allow_cut))
        raise LmnError("stop")

    monkeypatch.setattr("llms_meet_ner.eval.cli.search.load_plan", lambda *names: plan)
    monkeypatch.setattr("llms_meet_ner.eval.cli.search.run_search", run_search)
    for words in ([], ["--trust-remote-code"], ["--allow-cut"]):
        result = CliRunner().invoke(lmn_eval, ["search", "s.yaml", *words])
        assert result.stderr == "Error: stop\n"
    assert seen == [(False, False), (True, False), (False, True)]
