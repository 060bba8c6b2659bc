"""The words of an alignment: each is defined once, and every format uses only these."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from paths import ROOT

from llms_meet_ner.alignment import EXACT, FAILED, REASONS, REPAIRED, STATUSES, Status

LIBRARY = sorted((ROOT / "llms_meet_ner").rglob("*.py"))


def test_the_statuses_are_those_of_the_type() -> None:
    assert get_args(Status) == STATUSES == (EXACT, REPAIRED, FAILED)


def test_every_reason_that_a_format_gives_is_explained_and_every_explained_one_is_given() -> None:
    def written(path: Path) -> set[str]:
        return set(re.findall(r'"([a-z]+(?:-[a-z]+)?)"', path.read_text(encoding="utf-8")))

    words = {word for path in LIBRARY if path.parent.name == "formats" for word in written(path)}
    assert words >= REASONS.keys()


def test_no_module_of_the_library_writes_a_status_itself() -> None:
    writing = [
        path.relative_to(ROOT).as_posix()
        for path in LIBRARY
        if re.search(r'"(exact|repaired|failed)"', path.read_text(encoding="utf-8"))
    ]
    assert writing == ["llms_meet_ner/alignment.py"]
