"""doccano: documents with metadata, and what it does not say."""

from __future__ import annotations

from pathlib import Path

import tool_exports
from tool_exports import save_corpus

from llms_meet_ner.annotation.exchange.doccano import Doccano
from llms_meet_ner.annotation.exchange.importing import read_export
from llms_meet_ner.annotation.exchange.suggestions import Suggested, read_suggestions
from llms_meet_ner.data_converters.cards import load_card
from llms_meet_ner.sentence import Sentence, Span

TOOL = Doccano()


def test_a_document_has_its_labels_in_utf_16_and_the_rest_as_metadata() -> None:
    one = Suggested(Sentence("a/0", ("🚀", "Ada"), (Span(1, 2, "PER"),)), "🚀 Ada", (0.5,), "gpt")
    row = {"text": "🚀 Ada", "label": [[3, 6, "PER"]], "lmn_id": "a/0", "suggested_by": "gpt", "score": 0.5}
    assert TOOL.record(one, list(one.marked())) == row


def test_the_id_is_found_in_metadata_too_and_the_user_says_who_annotated() -> None:
    assert TOOL.correction({"meta": {"lmn_id": "a/0"}, "annotation_approver": "ada"}, None) == ("a/0", "ada", None)
    assert TOOL.correction({"lmn_id": "a/0"}, "bob") == ("a/0", "bob", None)
    assert TOOL.correction(3, None) == (None, None, None)


def test_a_doccano_export_whose_documents_were_all_looked_at(tmp_path: Path) -> None:
    found = read_suggestions(
        load_card(save_corpus(tmp_path / "mine", [(["It", "rained"], []), (["Ada", "left"], [])])), "train"
    )
    records = [TOOL.record(one, []) for one in found.sentences]
    done = [tool_exports.finished("doccano", record, [], state="untouched") for record in records]
    path = tool_exports.write("doccano", tmp_path / "in.jsonl", done)
    imported = read_export(path, TOOL, found, "ada", reviewed=True)
    assert {(one.review.annotator, one.review.why) for one in imported.sentences} == {("ada", None)}
