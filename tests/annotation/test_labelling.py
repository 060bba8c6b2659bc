"""One labelling: what answers is described, and nothing is asked twice."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from fake_openai import Fake

from llms_meet_ner.annotation.labelling import Annotator, date_of_run
from llms_meet_ner.annotation.ledger import Ledger
from llms_meet_ner.annotation.template import load_template
from llms_meet_ner.annotation.template_server import TemplateServer
from llms_meet_ner.annotation.texts import texts_of_split
from llms_meet_ner.data_converters.cards import load_card
from llms_meet_ner.data_converters.corpus import read_corpus
from llms_meet_ner.systems.counting import CountingBaseline, capitalised
from llms_meet_ner.systems.options import SystemOptions
from llms_meet_ner.systems.server import ServerOptions

CARD = load_card("demo")
TEXTS = texts_of_split(CARD, "testb").first(4)


def test_a_system_without_prompt_and_server_labels_and_is_described(tmp_path: Path) -> None:
    train = list(read_corpus(CARD, "train"))
    system = CountingBaseline("capitalised", train)
    annotator = Annotator(system)
    records = annotator.label(TEXTS, tmp_path)
    assert [record.spans for record in records] == [capitalised(train)(sentence.tokens) for sentence in TEXTS.sentences]
    found = annotator.described()
    assert (found.name, found.template, found.model, found.server) == (system.name, None, None, None)
    assert (annotator.served_name, annotator.price) == ("", None)
    assert datetime.fromisoformat(date_of_run(tmp_path)).tzinfo is not None


def test_a_served_model_is_named_as_the_server_does_and_asked_once(fake: Fake, tmp_path: Path) -> None:
    def annotator() -> Annotator:
        server, ledger = ServerOptions(fake.url), Ledger(tmp_path / "answers.jsonl", fake.url)
        spec = load_template("xml").prompt(CARD)
        return Annotator(TemplateServer("xml", spec, SystemOptions(server=server), server, meter=ledger), "xml", ledger)

    first = annotator()
    records = first.label(TEXTS, tmp_path)
    found = first.described()
    assert (found.name, found.template, found.model, found.server) == ("tuned", "xml", "tuned", fake.url)
    assert found.sha256 == first.system.sha256 == first.ledger.system  # type: ignore[union-attr]
    assert annotator().label(TEXTS, tmp_path, restart=True) == records
    assert len(fake.requests) == 4
