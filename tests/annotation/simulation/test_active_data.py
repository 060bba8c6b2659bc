"""The sentences of a round as a corpus and a data set."""

from __future__ import annotations

from pathlib import Path

from annotating import labelled

from llms_meet_ner.annotation.simulation.active_data import Prompt, write_data
from llms_meet_ner.data_converters import load_card, read_corpus
from llms_meet_ner.training.dataset_info import load_entry


def test_what_was_written_comes_back_and_can_be_trained_on(workdir: Path) -> None:
    sentences = list(read_corpus(load_card("demo"), "testa"))[3:9]
    name = write_data(load_card("demo"), sentences, Path("data"), "some sentences", Prompt("xml"))
    back = labelled(Path("data"), "train")
    assert [(one.tokens, one.spans) for one in back] == [(one.tokens, one.spans) for one in sentences]
    assert load_card("data").title == "some sentences"
    entry = load_entry(Path("data/alpaca"), name)
    assert (entry.corpus, entry.spec.format) == ("demo", "xml")
    assert entry.spec.labels.names == load_card("demo").labels.names
