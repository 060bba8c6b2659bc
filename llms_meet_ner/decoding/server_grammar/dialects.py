r"""The grammars that servers take: how a text is quoted, and where a request carries the grammar.

The notation of xgrammar, which vLLM and SGLang use, follows llama.cpp's GBNF. What is written here means the same in both: `\"` and `\\`,
and `\uXXXX` or `\UXXXXXXXX` for what is not printed. `\x41` is avoided: xgrammar reads as many digits as follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

from .rules import Rule

GrammarChoice = Literal["auto", "vllm", "llamacpp", "sglang", "none"]
Dialect = Literal["vllm", "llamacpp", "sglang"]
DIALECTS: tuple[Dialect, ...] = ("vllm", "llamacpp", "sglang")
AUTO_GRAMMAR: Final = "auto"
"""The dialect of the server that answers, as its list of models says."""
NO_GRAMMAR: Final = "none"
GRAMMAR_CHOICES: tuple[GrammarChoice, ...] = (AUTO_GRAMMAR, *DIALECTS, NO_GRAMMAR)
_ROOT = "root"


def written(rules: Sequence[Rule]) -> str:
    """Return a grammar as servers read it, one rule a line. The output may begin with a space, which tokenizers such as Llama 2's write.

    Args:
        rules: Rules, the first of which begins the output.
    """
    lines = [f'{_ROOT} ::= {_name(0)} | " " {_name(0)}']
    for number, rule in enumerate(rules):
        lines.append(f"{_name(number)} ::= " + " | ".join(_way(text, after) for text, after in rule))
    return "\n".join(lines) + "\n"


def request_of(dialect: Dialect, grammar: str) -> dict[str, Any]:
    """Return the key of a request that carries a grammar."""
    match dialect:
        case "vllm":
            return {"structured_outputs": {"grammar": grammar}}
        case "llamacpp":
            return {"grammar": grammar}
        case "sglang":
            return {"ebnf": grammar}


def quoted(text: str) -> str:
    """Return a text as a literal of a grammar."""
    return '"' + "".join(map(_character, text)) + '"'


def _character(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _way(text: str, after: int | None) -> str:
    return quoted(text) if after is None else f"{quoted(text)} {_name(after)}"


def _name(number: int) -> str:
    return f"r{number}"
