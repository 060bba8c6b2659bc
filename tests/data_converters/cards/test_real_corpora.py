"""Cards over real files: counts that independent code confirms, and every sentence read back."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections import Counter
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from seqeval.metrics.sequence_labeling import get_entities

from llms_meet_ner import LmnError, get_format
from llms_meet_ner.data_converters import Card, ProblemLog, load_card, read_corpus
from llms_meet_ner.sentence import without_nested

if TYPE_CHECKING:
    from spacy.language import Language

# card, split, file under LMN_CORPORA, token column, tag columns, separator, sentences before the split, sentences in it
SPLITS = [
    ("wikigold", "train", "wikigold/wikigold.conll.txt", 0, [1], " ", slice(0, 1000)),
    ("wikigold", "dev", "wikigold/wikigold.conll.txt", 0, [1], " ", slice(1000, 1348)),
    ("wikigold", "test", "wikigold/wikigold.conll.txt", 0, [1], " ", slice(1348, None)),
    ("wnut17", "train", "wnut17/wnut17train.conll", 0, [1], "\t", slice(None)),
    ("wnut17", "dev", "wnut17/emerging.dev.conll", 0, [1], "\t", slice(None)),
    ("germeval2014", "dev", "germeval2014/official_tsv/NER-de-dev.tsv", 1, [2], "\t", slice(None)),
    ("germeval2014", "test", "germeval2014/official_tsv/NER-de-test.tsv", 1, [2], "\t", slice(None)),
    ("germeval2014_nested", "dev", "germeval2014/official_tsv/NER-de-dev.tsv", 1, [2, 3], "\t", slice(None)),
    ("germeval2014_nested", "test", "germeval2014/official_tsv/NER-de-test.tsv", 1, [2, 3], "\t", slice(None)),
    ("germeval2014_iob2", "train", "germeval2014/nested_iob2_3col/germ.train.iob2", 0, [1], "\t", slice(None)),
    ("germeval2014_iob2", "dev", "germeval2014/nested_iob2_3col/germ.dev.iob2", 0, [1], "\t", slice(None)),
    (
        "germeval2014_iob2_nested",
        "train",
        "germeval2014/nested_iob2_3col/germ.train.iob2",
        0,
        [1, 2],
        "\t",
        slice(None),
    ),
    ("germeval2014_iob2_nested", "dev", "germeval2014/nested_iob2_3col/germ.dev.iob2", 0, [1, 2], "\t", slice(None)),
    ("turkish_wiki_ner", "train", "turkish_wiki_ner/train.conll", 0, [1], "\t", slice(None)),
    ("turkish_wiki_ner", "dev", "turkish_wiki_ner/dev.conll", 0, [1], "\t", slice(None)),
    ("turkish_wiki_ner", "test", "turkish_wiki_ner/test.conll", 0, [1], "\t", slice(None)),
    ("bc5cdr", "devel", "bc5cdr/devel.tsv", 0, [1], "\t", slice(None)),
    ("uner_en_ewt", "dev", "uner/en_ewt-ud-dev.iob2", 1, [2], "\t", slice(None)),
    ("uner_zh", "dev", "uner_zh/zh_gsdsimp-ud-dev.iob2", 1, [2], "\t", slice(None)),
    ("nakbaner", "aa", "nakbatr/AA_section-Nakba_narratives.txt", 0, [-1], " ", slice(None)),
    ("nakbaner", "trthaber", "nakbatr/TRTHaber_section-Nakba_narratives.txt", 0, [-1], " ", slice(None)),
    ("turkish_shrinked_ner", "train", "turkish_shrinked_ner/train_sample.txt", 0, [1], " ", slice(None)),
]
COMMENTS = {
    "germeval": "#\t",  # GermEval names its sources so
    "uner_en_ewt": ("# newdoc", "# sent_id", "# text"),
    "uner_zh": ("# newdoc", "# sent_id", "# text"),
    "nakbaner": ("#doc_id", "#metadata", "#sent_id", "#text"),
}


# sentences, tokens, entities, some of them by label: figures of one's own count with awk, or published ones
SIZES = {
    ("bc5cdr", "devel"): (4581, 117_453, 9593, {"Chemical": 5347, "Disease": 4246}),
    ("uner_en_ewt", "dev"): (2001, 25_149, 966, {"PER": 343, "LOC": 399, "ORG": 224}),
    ("uner_zh", "dev"): (500, 12_663, 753, {"PER": 245, "LOC": 375, "ORG": 133}),
    ("nakbaner", "aa"): (2491, 70_190, 6260, {"PER": 1459, "LOC": 3874, "ORG": 927}),
    ("nakbaner", "trthaber"): (1550, 40_090, 3242, {"PER": 832, "LOC": 2001, "ORG": 409}),
    ("turkish_shrinked_ner", "train"): (581, 9681, 1369, {"location": 341, "date": 150, "person": 122}),
}


def count_independently(
    path: Path, tags: list[int], separator: str, part: slice, comments: str | tuple[str, ...]
) -> tuple[int, int, Counter[str]]:
    """Count sentences, tokens and entity starts without any code of the package."""
    sentences: list[list[list[str]]] = [[]]
    for line in path.read_text(encoding="utf-8").split("\n"):
        if not line.strip() or line.startswith("-DOCSTART-"):
            sentences.append([])
        elif not (comments and line.startswith(comments)) and line != "ERROR":  # three lines of NakbaTR are ERROR
            sentences[-1].append(line.split(separator))
    sentences = [sentence for sentence in sentences if sentence][part]
    labels: Counter[str] = Counter()
    for sentence in sentences:
        for column in tags:
            before = "O"
            for row in sentence:
                tag = row[column]
                if tag[0] == "B" or (tag[0] == "I" and before[2:] != tag[2:]):
                    labels[tag[2:]] += 1
                before = tag
    return len(sentences), sum(map(len, sentences)), labels


def named_as_in_the_card(path: Path, card: Card, split: str, folder: Path) -> Path:
    """Return a folder in which a split's file, of which we may hold a part by another name, is called as the card says."""
    name = card.split(split).file
    if path.name == name:
        return path.parent
    (folder / name).write_bytes(path.read_bytes())
    return folder


@pytest.mark.parametrize(
    ("card", "split", "file", "token", "tags", "separator", "part"), SPLITS, ids=lambda v: str(v)[:30]
)
def test_counts_of_a_real_split_and_round_trip(
    corpora: Path,
    tmp_path: Path,
    card: str,
    split: str,
    file: str,
    token: int,
    tags: list[int],
    separator: str,
    part: slice,
) -> None:
    path = corpora / file
    corpus = load_card(card)
    log = ProblemLog()
    source = named_as_in_the_card(path, corpus, split, tmp_path)
    sentences = list(read_corpus(corpus, split, source, log=log))
    labels = Counter(span.label for sentence in sentences for span in sentence.spans)
    comments = COMMENTS.get("germeval" if token == 1 and card.startswith("germeval") else card, "")
    expected = count_independently(path, tags, separator, part, comments)
    crossing = log.counts["crossing"]
    assert (len(sentences), sum(len(s.tokens) for s in sentences)) == expected[:2]
    assert (
        sum((expected[2] - labels).values()) == crossing
    )  # two inner entities in all cross an outer one and are left out
    assert not labels - expected[2]
    if (card, split) in SIZES:
        *sizes, some_labels = SIZES[card, split]
        assert [*expected[:2], labels.total()] == sizes
        assert {label: labels[label] for label in some_labels} == some_labels
    fmt = get_format(nested=corpus.nested, join=corpus.join)
    for sentence in sentences:
        alignment = fmt.parse(fmt.render(sentence), sentence.tokens, corpus.labels)
        assert alignment.spans == sentence.spans
        assert alignment.status == "exact"
        assert not fmt.is_ambiguous(sentence, corpus.labels)
        assert corpus.nested or without_nested(sentence.spans) == sentence.spans


def test_published_sizes(corpora: Path) -> None:
    wikigold = [len(list(read_corpus("wikigold", split, corpora / "wikigold"))) for split in ("train", "dev", "test")]
    assert wikigold == [1000, 348, 348]
    log = ProblemLog()
    nested = read_corpus("germeval2014_nested", "test", corpora / "germeval2014/official_tsv", log=log)
    assert sum(1 for _ in nested) == 5100
    assert log.counts == {"crossing": 2, "uneven": 1}
    for split, size in (("train", 17967), ("dev", 1000), ("test", 1000)):
        assert sum(1 for _ in read_corpus("turkish_wiki_ner", split, corpora / "turkish_wiki_ner")) == size


def test_raw_multi_label_annotations_are_refused(corpora: Path, tmp_path: Path) -> None:
    (tmp_path / "emerging.test.annotated").write_bytes((corpora / "wnut17/emerging.test.conll").read_bytes())
    with pytest.raises(LmnError, match=r"emerging\.test\.annotated:212: .*several tags in one"):
        list(read_corpus("wnut17", "test", tmp_path))


def test_findings_of_nakbatr_are_mended_as_its_card_says(corpora: Path) -> None:
    log = ProblemLog()
    for split, file in load_card("nakbaner").splits.items():
        text = (corpora / "nakbatr" / file.file).read_text(encoding="utf-8")
        sentences = list(read_corpus("nakbaner", split, corpora / "nakbatr", log=log))
        assert len(sentences) == text.count("#sent_id")
    assert log.counts == {"untagged": 3, "invalid-transition": 39}
    assert {problem.where.line for problem in log.of("untagged")} == {1902, 3280, 5522}


def test_the_reduced_turkish_card_counts_ten_labels_as_outside(corpora: Path) -> None:
    names = {"LOC": "LOCATION", "ORG": "ORGANIZATION"}
    kept = set(load_card("turkish_wiki_ner_reduced").labels.names)
    assert kept == {"PERSON", "LOCATION", "ORGANIZATION", "GPE", "TITLE", "LANGUAGE", "EVENT", "WORK_OF_ART", "DATE"}
    for split in ("dev", "test"):
        lines = (corpora / f"turkish_wiki_ner/{split}.conll").read_text(encoding="utf-8").split("\n")
        begun = Counter(names.get(tag[2:], tag[2:]) for line in lines if (tag := line.partition("\t")[2])[:1] == "B")
        sentences = read_corpus("turkish_wiki_ner_reduced", split, corpora / "turkish_wiki_ner")
        labels = Counter(span.label for sentence in sentences for span in sentence.spans)
        assert labels == {label: count for label, count in begun.items() if label in kept}


def spans_by_spacy(nlp: Language, record: dict[str, Any], key: str) -> tuple[int, list[tuple[int, int, str]]]:
    """Return the number of tokens of a review, and its spans in tokens without those that cross a longer one."""
    doc = nlp(record["text"])
    number = list(accumulate((not token.is_space for token in doc), initial=0))
    units = list(accumulate((len(char.encode("utf-16-le")) // 2 for char in record["text"]), initial=0))
    found = []
    for span in record[key]:
        if span["end"] <= units[-1]:
            start, end = bisect_right(units, span["start"]) - 1, bisect_left(units, span["end"])
            while record["text"][start].isspace():
                start += 1
            while record["text"][end - 1].isspace():
                end -= 1
            tokens = doc.char_span(start, end, alignment_mode="expand")
            found.append((number[tokens.start], number[tokens.end], span["label"]))
    kept: list[tuple[int, int, str]] = []
    for start, end, label in sorted(set(found), key=lambda span: (span[0] - span[1], span[0])):
        if not any(start < a < end < b or a < start < b < end for a, b, _ in kept):
            kept.append((start, end, label))
    return number[-1], kept


@pytest.mark.parametrize(
    ("name", "split", "file", "key"),
    [
        ("vitamins_supplements_ner", "valid", "hf_valid.json", "spans"),
        ("vitamins_supplements_ner", "test", "hf_test.json", "spans"),
        ("vitamins_supplements_ner_all", "all", "supplements_spans_ents.json", "entities"),
    ],
)
def test_reviews_with_spans_are_read_as_spacy_aligns_them(
    corpora: Path, tmp_path: Path, name: str, split: str, file: str, key: str
) -> None:
    spacy = pytest.importorskip("spacy")
    path = corpora / "vitamins_supplements_ner" / file
    text = path.read_text(encoding="utf-8")
    records = json.loads(text) if split == "all" else [json.loads(line) for line in text.splitlines()]
    nlp = spacy.blank("tr")
    card = load_card(name)
    log = ProblemLog()
    sentences = list(read_corpus(card, split, named_as_in_the_card(path, card, split, tmp_path), log=log))
    assert len(sentences) == len(records) == {"valid": 200, "test": 200, "all": 2472}[split]
    for sentence, record in zip(sentences, records):
        tokens, spans = spans_by_spacy(nlp, record, key)
        assert len(sentence.tokens) == tokens
        assert sorted((span.start, span.end, span.label) for span in sentence.spans) == sorted(spans), record["text"]
    assert log.counts["outside-text"] == (split == "all")
    left_out = sum(log.counts[kind] for kind in ("outside-text", "double-span", "crossing"))
    assert sum(len(sentence.spans) for sentence in sentences) + left_out == sum(len(record[key]) for record in records)


def test_tag_lines_of_twnertc_are_read_as_seqeval_reads_them(corpora: Path, tmp_path: Path) -> None:
    path = corpora / "turkish_ner_twnertc/sample.DUMP"
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    card = load_card("turkish_ner_twnertc")
    sentences = list(read_corpus(card, "train", named_as_in_the_card(path, card, "train", tmp_path)))
    assert [list(sentence.tokens) for sentence in sentences] == [tokens.split(" ") for _, _, tokens in rows]
    for sentence, (_, tags, _) in zip(sentences, rows):
        expected = [(label, start, end + 1) for label, start, end in get_entities(tags.split(" "))]
        assert [(span.label, span.start, span.end) for span in sentence.spans] == expected
    assert sum(len(sentence.spans) for sentence in sentences) == 18
