"""How far an output may run, by its format."""

from __future__ import annotations

import json

import pytest

from llms_meet_ner import LabelSet, PromptSpec, Sentence, Span, get_format
from llms_meet_ner.annotation.template import load_template
from llms_meet_ner.data_converters.cards import load_card
from llms_meet_ner.decoding.bounds import served_bound, token_bound
from llms_meet_ner.formats.tags import PASSED_KEYS

TOKENS = ("Ada", "met", "Bo", ",", "Ümit")
LABELS = LabelSet.of("PER", "ORGANIZATION")


class Characters:
    def encode(self, text: str, add_special_tokens: bool) -> list[int]:
        return [ord(character) for character in text]


def test_an_inline_output_is_bounded_by_its_sentence() -> None:
    inline = PromptSpec("bracketed", "short", "Mark", LABELS)
    assert token_bound(Characters(), inline, TOKENS) == 3 * len("Ada met Bo , Ümit") + 32
    assert served_bound(inline, TOKENS) == len("Ada met Bo , Ümit".encode()) + 4 * 5 + 32


def test_any_other_output_is_bounded_by_one_with_every_second_token_an_entity() -> None:
    other = PromptSpec("occurrence", "short", "List", LABELS)
    spans = tuple(Span(at, at + 1, "ORGANIZATION") for at in (0, 2, 4))
    dense = get_format("occurrence").render(Sentence("x", TOKENS, spans))
    indented = json.dumps(json.loads(dense), indent=4, ensure_ascii=False)
    assert token_bound(Characters(), other, TOKENS) == len(indented) + 32
    assert served_bound(other, TOKENS) == len(indented.encode()) + 32


@pytest.mark.parametrize("indent", [None, 2, 4])
@pytest.mark.parametrize("tokens", [TOKENS, ("a",), tuple("数据中心在北京市" * 9)])
def test_the_four_lists_of_the_published_answer_fit_and_the_entities_which_come_last_are_not_cut(
    tokens: tuple[str, ...], indent: int | None
) -> None:
    spec = load_template("published").prompt(load_card("conll2003"))
    tags = {"tokens": list(tokens)} | {key: ["B-CONJP"] * len(tokens) for key in PASSED_KEYS}
    answer = json.dumps(tags | {"ner_tags": ["B-MISC"] * len(tokens)}, indent=indent, ensure_ascii=False)
    assert served_bound(spec, tokens) >= len(answer.encode())
    assert token_bound(Characters(), spec, tokens) >= len(answer)


@pytest.mark.parametrize("name", ["grouped", "occurrence", "offset", "tags"])
def test_json_over_several_lines_fits(name: str) -> None:
    spec = PromptSpec(name, "short", "List", LABELS)
    spans = (Span(0, 1, "ORGANIZATION"), Span(2, 3, "ORGANIZATION"), Span(4, 5, "PER"))
    text = spec.output_format().render(Sentence("x", TOKENS, spans), LABELS)
    assert served_bound(spec, TOKENS) >= len(json.dumps(json.loads(text), indent=4, ensure_ascii=False).encode())
