"""The bytes of tokens: what they cannot write, and which tokenizers are refused."""

from __future__ import annotations

import copy

import pytest
from constraints import TOKENIZERS, vocabulary
from hypothesis import given, settings
from hypothesis import strategies as st

from llms_meet_ner import LmnError
from llms_meet_ner.decoding.vocabulary import Trie, Vocabulary


def test_characters_without_a_token_become_question_marks() -> None:
    known = vocabulary("unknown characters")
    assert known.spellable("Şırnak") == "Şırnak"
    assert known.spellable("Ж→a") == "--a"  # it has no question mark either
    assert vocabulary("byte-level").spellable("Ж→\x04 \ud800") == "Ж→\x04 ?"
    with pytest.raises(LmnError, match=r"cannot write the format's mark ' \| Ж\]'; use --decoding free"):
        known.require(" | Ж]", "the format's mark")


def test_characters_are_written_as_the_tokenizer_reads_them() -> None:
    from tokenizers import normalizers

    assert vocabulary("byte-level").spellable("a\u2581b") == "a\u2581b"
    for name in ("byte fallback", "leading space", "unknown characters"):
        assert vocabulary(name).spellable("\u2581[\u2581New\u2581|") == " [ New |"
    for name in ("byte-level", "leading space"):
        tokenizer = copy.deepcopy(TOKENIZERS[name]())
        steps = [tokenizer.backend_tokenizer.normalizer, normalizers.NFC(), normalizers.Replace("\x00", "")]
        tokenizer.backend_tokenizer.normalizer = normalizers.Sequence([step for step in steps if step is not None])
        known = Vocabulary(tokenizer, [tokenizer.eos_token_id])
        assert known.spellable("S\u0327ı s\u0307 😀 \ud800") == "Şı ṡ 😀 ?"
        assert known.spellable("\x00") == "\x00"  # not an empty token
        known.require("S\u0327", "a label")
        ids = tokenizer.encode("S\u0327ı", add_special_tokens=False)
        assert known.bytes_of(ids) == known.leading + known.spellable("S\u0327ı").encode()


def test_other_vocabularies_are_refused() -> None:
    from tokenizers import Tokenizer, decoders
    from tokenizers.models import WordPiece
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer(WordPiece({"[UNK]": 0, "a": 1, "##b": 2}, unk_token="[UNK]"))
    backend.decoder = decoders.WordPiece()
    with pytest.raises(LmnError, match="a WordPiece vocabulary has no spaces"):
        Vocabulary(PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="[UNK]"), [0])


@pytest.mark.parametrize("name", sorted(TOKENIZERS))
def test_tokens_are_found_in_the_trie_by_their_bytes_and_spell_the_text(name: str) -> None:
    known, tokenizer = vocabulary(name), TOKENIZERS[name]()
    text = "[Hussain | PER] , 's one-day match"
    ids = tokenizer.encode(text, add_special_tokens=False)
    assert known.bytes_of(ids) == known.leading + text.encode()
    assert known.leading == (b" " if name in ("leading space", "unknown characters") else b"")
    for index in ids:
        node: Trie | None = known.trie
        for byte in known.bytes_of([index]):
            assert node is not None
            node = node[byte]
        assert node is not None
        assert index in node.ids
    assert known.bytes_of(tokenizer.all_special_ids) == b""


BYTES = st.binary(max_size=3) | st.text("ab\0\xff", max_size=3).map(lambda text: text.encode("latin-1"))


@settings(deadline=None)
@given(st.lists(BYTES, max_size=20), BYTES)
def test_a_node_has_the_tokens_that_end_there_and_a_way_to_each_longer_one(texts: list[bytes], prefix: bytes) -> None:
    tokens = sorted((text, index) for index, text in enumerate(texts))
    node: Trie | None = Trie(tokens, 0, len(tokens), b"")
    for byte in prefix:
        assert node is not None
        node = node[byte]
        if node is None:
            break
    assert (node is not None) == (not prefix or any(text.startswith(prefix) for text in texts))
    assert list(() if node is None else node.ids) == [index for index, text in enumerate(texts) if text == prefix]
    assert node is None or {byte for byte in range(256) if node[byte] is not None} == {
        text[len(prefix)] for text in texts if text.startswith(prefix) and text != prefix
    }
