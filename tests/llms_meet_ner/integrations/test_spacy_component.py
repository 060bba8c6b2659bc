"""The component of spaCy: entities on its tokens, whatever its tokens and sentences are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import spacy
from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st
from paths import ROOT
from spacy.tokens import Doc, DocBin, Span
from standins import spans_of, stand_in_load, tagger

import llms_meet_ner
from llms_meet_ner import LmnError
from llms_meet_ner.integrations import spacy_component
from llms_meet_ner.integrations.spacy_component import LmnNer

BLANK = {language: spacy.blank(language) for language in ("en", "de", "tr", "xx")}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Let pipelines load a stand-in; return what they ask for."""
    seen: list[dict[str, Any]] = []

    def load(adapter: str, **options: Any) -> Any:
        seen.append({"adapter": adapter, **options})
        return tagger(None)

    monkeypatch.setattr(spacy_component, "load", load)
    return seen


def marked(doc: Doc, **options: Any) -> Doc:
    return LmnNer(tagger(None), **options)(doc)


def test_a_pipeline_finds_it_by_name_and_its_settings_are_kept(asked: list[dict[str, Any]], workdir: Path) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("lmn_ner", config={"adapter": "outputs/demo", "min_confidence": 0.4})
    doc = nlp("Anna Holm saw Kent.\nThen she left.")
    assert [(ent.text, ent.label_, ent._.confidence) for ent in doc.ents] == [
        ("Anna Holm", "PER", 0.5), ("Kent", "LOC", 1 / 3), ("Then", "LOC", 0.5),
    ]  # fmt: skip
    assert doc._.lmn_entities[0] == {"start": 0, "end": 9, "label": "PER", "text": "Anna Holm", "confidence": 0.5}
    assert not doc.has_annotation("SENT_START")
    assert nlp.pipe_labels["lmn_ner"] == ["PER", "LOC"]
    nlp.to_disk(workdir / "pipeline")
    again = spacy.load(workdir / "pipeline")
    assert again("Anna").ents[0].text == "Anna"
    assert asked[0] == asked[1]
    assert (asked[1]["adapter"], asked[1]["min_confidence"], asked[1]["dtype"]) == ("outputs/demo", 0.4, "auto")
    stored = DocBin(store_user_data=True, docs=[doc]).to_bytes()
    (found,) = DocBin().from_bytes(stored).get_docs(nlp.vocab)
    assert [ent._.confidence for ent in found.ents] == [0.5, 1 / 3, 0.5]
    with pytest.raises(ValueError, match="min_confidence"):
        spacy.blank("en").add_pipe("lmn_ner", config={"adapter": "x", "min_confidence": "much"})


def test_a_server_is_named_by_its_address(asked: list[dict[str, Any]]) -> None:
    config = {"corpus": "demo", "base_url": "http://gpu1:8000/v1", "served_model": "m"}
    spacy.blank("en").add_pipe("lmn_ner", config=config)
    assert (asked[0]["adapter"], asked[0]["server"].base_url, asked[0]["server"].model) == (
        None,
        config["base_url"],
        "m",
    )


@pytest.mark.usefixtures("asked")
def test_docs_come_in_order_and_sentences_of_several_are_answered_together() -> None:
    nlp = spacy.blank("en")
    component = nlp.add_pipe("lmn_ner", config={"adapter": "x"})
    texts = [f"Anna saw {n}. Bob left." if n % 3 else "" for n in range(300)]
    docs = list(nlp.pipe(texts, batch_size=7))
    assert [doc.text for doc in docs] == texts
    assert [len(doc.ents) for doc in docs] == [2 if n % 3 else 0 for n in range(300)]
    batches = component.tagger.system.generator.batches  # type: ignore[attr-defined]
    assert max(map(len, batches)) == 16
    assert len(batches) < 30


words = st.text(st.sampled_from("aAbB.'-,!\u00a0東é"), min_size=1, max_size=6)
texts = st.text(st.sampled_from("aAbB .\t\n'-,!?\u00a0\u200b東é🇫🇮"), max_size=60)


@given(texts, st.sampled_from(sorted(BLANK)))
@settings(deadline=None)
def test_entities_are_the_tokens_of_the_doc(text: str, language: str) -> None:
    doc = marked(BLANK[language](text))
    capital = [token.i for token in doc if token.text.strip() and token.text.strip()[0].isupper()]
    assert [token.i for ent in doc.ents for token in ent if not token.is_space] == capital
    assert all(doc.text[ent.start_char : ent.end_char] == ent.text for ent in doc.ents)


@given(st.lists(st.tuples(words, st.booleans(), st.booleans()), min_size=1, max_size=8))
@settings(deadline=None)
def test_sentences_that_are_set_are_those_that_are_read(rows: list[tuple[str, bool, bool]]) -> None:
    tokens = [word.replace("\u00a0", "x") for word, _, _ in rows]
    starts = [True, *(start for _, _, start in rows[1:])]
    doc = Doc(BLANK["en"].vocab, words=tokens, spaces=[space for _, space, _ in rows], sent_starts=starts)
    model = tagger(None)
    LmnNer(model)(doc)
    asked = [sentence for batch in model.system.generator.batches for sentence in batch]  # type: ignore[attr-defined]
    assert sorted(asked) == sorted(tuple(token.text for token in sentence) for sentence in doc.sents)
    expected = [
        (sentence.start + span.start, sentence.start + span.end, span.label)
        for sentence in doc.sents
        for span in spans_of([token.text for token in sentence])
    ]
    assert [(ent.start, ent.end, ent.label_) for ent in doc.ents] == expected


def test_a_token_with_white_space_in_it_is_marked_whole() -> None:
    doc = marked(Doc(BLANK["en"].vocab, words=["in", "New York", "\n\n", "Kent"], spaces=[True] * 3 + [False]))
    assert [ent.text for ent in doc.ents] == ["New York", "Kent"]


def test_entities_give_way_to_those_that_are_there_unless_told() -> None:
    def doc() -> Doc:
        made = BLANK["en"]("Anna Holm saw Kent")
        made.ents = [Span(made, 1, 3, "OWN")]
        return made

    assert [(ent.text, ent.label_) for ent in marked(doc()).ents] == [("Holm saw", "OWN"), ("Kent", "LOC")]
    assert [(ent.text, ent.label_) for ent in marked(doc(), overwrite_ents=True).ents] == [
        ("Anna Holm", "PER"),
        ("Kent", "LOC"),
    ]


def test_an_extension_that_computes_is_not_overwritten() -> None:
    before = Span.get_extension("confidence") if Span.has_extension("confidence") else None
    Span.set_extension("confidence", getter=lambda span: 1.0, force=True)
    try:
        with pytest.raises(
            LmnError, match=r"another extension is called Span._.confidence, .*: Span.remove_extension\('confidence'\)"
        ):
            LmnNer(tagger(None))
    finally:
        Span.remove_extension("confidence")
        if before:
            Span.set_extension("confidence", default=None)


def test_the_python_of_the_page_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "tagging.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.M | re.S)
    assert len(blocks) == 3
    monkeypatch.setattr(llms_meet_ner, "load", stand_in_load)
    monkeypatch.setattr(spacy_component, "load", stand_in_load)
    names: dict[str, Any] = {"dataset": Dataset.from_dict({"text": ["Kent lost."]})}
    for block in blocks:
        exec(compile(block, "tagging.md", "exec"), names)
    assert list(names["frame"]["id"]) == ["a", "b"]
    assert names["tagged"][0]["entities"][0]["text"] == "Kent"
    assert "[('Hussain', 'LOC', 0.5)]" in capsys.readouterr().out
