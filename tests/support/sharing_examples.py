"""Examples for rows, drawn by Hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from llms_meet_ner.training.sharing.rows import UNLABELLED, Example


@st.composite
def drawn_examples(draw: st.DrawFn) -> list[Example]:
    """Examples of few different tokens, so that they share a lot; most are labelled at the end, as answers are."""
    flags = st.one_of(
        st.integers(0, 9).map(lambda start: [at >= start for at in range(9)]),
        st.lists(st.booleans(), min_size=9, max_size=9),
    )
    made = []
    for _ in range(draw(st.integers(1, 6))):
        tokens = draw(st.lists(st.integers(0, 2), min_size=1, max_size=9))
        labelled = draw(flags)
        labels = tuple(token if labelled[at] else UNLABELLED for at, token in enumerate(tokens))
        made.append(Example(tuple(tokens), labels))
    return made
