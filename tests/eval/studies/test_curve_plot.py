"""The plot of a learning curve."""

from __future__ import annotations

from pathlib import Path

import pytest
from curve_project import RUN, StandIn, draw, save


def test_the_plot_is_a_png_where_matplotlib_is(stand_in: StandIn) -> None:
    pytest.importorskip("matplotlib")
    save(Path("outputs/mini/checkpoint-4"), 4, 2, 0.5)
    draw()
    assert (RUN / "curve.png").read_bytes().startswith(b"\x89PNG")
    assert not list(RUN.glob(".*"))
