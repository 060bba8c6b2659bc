"""What the readers of tagged tokens share: schemes, levels of tags, repairs, numbered tags and prefixes, by way of column files."""

from __future__ import annotations

from pathlib import Path

import pytest
from reading import read, seen

from llms_meet_ner import LmnError, Span
from llms_meet_ner.data_converters.problems import ProblemLog

COLUMNS = {"type": "columns", "scheme": "IOB2"}
TWO_LEVELS = {"tag": 1, "inner_tags": [2]}
JOHN = [("John left", [(0, 1, "PER")]), ("Paris", [(0, 1, "LOC")])]
JOHN_SMITH = [(("John", "Smith", "left"), (Span(0, 2, "PER"),)), (("Paris",), (Span(0, 1, "LOC"),))]


def test_numbered_tags_and_prefixes(tmp_path: Path) -> None:
    names = ["O", "B-PER", "I-PER", "B-LOC"]
    reader = {**COLUMNS, "tag_names": names, "token_prefix": "tr:"}
    assert seen(read(tmp_path, "tr:John 1\nleft 0\n\ntr:Paris 3\n", reader)) == JOHN
    log = ProblemLog()
    assert read(tmp_path, "tr: 0\ntr:tr: 0\n", reader, log=log)[0].tokens == ("tr:", "tr:")
    assert log.counts == {"bare-prefix": 1}
    with pytest.raises(
        LmnError, match=r"'7', which is not a tag of IOB2; the card's reader\.tag_names has 4 names, .* 0 to 3"
    ):
        read(tmp_path, "a 7\n", reader)
    with pytest.raises(LmnError, match=r"'7', which is not a tag of IOB2; the card's reader\.tag_names lists the tags"):
        read(tmp_path, "a 7\n", COLUMNS)


@pytest.mark.parametrize(
    ("scheme", "tags"),
    [
        ("IOB1", "I-PER I-PER O I-LOC"),
        ("IOB2", "B-PER I-PER O B-LOC"),
        ("IOBES", "B-PER E-PER O S-LOC"),
        ("BILOU", "B-PER L-PER O U-LOC"),
        ("IO", "PER PER O LOC"),
    ],
)
def test_schemes(tmp_path: Path, scheme: str, tags: str) -> None:
    a, b, c, d = tags.split()
    found = read(tmp_path, f"John {a}\nSmith {b}\nleft {c}\n\nParis {d}\n", {**COLUMNS, "scheme": scheme})
    assert [(s.tokens, s.spans) for s in found] == JOHN_SMITH


def test_two_levels_of_tags(tmp_path: Path) -> None:
    content = "Bayern\tB-PER\tB-LOC\nMünchen\tI-PER\tO\n"
    assert read(tmp_path, content, {**COLUMNS, **TWO_LEVELS}, nested=True)[0].spans == (
        Span(0, 2, "PER"),
        Span(0, 1, "LOC"),
    )


def test_crossing_levels(tmp_path: Path) -> None:
    content = "a\tB-PER\tO\nb\tI-PER\tB-LOC\nc\tO\tI-LOC\n"
    with pytest.raises(
        LmnError, match=r"file:2: the LOC over tokens 1-2 .* crosses .* --repair conlleval keeps the outer"
    ):
        read(tmp_path, content, {**COLUMNS, **TWO_LEVELS}, nested=True)
    log = ProblemLog()
    assert read(tmp_path, content, {**COLUMNS, **TWO_LEVELS}, nested=True, repair="conlleval", log=log)[0].spans == (
        Span(0, 2, "PER"),
    )
    assert log.counts == {"crossing": 1}


def test_repair_policies(tmp_path: Path) -> None:
    content = "a O\nb I-PER\nc I-PER\nd B-LOC\n"
    log = ProblemLog()
    assert read(tmp_path, content, COLUMNS, repair="conlleval", log=log)[0].spans == (
        Span(1, 3, "PER"),
        Span(3, 4, "LOC"),
    )
    assert read(tmp_path, content, COLUMNS, repair="discard")[0].spans == (Span(3, 4, "LOC"),)
    assert log.counts == {"invalid-transition": 1}
    assert not log.kept[0].fatal
