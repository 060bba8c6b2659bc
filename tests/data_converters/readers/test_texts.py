"""The core of the readers of texts with character spans: words of spans, the share of cut spans, own tokens, the language."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import spacy
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from paths import FIXTURES
from reading import LABELS, one, read, records_of, seen

from llms_meet_ner import LabelSet, LmnError
from llms_meet_ner.data_converters import load_card, read_corpus
from llms_meet_ner.data_converters.problems import ProblemLog
from llms_meet_ner.data_converters.readers import CorpusRules
from llms_meet_ner.data_converters.readers.offsets import COUNTINGS, Counting
from llms_meet_ner.data_converters.readers.texts import (
    AnnotatedText,
    Fault,
    MarkedSpan,
    TextOptions,
    TextReader,
    spans_of,
    text_at,
)

SPACES = {"type": "spans", "language": "spaces"}


def record(text: str, words: str, counting: Counting, *, key: str = "text") -> str:
    """Return a record whose one span is where a tool that counts in this way sees the words."""
    starts, ends = counting.positions(text)
    start, end = text.index(words), text.index(words) + len(words)
    span = {"start": list(starts).index(start), "end": list(ends).index(end), "label": "LOC", key: words}
    return json.dumps({"text": text, "spans": [span]})


@pytest.mark.parametrize("key", ["text", "val"])
@pytest.mark.parametrize("reading", COUNTINGS)
@pytest.mark.parametrize("written", COUNTINGS)
def test_an_error_about_the_words_of_a_span_names_the_way_of_counting(
    tmp_path: Path, written: Counting, reading: Counting, key: str
) -> None:
    content = record("😀😀\r\nI left Ankara for Izmir", "Ankara", written, key=key)
    found = [("😀😀 I left Ankara for Izmir", [(3, 4, "LOC")])]
    reader = {**SPACES, **reading._asdict()}
    if written == reading:
        assert seen(read(tmp_path, content, reader)) == found
        return
    with pytest.raises(
        LmnError, match=r"file:1: the LOC from \d+ to \d+ is .* in the text, and 'Ankara' in the"
    ) as error:
        read(tmp_path, content, reader)
    named = str(error.value).partition("`")[2].partition("`")[0]
    keys = dict(pair.split(": ") for pair in named.split(", "))
    assert seen(read(tmp_path, content, {**reader, **keys})) == found


def test_an_emoji_and_a_line_break_are_given_as_reasons(tmp_path: Path) -> None:
    with pytest.raises(
        LmnError, match=r"`offsets: utf-16` in the card's reader finds them \(.* an emoji has two units\)"
    ):
        read(tmp_path, record("😀 in Ankara now", "Ankara", Counting("utf-16")), SPACES)
    with pytest.raises(LmnError, match=r"`newlines: one` in the card's reader finds them \(.* as one character\)"):
        read(tmp_path, record("so\r\nin Ankara now", "Ankara", Counting(newlines="one")), SPACES)
    with pytest.raises(LmnError, match=r"past its end at 8; `offsets: utf-16` in the card's reader finds them"):
        read(tmp_path, record("😀 Ankara", "Ankara", Counting("utf-16")), SPACES)


def test_words_that_nothing_explains(tmp_path: Path) -> None:
    content = json.dumps({"text": "in Ankara", "spans": [{"start": 3, "end": 9, "label": "LOC", "text": "Izmir"}]})
    remedy = "mend the record; reader.mismatch: drop leaves such spans out, offsets reads them by their offsets"
    with pytest.raises(LmnError, match=f"is 'Ankara' in the text, and 'Izmir' in the record; {remedy}"):
        read(tmp_path, content, SPACES)
    for policy, spans in (("drop", []), ("offsets", [(1, 2, "LOC")])):
        log = ProblemLog()
        assert seen(read(tmp_path, content, {**SPACES, "mismatch": policy}, log=log)) == [("in Ankara", spans)]
        assert (log.counts, log.fatal) == ({"span-words": 1}, 0)


@pytest.mark.parametrize("words", ["New York", "New  York", "New\nYork", "New York ", "NewYork"])
def test_white_space_and_composed_characters_are_no_difference(tmp_path: Path, words: str) -> None:
    spans = [
        {"start": 0, "end": 8, "label": "LOC", "text": words},
        {"start": 9, "end": 13, "label": "LOC", "text": "Zu\u0308rich"[:4]},
    ]
    content = json.dumps({"text": "New York Züri", "spans": [spans[0], {**spans[1], "text": "Zu\u0308ri"}]})
    assert seen(read(tmp_path, content, SPACES))[0][1] == [(0, 2, "LOC"), (2, 3, "LOC")]


def test_a_high_share_of_cut_spans_is_said_whatever_the_policy(tmp_path: Path) -> None:
    cut, whole = one("in-Paris", [3, 8, "LOC"]), one("Paris", [0, 5, "LOC"])
    for policy in ("outward", "drop", "error"):
        log = ProblemLog(keep_going=True)
        read(tmp_path, "\n".join([whole, *[cut] * 6, *[whole] * 100]), {**SPACES, "cut": policy}, log=log)
        (share,) = log.of("cut-share")
        assert share.message.startswith(
            "6 of 107 spans (6%) begin or end inside a token: the card's reader.language names"
        )
        assert (share.fatal, share.where.line) == (False, 2)
    for lines in ([*[cut] * 4, whole], [*[cut] * 6, *[whole] * 114]):
        log = ProblemLog()
        read(tmp_path, "\n".join(lines), SPACES, log=log)
        assert "cut-share" not in log.counts


@pytest.mark.parametrize(
    "span",
    [[0, 4, "PER"], ["PER", 0, 4], ["0", "4", "PER"], [0.0, 4.0, "PER"], {"start": 0, "end": 4, "label": "PER"},
     {"start_offset": "0", "end_offset": "4", "labels": ["PER"]}, {"start": 0, "end": 4, "tag": "PER"}, {"start": 0, "end": 4, "type": "PER"}],
)  # fmt: skip
def test_spans_of_every_shape(span: Any) -> None:
    assert spans_of([span]) == ([MarkedSpan(0, 4, "PER")], [])


@pytest.mark.parametrize(
    "span", [None, 1, [], [0, 4], [0, 4, ""], [0, 4, None], [0, 4, "PER", 1], [0.5, 4, "PER"], ["-1", 4, "PER"], [True, 4, "PER"],
             {"start": 0}, {"start": 0, "end": "9" * 20, "label": "PER"}, {"start": 0, "end": 4, "label": [""]}]
)  # fmt: skip
def test_what_is_no_span_is_a_fault(span: Any) -> None:
    spans, (fault,) = spans_of([span, [0, 4, "PER"]])
    assert (spans, fault.kind, fault.fatal) == ([MarkedSpan(0, 4, "PER")], "malformed-record", True)


def test_several_labels_of_a_span_are_several_spans() -> None:
    spans, _ = spans_of([{"start": 0, "end": 4, "labels": ["PER", "ORG"], "text": "Mary"}])
    assert spans == [MarkedSpan(0, 4, "PER", "Mary"), MarkedSpan(0, 4, "ORG", "Mary")]


def test_the_text_of_a_record() -> None:
    assert text_at({"a": {"b": "c"}}, "a.b") == "c"
    assert text_at({"a": 1}, "a") == Fault(
        "malformed-record", "the value of 'a' is not text", "check the card's reader.text"
    )


class Given(TextReader):
    """A reader of texts that are given to it."""

    def __init__(self, *items: AnnotatedText | Fault | None, log: ProblemLog | None = None, **keys: Any) -> None:
        rules = CorpusRules(LabelSet.of(*LABELS), "none", "error")
        super().__init__("file", TextOptions.of({"type": "given", **keys}), rules, log or ProblemLog())
        self.items = items

    def _texts(self, progress: bool) -> Iterator[tuple[int, AnnotatedText | Fault | None]]:
        yield from enumerate(self.items, start=1)


def test_a_record_s_own_tokens_count() -> None:
    text = "in-Paris we. Met"
    item = AnnotatedText(text, [MarkedSpan(3, 8, "LOC")], [(0, 3), (3, 8), (8, 9), (9, 11), (11, 12), (13, 16)])
    assert seen(list(Given(item, language="spaces").read("c/s"))) == [("in- Paris we . Met", [(1, 2, "LOC")])]
    halves = list(Given(item, language="en", sentences="split").read("c/s"))
    assert seen(halves) == [("in- Paris we .", [(1, 2, "LOC")]), ("Met", [])]
    log = ProblemLog()
    wide = item._replace(tokens=[(0, 8), (9, 12), (13, 16)])
    assert seen(list(Given(wide, log=log, language="spaces").read("c/s"))) == [("in-Paris we. Met", [(0, 1, "LOC")])]
    assert log.counts == {"cut-span": 1}


def test_what_is_left_out_counts_in_the_ids_and_a_file_of_nothing_else_is_an_error() -> None:
    left_out = Fault("filtered", "nobody marked it", "mark it", fatal=False)
    log = ProblemLog()
    found = list(Given(left_out, None, AnnotatedText("a", []), log=log, language="spaces").read("c/s"))
    assert ([sentence.id for sentence in found], log.counts) == (["c/s/2"], {"filtered": 1})
    with pytest.raises(LmnError, match="file: no record is annotated: nobody marked it; mark it"):
        list(Given(left_out).read("c/s"))
    with pytest.raises(LmnError, match="file: no record is annotated"):
        list(Given(AnnotatedText("a", None)).read("c/s"))


def test_the_tokenizer_is_that_of_the_card_s_language_unless_the_reader_names_one(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(one("A one-day trip, l'eau", [12, 14, "ORG"]))
    card = tmp_path / "card.yaml"
    for language, reader, tokens in (
        ("en", "", [token.text for token in spacy.blank("en")("A one-day trip, l'eau")]),
        ("fr", "", [token.text for token in spacy.blank("fr")("A one-day trip, l'eau")]),
        ("pt-BR", "", [token.text for token in spacy.blank("pt")("A one-day trip, l'eau")]),
        ("fr", ", language: spaces", ["A", "one-day", "trip,", "l'eau"]),
    ):
        card.write_text(
            f"{{name: ships, title: Ships, language: {language}, licence: x, citation: y, splits: {{all: a.jsonl}}, docstart: none,"
            f" reader: {{type: spans{reader}}}, labels: [{{name: ORG}}]}}"
        )
        (sentence,) = read_corpus(load_card(card), "all", log=ProblemLog())
        assert list(sentence.tokens) == tokens


@settings(max_examples=60, deadline=None)
@given(
    text=st.text(st.sampled_from("ab 😀\r\n."), min_size=1, max_size=12),
    ends=st.tuples(st.integers(0, 12), st.integers(0, 12)),
    written=st.sampled_from(COUNTINGS),
    reading=st.sampled_from(COUNTINGS),
)
def test_a_named_way_of_counting_always_finds_the_words(
    text: str, ends: tuple[int, int], written: Counting, reading: Counting
) -> None:
    start, end = min(ends), max(ends)
    starts, stops = written.positions(text)
    if not start < end < len(starts) or not text[starts[start] : stops[end]].strip():
        return
    item = AnnotatedText(text, [MarkedSpan(start, end, "PER", text[starts[start] : stops[end]])])
    assert list(Given(item, language="spaces", **written._asdict()).read("c/s"))
    try:
        list(Given(item, language="spaces", **reading._asdict()).read("c/s"))
    except LmnError as error:
        named = str(error).partition("`")[2].partition("`")[0]
        keys = {**reading._asdict(), **dict(pair.split(": ") for pair in named.split(", "))}
        assert list(Given(item, language="spaces", **keys).read("c/s"))


def changed(value: Any, data: st.DataObject, depth: int = 0) -> Any:
    """Return a JSON value in which one part is another value."""
    odd = st.sampled_from(
        [None, True, 0, -1, 3, 1.5, "", "PER", "9", "\ud83d", [], {}, [[0, 1]], {"start": 0}, ["PER", 0, 3]]
    )
    if depth > 5 or not isinstance(value, (dict, list)) or not value or data.draw(st.integers(0, 4)) == 0:
        return data.draw(odd)
    key = data.draw(st.sampled_from(sorted(value) if isinstance(value, dict) else range(len(value))))
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    if data.draw(st.integers(0, 5)) == 0:
        del copy[key]
    else:
        copy[key] = changed(value[key], data, depth + 1)
    return copy


LAYOUTS = [
    (path, yaml.safe_load((path.parent / "card.yaml").read_text(encoding="utf-8"))["reader"])
    for path in sorted((FIXTURES / "layouts").glob("*/*.json*"))
]
TOOLS = [
    (path, reader)
    for path, reader in LAYOUTS
    if reader["type"] in ("spans", "label-studio", "prodigy", "doccano", "argilla")
]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(TOOLS), st.data())
def test_whatever_a_record_holds_it_is_read_or_an_error_of_ours(
    tmp_path_factory: pytest.TempPathFactory, tool: tuple[Path, dict[str, Any]], data: st.DataObject
) -> None:
    path, reader = tool[0], {**tool[1], "language": "spaces"}
    records = records_of(path)
    for _ in range(data.draw(st.integers(1, 3))):
        records = changed(records, data)
    log = ProblemLog(keep_going=data.draw(st.booleans()))
    try:
        found = read(tmp_path_factory.getbasetemp(), json.dumps(records), reader, labels=("PER", "LOC"), log=log)
    except LmnError:
        return
    assert all(sentence.tokens for sentence in found)
