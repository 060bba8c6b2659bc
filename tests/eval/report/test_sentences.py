"""The data of the error browser: JSON that is safe to embed in a page."""

from __future__ import annotations

import json

from hostile import TOKENS

from llms_meet_ner.eval.report.sentences import embedded


def test_what_is_embedded_reads_back_and_is_no_markup() -> None:
    for text in (*TOKENS, "\u2029", "é", "\U0001f469"):
        assert json.loads(embedded([text])) == [text]
        assert not set(embedded([text])) & set("<>&\u2028\u2029")
