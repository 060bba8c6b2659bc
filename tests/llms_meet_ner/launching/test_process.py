"""What each process of a training is told."""

import pytest

from llms_meet_ner.errors import LmnError
from llms_meet_ner.launching.process import VARIABLE, ProcessOptions


@pytest.mark.parametrize("options", [ProcessOptions(), ProcessOptions(False, 512, True, True)])
def test_options_come_from_the_environment(options: ProcessOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert ProcessOptions.from_environment() == ProcessOptions()
    for name, value in options.variables().items():
        monkeypatch.setenv(name, value)
    assert ProcessOptions.from_environment() == options


@pytest.mark.parametrize("text", ["", "{", "[]", '{"sharing": 1}', '{"sharing": true, "tokens_per_row": "many"}'])
def test_other_options_are_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(LmnError, match=r"^LMN_TRAINING: not .*; leave it to lmn-train$"):
        ProcessOptions.from_environment()
