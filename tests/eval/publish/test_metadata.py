"""The metadata of a card, read by the Hub's own client."""

from __future__ import annotations

from pathlib import Path

from publish_command import call, card_of
from publishing import Trained


def test_a_readers_own_tools_read_the_metadata(tiny: Trained) -> None:
    from huggingface_hub import ModelCard

    tiny.score()
    call("--dry-run")
    data = ModelCard.load(Path("outputs/tiny/hub/README.md")).data
    assert [(result.dataset_split, result.metric_type) for result in data.eval_results] == [
        ("testb", "precision"), ("testb", "recall"), ("testb", "f1"),
    ]  # fmt: skip
    assert data.license is None
    assert "this model: not known. No licence was given" in card_of()[1]
