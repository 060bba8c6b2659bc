"""The sentences that people are to correct."""

from __future__ import annotations

import json
from pathlib import Path

from tool_exports import save_corpus

from llms_meet_ner.annotation.exchange.suggestions import Suggested, read_suggestions
from llms_meet_ner.annotation.provenance import Provenance
from llms_meet_ner.data_converters.cards import load_card
from llms_meet_ner.sentence import Sentence, Span


def provenance(number: int, file: str, line: int, start: int, end: int) -> str:
    return Provenance(
        f"mine/train/{number}", f"x/{number}", file, line, start, end, "gpt", None, None, "", "exact", (), (0.5,), None
    ).json_line()


def test_the_text_is_that_of_the_file_while_it_is_there_and_the_same(tmp_path: Path) -> None:
    news = tmp_path / "news.txt"
    news.write_bytes("\ufeffAda  left,\u00a0then. Bo\r\nBo won.\n".encode())
    folder = save_corpus(
        tmp_path / "mine", [(["Ada", "left", ",", "then", "."], [(0, 1, "PER")]), (["Bo", "won"], [(0, 1, "PER")])]
    )
    rows = [provenance(0, str(news), 1, 0, 16), provenance(1, str(news), 2, 0, 7)]
    (folder / "provenance.jsonl").write_text("".join(rows))
    found = read_suggestions(load_card(folder), "train")
    assert [one.text for one in found.sentences] == ["Ada  left,\u00a0then.", "Bo won"], (
        "the second has another token there"
    )
    assert [(one.agent, one.confidences) for one in found.sentences] == [("gpt", (0.5,))] * 2
    news.unlink()
    assert read_suggestions(load_card(folder), "train").sentences[0].text == "Ada left , then ."


def test_what_no_tool_can_mark_is_left_out_and_counted(tmp_path: Path) -> None:
    folder = save_corpus(tmp_path / "mine", [([" ", "\u2028"], []), (["a"], [])])
    found = read_suggestions(load_card(folder), "train")
    assert (len(found.sentences), found.left_out) == (1, {"sentences of white space": 1})
    assert json.loads(json.dumps(found.left_out)) == found.left_out


def test_an_entity_is_marked_from_its_first_word_to_its_last_and_not_over_white_space() -> None:
    spans = (Span(0, 2, "PER"), Span(2, 3, "LOC"), Span(3, 5, "PER"))
    one = Suggested(Sentence("a/0", ("Ada", " ", " ", " ", "🚀x"), spans), "Ada       🚀x", None, "gpt")
    marked = list(one.marked())
    assert [(entity.words, entity.first, entity.last) for entity in marked] == [("Ada", 0, 0), ("🚀x", 1, 1)]
    assert [entity.counted("utf-16") for entity in marked] == [(0, 3), (10, 13)]
    assert marked[1].counted("code-points") == (10, 12)
