"""Lines of WebAnno TSV 3: columns of the layers, and any text survives the way through the escapes."""

from __future__ import annotations

import io
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from llms_meet_ner.data_converters.readers.webanno_lines import read_header, read_sentences

HEAD = "#FORMAT=WebAnno TSV 3.2\n#T_SP=a.X|p|q\n#T_CH=c.L|referenceType|referenceRelation\n#T_SP=b.Y\n#T_RL=r.R|BT_a.X\n\n\n"


def test_columns_are_counted_over_all_layers() -> None:
    header = read_header(Path("x"), io.StringIO(HEAD))
    assert header.layers == {"a.X": ["p", "q"], "b.Y": [""]}
    assert (header.starts, header.width) == ({"a.X": 3, "b.Y": 7}, 9)


def escaped(text: str) -> str:
    text = text.replace("\\", "\\\\")
    for character in "[]|_;*":
        text = text.replace(character, f"\\{character}")
    return text.replace("->", "\\->")


LABEL = st.text(st.sampled_from("\\[]|_;*->ab1 ä😀"), min_size=1, max_size=8)
TOKEN = st.text(st.sampled_from("\\nturb_[]|*aä😀"), min_size=1, max_size=6)


@given(st.lists(st.tuples(LABEL, st.booleans()), min_size=1, max_size=3), TOKEN, st.booleans())
def test_labels_and_tokens_come_back(labels: list[tuple[str, bool]], token: str, is_escaped: bool) -> None:
    values = "|".join(escaped(label) + (f"[{at}]" if has_id else "") for at, (label, has_id) in enumerate(labels))
    text = token.replace("\\", "\\\\")
    file = io.StringIO(f"{HEAD}#Text={text}\n1-1\t0-1\t{text if is_escaped else token}\t{values}\t_\t_\t_\t_\t_\n")
    (sentence,) = read_sentences(file, (3, True), lambda *problem: None)
    assert [mark.label for mark in sentence.marks] == [label for label, _ in labels]
    if not is_escaped or text not in token:
        assert sentence.tokens in ([token], [text] if is_escaped else [])
