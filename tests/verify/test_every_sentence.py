"""The gold of every sentence of the real corpora can be written token by token under the constraint."""

from __future__ import annotations

from pathlib import Path

import pytest
from reachability import CORPORA, unreachable

from llms_meet_ner.files import read_json, write_json

RESULTS = Path(__file__).parent.parent.parent / "eval/verified"


@pytest.mark.verify
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in ("smollm2", "gemma3_tokenizer")]
)
@pytest.mark.parametrize(("card", "splits", "folder"), CORPORA, ids=[Path(card).stem for card, *_ in CORPORA])
def test_every_gold_rendering_can_be_written(
    corpora: Path, request: pytest.FixtureRequest, name: str, card: str, splits: list[str], folder: str
) -> None:
    counts = {}
    for split in splits:
        sentences, failed = unreachable(request.getfixturevalue(name), card, split, corpora / folder)
        assert failed == []
        counts[split] = {"sentences": sentences, "unreachable": 0}
    path = RESULTS / f"reachable_{name.removesuffix('_tokenizer')}.json"
    results = read_json(path) if path.is_file() else {}
    results[Path(card).stem] = counts
    write_json(path, results)
