"""The reader of files with one sentence per line."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from reading import counts, read, read_file, seen

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters.problems import ProblemLog

LINES = {"type": "lines", "scheme": "IOB2"}
JOHN = [("John left", [(0, 1, "PER")]), ("Paris", [(0, 1, "LOC")])]


@pytest.mark.parametrize(
    ("content", "reader"),
    [
        ("people\tB-PER O\tJohn left\r\n\r\ngeo\tB-LOC\tParis\r\n", {}),
        ("\ufeffJohn  left|B-PER O\nParis|B-LOC", {"separator": "|", "tokens": 0, "tags": 1}),
        ("John|NNP|B-PER left|VBD|O\n \nParis|NNP|B-LOC\n", {"within": "|"}),
        ("tr:John left\t1 0\ntr:Paris\t2\n", {"tokens": 0, "tags": 1, "tag_names": ["O", "B-PER", "B-LOC"], "token_prefix": "tr:"}),
    ],
    ids=["defaults", "separator", "within", "numbers"],
)  # fmt: skip
def test_a_sentence_a_line(tmp_path: Path, content: str, reader: dict[str, Any]) -> None:
    assert seen(read(tmp_path, content, {**LINES, **reader})) == JOHN


@pytest.mark.parametrize(
    ("line", "reader", "message"),
    [
        ("B-PER\tJohn left", {}, r"file:2: 2 tokens and 1 tags: 'John left'; mend the line; every token has one tag"),
        ("John", {}, r"file:2: no tokens and tags in 1 columns: 'John'; check the card's separator, tokens and tags"),
        ("John|O left", {"within": "|"}, r"file:2: 'left' has no tag: 'John\|O left'; check the card's within"),
        ("I-PER\tJohn", {}, r"file:2: token 'John' is tagged 'I-PER' where IOB2 has 'B-PER'"),
        ("|O", {"within": "|"}, r"file:2: token 0 of '' is empty"),
    ],
)
def test_what_is_wrong_in_a_line_is_named(tmp_path: Path, line: str, reader: dict[str, Any], message: str) -> None:
    content = f"{'a|O' if reader else f'O{chr(9)}a'}\n{line}\n"
    with pytest.raises(LmnError, match=message):
        read(tmp_path, content, {**LINES, **reader})
    log = ProblemLog(keep_going=True)
    found = read(tmp_path, content, {**LINES, **reader}, log=log)
    assert (found[0].tokens, log.fatal) == (("a",), 1)


def test_twnertc(corpora: Path) -> None:
    path = corpora / "turkish_ner_twnertc" / "sample.DUMP"
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    labels = Counter(tag[2:] for _, tags, _ in rows for tag in tags.split() if tag.startswith("B-"))
    reader = {"type": "lines", "scheme": "IOB2", "tags": 1, "tokens": 2}
    found = read_file(path, reader, labels=tuple(labels))
    assert counts(found) == (5, sum(len(tokens.split()) for *_, tokens in rows), labels)
    assert (counts(found)[1], labels) == (118, Counter(MISC=10, ORGANIZATION=4, LOCATION=3, PERSON=1))


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
