"""Every card over the real files: counts that an independent few-line count confirms, and every sentence read back."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from llms_meet_ner.data_converters import ProblemLog, load_card, read_corpus

from llms_meet_ner import LmnError, get_format
from llms_meet_ner.sentence import without_nested

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
]


def count_independently(
    path: Path, token: int, tags: list[int], separator: str, part: slice
) -> tuple[int, int, Counter[str]]:
    """Count sentences, tokens and entity starts without any code of the package."""
    sentences: list[list[list[str]]] = [[]]
    for line in path.read_text(encoding="utf-8").split("\n"):
        if not line.strip() or line.startswith("-DOCSTART-"):
            sentences.append([])
        elif not (token == 1 and line.startswith("#\t")):  # GermEval names its sources so
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


@pytest.mark.parametrize(
    ("card", "split", "file", "token", "tags", "separator", "part"), SPLITS, ids=lambda v: str(v)[:30]
)
def test_counts_of_a_real_split_and_round_trip(
    corpora: Path, card: str, split: str, file: str, token: int, tags: list[int], separator: str, part: slice
) -> None:
    path = corpora / file
    corpus = load_card(card)
    log = ProblemLog()
    sentences = list(read_corpus(corpus, split, path.parent, log=log))
    labels = Counter(span.label for sentence in sentences for span in sentence.spans)
    expected = count_independently(path, token, tags, separator, part)
    crossing = log.counts["crossing"]
    assert (len(sentences), sum(len(s.tokens) for s in sentences)) == expected[:2]
    assert (
        sum((expected[2] - labels).values()) == crossing
    )  # two inner entities in all cross an outer one and are left out
    assert not labels - expected[2]
    fmt = get_format(nested=corpus.nested)
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
    assert log.counts == {"crossing": 2}
    for split, size in (("train", 17967), ("dev", 1000), ("test", 1000)):
        assert sum(1 for _ in read_corpus("turkish_wiki_ner", split, corpora / "turkish_wiki_ner")) == size


def test_ids_count_document_starts_whatever_the_policy(corpora: Path) -> None:
    sentences = list(read_corpus("wikigold", "test", corpora / "wikigold"))
    text = (corpora / "wikigold/wikigold.conll.txt").read_text(encoding="utf-8")
    before = text.split("\n")[: sentences[0].where.line - 1]  # type: ignore[union-attr]
    starts = sum(line.startswith("-DOCSTART-") for line in before)
    assert sentences[0].id == f"wikigold/test/{1348 + starts}"


def test_raw_multi_label_annotations_are_refused(corpora: Path, tmp_path: Path) -> None:
    (tmp_path / "emerging.test.annotated").write_bytes((corpora / "wnut17/emerging.test.conll").read_bytes())
    with pytest.raises(LmnError, match=r"emerging\.test\.annotated:212: .*several tags in one"):
        list(read_corpus("wnut17", "test", tmp_path))
