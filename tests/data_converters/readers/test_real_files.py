"""The readers over real files, with every count confirmed by code that shares nothing with them but the tokenizer."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import spacy
from reading import read_file, seen
from spacy.tokens import DocBin

from llms_meet_ner import LmnError, Sentence
from llms_meet_ner.data_converters.problems import ProblemLog
from llms_meet_ner.tagging.splitting import make_splitter

Counts = tuple[int, int, Counter[str]]


def counts(sentences: list[Sentence]) -> Counts:
    """Return the numbers of sentences and tokens, and the entities by label."""
    labels = Counter(span.label for sentence in sentences for span in sentence.spans)
    return len(sentences), sum(len(sentence.tokens) for sentence in sentences), labels


def records_of(path: Path) -> list[Any]:
    """Return the records of a JSON list, JSON Lines or a single object."""
    text = path.read_text(encoding="utf-8")
    try:
        value = json.loads(text)
    except ValueError:
        return [json.loads(line) for line in text.split("\n") if line]
    return value if isinstance(value, list) else [value]


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


def without_crossing(spans: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Keep, the longest first and of as long ones the first, what crosses nothing kept."""
    kept: list[tuple[int, int, str]] = []
    for start, end, label in sorted(spans, key=lambda span: (span[0] - span[1], span[0], span[2])):
        tokens = set(range(start, end))
        others = [set(range(s, e)) for s, e, _ in kept]
        if all(not tokens & other or tokens <= other or other <= tokens for other in others):
            kept.append((start, end, label))
    return kept


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
    split = make_splitter("tr")
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
    reader = {"type": "spans", "language": "tr", "offsets": "utf-16", "crossing": "longest", "outside": "drop"}
    log = ProblemLog()
    sentences = read_file(path, reader, labels=labels, nested=True, log=log)
    assert [spans for _, spans in seen(sentences)] == nested
    assert counts(sentences)[:2] == (len(records), tokens)
    found_kinds = {"cut-span": cut, "double-span": double, "crossing": crossing, "outside-text": past[1]}
    assert log.counts == {kind: count for kind, count in found_kinds.items() if count}
    if file == "supplements_spans_ents.json":
        assert found_kinds == {"cut-span": 250, "double-span": 8, "crossing": 27, "outside-text": 1}
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


def inside_others(spans: list[tuple[int, int, str]]) -> int:
    """Count the spans that a span before them, in the order of outer before inner, holds."""
    return sum(any(s <= start and end <= e for s, e, _ in spans[:at]) for at, (start, end, _) in enumerate(spans))


def test_the_same_reviews_in_two_layouts(corpora: Path) -> None:
    folder = corpora / "vitamins_supplements_ner"
    whole = {record["text"]: record["entities"] for record in records_of(folder / "supplements_spans_ents.json")}
    parts = [record for name in ("train", "valid", "test") for record in records_of(folder / f"hf_{name}.json")]
    assert len(parts) == 2472
    assert {record["text"] for record in parts} == set(whole)


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


def test_doccano_s_columns(corpora: Path) -> None:
    folder = corpora / "doccano" / "doccano"
    reader = {"type": "columns", "scheme": "IOB2"}
    labels = ("ORG", "MISC", "PERSON", "LOC", "PER")
    found = read_file(folder / "data_import_tests_data_sequence_labeling_example.conll", reader, labels=labels)
    assert seen(found) == [("JAPAN GET", [(0, 1, "LOC")]), ("Nadim Ladki", [(0, 2, "PER")])]
    found = read_file(folder / "data_import_pipeline_examples_sequence_labeling_example.txt", reader, labels=labels)
    assert counts(found) == (2, 11, Counter(ORG=1, MISC=2, PER=1))


def test_the_same_tweet_as_docbin_and_as_prodigy_wrote_it(corpora: Path) -> None:
    folder = corpora / "spacy_formats" / "projects_ner_tweets"
    (doc,) = DocBin().from_disk(folder / "demo.spacy").get_docs(spacy.blank("en").vocab)
    (record,) = records_of(folder / "demo.jsonl")
    (from_docbin,) = read_file(folder / "demo.spacy", {"type": "docbin", "language": "en"}, labels=("PERSON",))
    reader = {"type": "spans", "language": "en", "where": {"answer": "accept"}}
    (from_json,) = read_file(folder / "demo.jsonl", reader, labels=("PERSON",))
    assert from_docbin == from_json
    assert list(from_docbin.tokens) == [token.text for token in doc] == [token["text"] for token in record["tokens"]]
    expected = [(span["token_start"], span["token_end"] + 1, span["label"]) for span in record["spans"]]
    assert [(e.start, e.end, e.label_) for e in doc.ents] == expected == seen([from_json])[0][1]


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


def test_spacy_s_example_in_four_layouts(corpora: Path) -> None:
    folder = corpora / "spacy_formats" / "spacy_ner_example_data"
    labels = ("PERSON", "ORG", "DATE", "NORP")
    columns = {"type": "columns", "scheme": "IOB2"}
    lines = {"type": "lines", "scheme": "IOB2", "within": "|"}
    tree = {
        "type": "tokens",
        "scheme": "BILOU",
        "records": "paragraphs.*.sentences.*",
        "tokens": "tokens.*.orth",
        "tags": "tokens.*.ner",
    }
    one_a_line = read_file(folder / "ner-sent-per-line.iob", lines, labels=labels)
    assert counts(one_a_line) == (2, 66, Counter(PERSON=2, ORG=2, DATE=2, NORP=1))
    text = (folder / "ner-sent-per-line.iob").read_text(encoding="utf-8")
    assert len(text.split()) == 66
    assert Counter(re.findall(r"\|B-(\w+)", text)) == counts(one_a_line)[2]
    assert read_file(folder / "ner-token-per-line-conll2003.json", tree, labels=labels) == one_a_line
    for name in ("ner-token-per-line.iob", "ner-token-per-line-with-pos.iob"):
        assert counts(read_file(folder / name, columns, labels=labels))[1:] == (
            66,
            Counter(PERSON=2, ORG=2, DATE=2, NORP=1),
        )


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


def count_columns(path: Path, token: slice, tag: int, separator: str | None, comment: str) -> Counts:
    """Count sentences, tokens and entity starts of a column file; a line of one field is none."""
    sentences: list[list[str]] = [[]]
    tokens = 0
    for raw in path.read_bytes().decode("utf-8").replace("\r", "").split("\n"):
        fields = raw.split(separator)
        if not raw.strip():
            sentences.append([])
        elif not re.match(comment, raw) and len(fields) > 1:
            assert fields[token]
            tokens += 1
            sentences[-1].append(fields[tag])
    labels: Counter[str] = Counter()
    for tags in filter(None, sentences):
        for before, now in zip(["O", *tags], tags):
            labels[now[2:]] += now[0] == "B" or (now[0] == "I" and before[2:] != now[2:])
    return sum(map(bool, sentences)), tokens, +labels


COLUMN_FILES: list[tuple[str, dict[str, Any], tuple[Any, ...], dict[str, int]]] = [
    (
        "nakbatr/AA_section-Nakba_narratives.txt",
        {"separator": "last-space", "comments": ["#doc_id = ", "#metadata = ", "#sent_id = ", "#text = "], "untagged": "skip"},
        (slice(0, -1), -1, None, "#(doc_id|metadata|sent_id|text) = "),
        {"untagged": 3, "invalid-transition": 32},
    ),
    (
        "nakbatr/TRTHaber_section-Nakba_narratives.txt",
        {"separator": "last-space", "comments": ["#doc_id = ", "#metadata = ", "#sent_id = ", "#text = "]},
        (slice(0, -1), -1, None, "#(doc_id|metadata|sent_id|text) = "),
        {"invalid-transition": 7},
    ),
    (
        "uner/en_ewt-ud-dev.iob2",
        {"separator": "tab", "token": 1, "tag": 2, "columns": 5, "comments": ["# newdoc id = ", "# sent_id = ", "# text = "]},
        (slice(1, 2), 2, "\t", "# (newdoc id|sent_id|text) = "),
        {},
    ),
    ("turkish_shrinked_ner/train_sample.txt", {"separator": "space"}, (slice(0, 1), 1, " ", "$^"), {}),
    ("bc5cdr/devel.tsv", {"separator": "tab", "columns": 2}, (slice(0, 1), 1, "\t", "$^"), {}),
]  # fmt: skip


@pytest.mark.parametrize(("file", "reader", "by_hand", "kinds"), COLUMN_FILES, ids=lambda value: str(value)[:12])
def test_column_files(corpora: Path, file: str, reader: dict[str, Any], by_hand: Any, kinds: dict[str, int]) -> None:
    expected = count_columns(corpora / file, *by_hand)
    log = ProblemLog()
    options = {"type": "columns", "scheme": "IOB2", **reader}
    found = read_file(corpora / file, options, labels=tuple(expected[2]), repair="conlleval", log=log)
    assert counts(found) == expected
    assert log.counts == {kind: count for kind, count in kinds.items() if count}


def test_a_token_of_a_real_file_keeps_its_space(corpora: Path) -> None:
    path = corpora / COLUMN_FILES[0][0]
    line = path.read_text(encoding="utf-8").split("\n")[77729]
    reader = {"type": "columns", "scheme": "IOB2", **COLUMN_FILES[0][1]}
    found = read_file(path, reader, labels=("PER", "LOC", "ORG"), repair="conlleval")
    assert [token for s in found for token in s.tokens if " " in token] == [line.removesuffix(" B-ORG")]


def test_twnertc(corpora: Path) -> None:
    path = corpora / "turkish_ner_twnertc" / "sample.DUMP"
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    labels = Counter(tag[2:] for _, tags, _ in rows for tag in tags.split() if tag.startswith("B-"))
    reader = {"type": "lines", "scheme": "IOB2", "tags": 1, "tokens": 2}
    found = read_file(path, reader, labels=tuple(labels))
    assert counts(found) == (5, sum(len(tokens.split()) for *_, tokens in rows), labels)
    assert (counts(found)[1], labels) == (118, Counter(MISC=10, ORGANIZATION=4, LOCATION=3, PERSON=1))
