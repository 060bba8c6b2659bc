"""What a training says of its sharing."""

import pytest

from llms_meet_ner.training.sharing.session import Session, SharingOptions, SharingOutcome


def test_the_first_step_says_what_is_saved(capsys: pytest.CaptureFixture[str]) -> None:
    session = Session(SharingOptions(), attention="sdpa", tokens_per_row=2048)
    session.count_step(8, 1, 1070, 2052)
    session.count_step(4, 2, 700, 1000)
    assert capsys.readouterr().err == (
        "Examples share their beginnings: 8 examples a step in 1 row, 1,070 tokens instead of 2,052 (first step); "
        "at most 2,048 tokens a row, attention sdpa.\n"
    )
    assert session.outcome() == SharingOutcome(None, "sdpa", 2048, 2, 12, 3, 1770, 3052)


def test_a_fallback_is_said_once_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    session = Session(SharingOptions())
    session.fall_back("lora_dropout: 0.1 is random")
    assert (
        capsys.readouterr().err
        == "Examples share no tokens, and LLaMA-Factory trains in its own way: lora_dropout: 0.1 is random.\n"
    )
    assert session.outcome() == SharingOutcome("lora_dropout: 0.1 is random")


def test_evaluations_that_share_nothing_are_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    session = Session(SharingOptions())
    for _ in range(2):
        session.evaluate_apart("compute_accuracy: true looks")
    assert capsys.readouterr().err == (
        "Evaluations share no tokens, and LLaMA-Factory evaluates in its own way: compute_accuracy: true looks.\n"
    )


def test_other_processes_are_silent(capsys: pytest.CaptureFixture[str]) -> None:
    session = Session(SharingOptions(), tokens_per_row=1, speaks=False)
    session.count_step(1, 1, 1, 1)
    session.fall_back("x")
    assert capsys.readouterr().err == ""


def test_a_row_has_at_least_one_token() -> None:
    with pytest.raises(ValueError, match="tokens_per_row: 0 is less than 1"):
        SharingOptions(0)
