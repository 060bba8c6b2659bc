"""What each process of a training reads."""

import pytest

from llms_meet_ner.errors import LmnError
from llms_meet_ner.training.sharing.__main__ import TOKENS_PER_ROW, options_from_environment
from llms_meet_ner.training.sharing.session import SharingOptions


def test_tokens_per_row_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKENS_PER_ROW, raising=False)
    assert options_from_environment() == SharingOptions(None)
    monkeypatch.setenv(TOKENS_PER_ROW, "512")
    assert options_from_environment() == SharingOptions(512)


@pytest.mark.parametrize("text", ["", "0", "-1", "many", "1.5", "²"])
def test_what_is_no_number_of_tokens_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKENS_PER_ROW, text)
    with pytest.raises(LmnError, match="LMN_TOKENS_PER_ROW: not a positive whole number"):
        options_from_environment()
