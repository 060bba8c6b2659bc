"""A random Llama with one token for each byte. Nothing is downloaded, and it trains and generates in a moment."""

from __future__ import annotations

from pathlib import Path


def save_byte_llama(folder: Path, initializer_range: float = 0.02, width: int = 32) -> None:
    """Save the model, which has two layers in float32, and its tokenizer.

    Args:
        folder: Folder to save them in.
        initializer_range: Standard deviation of the weights; with 0.3, outputs depend on the prompt.
        width: Hidden size. bitsandbytes quantises weights in blocks of 64; on a CPU with AVX-512 BF16, its kernel takes whole blocks only.
    """
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    vocabulary = ["<s>", "</s>", "<unk>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    backend = Tokenizer(models.BPE({token: index for index, token in enumerate(vocabulary)}, [], unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    special = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "</s>"}
    PreTrainedTokenizerFast(tokenizer_object=backend, **special).save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(vocabulary), hidden_size=width, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, bos_token_id=0, eos_token_id=1, pad_token_id=1, initializer_range=initializer_range, torch_dtype="float32",
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
