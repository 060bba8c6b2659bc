"""Grammars as llama.cpp reads them: its own code, compiled without a model, accepts the gold and refuses near misses.

The source comes from the package llama-cpp-python; its path may be given as `LMN_LLAMA_CPP` instead (a folder with `src/llama-grammar.cpp`).
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from annotations import sentences, tokens_strategy
from constraints import FORMS, LABELS, TOKENS
from grammar_oracle import grammar_of, near_misses
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from paths import ROOT

from llms_meet_ner import Sentence
from llms_meet_ner.formats import get_inline_format
from llms_meet_ner.sentence import JOINS, Join

PACKAGE = "llama-cpp-python==0.3.36"
"""The package whose source was compiled; it holds llama.cpp at 0c1e57098."""


class LlamaGrammar:
    """A grammar as llama.cpp reads it."""

    def __init__(self, library: ctypes.CDLL, grammar: str) -> None:
        self._library = library
        self._pointer = library.gbnf_new(grammar.encode())
        assert self._pointer, "llama.cpp cannot read the grammar"

    def accepts(self, text: str) -> bool:
        content = text.encode("utf-8", "surrogatepass")
        return bool(self._library.gbnf_accepts(self._pointer, content, len(content)))

    def __del__(self) -> None:
        self._library.gbnf_free(self._pointer)


def source(folder: Path) -> Path:
    if given_path := os.environ.get("LMN_LLAMA_CPP"):
        return Path(given_path)
    words = ["-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "-d", str(folder), PACKAGE]
    subprocess.run([sys.executable, *words], check=True)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as file:
        file.extractall(folder, filter="data")
    (found,) = folder.glob("*/vendor/llama.cpp")
    return found


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    folder = tmp_path_factory.mktemp("llama")
    llama = source(folder)
    includes = [f"-I{llama / name}" for name in ("include", "ggml/include", "src")]
    files = [str(ROOT / "tests/verify/llama_grammar.cpp"), str(llama / "src/llama-grammar.cpp")]
    made = folder / "llama_grammar.so"
    subprocess.run(["g++", "-O1", "-std=c++17", "-fPIC", "-shared", *includes, *files, "-o", str(made)], check=True)
    library = ctypes.CDLL(str(made))
    library.gbnf_new.restype = ctypes.c_void_p
    library.gbnf_free.argtypes = [ctypes.c_void_p]
    library.gbnf_accepts.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
    return library


@pytest.mark.verify
@pytest.mark.xdist_group("gbnf")
@given(st.data(), st.sampled_from(FORMS), st.booleans(), st.sampled_from(JOINS), st.integers(0, 10**6))
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_gold_is_accepted_and_a_near_miss_only_if_it_is_an_output(
    library: ctypes.CDLL, data: st.DataObject, form: str, nested: bool, join: Join, at: int
) -> None:
    gold: Sentence = data.draw(sentences(TOKENS | tokens_strategy, LABELS.names, nested=nested, most=3))
    grammar = grammar_of(gold.tokens, form, nested=nested, join=join, depth=3)
    text = get_inline_format(form, nested=nested, join=join).write(grammar.tokens, gold.spans)
    judge = LlamaGrammar(library, grammar.text)
    assert judge.accepts(text)
    assert judge.accepts(f" {text}")
    for miss in near_misses(text, at):
        assert judge.accepts(miss) == (grammar.read(miss) is not None), miss
