"""A plot is a whole PNG file, or there is none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.files import atomic_write_bytes
from llms_meet_ner.rendering.plot import draw_plot, save_figure, save_plot

LINES = {"F1": [(4, 0.25), (8, 0.5)], "recall": [(4, 0.5)]}


def test_a_plot_is_a_png_and_leaves_nothing_else(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    plain, full = tmp_path / "plain.png", tmp_path / "full.png"
    assert save_plot(plain, LINES, "ratio")
    figure = draw_plot(LINES, "ratio", title="t", limits=(0, 1), right=("loss", [(4, 2.0)]), marked=[(8, 0.5)])
    with atomic_write_bytes(full) as file:
        save_figure(figure, file)
    assert sorted(tmp_path.iterdir()) == [full, plain]
    assert plain.read_bytes().startswith(b"\x89PNG")
    assert full.read_bytes().startswith(b"\x89PNG")
    assert plain.read_bytes() != full.read_bytes()


def test_a_failed_plot_leaves_the_earlier_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figure = pytest.importorskip("matplotlib.figure")
    path = tmp_path / "a.png"
    assert save_plot(path, LINES, "ratio")
    before = path.read_bytes()

    def full_disk(*_: object, **__: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(figure.Figure, "savefig", full_disk)
    with pytest.raises(LmnError, match=r"a\.png: cannot be written \(no space left"):
        save_plot(path, {"F1": [(1, 0.1)]}, "ratio")
    assert path.read_bytes() == before


def test_without_matplotlib_there_is_no_plot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert not save_plot(tmp_path / "a.png", LINES, "ratio")
    assert not list(tmp_path.iterdir())
