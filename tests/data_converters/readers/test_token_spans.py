"""The reader of records with tokens and entities by token positions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from reading import counts, read, read_file, seen

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters.problems import ProblemLog

READER = {"type": "token-spans"}
WORDS = ["Ann", "Lee", "left", "Rome", "."]
FOUND = [("Ann Lee left Rome .", [(0, 2, "PER"), (3, 4, "LOC")])]


def records(*values: Any) -> str:
    return "\n".join(map(json.dumps, values))


@pytest.mark.parametrize(
    ("record", "more"),
    [
        ({"tokens": WORDS, "entities": [{"type": "PER", "start": 0, "end": 2}, {"type": "LOC", "start": 3, "end": 4}]}, {}),
        ({"tokens": WORDS, "entities": [{"type": "PER", "start": 0, "end": 1}, {"type": "LOC", "start": 3, "end": 3}]}, {"ends": "inclusive"}),
        ({"tokenized_text": WORDS, "ner": [[0, 1, "PER"], [3, 3, "LOC"]]}, {}),
        ({"doc_key": "d", "sentences": [WORDS], "ner": [[[0, 1, "PER"], [3, 3, "LOC"]]], "relations": [[]]}, {}),
        ({"sentence": WORDS, "ner": [{"index": [0, 1], "type": "PER"}, {"index": [3], "type": "LOC"}]}, {}),
        ({"tokens": WORDS, "entity_mentions": [{"id": "e1", "text": "Ann Lee", "entity_type": "PER", "start": 0, "end": 2}, {"text": "Rome", "entity_type": "LOC", "start": 3, "end": 4}]}, {}),
        ({"words": WORDS, "golden-entity-mentions": [{"text": "Ann  Lee", "entity-type": "PER", "start": 0, "end": 1}, {"text": "Rome", "entity-type": "LOC", "start": 3, "end": 3}]}, {}),
        ({"tokens": WORDS, "spans": [{"name": "Ann Lee", "pos": [0, 2], "type": "PER"}, {"name": "Rome", "span": [3, 4], "type": "LOC"}]}, {}),
        ({"t": {"w": WORDS}, "x": [{"a": 0, "z": 2, "l": "PER", "m": "Ann Lee"}, {"a": 3, "z": 4, "l": "LOC"}]}, {"tokens": "t.w", "entities": "x", "start": "a", "end": "z", "label": "l", "mention": "m"}),
    ],
    ids=["spert", "inclusive", "gliner", "dygie", "indices", "oneie", "ace", "name-span-type", "keys"],
)  # fmt: skip
def test_records_of_every_shape(tmp_path: Path, record: Any, more: dict[str, Any]) -> None:
    for content in (json.dumps([record]), json.dumps([record], indent=1), records(record, record)):
        assert seen(read(tmp_path, content, {**READER, **more}))[:1] == FOUND


def test_a_document_of_sentences(tmp_path: Path) -> None:
    """DyGIE++ counts the tokens of the document, and ends are inclusive."""
    document = {
        "sentences": [["Ann", "left"], ["She", "saw", "New", "York"], ["Rome", "won"]],
        "ner": [[[0, 0, "PER"]], [[4, 5, "LOC"]], []],
    }
    found = read(tmp_path, records(document, {"sentences": [["x"]], "ner": [[]]}), READER)
    assert seen(found) == [
        ("Ann left", [(0, 1, "PER")]),
        ("She saw New York", [(2, 4, "LOC")]),
        ("Rome won", []),
        ("x", []),
    ]
    assert [s.id for s in found] == ["c/s/0", "c/s/1", "c/s/2", "c/s/3"]
    document["ner"] = [[[1, 2, "PER"]], [], []]
    log = ProblemLog()
    found = read(tmp_path, records(document), READER, log=log)
    assert (seen(found)[0], log.counts) == (("Ann left She saw New York", [(1, 3, "PER")]), {"joined-sentences": 1})


def entity(start: int, end: int, text: str | None = None, label: str = "PER") -> Any:
    return {"start": start, "end": end, "type": label, **({} if text is None else {"text": text})}


def test_the_text_of_an_entity_decides_about_its_end(tmp_path: Path) -> None:
    entities = [entity(0, 1, "AnnLee"), entity(3, 3, "Rome", "LOC")]
    assert seen(read(tmp_path, records({"tokens": WORDS, "entities": entities}), READER)) == FOUND
    mixed = records({"tokens": WORDS, "entities": [*entities, entity(3, 4, "Rome", "LOC")]})
    with pytest.raises(LmnError, match="it fits exclusive ends, and spans before it inclusive ones: mend the record"):
        read(tmp_path, mixed, READER)


@pytest.mark.parametrize(
    ("more", "entities", "message"),
    [
        ({}, [entity(0, 2, "Lee")], r"file:1: the PER from 0 to 2 is 'Ann Lee' among the tokens, and 'Lee' in the record; mend the record"),
        ({"ends": "exclusive"}, [entity(0, 1, "Ann Lee")], r"file:1: .* is 'Ann' .* in the record; the card's reader with ends: inclusive finds it"),
        ({"ends": "inclusive"}, [entity(0, 2, "Ann Lee")], r"file:1: .* is 'Ann Lee left' .* reader with ends: exclusive finds it"),
        ({}, [entity(0, 1, "Ann Lee"), entity(3, 4)], r"file:1: by their texts, spans have inclusive ends, and others have no text; the card's reader\.ends"),
        ({}, [entity(3, 3)], r"file:1: the PER from 3 to 3 holds no token, or goes past the end at 5; the card's reader\.ends says"),
        ({"ends": "inclusive"}, [entity(3, 5)], r"file:1: the PER from 3 to 5 holds no token, .* reader\.outside: drop leaves"),
        ({}, [entity(-1, 2)], r"file:1: the PER from -1 to 2"),
        ({}, [{"start": 0, "type": "PER"}], r"file:1: an entity is start, end and label, not .*; the card's reader\.start, end and label"),
        ({"discontinuous": "error"}, [{"index": [0, 2], "type": "PER"}], r"file:1: the PER 'Ann Lee left' has parts with other tokens between"),
        ({}, [entity(0, 3), entity(2, 4, None, "LOC")], r"file:1: the LOC .* crosses the PER"),
        ({}, [entity(0, 1, None, "SHIP")], r"SHIP"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_record_is_named(tmp_path: Path, more: Any, entities: list[Any], message: str) -> None:
    content = records({"tokens": WORDS, "entities": entities})
    with pytest.raises(LmnError, match=message):
        read(tmp_path, content, {**READER, **more})
    log = ProblemLog(keep_going=True)
    assert len(read(tmp_path, content, {**READER, **more}, log=log)) == 1
    assert log.fatal == 1


@pytest.mark.parametrize(
    ("more", "entities", "kind", "spans"),
    [
        ({"mismatch": "drop"}, [entity(0, 2, "Lee")], "span-words", []),
        ({"mismatch": "offsets"}, [entity(0, 2, "Lee")], "span-words", [(0, 2, "PER")]),
        ({"ends": "inclusive", "mismatch": "offsets"}, [entity(0, 2, "Lee")], "span-words", [(0, 3, "PER")]),
        ({"outside": "drop"}, [entity(3, 3)], "outside-text", []),
        ({}, [{"index": [0, 2], "type": "PER"}], "discontinuous", []),
        ({"discontinuous": "join"}, [{"index": [0, 2], "type": "PER"}], "discontinuous", [(0, 3, "PER")]),
        ({}, [{"span": [[0, 1], [2, 3]], "type": "PER"}], "discontinuous", []),
        ({"crossing": "longest"}, [entity(0, 3), entity(2, 4, None, "LOC")], "crossing", [(0, 3, "PER")]),
        ({}, [entity(0, 3), entity(0, 1, None, "LOC")], "inner-span", [(0, 3, "PER")]),
        ({}, [entity(0, 3), entity(0, 3)], "double-span", [(0, 3, "PER")]),
    ],
)  # fmt: skip
def test_what_the_card_settles_is_counted(
    tmp_path: Path, more: Any, entities: list[Any], kind: str, spans: Any
) -> None:
    log = ProblemLog()
    found = read(tmp_path, records({"tokens": WORDS, "entities": entities}), {**READER, **more}, log=log)
    assert (seen(found)[0][1], log.counts) == (spans, {kind: 1})


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"txt": WORDS, "entities": []}, r"file:2: no list of tokens under tokens or words .*; it has txt, entities; the card's reader\.tokens"),
        (["a"], r"file:2: no list of tokens .*; it is list"),
        ({"tokens": ["a", 3], "entities": []}, r"file:2: 3 among the tokens is not text, or empty"),
        ({"tokens": ["a", ""], "entities": []}, r"file:2: '' among the tokens"),
        ({"tokens": ["\ud83d"], "entities": []}, r"file:2: .* among the tokens"),
    ],
)  # fmt: skip
def test_a_record_without_tokens_is_named(tmp_path: Path, record: Any, message: str) -> None:
    good = {"tokens": ["Ann"], "entities": [entity(0, 1)]}
    content = records(good, record, good)
    with pytest.raises(LmnError, match=message):
        read(tmp_path, content, READER)
    log = ProblemLog(keep_going=True)
    assert [s.id for s in read(tmp_path, content, READER, log=log)] == ["c/s/0", "c/s/2"]
    assert log.fatal == 1


def test_records_without_entities_and_records_left_out(tmp_path: Path) -> None:
    log = ProblemLog()
    content = records(
        {"tokens": ["Ann"], "lang": "en"}, {"tokens": ["x"], "lang": "de"}, {"tokens": ["y"], "lang": "en", "ner": []}
    )
    found = read(tmp_path, content, {**READER, "where": {"lang": "en"}}, log=log)
    assert ([s.id for s in found], log.counts) == (["c/s/0", "c/s/2"], {"unannotated": 1, "filtered": 1})
    with pytest.raises(LmnError, match=r"file: no record has ents; the card's reader\.entities names the key"):
        read(tmp_path, records({"tokens": ["Ann"]}), {**READER, "entities": "ents"})


@pytest.mark.parametrize("ends", ["exclusive", "inclusive"])
def test_a_real_corpus_written_anew(corpora: Path, tmp_path: Path, ends: str) -> None:
    """The Chinese UNER corpus as records: the texts of the entities say how ends count."""
    file = corpora / "uner_zh" / "zh_gsdsimp-ud-dev.iob2"
    columns = {"type": "columns", "scheme": "IOB2", "separator": "tab", "token": 1, "tag": 2, "comments": ["# "]}
    sentences = read_file(file, columns)
    lines = file.read_text(encoding="utf-8").split("\n")
    by_hand = [line.split("\t")[2][2:] for line in lines if line[:1].isdigit() and line.split("\t")[2].startswith("B-")]
    shift = int(ends == "inclusive")
    path = tmp_path / "x.json"
    path.write_text(
        json.dumps(
            [
                {"tokens": s.tokens, "entities": [entity(a.start, a.end - shift, "".join(s.tokens[a.start : a.end]), a.label) for a in s.spans]}
                for s in sentences
            ]
        )
    )  # fmt: skip
    found = read_file(path, READER)
    assert seen(found) == seen(sentences)
    assert counts(found)[2] == {label: by_hand.count(label) for label in set(by_hand)}
