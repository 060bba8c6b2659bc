"""Which implementation of attention computes the rows, and how long a row may get."""

from __future__ import annotations

from typing import Any

import torch

SAFETY = 0.5
"""Share of the free memory of a GPU that a row may take."""
LONGEST = 65_536
"""Most tokens of a row, whatever the memory."""
ON_A_CPU = 2_048
"""Most tokens of a row on a CPU. Attention there computes all pairs of tokens of a row, so longer rows cost more than they save."""


def choose_attention(current: str | None, *, supports_flex: bool, device: str) -> str | None:
    """Return the implementation of attention to compute rows with, by transformers' name.

    FlexAttention keeps its mask in blocks and skips those in which nothing is seen. It takes a GPU of NVIDIA.

    Args:
        current: Implementation that LLaMA-Factory has chosen.
        supports_flex: Whether the model can use FlexAttention.
        device: Type of the device, such as `cuda`.
    """
    if current == "sdpa" and device == "cuda" and supports_flex:
        return "flex_attention"
    return current


def tokens_that_fit(config: Any, free: int, attention: str | None, bytes_per_number: int) -> int:
    """Estimate how many tokens of one row fit in memory.

    A token takes, with gradient checkpoints, its input of every layer, and what the layer in work keeps for the backward pass: about
    eight vectors of the hidden size and three of the inner size, each twice. Half of the tokens predict a label, and their logits are
    there once as the model computes them and twice in float32. A mask of all pairs of tokens takes a byte for a pair, and another number
    as it is added to the scores. FlexAttention keeps no pairs.

    Args:
        config: Configuration of the model.
        free: Free memory of the device in bytes.
        attention: Implementation of attention.
        bytes_per_number: Size of a number of the activations.
    """
    hidden = int(getattr(config, "hidden_size", 4096))
    inner = int(getattr(config, "intermediate_size", None) or 4 * hidden)
    layers = int(getattr(config, "num_hidden_layers", 32))
    vocabulary = int(getattr(config, "vocab_size", 150_000))
    token = (
        bytes_per_number * (layers * hidden + 2 * (8 * hidden + 3 * inner)) + vocabulary * (bytes_per_number + 8) // 2
    )
    room = SAFETY * max(free, 0)
    pair = 0 if attention == "flex_attention" else 1 + bytes_per_number
    if attention == "eager":
        pair += 3 * bytes_per_number * int(getattr(config, "num_attention_heads", 32))
    if not pair:
        return max(1, min(LONGEST, int(room / token)))
    most = (-token + (token**2 + 4 * pair * room) ** 0.5) / (2 * pair)
    return max(1, min(LONGEST, int(most)))


def default_tokens_per_row(model: Any, attention: str | None, device: torch.device) -> int:
    """Return how many tokens a row has at most if nobody says so."""
    if device.type != "cuda":
        return ON_A_CPU
    free, _ = torch.cuda.mem_get_info(device)
    # gradients, and two numbers in float32 that the optimizer keeps for each weight, come with the first step
    free -= sum(weight.numel() * (weight.element_size() + 8) for weight in model.parameters() if weight.requires_grad)
    config = model.config.get_text_config() if hasattr(model.config, "get_text_config") else model.config
    return tokens_that_fit(config, free, attention, 2 if model.dtype in (torch.bfloat16, torch.float16) else 4)
