"""Judges of grammars that someone else wrote: xgrammar, with which vLLM and SGLang decode, over a vocabulary of bytes."""

from __future__ import annotations

from functools import cache
from typing import Any

from constraints import LABELS

from llms_meet_ner import LabelSet
from llms_meet_ner.decoding.server_grammar.sentence import SentenceGrammar
from llms_meet_ner.formats import get_inline_format
from llms_meet_ner.sentence import SPACE, Join

_END = 256


@cache
def _compiler() -> Any:
    import xgrammar

    vocabulary = [bytes((byte,)) for byte in range(_END)] + [b"</s>"]
    info = xgrammar.TokenizerInfo(vocabulary, xgrammar.VocabType.RAW, vocab_size=_END + 1, stop_token_ids=[_END])
    return xgrammar.GrammarCompiler(info, max_threads=1, cache_enabled=False)


class Oracle:
    """A grammar as xgrammar reads it."""

    def __init__(self, grammar: str) -> None:
        self._compiled = _compiler().compile_grammar(grammar)

    def accepts(self, text: str) -> bool:
        """Return whether a text is one of the grammar's, from its first byte to its end."""
        import xgrammar

        matcher = xgrammar.GrammarMatcher(self._compiled)
        return all(matcher.accept_token(byte) for byte in text.encode("utf-8", "surrogatepass")) and bool(
            matcher.accept_token(_END)
        )


def grammar_of(
    tokens: tuple[str, ...],
    form: str = "bracketed",
    *,
    nested: bool = False,
    join: Join = SPACE,
    labels: LabelSet = LABELS,
    depth: int = 2,
) -> SentenceGrammar:
    return SentenceGrammar(tokens, get_inline_format(form, nested=nested, join=join), labels, depth)


def near_misses(text: str, at: int) -> list[str]:
    """Return texts that differ little from an output: some may be outputs by chance."""
    at %= len(text)
    marks = [
        text.replace("PER", "PERSON", 1),
        text.replace("PER", "LOC", 1),
        text.replace("[", "", 1),
        text.replace("]", "", 1),
        text.replace("</", "<", 1),
        text.replace("<LOC>", "<PER>", 1),
    ]
    ends = [f"{text} ", f"{text}\n", f"\n{text}", f"  {text}", text[:-1], text + text[-1], ""]
    inside = [
        text[:at] + text[at + 1 :],
        text[:at] + text[at] + text[at:],
        text[:at] + "[" + text[at:],
        text[:at].swapcase() + text[at:],
    ]
    return [*marks, *ends, *inside]
