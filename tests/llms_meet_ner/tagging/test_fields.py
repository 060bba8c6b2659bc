"""Fields that are not there, are there already, or hold no text."""

from __future__ import annotations

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.tagging.fields import check_free, no_field, not_a_text


def test_the_errors_of_fields() -> None:
    check_free("entities", ["text"], "f")
    with pytest.raises(
        LmnError, match="f: has a field 'text' already; name another for the entities: --entities-field lmn_text"
    ):
        check_free("text", ["text"], "f")
    assert str(no_field("text", ["a", "b"], "f:1")) == (
        "f:1: no field 'text'; it has: a, b; --field NAME names the field with the text"
    )
    assert "it has none" in str(no_field("text", [], "f:1"))
    assert str(not_a_text(None, "a", "f:1")).startswith("f:1: field 'a' is null; --on-error skip")
    assert "field 'a' is int, not a text: 3" in str(not_a_text(3, "a", "f:1"))
