"""What is exported, and what people leave in a tool, which comes back on the tokens of the corpus for every tool and any text."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import tool_exports
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tool_exports import Row, save_corpus

from llms_meet_ner.annotation.exchange.exporting import write_export
from llms_meet_ner.annotation.exchange.importing import read_export
from llms_meet_ner.annotation.exchange.registry import TOOLS
from llms_meet_ner.annotation.exchange.suggestions import read_suggestions
from llms_meet_ner.data_converters.cards import load_card
from llms_meet_ner.sentence import Span, find_crossing, outer_first

_HARD = [
    "Ada",
    "Zoë",
    "e\u0301clair",
    "👩🏽‍🚀",
    "🚀🚀",
    "नमस्ते",
    "\u200b",
    "a b",
    " ",
    "\u2028",
    "[",
    "|",
    '"',
    "<b>",
    "&",
    "😀a",
    "中",
]
WORDS = st.one_of(
    st.sampled_from(_HARD),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r"), min_size=1, max_size=4),
)
TOKENS = st.lists(WORDS, min_size=1, max_size=6).filter(
    lambda tokens: any(token.strip() for token in tokens) and tokens != ["-DOCSTART-"]
)


@st.composite
def spans_on(draw: st.DrawFn, tokens: list[str], *, nested: bool) -> list[tuple[int, int, str]]:
    """Draw entities that do not cross, nor lie in each other unless they may, each over a token that a tool can mark at both ends."""
    solid = [at for at, token in enumerate(tokens) if token.strip()]
    found: set[Span] = set()
    for _ in range(draw(st.integers(0, 4))):
        first, last = sorted((draw(st.sampled_from(solid)), draw(st.sampled_from(solid))))
        more = found | {Span(first, last + 1, draw(st.sampled_from(["PER", "LOC"])))}
        ordered = tuple(sorted(more, key=outer_first))
        overlap = any(one.end > two.start for one, two in pairwise(ordered))
        if find_crossing(ordered) is None and (nested or not overlap):
            found = more
    return [(span.start, span.end, span.label) for span in sorted(found, key=outer_first)]


@st.composite
def cases(draw: st.DrawFn, *, nested: bool) -> tuple[list[str], list[tuple[int, int, str]], list[tuple[int, int, str]]]:
    tokens = draw(TOKENS)
    return tokens, draw(spans_on(tokens, nested=nested)), draw(spans_on(tokens, nested=nested))


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize(("nested", "join"), [(True, " "), (False, "")])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_a_person_leaves_comes_back(
    tmp_path: Path, tool: str, nested: bool, join: str, data: st.DataObject
) -> None:
    drawn = data.draw(st.lists(cases(nested=nested), min_size=1, max_size=3))
    rows: list[Row] = [(tokens, suggested) for tokens, suggested, _ in drawn]
    found = read_suggestions(load_card(save_corpus(tmp_path / "mine", rows, nested=nested, join=join)), "train")
    write_export(found, TOOLS[tool], tmp_path / "out.json")
    records = tool_exports.imported(tool, tmp_path / "out.json")
    assert len(records) == len(rows)
    left = []
    for number, (record, one, (_, _, final)) in enumerate(zip(records, found.sentences, drawn)):
        place = dict(zip(one.kept, one.offsets))
        marks = [(place[start][0], place[end - 1][1], label) for start, end, label in final]
        left.append(tool_exports.finished(tool, record, marks, number=number + 1))
    imported = read_export(tool_exports.write(tool, tmp_path / "in.json", left), TOOLS[tool], found)
    assert [
        (list(one.sentence.tokens), [(span.start, span.end, span.label) for span in one.sentence.spans])
        for one in imported.sentences
    ] == [(tokens, final) for tokens, _, final in drawn]
    assert not any(one.review.why for one in imported.sentences)
    assert not imported.log.counts["cut-span"]


@pytest.mark.parametrize("tool", TOOLS)
def test_suggestions_stand_where_the_tool_counts_them(tmp_path: Path, tool: str) -> None:
    found = read_suggestions(
        load_card(
            save_corpus(tmp_path / "mine", [(["🚀", "Ada", "in", "Rome", "!", "!"], [(1, 2, "PER"), (3, 4, "LOC")])])
        ),
        "train",
    )
    write_export(found, TOOLS[tool], tmp_path / "out.json")
    (record,) = tool_exports.imported(tool, tmp_path / "out.json")
    shift = {"doccano": 1, "argilla": 1}.get(tool, 0)
    expected = [[2 + shift, 5 + shift, "PER"], [9 + shift, 13 + shift, "LOC"]]
    regions = {
        "label-studio": lambda: [
            [*map(one["value"].get, ("start", "end")), *one["value"]["labels"]]
            for one in record["predictions"][0]["result"]
        ],
        "doccano": lambda: record["label"],
        "argilla": lambda: [
            [one["start"], one["end"], one["label"]] for one in record["suggestions"]["entities"]["value"]
        ],
        "prodigy": lambda: [[one["start"], one["end"], one["label"]] for one in record["spans"]],
    }[tool]
    assert regions() == expected
