"""The reader of JSON records with character spans: records of our own, and real files counted by other code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import LABELS, counts, one, read, read_file, records_of, seen

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters.problems import ProblemLog
from llms_meet_ner.tagging.splitting import make_splitter

SPACES = {"type": "spans", "language": "spaces"}
ENGLISH = {"type": "spans", "language": "en"}
JOHN = "John Smith left Paris ."
FOUND = [("John Smith left Paris .", [(0, 2, "PER"), (3, 4, "LOC")])]


def units(text: str, offset: int) -> int:
    return len(text[:offset].encode("utf-16-le")) // 2


@pytest.mark.parametrize(
    ("record", "more"),
    [
        ({"text": JOHN, "spans": [[0, 10, "PER"], [16, 21, "LOC"]]}, {}),
        ({"text": JOHN, "label": [[16, 21, "LOC"], [0, 10, "PER"]]}, {}),
        ({"text": JOHN, "labels": [[0, 10, "PER"], [16, 21, "LOC"]]}, {}),
        ({"text": JOHN, "entities": [{"id": 7, "start_offset": 0, "end_offset": 10, "label": "PER"}, {"start": 16, "end": 21, "label": "LOC"}]}, {}),
        ([JOHN, {"entities": [[0, 10, "PER"], [16, 21, "LOC"]]}], {}),
        ({"t": {"x": JOHN}, "s": [[0, 11, "PER"], [15, 21, "LOC"]]}, {"text": "t.x", "spans": "s"}),
        (
            {
                "data": {"text": JOHN},
                "annotations": [
                    {"result": [{"value": {"start": 0, "end": 10, "labels": ["PER"]}}, {"value": {"start": 16, "end": 21, "labels": ["LOC"]}}]}
                ],
            },
            {"text": "data.text", "spans": "annotations.0.result.*.value"},
        ),
    ],
    ids=["triples", "label", "labels", "mappings", "pair", "paths", "label-studio"],
)  # fmt: skip
def test_records_of_every_shape(tmp_path: Path, record: Any, more: dict[str, Any]) -> None:
    for content in (
        json.dumps([record]),
        json.dumps([record], indent=1),
        f"{json.dumps(record)}\n{json.dumps(record)}\n",
    ):
        assert seen(read(tmp_path, content, {**SPACES, **more}))[:1] == FOUND


def test_the_card_says_how_a_text_becomes_tokens(tmp_path: Path) -> None:
    content = one("John Smith left Paris.", [0, 10, "PER"])
    assert read(tmp_path, content, SPACES)[0].tokens == ("John", "Smith", "left", "Paris.")
    assert read(tmp_path, content, ENGLISH)[0].tokens == ("John", "Smith", "left", "Paris", ".")
    with pytest.raises(LmnError, match=r"language 'zz': .*'xx' splits any language"):
        read(tmp_path, content, {"type": "spans", "language": "zz"})


@pytest.mark.parametrize(
    ("policy", "spans", "fatal"),
    [
        ("outward", [(0, 1, "PER"), (1, 2, "LOC")], 0),
        ("drop", [(0, 1, "PER")], 0),
        ("error", [(0, 1, "PER"), (1, 2, "LOC")], 1),
    ],
)
def test_a_span_that_cuts_a_token(tmp_path: Path, policy: str, spans: Any, fatal: int) -> None:
    content = one("John in-Paris.", [0, 4, "PER"], [8, 13, "LOC"])
    log = ProblemLog(keep_going=True)
    found = read(tmp_path, content, {**SPACES, "cut": policy}, log=log)
    assert (seen(found)[0][1], log.counts, log.fatal) == (spans, {"cut-span": 1}, fatal)
    assert log.kept[0].message == "the LOC 'Paris' begins or ends inside a token of 'in-Paris.'"
    if fatal:
        with pytest.raises(LmnError, match=r"file:1: the LOC 'Paris' begins .*; the card's reader\.cut says"):
            read(tmp_path, content, {**SPACES, "cut": policy})


@pytest.mark.parametrize(
    "span", [[0, 0, "PER"], [2, 1, "PER"], [-1, 1, "PER"], [0, 6, "PER"], [9, 12, "PER"], [2, 3, "PER"]]
)
def test_a_span_outside_the_text_is_refused_or_left_out(tmp_path: Path, span: Any) -> None:
    content = one("a  \tb", span)
    with pytest.raises(LmnError, match=r"file:1: the PER from .* past its end at 5; check the card's reader\.offsets"):
        read(tmp_path, content, SPACES)
    log = ProblemLog()
    assert seen(read(tmp_path, content, {**SPACES, "outside": "drop"}, log=log)) == [("a b", [])]
    assert log.counts == {"outside-text": 1}


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"txt": "a"}, r"file:2: no 'text' in the record; it has txt; the card's reader\.text names the key"),
        ({"text": None}, r"file:2: the value of 'text' is not text"),
        ({"text": "\ud83d"}, r"file:2: the value of 'text' is not text"),
        ("a", r"file:2: no 'text' in the record; it is str"),
        ({"text": "a", "spans": {"0": 1}}, r"file:2: a span is start, end and label, not 1"),
        ({"text": "a", "spans": [[0, 1]]}, r"file:2: a span is start, end and label, not \[0, 1\]"),
        ({"text": "a", "spans": [[0, True, "PER"]]}, r"file:2: a span is start, end and label"),
        ({"text": "a", "spans": [{"start": 0, "end": 1, "label": []}]}, r"file:2: a span is start, end and label"),
        ({"text": "a", "spans": [{"value": {"start": 0, "end": 1, "labels": ["PER"]}}]}, r"file:2: a span is start, .* a path of keys"),
        ({"text": "a", "spans": [[0, 1, "SHIP"]]}, r"file:2: the SHIP 'a' has a label that the card does not list; add to the card's labels: - {name: SHIP}"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_record_is_named(tmp_path: Path, record: Any, message: str) -> None:
    content = "\n".join([one("John", [0, 4, "PER"]), json.dumps(record), one("Paris", [0, 5, "LOC"])])
    with pytest.raises(LmnError, match=message):
        read(tmp_path, content, SPACES)
    log = ProblemLog(keep_going=True)
    found = read(tmp_path, content, SPACES, log=log)
    assert ([(s.id, s.text) for s in found if s.spans], log.fatal) == ([("c/s/0", "John"), ("c/s/2", "Paris")], 1)


def test_records_without_annotation_are_counted_and_a_wrong_key_is_an_error(tmp_path: Path) -> None:
    log = ProblemLog()
    content = f"{one('a', [0, 1, 'PER'])}\n{json.dumps({'text': 'b'})}\n"
    assert seen(read(tmp_path, content, SPACES, log=log)) == [("a", [(0, 1, "PER")]), ("b", [])]
    assert log.counts == {"unannotated": 1}
    with pytest.raises(
        LmnError, match=r"file: no record has ents; the card's reader\.spans names the key of the spans"
    ):
        read(tmp_path, content, {**SPACES, "spans": "ents"})


def test_only_records_with_the_stated_values_are_read(tmp_path: Path) -> None:
    log = ProblemLog()
    content = f"{one('a', answer='reject')}\n{one('b', answer='accept')}\n"
    assert [s.id for s in read(tmp_path, content, {**SPACES, "where": {"answer": "accept"}}, log=log)] == ["c/s/1"]
    assert log.counts == {"filtered": 1}


def test_units_of_utf16(tmp_path: Path) -> None:
    text = "😀 Ankara 😀x"
    reader = {**SPACES, "offsets": "utf-16"}
    assert seen(read(tmp_path, one(text, [3, 9, "LOC"], [12, 13, "PER"]), reader)) == [
        (text, [(1, 2, "LOC"), (2, 3, "PER")])
    ]
    log = ProblemLog()
    assert seen(read(tmp_path, one(text, [1, 2, "PER"]), reader, log=log)) == [(text, [(0, 1, "PER")])]
    assert log.counts == {"cut-span": 1}
    with pytest.raises(LmnError, match="past its end at 13"):
        read(tmp_path, one(text, [3, 14, "LOC"]), reader)


word = st.text(st.sampled_from("aé😀.-[|]\u00a0ğ𝔘"), min_size=1, max_size=4)


planted = st.lists(st.tuples(word, st.sampled_from(["", *LABELS])), min_size=1, max_size=8)


@settings(max_examples=120, deadline=None)
@given(
    records=st.lists(planted, min_size=1, max_size=3),
    space=st.sampled_from([" ", "  ", "\t", " \n"]),
    as_units=st.booleans(),
)
def test_spans_planted_at_token_boundaries_come_back(
    tmp_path_factory: pytest.TempPathFactory, records: list[list[tuple[str, str]]], space: str, as_units: bool
) -> None:
    lines = []
    expected = []
    for record in records:
        text, spans, found = "", [], []
        for position, (token, label) in enumerate(record):
            if label and token.strip():
                start = len(text), len(text) + len(token)
                spans.append([*start, label])
                found.append((position, position + 1, label))
            text += token + space
        if as_units:
            spans = [[units(text, start), units(text, end), label] for start, end, label in spans]
        lines.append(one(text, *spans))
        expected.append((" ".join(token for token, _ in record), found))
    reader = {**SPACES, "offsets": "utf-16" if as_units else "code-points", "cut": "error"}
    assert seen(read(tmp_path_factory.getbasetemp(), "\n".join(lines), reader)) == expected


@settings(max_examples=100, deadline=None)
@given(text=st.text(st.sampled_from("ab 😀𝔘ğ"), min_size=1, max_size=12), data=st.data())
def test_code_points_and_utf16_units_read_alike(tmp_path_factory: pytest.TempPathFactory, text: str, data: Any) -> None:
    ends = st.integers(0, len(text))
    spans = data.draw(st.lists(st.tuples(ends, ends, st.sampled_from(LABELS)), max_size=4))
    reader = {**SPACES, "crossing": "longest", "outside": "drop"}
    in_units = [[units(text, start), units(text, end), label] for start, end, label in spans]
    folder = tmp_path_factory.getbasetemp()
    assert read(folder, one(text, *spans), reader) == read(
        folder, one(text, *in_units), {**reader, "offsets": "utf-16"}
    )


def test_an_empty_list_beside_a_filled_one_is_passed_over(tmp_path: Path) -> None:
    content = '{"text": "Mary sails", "spans": [], "entities": [[0, 4, "PER"]]}\n'
    assert len(read(tmp_path, content, SPACES)[0].spans) == 1


def test_a_lone_pair_of_text_and_entities_is_one_record(tmp_path: Path) -> None:
    content = '["Mary sails", {"entities": [[0, 4, "PER"]]}]\n'
    assert [sentence.text for sentence in read(tmp_path, content, SPACES)] == ["Mary sails"]


# file, key of the spans: records, spans, spans past the end of the text in code points, and in units of UTF-16
VITAMINS = [
    ("supplements_spans_ents.json", "entities", (2472, 10100, 19, 1)),
    ("hf_valid.json", "spans", (200, 798, 1, 0)),
    ("hf_test.json", "spans", (200, 822, 1, 0)),
]


def mapped_by_hand(
    text: str, spans: list[dict[str, Any]], tokens: list[tuple[int, int]]
) -> list[tuple[int, int, str, bool]]:
    """Map spans in UTF-16 units to tokens by way of bytes and of a table from characters to tokens."""
    raw = text.encode("utf-16-le")
    token_at = {position: number for number, (start, end) in enumerate(tokens) for position in range(start, end)}
    found = []
    for span in spans:
        start = len(raw[: 2 * span["start"]].decode("utf-16-le"))
        inner = raw[2 * span["start"] : 2 * span["end"]].decode("utf-16-le")
        touched = [token_at[start + at] for at in range(len(inner)) if start + at in token_at]
        if 2 * span["end"] <= len(raw) and touched:
            covered = sum(tokens[number][1] - tokens[number][0] for number in set(touched))
            found.append((min(touched), max(touched) + 1, span["label"], covered != len(touched)))
    return found


def other_words(text: str, span: dict[str, Any]) -> bool:
    """Return whether a span that lies in its text has other words than the record gives, apart from white space."""
    raw = text.encode("utf-16-le")
    seen = raw[2 * span["start"] : 2 * span["end"]].decode("utf-16-le")
    return 2 * span["end"] <= len(raw) and "".join(seen.split()) != "".join(span["val"].split())


def without_crossing(spans: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Keep, the longest first and of as long ones the first, what crosses nothing kept."""
    kept: list[tuple[int, int, str]] = []
    for start, end, label in sorted(spans, key=lambda span: (span[0] - span[1], span[0], span[2])):
        tokens = set(range(start, end))
        others = [set(range(s, e)) for s, e, _ in kept]
        if all(not tokens & other or tokens <= other or other <= tokens for other in others):
            kept.append((start, end, label))
    return kept


def inside_others(spans: list[tuple[int, int, str]]) -> int:
    """Count the spans that a span before them, in the order of outer before inner, holds."""
    return sum(any(s <= start and end <= e for s, e, _ in spans[:at]) for at, (start, end, _) in enumerate(spans))


@pytest.mark.parametrize(("file", "key", "expected"), VITAMINS)
def test_character_spans_of_reviews_in_utf16_units(
    corpora: Path, file: str, key: str, expected: tuple[int, int, int, int]
) -> None:
    path = corpora / "vitamins_supplements_ner" / file
    records = records_of(path)
    lengths = [(len(record["text"]), len(record["text"].encode("utf-16-le")) // 2) for record in records]
    past = [
        sum(span["end"] > length[unit] for record, length in zip(records, lengths) for span in record[key])
        for unit in (0, 1)
    ]
    assert (len(records), sum(len(record[key]) for record in records), *past) == expected
    split = make_splitter("tr", as_library=True)
    nested: list[Any] = []
    cut = double = crossing = tokens = 0
    for record in records:
        offsets = [token for sentence in split(record["text"]) for token in sentence]
        tokens += len(offsets)
        found = mapped_by_hand(record["text"], record[key], offsets)
        cut += sum(cuts for *_, cuts in found)
        distinct = {span[:3] for span in found}
        kept = without_crossing(sorted(distinct))
        double, crossing = double + len(found) - len(distinct), crossing + len(distinct) - len(kept)
        nested.append(sorted(kept, key=lambda span: (span[0], -span[1], span[2])))
    labels = tuple(sorted({span["label"] for record in records for span in record[key]}))
    reader = {
        "type": "spans",
        "language": "tr",
        "offsets": "utf-16",
        "crossing": "longest",
        "outside": "drop",
        "mismatch": "offsets",
    }
    log = ProblemLog()
    sentences = read_file(path, reader, labels=labels, nested=True, log=log)
    assert [spans for _, spans in seen(sentences)] == nested
    assert counts(sentences)[:2] == (len(records), tokens)
    wrong_words = sum(other_words(record["text"], span) for record in records for span in record[key])
    found_kinds = {
        "cut-span": cut, "double-span": double, "crossing": crossing, "outside-text": past[1], "span-words": wrong_words,
    }  # fmt: skip
    assert log.counts == {kind: count for kind, count in found_kinds.items() if count}
    if file == "supplements_spans_ents.json":
        assert found_kinds == {
            "cut-span": 247, "double-span": 7, "crossing": 27, "outside-text": 1, "span-words": 267
        }  # fmt: skip
        with pytest.raises(LmnError, match=r"supplements_spans_ents\.json:3482: the DOZ .* crosses the ETKİ"):
            read_file(path, {**reader, "crossing": "error"}, labels=labels, nested=True)
        flat = ProblemLog()
        outer = read_file(path, reader, labels=labels, log=flat)
        lost = sum(len(spans) for spans in nested) - sum(len(sentence.spans) for sentence in outer)
        assert flat.counts["inner-span"] == lost == sum(map(inside_others, nested))
    else:
        wrong = ProblemLog()
        read_file(path, {**reader, "offsets": "code-points"}, labels=labels, nested=True, log=wrong)
        assert wrong.counts["outside-text"] == past[0]


def test_the_same_reviews_in_two_layouts(corpora: Path) -> None:
    folder = corpora / "vitamins_supplements_ner"
    whole = {record["text"]: record["entities"] for record in records_of(folder / "supplements_spans_ents.json")}
    parts = [record for name in ("train", "valid", "test") for record in records_of(folder / f"hf_{name}.json")]
    assert len(parts) == 2472
    assert {record["text"] for record in parts} == set(whole)


@pytest.mark.parametrize("ends", ["exclusive", "inclusive"])
@pytest.mark.parametrize(
    "spans",
    [
        lambda end, last: [{"name": "John Smith", "span": [0, end], "type": "PER"}, {"name": "Paris", "span": [16, last], "type": "LOC"}],
        lambda end, last: [{"name": "John Smith", "pos": [0, end], "type": "PER"}, {"name": "Paris", "pos": [16, last], "type": "LOC"}],
        lambda end, last: [{"entity": "John Smith", "start_idx": 0, "end_idx": end, "type": "PER"}, {"entity": "Paris", "start_idx": 16, "end_idx": last, "type": "LOC"}],
        lambda end, last: {"PER": {"John Smith": [[0, end]]}, "LOC": {"Paris": [[16, last]]}},
        lambda end, last: [{"text": "JohnSmith", "start": 0, "end": end, "label": "PER"}, {"text": "Paris", "start": 16, "end": last, "label": "LOC"}],
    ],
    ids=["name-span-type", "pos", "entity-idx", "cluener", "text"],
)  # fmt: skip
def test_the_text_of_a_span_says_how_its_end_counts(tmp_path: Path, spans: Any, ends: str) -> None:
    shift = int(ends == "inclusive")
    content = json.dumps({"text": JOHN, "entities": spans(10 - shift, 21 - shift)})
    assert seen(read(tmp_path, content, SPACES)) == FOUND
    assert seen(read(tmp_path, content, {**SPACES, "ends": ends})) == FOUND
    other = "exclusive" if shift else "inclusive"
    with pytest.raises(
        LmnError,
        match=rf"file:1: the PER from 0 to \d+ is not 'John ?Smith' with {other} ends; .* ends: {ends} finds it",
    ):
        read(tmp_path, content, {**SPACES, "ends": other})
    log = ProblemLog()
    assert read(tmp_path, content, {**SPACES, "ends": other, "mismatch": "drop"}, log=log)[0].spans == ()
    assert log.counts == {"span-words": 2}


def test_cluener(tmp_path: Path) -> None:
    """Ends are inclusive, also where no text says so. Its test split has no labels."""
    cluener = {"type": "cluener", "language": "zh"}
    records = [
        {"text": "浙商银行的叶老桂", "label": {"ORG": {"浙商银行": [[0, 3]]}, "PER": {"叶老桂": [[5, 7]]}}},
        {"text": "叶老桂和叶老桂", "label": {"PER": {"叶老桂": [[0, 2], [4, 6]]}}},
        {"text": "无人", "label": {}},
        {"text": "叶老桂", "label": {"PER": [[0, 2]]}},
        {"id": 0, "text": "叶"},
    ]
    log = ProblemLog()
    found = read(tmp_path, "\n".join(map(json.dumps, records)), cluener, log=log)
    assert [[("".join(s.tokens[a.start : a.end]), a.label) for a in s.spans] for s in found] == [
        [("浙商银行", "ORG"), ("叶老桂", "PER")], [("叶老桂", "PER")] * 2, [], [("叶老桂", "PER")], [],
    ]  # fmt: skip
    assert log.counts == {"unannotated": 1}


@pytest.mark.parametrize(
    ("record", "more", "message"),
    [
        ({"spans": [{"name": "Smith", "span": [0, 10], "type": "PER"}]}, {}, r"the PER from 0 to 10 is 'John Smith' in the text, and 'Smith' in the record"),
        ({"text": "\U0001f600 John", "spans": [{"name": "John", "span": [3, 7], "type": "PER"}]}, {}, r"offsets: utf-16"),
        ({"spans": [{"name": "John", "span": [0, 3], "type": "PER"}, [16, 21, "LOC"]]}, {}, r"by their texts, spans have inclusive ends, and others have no text; the card's reader\.ends says"),
        ({"spans": [{"name": "John", "span": [0, 4], "type": "PER"}, {"name": "Paris", "span": [16, 20], "type": "LOC"}]}, {}, r"the LOC from 16 to 20 is not 'Paris' with exclusive ends; it fits inclusive ends, and spans before it exclusive ones: mend the record"),
        ({"spans": [{"span": [[0, 4], [11, 15]], "type": "PER"}]}, {"discontinuous": "error"}, r"the PER 'John Smith left' is in several parts; the card's reader\.discontinuous"),
    ],
)  # fmt: skip
def test_what_no_way_to_count_explains_is_an_error(tmp_path: Path, record: Any, more: Any, message: str) -> None:
    content = json.dumps({"text": JOHN, **record})
    with pytest.raises(LmnError, match=message):
        read(tmp_path, content, {**SPACES, **more})


def test_spans_in_parts_and_keys_of_the_card(tmp_path: Path) -> None:
    parts = json.dumps({"text": JOHN, "spans": [{"span": [[0, 4], [11, 15]], "type": "PER"}]})
    for policy, expected in (("drop", []), ("join", [(0, 3, "PER")])):
        log = ProblemLog()
        assert seen(read(tmp_path, parts, {**SPACES, "discontinuous": policy}, log=log))[0][1] == expected
        assert log.counts == {"discontinuous": 1}
    content = json.dumps(
        {"text": JOHN, "spans": [{"at": {"a": 0, "z": 9}, "kind": "PER", "it": "John Smith", "label": 3}]}
    )
    keys = {"start": "at.a", "end": "at.z", "label": "kind", "mention": "it"}
    assert seen(read(tmp_path, content, {**SPACES, **keys}))[0][1] == [(0, 2, "PER")]


@pytest.mark.parametrize("ends", ["exclusive", "inclusive"])
def test_a_real_corpus_written_as_cluener(corpora: Path, tmp_path: Path, ends: str) -> None:
    file = corpora / "uner_zh" / "zh_gsdsimp-ud-dev.iob2"
    columns = {"type": "columns", "scheme": "IOB2", "separator": "tab", "token": 1, "tag": 2, "comments": ["# "]}
    sentences = read_file(file, columns)
    records = []
    for sentence in sentences:
        starts = [0]
        for token in sentence.tokens:
            starts.append(starts[-1] + len(token) + 1)
        label: dict[str, dict[str, list[list[int]]]] = {}
        for span in sentence.spans:
            start, end = starts[span.start], starts[span.end] - 1
            places = label.setdefault(span.label, {}).setdefault(sentence.text[start:end], [])
            places.append([start, end - (ends == "inclusive")])
        records.append({"text": sentence.text, "label": label})
    path = tmp_path / "x.json"
    path.write_text("\n".join(map(json.dumps, records)))
    assert seen(read_file(path, {"type": "cluener", "language": "spaces"})) == seen(sentences)


DOCCANO = [
    ("data_export_pipeline_examples_sequence_labeling_example.jsonl", {}, 3),
    (
        "data_import_pipeline_examples_sequence_labeling_example.jsonl",
        {"text": "column_data", "spans": "column_label"},
        3,
    ),
    ("data_export_pipeline_examples_relation_extraction_example.jsonl", {}, 1),
    ("data_import_pipeline_examples_relation_extraction_example.jsonl", {}, 1),
    ("data_import_tests_data_relation_extraction_example.jsonl", {}, 1),
]


@pytest.mark.parametrize(("file", "keys", "size"), DOCCANO)
def test_doccano(corpora: Path, file: str, keys: dict[str, str], size: int) -> None:
    path = corpora / "doccano" / "doccano" / file
    expected = []
    for record in records_of(path):
        text = record[keys.get("text", "text")]
        spans = record.get("entities") or record.get(keys.get("spans", "label"))
        triples = [tuple(s) if isinstance(s, list) else (s["start_offset"], s["end_offset"], s["label"]) for s in spans]
        expected.append(sorted((text[start:end], label) for start, end, label in triples))
    found = read_file(
        path, {"type": "spans", "language": "en", "cut": "error", **keys}, labels=("ORG", "MISC", "PERSON", "DATE")
    )
    texts = [sorted((" ".join(s.tokens[a.start : a.end]), a.label) for a in s.spans) for s in found]
    assert len(found) == size
    assert [[(text.replace(" , ", ", "), label) for text, label in spans] for spans in texts] == expected


def test_doccano_s_awkward_records(corpora: Path) -> None:
    folder = corpora / "doccano" / "doccano"
    reader = {"type": "spans", "language": "en"}
    log = ProblemLog(keep_going=True)
    found = read_file(folder / "data_import_tests_data_sequence_labeling_example.jsonl", reader, log=log)
    assert ([s.id for s in found], log.counts) == (["c/s/0", "c/s/1"], {"cut-span": 1, "malformed-record": 1})
    assert str(log.kept[-1].where).endswith("data_import_tests_data_sequence_labeling_example.jsonl:3")
    log = ProblemLog()
    read_file(folder / "data_import_tests_data_sequence_labeling_example_overlapping.jsonl", reader, log=log)
    assert log.counts == {"cut-span": 2, "double-span": 1}


@pytest.mark.parametrize("folder", ["projects_ner_demo", "projects_ner_demo_replace"])
@pytest.mark.parametrize("split", ["train", "dev"])
def test_spacy_s_pairs_of_text_and_entities(corpora: Path, folder: str, split: str) -> None:
    path = corpora / "spacy_formats" / folder / f"{split}.json"
    nlp = spacy.blank("en")
    expected = []
    for text, annotation in records_of(path):
        doc = nlp(text)
        doc.ents = [doc.char_span(*entity) for entity in annotation["entities"]]
        expected.append(([token.text for token in doc], [(e.start, e.end, e.label_) for e in doc.ents]))
    found = read_file(path, {"type": "spans", "language": "en", "cut": "error"}, labels=("PERSON", "LOC", "ANIMAL"))
    assert [(list(s.tokens), [(e.start, e.end, e.label) for e in s.spans]) for s in found] == expected


def test_label_studio_s_tasks_with_their_spans(corpora: Path, tmp_path: Path) -> None:
    """A request holds the texts and a response the spans: neither is a corpus. An export has both, as these put together."""
    folder = corpora / "label_studio"
    request = json.loads((folder / "spacy_backend_predict_request.json").read_text())
    response = json.loads((folder / "spacy_backend_predict_response.json").read_text())
    for task, result in zip(request["tasks"], response["results"], strict=True):
        task["predictions"] = [result]
    (tmp_path / "export.json").write_text(json.dumps(request, indent=1))
    reader = {
        "type": "spans",
        "language": "en",
        "records": "tasks",
        "text": "data.text",
        "spans": "predictions.0.result.*.value",
    }
    (sentence,) = read_file(tmp_path / "export.json", reader, labels=("PERSON", "ORG", "PRODUCT"))
    expected = [(item["value"]["text"], item["value"]["labels"][0]) for item in response["results"][0]["result"]]
    assert [(" ".join(sentence.tokens[s.start : s.end]), s.label) for s in sentence.spans] == expected
    with pytest.raises(
        LmnError, match=r"request\.json:1: the value of 'data\.text' is not text|no record has predictions"
    ):
        read_file(folder / "spacy_backend_predict_request.json", {**reader, "spans": "predictions.0.result"})
