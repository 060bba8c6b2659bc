"""The file of an unfinished run: whole portions count, and only those of the same run."""

from __future__ import annotations

from pathlib import Path

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.tagging.portions import kept_portions

STAMP = {"model": "m", "language": None}


def keep(path: Path, *portions: list[object]) -> None:
    with kept_portions(path, STAMP, restart=False) as kept:
        for portion in portions:
            kept.add(portion)


def there(path: Path) -> list[object]:
    with kept_portions(path, STAMP, restart=False) as kept:
        texts = list(kept.texts())
        assert len(texts) == kept.done
        return texts


def test_portions_are_found_again(workdir: Path) -> None:
    path = workdir / "new/a.partial"
    keep(path, [["x", 0], ["ü\n", 2]], [])
    assert there(path) == [["x", 0], ["ü\n", 2]]
    keep(path, [[{"a": 1}, 0]])
    assert there(path) == [["x", 0], ["ü\n", 2], [{"a": 1}, 0]]
    with kept_portions(path, STAMP, restart=True) as kept:
        assert kept.done == 0
        kept.remove()


@pytest.mark.parametrize(
    "tail", [b'{"texts": [["y", 0]', b'{"texts": [["y", 0]]}', b'{"texts": 7}\n', b"\xff\n", b'{"texts": [[1]]}\n']
)
def test_what_is_not_whole_is_cut_off(workdir: Path, tail: bytes) -> None:
    path = workdir / "a.partial"
    keep(path, [["x", 0]])
    good = path.read_bytes()
    path.write_bytes(good + tail)
    assert there(path) == [["x", 0]]
    assert path.read_bytes() == good
    path.write_bytes(good[:20])
    with kept_portions(path, STAMP, restart=False) as kept:
        assert kept.done == 0


def test_another_run_is_refused_by_name(workdir: Path) -> None:
    path = workdir / "a.partial"
    keep(path, [["x", 0]])
    with (
        pytest.raises(
            LmnError, match=r"an unfinished run .* is in the way: another dtype, language; give the same ones"
        ),
        kept_portions(path, {"model": "m", "language": "de", "dtype": 1}, restart=False),
    ):
        pass
    assert there(path) == [["x", 0]]


def test_two_runs_do_not_write_one_file(workdir: Path) -> None:
    path = workdir / "a.partial"
    with (
        kept_portions(path, STAMP, restart=False),
        pytest.raises(LmnError, match=r"a\.partial: another run is writing it; wait until that has finished"),
        kept_portions(path, STAMP, restart=True),
    ):
        pass


def test_a_file_without_a_portion_does_not_stay(workdir: Path) -> None:
    path = workdir / "a.partial"
    with pytest.raises(LmnError, match="bad"), kept_portions(path, STAMP, restart=False):
        raise LmnError("bad")
    assert not path.exists()
