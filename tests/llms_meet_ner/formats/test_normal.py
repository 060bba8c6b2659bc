"""Normal forms of texts: Python's own, for long runs of combining characters in linear time too."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from llms_meet_ner.formats.normal import folded, nfkc, squeezed, unspaced

pieces = st.sampled_from(
    ["a", "\u0301", "\u0316", "\u0345", "\uac00", "\u1100", "\u1161", "\ufb01", "\u0344", "\u2126", " "]
)
texts = st.one_of(st.text(max_size=20), st.lists(pieces, max_size=30).map("".join))


@given(texts)
def test_a_long_text_gets_the_same_form_as_from_python(text: str) -> None:
    for long in (text, text * 200, text + "\u0316\u0301" * 600, "x" * 1001 + text):
        assert nfkc(long) == unicodedata.normalize("NFKC", long)


@given(texts)
def test_forms_are_composed_of_nfkc(text: str) -> None:
    assert unspaced(text) == "".join(unicodedata.normalize("NFKC", text).split())
    assert squeezed(text) == "".join(unicodedata.normalize("NFKC", text).casefold().split())
    assert folded(text) == unicodedata.normalize("NFKC", text.casefold())
