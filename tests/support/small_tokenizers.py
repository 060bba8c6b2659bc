"""Small tokenizers of the two large families, trained on a few lines."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

_LINES = [
    "Mark entities as [Entity | LABEL]: PER, LOC, MISC",
    "[Hussain | PER] , considered surplus to [England | LOC] 's one-day requirements , struck 158 .",
    "Ünsal [Şırnak | LOC] said : [New York | LOC] [Essex | MISC] won | the 1996-08-30 match ] in [ U.S. ]",
    "東京 [東京 | LOC] 😀 ½ €",
    "<PER>Hussain</PER> left <LOC>New York</LOC> with <MISC>Essex</MISC>",
] * 4


@lru_cache
def byte_level() -> Any:
    """Return a byte-level BPE tokenizer with all 256 bytes, as GPT-2, Llama 3 and Qwen have it."""
    from tokenizers import Tokenizer, decoders, pre_tokenizers, trainers
    from tokenizers.models import BPE
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer(BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=500,
        special_tokens=["<end>", "<pad>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator(_LINES, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="<end>", pad_token="<pad>")


@lru_cache
def pieces(*, byte_fallback: bool, leading_space: bool) -> Any:
    """Return a BPE tokenizer of SentencePiece's kind, whose pieces hold spaces.

    Args:
        byte_fallback: Whether there is a piece for each byte; otherwise unknown characters are `<unk>`.
        leading_space: Whether it puts a space before every text.
    """
    from tokenizers import Tokenizer, decoders, normalizers, trainers
    from tokenizers.models import BPE
    from transformers import PreTrainedTokenizerFast

    steps = [normalizers.Replace(" ", "\u2581")]
    if leading_space:
        steps.insert(0, normalizers.Prepend("\u2581"))
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=["<unk>", "<end>", "<pad>"], show_progress=False, max_token_length=12
    )
    learner = Tokenizer(BPE())
    learner.normalizer = normalizers.Sequence(steps)
    learner.train_from_iterator(_LINES, trainer)
    model = _with_bytes(learner) if byte_fallback else learner.model
    backend = Tokenizer(model)
    backend.normalizer = normalizers.Sequence(steps)
    backend.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()])
    backend.add_special_tokens(["<unk>", "<end>", "<pad>"])
    return PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="<end>", pad_token="<pad>", unk_token="<unk>")


def _with_bytes(learner: Any) -> Any:
    import json

    from tokenizers.models import BPE

    learned = json.loads(learner.to_str())["model"]
    vocabulary = dict(learned["vocab"])
    for byte in range(256):
        vocabulary.setdefault(f"<0x{byte:02X}>", len(vocabulary))
    merges = [tuple(merge) for merge in learned["merges"]]
    return BPE(vocabulary, merges, unk_token="<unk>", byte_fallback=True, fuse_unk=True)
