"""The folder of a simulation's models: what somebody else put there stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.annotation.simulation.own_folder import check_own, forget_own, make_own


def test_a_folder_with_the_mark_is_removed_and_any_other_is_refused_and_stays(tmp_path: Path) -> None:
    own, other, file = tmp_path / "out" / "own", tmp_path / "other", tmp_path / "file"
    make_own(own)
    (own / "weights").write_text("x")
    make_own(own)
    forget_own(own)
    assert not own.exists()
    other.mkdir()
    make_own(other)
    forget_own(other)
    other.mkdir()
    (other / "theirs").write_text("x")
    file.write_text("x")
    for taken in (other, file):
        with pytest.raises(LmnError, match=r"holds something that no simulation has made; name another folder"):
            make_own(taken)
        with pytest.raises(LmnError, match="no simulation has made"):
            check_own(taken)
        forget_own(taken)
    assert (other / "theirs").read_text() == "x"
    check_own(tmp_path / "none")
