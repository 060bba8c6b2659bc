"""Xgrammar as the judge of grammars: the library that vLLM and SGLang decode with, over a vocabulary of bytes."""

from __future__ import annotations

from functools import cache
from typing import Any

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
