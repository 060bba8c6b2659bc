"""How far an output may run, by its format."""

from __future__ import annotations

from llms_meet_ner import LabelSet, PromptSpec, Sentence, Span, get_format
from llms_meet_ner.decoding.bounds import served_bound, token_bound

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
    assert token_bound(Characters(), other, TOKENS) == len(dense) + 32
    assert served_bound(other, TOKENS) == len(dense.encode()) + 32
