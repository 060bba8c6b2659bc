"""Reading a corpus by its card: ids, and splits that are a part of a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from converting import run

from llms_meet_ner.data_converters import read_corpus
from llms_meet_ner.data_converters.problems import ProblemLog

PARTS = "name: parts\nlanguage: en\nreader: {type: columns, scheme: IOB2}\nlabels: [{name: PER}]\ndocstart: none\nrepair: conlleval\n"


def test_ids_count_document_starts_whatever_the_policy(corpora: Path) -> None:
    sentences = list(read_corpus("wikigold", "test", corpora / "wikigold"))
    text = (corpora / "wikigold/wikigold.conll.txt").read_text(encoding="utf-8")
    before = text.split("\n")[: sentences[0].where.line - 1]  # type: ignore[union-attr]
    starts = sum(line.startswith("-DOCSTART-") for line in before)
    assert sentences[0].id == f"wikigold/test/{1348 + starts}"


def test_what_is_wrong_in_another_part_of_the_file_is_no_finding_of_a_split(workdir: Path) -> None:
    part = "{file: eng.testa, sentences: '1:2'}"
    (workdir / "mine.yaml").write_text(
        f"extends: conll2003\nsplits:\n  testa: {part}\n  rest: {part.replace('1:2', '2:')}\n"
    )
    (workdir / "eng.testa").write_text("a x y B-PER\n[ x y O\n\nb x y O\n] x y O\n\nc x y I-LOC\n")
    done = run("check", "mine.yaml", "--source", ".", "--split", "testa")
    assert "  sentences                    1\n" in done.output
    assert "  bracket-token                1  " in done.output
    assert "eng.testa:5: ']'" in done.output
    assert "invalid-transition" not in done.output
    run("mine.yaml", "--source", ".", "--split", "testa", "--split", "rest")
    rest = json.loads((workdir / "data/alpaca/conll2003_rest.json").read_text())
    assert [row["id"] for row in rest] == ["conll2003/rest/2"]


def test_a_line_before_a_split_that_stops_its_count_is_refused(workdir: Path) -> None:
    (workdir / "mine.yaml").write_text("extends: conll2003\nsplits:\n  rest: {file: eng.testa, sentences: '1:'}\n")
    (workdir / "eng.testa").write_text("a\n\nb x y O\n\nc x y O\n")
    result = run("mine.yaml", "--source", ".", code=1)
    assert "eng.testa:1: a line without a tag: 'a', before sentence 1, where the split begins" in result.stderr
    assert "Error: converting would stop at 1 of" in run("check", "mine.yaml", "--source", ".", code=1).stderr


CARD = """\
name: mine
title: Mine
language: en
licence: CC0
citation: Nobody.
docstart: none
splits: {train: a.tsv}
reader: {type: columns, scheme: BIO, separator: tab}
labels:
  - {name: GENE}
"""
ANY_NAMES = (
    "a\tB-Disease or Syndrome\nb\tI-Disease or Syndrome\nc\tB-GENE\n\nd\tB-A|B\n\ne\tB-Disease or Syndrome\nf\tB-NO\n"
)


def test_unknown_labels_are_named_at_once_and_the_rows_that_the_error_gives_are_right(workdir: Path) -> None:
    (workdir / "card.yaml").write_text(CARD)
    (workdir / "a.tsv").write_text(ANY_NAMES)
    rows = '- {name: Disease_or_Syndrome, corpus: "Disease or Syndrome"}, - {name: A_B, corpus: "A|B"}, - {name: "NO"}'
    line = (
        "a.tsv:1: labels that the card does not list, with their entities: 'Disease or Syndrome' (2), 'A|B' (1), 'NO' (1); "
        f"add to the card's labels: {rows}; to read one as O, name it in the card's drop, too"
    )
    assert run("card.yaml", "--source", ".", code=1).stderr == f"Error: {line}\n"
    assert not (workdir / "data/alpaca").exists() or not list((workdir / "data/alpaca").glob("*.json"))
    checked = run("check", "card.yaml", "--source", ".", code=1).stdout
    names = "'Disease or Syndrome' (2), 'A|B' (1), 'NO' (1)"
    assert f"  unknown-label                4  a label that the card does not list: {names}\n" in checked
    assert "      a.tsv:5: token 'd' has the label 'A|B', which the card does not list\n" in checked
    listed = "".join(f"  {row}\n" for row in rows.split(", - ")).replace("  {", "  - {")
    assert all(f"        {row.strip()}\n" in checked for row in listed.splitlines())
    (workdir / "card.yaml").write_text(CARD + listed)
    spans = [span for sentence in read_corpus("card.yaml", "train", ".") for span in sentence.spans]
    assert [span.label for span in spans] == ["Disease_or_Syndrome", "GENE", "A_B", "Disease_or_Syndrome", "NO"]
    done = run("card.yaml", "--source", ".")
    assert done.stdout.count("Disease or Syndrome -> Disease_or_Syndrome, A|B -> A_B") == 1
    (workdir / "card.yaml").write_text(CARD + listed + "drop: [Disease or Syndrome, A_B]\n")
    spans = [span for sentence in read_corpus("card.yaml", "train", ".") for span in sentence.spans]
    assert [span.label for span in spans] == ["GENE", "NO"]


def test_a_column_that_holds_no_labels_is_not_answered_with_thousands_of_rows(workdir: Path) -> None:
    (workdir / "card.yaml").write_text(CARD.replace("BIO", "IO"))
    (workdir / "a.tsv").write_text("".join(f"a\tword{number}\n" for number in range(500)))
    error = run("card.yaml", "--source", ".", code=1).stderr
    assert "'word19' (1) and 480 more; if these are no labels, check the card's tag column; otherwise add to" in error
    assert len(error) < 2500


def test_a_split_may_be_several_parts_of_a_file(workdir: Path) -> None:
    (workdir / "all.conll").write_text("\n\n".join(f"w{n} O" for n in range(10)))
    part = "{file: all.conll, sentences: '0, 2:4,6,\n 8:'}"
    card = f"{PARTS}splits:\n  some: {part}\n  last: {{file: all.conll, sentences: '9:20'}}\n"
    (workdir / "mine.yaml").write_text(card)
    read = {split: list(read_corpus("mine.yaml", split, workdir)) for split in ("some", "last")}
    assert [sentence.text for sentence in read["some"]] == ["w0", "w2", "w3", "w6", "w8", "w9"]
    assert [(sentence.id, sentence.where and sentence.where.line) for sentence in read["some"]][:2] == [
        ("parts/some/0", 1),
        ("parts/some/2", 5),
    ]
    assert [sentence.text for sentence in read["last"]] == ["w9"]


def test_problems_between_the_parts_of_a_split_are_not_its_own(workdir: Path) -> None:
    (workdir / "all.conll").write_text("a O\n\nb I-PER\n\nc O\n\nd I-PER\n\ne O")
    card = f"{PARTS}splits: {{s: {{file: all.conll, sentences: '0,2:4'}}}}\n"
    (workdir / "mine.yaml").write_text(card)
    log = ProblemLog()
    assert [sentence.text for sentence in read_corpus("mine.yaml", "s", workdir, log=log)] == ["a", "c", "d"]
    assert log.counts == {"invalid-transition": 1}


def sentences_of(*lengths: int) -> str:
    return "\n".join("w\tO\n" * length for length in lengths)


@pytest.mark.parametrize(
    ("lengths", "long"),
    [
        ((3000,), 1), ((256,), 0), ((257,), 1), ((10, 10, 300), 1), ((20, 20, 300), 0), ((20, 20, 401), 1), ((990, 800, 850, 12), 3),
        ((10, 12, 256), 0), ((3000, 4), 1),
    ],
)  # fmt: skip
def test_sentences_that_may_be_documents_are_warned_about(workdir: Path, lengths: tuple[int, ...], long: int) -> None:
    (workdir / "card.yaml").write_text(CARD)
    (workdir / "a.tsv").write_text(sentences_of(*lengths))
    log = ProblemLog()
    assert [len(sentence.tokens) for sentence in read_corpus("card.yaml", "train", ".", log=log)] == [*lengths]
    assert (log.counts["long-sentence"], log.fatal) == (long, 0)


def test_check_and_conversion_say_what_the_structure_of_a_file_lost(workdir: Path) -> None:
    (workdir / "card.yaml").write_text(CARD.replace("separator: tab", "sentence: 0, token: 1"))
    (workdir / "a.tsv").write_text("1 Ann B-GENE\n2 Bob O\n1 left O\n3 Last Name O\n" + "4 w O\n" * 300)
    lines = [
        "a sentence that may be a whole document (first at a.tsv:5); if these are documents, the card says how sentences end: "
        "reader.sentence_end, or for spans reader.sentences: split",
        "a sentence number that comes back after another, read as a new sentence (first at a.tsv:3); sort the lines by sentence, or "
        "number the sentences on if these are others",
        "a line with more or fewer columns than most (first at a.tsv:4); if a token holds spaces, reader.columns: N on the card lets it "
        "take the columns too many",
    ]
    assert run("card.yaml", "--source", ".").stderr == "".join(f"mine train: 1 x {line}\n" for line in lines)
    checked = run("check", "card.yaml", "--source", ".").stdout
    for found in (
        "      a.tsv:5: mine/train/4 has 300 tokens; half of the 5 sentences have at most 1\n",
        "      a.tsv:3: the sentence '1' comes back after '2'\n",
        "      a.tsv:4: '3 Last Name O' has 4 columns; most lines have 3\n",
    ):
        assert found in checked
    (workdir / "card.yaml").write_text(CARD.replace("separator: tab", "sentence: 0, token: 1, columns: 3"))
    texts = [sentence.text for sentence in read_corpus("card.yaml", "train", ".")]
    assert texts[:4] == ["Ann", "Bob", "left", "Last Name"]


def test_a_part_of_a_file_is_measured_alone(workdir: Path) -> None:
    (workdir / "card.yaml").write_text(CARD.replace("a.tsv}", "{file: a.tsv, sentences: '1:3'}}"))
    (workdir / "a.tsv").write_text("w\tx\tO\n\n" + sentences_of(2, 3, 400))
    log = ProblemLog()
    assert len(list(read_corpus("card.yaml", "train", ".", log=log))) == 2
    assert not log.counts


def test_a_number_after_a_prefix_gets_a_row_beside_those_of_others(workdir: Path) -> None:
    (workdir / "card.yaml").write_text(CARD)
    (workdir / "a.tsv").write_text("a\tB-7\nb\tB-Gene X\n")
    error = run("card.yaml", "--source", ".", code=1).stderr
    assert (
        '(1); add to the card\'s labels: - {name: "7"}, - {name: Gene_X, corpus: "Gene X"}; to read one as O' in error
    )
    assert "{name: 7}" not in run("check", "card.yaml", "--source", ".", code=1).stdout
