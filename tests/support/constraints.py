"""Constraints on the outputs of sentences, with small tokenizers of every kind."""

from __future__ import annotations

from hypothesis import strategies as st
from small_tokenizers import byte_level, pieces

from llms_meet_ner import LabelSet
from llms_meet_ner.decoding.constraint import Constraint
from llms_meet_ner.decoding.vocabulary import Vocabulary
from llms_meet_ner.formats import get_inline_format
from llms_meet_ner.sentence import SPACE, Join

LABELS = LabelSet.of("PER", "LOC", "PERS")
WORDS = [
    "[",
    "]",
    "|",
    "PER]",
    "[New",
    "York",
    "a",
    "[ ]",
    "| PER]",
    "Şırnak",
    "東京",
    "😀",
    "\u00a0",
    "\u2581",
    "x y",
    "\x04",
    "'s",
    "<",
    "<PER>",
    "</PER>",
    "<LOC",
]
FORMS = ("bracketed", "xml")
TOKENS = st.lists(st.sampled_from(WORDS) | st.text(min_size=1, max_size=4), min_size=1, max_size=6).map(
    lambda words: tuple(word.replace("\n", " ").replace("\r", " ") for word in words)
)
TOKENIZERS = {
    "byte-level": byte_level,
    "byte fallback": lambda: pieces(byte_fallback=True, leading_space=False),
    "leading space": lambda: pieces(byte_fallback=True, leading_space=True),
    "unknown characters": lambda: pieces(byte_fallback=False, leading_space=True),
}
_vocabularies: dict[str, Vocabulary] = {}


def vocabulary(name: str) -> Vocabulary:
    if name not in _vocabularies:
        tokenizer = TOKENIZERS[name]()
        _vocabularies[name] = Vocabulary(tokenizer, [tokenizer.eos_token_id])
    return _vocabularies[name]


def constraint(
    tokens: tuple[str, ...],
    name: str,
    *,
    nested: bool,
    labels: LabelSet = LABELS,
    form: str = "bracketed",
    join: Join = SPACE,
) -> Constraint:
    return Constraint(tokens, get_inline_format(form).markup(labels), vocabulary(name), nested=nested, join=join)


def text_of(name: str, ids: list[int]) -> str:
    return vocabulary(name).bytes_of(ids).decode().removeprefix(vocabulary(name).leading.decode())
