"""The marks of a format."""

from __future__ import annotations

import pytest

from llms_meet_ner.formats.markup import Markup


def test_openers_are_the_same_for_all_labels_or_different_for_each() -> None:
    assert not Markup({"A": "[", "B": "["}, {"A": "|A]", "B": "|B]"}).opens_with_label
    assert Markup({"A": "<A>", "B": "<B>"}, {"A": "</A>", "B": "</B>"}).opens_with_label
    assert Markup({"A": "["}, {"A": "]"}).opens_with_label


@pytest.mark.parametrize(
    ("openers", "closers"),
    [({"A": "["}, {"B": "]"}), ({"A": "[", "B": "[", "C": "("}, {"A": "]", "B": "]", "C": ")"})],
)
def test_other_marks_are_refused(openers: dict[str, str], closers: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="not a markup"):
        Markup(openers, closers)
