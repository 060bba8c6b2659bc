"""The time left: from the second step on, after the third one, then ever more rarely."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from llms_meet_ner.training.time_left import Pace, in_words, time_left


def lines(total: int, seconds: float, first: int = 1, setting_up: float = 50.0) -> dict[int, str]:
    now = 0.0

    def clock() -> float:
        return now

    pace, found = Pace(total, clock), {}
    for step in range(first, total + 1):
        now += seconds + (setting_up if step == first else 0)
        line = pace.after(step)
        if line:
            found[step] = line
    return found


def test_estimates_begin_after_the_third_step_leave_out_the_first_and_become_rare() -> None:
    found = lines(1874, 2.1)
    assert found[3] == "step 3 of 1,874: 2.1 s a step, about 1 h 5 min left"
    assert list(found)[:6] == [3, 6, 12, 24, 48, 96]
    assert len(found) < 20
    assert max(found) < 1874


def test_a_training_that_goes_on_is_measured_from_its_own_first_step() -> None:
    found = lines(30, 60, first=21)
    assert next(iter(found)) == 23
    assert found[23] == "step 23 of 30: 60 s a step, about 7 min left"
    assert lines(3, 1) == {}


@pytest.mark.parametrize(
    ("seconds", "words"), [(4.4, "4 s"), (90, "2 min"), (3900, "1 h 5 min"), (7199, "2 h 0 min"), (183_600, "2 d 3 h")]
)
def test_lengths_of_time_in_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


def test_the_callback_prints_in_the_first_process_alone(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("transformers")
    for first in (True, False):
        callback = time_left()
        callback.on_train_begin(None, SimpleNamespace(max_steps=9), None)
        for step in range(1, 10):
            state = SimpleNamespace(global_step=step, is_world_process_zero=first)
            callback.on_step_end(None, state, None)
        assert ("step 3 of 9: " in capsys.readouterr().out) == first
