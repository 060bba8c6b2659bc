"""What the readers of tagged tokens share: schemes, levels of tags, repairs, numbered tags and prefixes, by way of column files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from reading import read, seen

from llms_meet_ner import LmnError, Span
from llms_meet_ner.data_converters.problems import ProblemLog
from llms_meet_ner.data_converters.readers import tagged

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
        ("BIOES", "B-PER E-PER O S-LOC"),
        ("BILUO", "B-PER L-PER O U-LOC"),
        ("BMES", "B-PER E-PER O S-LOC"),
        ("BMEWO", "B-PER E-PER O W-LOC"),
        ("IO", "PER PER O LOC"),
        ("brackets", "(PER* *) * (LOC)"),
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


TWO = [("John Smith left", [(0, 2, "PER")]), ("Paris", [(0, 1, "LOC")])]


@pytest.mark.parametrize(
    ("keys", "tags"),
    [
        ({"scheme": "BIO", "tag_form": "B_LABEL"}, "B_PER I_PER O B_LOC"),
        ({"scheme": "BIO", "tag_form": "LABEL-B"}, "PER-B PER-I O LOC-B"),
        ({"scheme": "BIO", "tag_form": "b-LABEL"}, "b-PER i-PER o b-LOC"),
        ({"scheme": "BMES", "tag_form": "LABEL/B"}, "PER/B PER/E O LOC/S"),
        ({"scheme": "BIO", "tag_key": "name"}, "name=B-PER|SpaceAfter=No name=I-PER _ x=y|name=B-LOC"),
        ({"scheme": "IO", "tag_key": "ne"}, "ne=PER ne=PER ne=_ ne=LOC"),
        ({"scheme": "IOBES", "tag_key": "ne", "tag_form": "LABEL_B"}, "ne=PER_B ne=PER_E ne=O ne=LOC_S"),
        ({"scheme": "brackets", "tag_key": "ne"}, "ne=(PER* ne=*) ne=* ne=(LOC)"),
        ({"scheme": "BIO", "tag_form": "B_LABEL", "tag_names": ["O", "B_PER", "I_PER", "B_LOC"]}, "1 2 0 3"),
    ],
)
@pytest.mark.parametrize("layout", ["columns", "lines", "tokens"])
def test_tags_are_written_as_the_card_says_in_every_layout(
    tmp_path: Path, layout: str, keys: dict[str, Any], tags: str
) -> None:
    a, b, c, d = tags.split()
    contents = {
        "columns": f"John\t{a}\nSmith\t{b}\nleft\t{c}\n\nParis\t{d}\n",
        "lines": f"{a} {b} {c}\tJohn Smith left\n{d}\tParis\n",
        "tokens": json.dumps({"tokens": ["John", "Smith", "left"], "ner_tags": [a, b, c]})
        + "\n" + json.dumps({"tokens": ["Paris"], "ner_tags": [d]}) + "\n",
    }  # fmt: skip
    log = ProblemLog()
    assert seen(read(tmp_path, contents[layout], {"type": layout, **keys}, log=log)) == TWO
    assert not log.counts


def test_a_bare_prefix_is_of_the_only_label_on_the_card(tmp_path: Path) -> None:
    content = "John B\nSmith I\nleft O\n"
    assert seen(read(tmp_path, content, COLUMNS, labels=("PER",))) == [("John Smith left", [(0, 2, "PER")])]
    with pytest.raises(
        LmnError, match=r"file:1: .* 'B', which is not a tag of IOB2; it names no label: a tag without one needs"
    ):
        read(tmp_path, content, COLUMNS)
    with pytest.raises(LmnError, match=r"file:2: token 'b' is tagged 'I' where IOB2 has 'B-PER'; scheme: IOB1"):
        read(tmp_path, "a O\nb I\n", COLUMNS, labels=("PER",), repair="error")


def test_an_empty_field_is_no_line_without_a_tag_if_the_tag_is_under_a_key(tmp_path: Path) -> None:
    content = "John\tname=B-PER\nleft\t\n"
    reader = {**COLUMNS, "separator": "tab", "tag_key": "name"}
    assert seen(read(tmp_path, content, reader)) == [("John left", [(0, 1, "PER")])]
    with pytest.raises(LmnError, match="a line without a tag"):
        read(tmp_path, "John\tB-PER\nleft\t\n", {**COLUMNS, "separator": "tab"})


@pytest.mark.parametrize("layout", ["columns", "lines", "tokens"])
def test_a_key_that_no_field_has_is_reported(tmp_path: Path, layout: str) -> None:
    contents = {
        "columns": "John name=B-PER|SpaceAfter=No\n",
        "lines": "name=B-PER|SpaceAfter=No\tJohn\n",
        "tokens": '{"tokens": ["John"], "ner_tags": ["name=B-PER|SpaceAfter=No"]}\n',
    }
    log = ProblemLog()
    assert read(tmp_path, contents[layout], {"type": layout, "scheme": "BIO", "tag_key": "nam"}, log=log)[0].spans == ()
    (problem,) = log.of("no-tag-key")
    assert problem.message == "no field has the key 'nam', which holds the tags: the fields have SpaceAfter, name"
    assert not problem.fatal


def test_a_bracket_column_of_a_nested_and_of_a_flat_corpus(tmp_path: Path) -> None:
    content = "John (ORG(PER*)\nSmith *\nInc *)\n"
    reader = {"type": "columns", "scheme": "brackets"}
    nested = read(tmp_path, content, reader, nested=True)[0].spans
    assert nested == (Span(0, 3, "ORG"), Span(0, 1, "PER"))
    log = ProblemLog()
    assert read(tmp_path, content, reader, log=log)[0].spans == (Span(0, 3, "ORG"),)
    assert log.counts == {"inner-span": 1}


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ("(PER* *", r"file:1: token 'a' is tagged '\(PER\*', which opens PER, which is never closed; mend the column"),
        ("* *)", r"file:2: token 'b' is tagged '\*\)', which closes a bracket where nothing is open; mend the column"),
        ("* (*", r"file:2: token 'b' is tagged '\(\*', which is not a tag of brackets"),
    ],
)
def test_a_bracket_without_its_other_is_an_error_with_its_line(tmp_path: Path, tags: str, message: str) -> None:
    a, b = tags.split()
    with pytest.raises(LmnError, match=message):
        read(tmp_path, f"a {a}\nb {b}\n", {"type": "columns", "scheme": "brackets"})


@pytest.mark.parametrize(
    ("keys", "tags", "fitting"),
    [
        ({"scheme": "IOB2"}, "B-PER E-PER", "scheme: IOBES"),
        ({"scheme": "IOB2"}, "B-PER L-PER", "scheme: BILOU"),
        ({"scheme": "IOB2"}, "B-PER M-PER E-PER S-LOC", "scheme: BMES"),
        ({"scheme": "IOB2"}, "B-PER M-PER E-PER W-LOC", "scheme: BMEWO"),
        ({"scheme": "IOBES"}, "B-PER L-PER", "scheme: BILOU"),
        ({"scheme": "IOB2"}, "PER PER", "scheme: IO"),
        ({"scheme": "IOB2"}, "(PER* *)", "scheme: brackets"),
        ({"scheme": "IOB2"}, "B_PER I_PER", "tag_form: B_LABEL"),
        ({"scheme": "IOB2"}, "PER-B PER-I", "tag_form: LABEL-B"),
        ({"scheme": "IOB2"}, "b-PER i-PER", "tag_form: b-LABEL"),
        ({"scheme": "IOB2"}, "B:PER E:PER", "scheme: IOBES, tag_form: B:LABEL"),
        ({"scheme": "IOB2"}, "name=B-PER|x=y name=I-PER", "tag_key: name"),
        ({"scheme": "IOB2", "tag_form": "B_LABEL"}, "PER/B PER/I", "tag_form: LABEL/B"),
        ({"scheme": "brackets"}, "B-PER I-PER", "scheme: IOB2"),
    ],
)
def test_the_way_that_reads_all_tags_so_far_is_named_and_works(
    tmp_path: Path, keys: dict[str, str], tags: str, fitting: str
) -> None:
    content = "before O\n\n" + "".join(f"t{at} {tag}\n" for at, tag in enumerate(tags.split()))
    with pytest.raises(LmnError) as raised:
        read(tmp_path, content, {"type": "columns", **keys})
    assert raised.value.remedy == f"{fitting} in the card's reader fits all tags of the file so far"
    named = dict(item.split(": ") for item in fitting.split(", "))
    log = ProblemLog()
    assert read(tmp_path, content, {"type": "columns", **keys, **named}, log=log)[1].spans
    assert not log.counts


def test_where_only_a_part_is_tried_the_remedy_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tagged, "_KEPT", 3)
    content = "a S-PER\n\n" * 4 + "a B-PER\nb M-PER\nc E-PER\n"
    with pytest.raises(
        LmnError, match="scheme: BMES in the card's reader fits this sentence and the first 2 with tags"
    ):
        read(tmp_path, content, {**COLUMNS, "scheme": "IOBES"})


@pytest.mark.parametrize("tag", ["I-O", "B-O"])
def test_a_mistyped_o_is_called_that(tmp_path: Path, tag: str) -> None:
    with pytest.raises(LmnError) as raised:
        read(tmp_path, f"a O\nb {tag}\n", COLUMNS)
    assert str(raised.value).endswith(
        f"file:2: token 'b' is tagged '{tag}', and O is the tag of tokens outside of entities, no label; "
        "mend the tag: O, or a label of the card"
    )


def test_a_reader_that_keeps_going_names_the_way_that_reads_all_tags_once(tmp_path: Path) -> None:
    log = ProblemLog(keep_going=True)
    read(tmp_path, "a B-PER\nb E-PER\n\nc S-PER\n", COLUMNS, log=log)
    assert [problem.message for problem in log.of("malformed-tag")] == [
        "token 'b' is tagged 'E-PER', which is not a tag of IOB2; scheme: IOBES in the card's reader fits all tags of the file so far",
        "token 'c' is tagged 'S-PER', which is not a tag of IOB2",
    ]


@pytest.mark.parametrize(("tags", "scheme"), [("I-PER I-PER O I-LOC", "IOB1"), ("B-PER I-PER O B-LOC", "IOB2")])
def test_prefixes_under_io_are_no_parts_of_labels(tmp_path: Path, tags: str, scheme: str) -> None:
    content = "".join(f"{token} {tag}\n" for token, tag in zip("abcd", tags.split(), strict=True))
    reader = {**COLUMNS, "scheme": "IO"}
    with pytest.raises(
        LmnError, match=rf"which the card does not list; scheme: {scheme} in the card's reader fits"
    ) as error:
        read(tmp_path, content, reader)
    assert "add to the card's labels" not in str(error.value)
    assert seen(read(tmp_path, content, {**reader, "scheme": scheme})) == [("a b c d", [(0, 2, "PER"), (3, 4, "LOC")])]
    with pytest.raises(LmnError, match=r"add to the card's labels: - \{name: I-ORG\}"):
        read(tmp_path, "a I-ORG\nb PER\n", reader)


def test_a_number_after_a_prefix_is_a_label(tmp_path: Path) -> None:
    with pytest.raises(
        LmnError, match=r"the label '1', which the card does not list; add to the card's labels: - \{name: \"1\"\}"
    ):
        read(tmp_path, "a B-1\nb I-1\n", COLUMNS)
    with pytest.raises(
        LmnError, match=r"the label '1', which the card does not list; the card's reader\.tag_names lists the tags"
    ):
        read(tmp_path, "a 1\nb PER\n", {**COLUMNS, "scheme": "IO"})
