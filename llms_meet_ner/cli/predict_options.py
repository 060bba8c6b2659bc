"""The options of a prediction run: settings of the system, and the part of the split."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click
import cloup

from ..decoding.model import AUTO, DTYPES
from ..decoding.pretrained import QUANTISE, Dtype, Quantise
from ..decoding.requests import CONSTRAINED, DECODINGS, Decoding
from ..decoding.server_grammar.dialects import AUTO_GRAMMAR
from ..reading import LENIENT, READINGS, Reading
from ..systems.examples import Shots
from ..systems.options import SystemOptions
from ..systems.server import ServerOptions
from .engine_options import engine_options
from .options import catch_errors, refuse, trust_option
from .shot_options import shots_options

R = TypeVar("R")

batch_size_option = cloup.option(
    "--batch-size", type=click.IntRange(min=1), default=16, show_default=True, help="Sentences decoded together."
)
dtype_option = cloup.option(
    "--dtype", type=click.Choice(DTYPES), default=AUTO, show_default=True,
    help="Data type of the weights. auto: on CUDA as the recipe trains, or without a recipe as the base model was saved; on a CPU "
    "bfloat16 if it has instructions for it (AVX-512 BF16, AMX), otherwise float32.",
)  # fmt: skip

quantize_option = cloup.option(
    "--quantize", "quantise", type=click.Choice(QUANTISE),
    help="Load the base model in 4 or 8 bits, with bitsandbytes, so that it needs less memory; the adapter stays as it is.",
)  # fmt: skip

_predict_options = cloup.option_group(
    "Prediction",
    cloup.option(
        "--decoding", type=click.Choice(DECODINGS),
        help="constrained: the sentence with markup and nothing else. free: plain greedy, as published numbers were made. "
        "[default: constrained, where the format writes the sentence again; with --engine openai free]",
    ),
    batch_size_option,
    cloup.option(
        "--max-new-tokens", type=click.IntRange(min=1),
        help="Limit on a free output. [default: long enough for the sentence with its markup; see eval/README.md]",
    ),
    cloup.option(
        "--reading", type=click.Choice(READINGS), default=LENIENT, show_default=True,
        help="lenient: outputs without thinking, introductions, code blocks and blank lines around the answer, then up to the first "
        "newline. published: up to the first newline, as published numbers were made.",
    ),
    dtype_option,
    quantize_option,
    cloup.option("--limit", type=click.IntRange(min=1), help="Only the first N sentences."),
    cloup.option("--restart", is_flag=True, help="Discard what an earlier run left."),
    trust_option,
)  # fmt: skip


def predict_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add the options of a prediction run, handed over as `options` (SystemOptions), `limit` and `restart`.

    A decoding that is not asked for is None in them; the prompt's format, or the server, decides it later.
    """

    @wraps(command)
    def wrapped(
        *args: Any, decoding: Decoding | None, server: ServerOptions | None, batch_size: int, max_new_tokens: int | None, dtype: Dtype,
        shots: Shots | None, trust_remote_code: bool, reading: Reading, quantise: Quantise | None, **kwargs: Any,
    ) -> R:  # fmt: skip
        refuse_idle_grammar(server, decoding)
        options = SystemOptions(
            decoding, batch_size, max_new_tokens, dtype, shots, server, trust_remote_code, reading, quantise
        )
        return command(*args, options=options, **kwargs)

    return _predict_options(shots_options(engine_options(catch_errors(wrapped))))


def refuse_idle_grammar(server: ServerOptions | None, decoding: Decoding | None) -> None:
    """Refuse `--grammar auto` on the command line where a server decodes freely.

    Raises:
        click.UsageError: It was given there.
    """
    if server and decoding != CONSTRAINED and server.grammar == AUTO_GRAMMAR:
        refuse(
            {"grammar": f"--grammar {AUTO_GRAMMAR}"},
            f"is for --decoding {CONSTRAINED}; a server decodes freely unless told otherwise",
        )
