"""Reading a corpus by its card: ids, and splits that are a part of a file."""

from __future__ import annotations

import json
from pathlib import Path

from converting import run

from llms_meet_ner.data_converters import read_corpus


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
    assert "  invalid-transition           0\n" in done.output
    run("mine.yaml", "--source", ".", "--split", "testa", "--split", "rest")
    rest = json.loads((workdir / "data/alpaca/conll2003_rest.json").read_text())
    assert [row["id"] for row in rest] == ["conll2003/rest/2"]


def test_a_line_before_a_split_that_stops_its_count_is_refused(workdir: Path) -> None:
    (workdir / "mine.yaml").write_text("extends: conll2003\nsplits:\n  rest: {file: eng.testa, sentences: '1:'}\n")
    (workdir / "eng.testa").write_text("a\n\nb x y O\n\nc x y O\n")
    result = run("mine.yaml", "--source", ".", code=1)
    assert "eng.testa:1: a line without a tag: 'a', before sentence 1, where the split begins" in result.stderr
    assert "Error: converting would stop at 1 of" in run("check", "mine.yaml", "--source", ".", code=1).stderr
