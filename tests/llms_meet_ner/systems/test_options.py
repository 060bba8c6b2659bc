"""How a model is asked: which options go together, and which decoding a format allows."""

from __future__ import annotations

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.decoding.requests import Decoding
from llms_meet_ner.systems.options import SystemOptions
from llms_meet_ner.systems.server import DEFAULT_URL, ServerOptions


@pytest.mark.parametrize(
    ("asked", "name", "found"),
    [(None, "bracketed", "constrained"), ("free", "bracketed", "free"), (None, "listing", "free"), ("free", "listing", "free")],
)  # fmt: skip
def test_no_decoding_is_what_the_format_allows(
    listing: None, asked: Decoding | None, name: str, found: Decoding
) -> None:
    assert SystemOptions(asked).for_format(name).decoding == found
    with pytest.raises(LmnError, match="a constrained one ends with its sentence"):
        SystemOptions(max_new_tokens=3).for_format("bracketed")


def test_a_depth_is_for_prompts_whose_entities_nest() -> None:
    """Even the default depth, if it is asked for."""
    for depth in (1, 2, 3):
        options = SystemOptions("constrained", server=ServerOptions(DEFAULT_URL, grammar_depth=depth))
        assert options.for_format("bracketed", nested=True) == options
        with pytest.raises(LmnError, match=f"^--grammar-depth {depth}: .* that do not nest.*; leave it out$"):
            options.for_format("bracketed")
    assert SystemOptions("constrained", server=ServerOptions()).for_format("bracketed").decoding == "constrained"


def test_a_quantisation_has_one_of_two_names_and_is_for_models_here() -> None:
    assert SystemOptions(quantise="4bit").quantise == "4bit"
    with pytest.raises(LmnError, match="no quantisation '3bit'; there are: 4bit, 8bit"):
        SystemOptions(quantise="3bit")  # type: ignore[arg-type]
    with pytest.raises(LmnError, match="--quantize 8bit: a server decides that by itself; leave it out"):
        SystemOptions(quantise="8bit", server=ServerOptions())
