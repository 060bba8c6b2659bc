"""The choice between several annotations of one text."""

from __future__ import annotations

import pytest

from llms_meet_ner.data_converters.readers.annotators import Annotation, chosen, names_of
from llms_meet_ner.data_converters.readers.texts import Fault


@pytest.mark.parametrize(
    ("annotator", "names"),
    [(1, ("1",)), ("ann", ("ann",)), ({"id": 1, "email": "a@b.c"}, ("1", "a@b.c")), (None, ()), (True, ()), ({}, ())],
)
def test_names(annotator: object, names: tuple[str, ...]) -> None:
    assert names_of(annotator) == names


def test_the_first_is_chosen_and_the_others_are_reported() -> None:
    several = [Annotation(("1", "a@b.c"), "x"), Annotation((), "y"), Annotation(("3",), "z")]
    assert chosen(several[:1], None) == ("x", [])
    choice = chosen(several, None)
    assert not isinstance(choice, Fault)
    value, (fault,) = choice
    assert (value, fault.kind, fault.fatal) == ("x", "several-annotations", False)
    assert fault.message == "3 annotations, by 1 / a@b.c, somebody, 3"
    assert chosen(several, "3") == ("z", [])
    for several_or_none, wanted, kind, message in (
        (several, "2", "filtered", "annotated by 1 / a@b.c, somebody, 3, not by 2"),
        ([], None, "not-annotated", "nobody annotated it to the end"),
        ([], "2", "not-annotated", "nobody annotated it to the end"),
    ):
        assert chosen(several_or_none, wanted) == Fault(kind, message, fatal=False)
