"""The options of commands that tag with a model: which model, how it reads and how it answers."""

from __future__ import annotations

from pathlib import Path

import click
import cloup

from ..decoding.requests import DECODINGS
from ..systems.server import ServerOptions
from ..tagging.splitting import AUTO_LANGUAGE
from .options import refuse, trust_option
from .predict_options import batch_size_option, dtype_option, quantize_option

model_options = cloup.option_group(
    "What tags",
    cloup.option(
        "--adapter",
        help="Folder that training has written (adapter or student), folder of a merged model, or Hub id of any. "
        "With --engine openai, --prompt or --corpus is enough.",
    ),
    cloup.option(
        "--base", help="Base model of an adapter, folder or Hub id. [default: the one in adapter_config.json]"
    ),
    cloup.option("--revision", help="Branch, tag or commit of the --adapter on the Hub. [default: main]"),
    cloup.option(
        "--prompt", type=click.Path(path_type=Path), help="Prompt file. [default: prompt_spec.json next to the weights]"
    ),
    cloup.option("--corpus", help="Card whose prompt is taken if there is no prompt_spec.json: a name or a file."),
    cloup.option("--variant", help="Wording of that prompt. [default: the card's]"),
    cloup.option("--template", help="LLaMA-Factory's name of the chat template, for the prompt of a card."),
    trust_option,
)
text_options = (
    cloup.option("--tokens", is_flag=True, help="A text is one sentence; spaces separate its tokens."),
    cloup.option(
        "--language", default=AUTO_LANGUAGE, show_default=True,
        help="Language of the text, a code of spaCy's: en, de, tr, ...; xx for any. auto: en, or one token a character where the "
        "prompt joins tokens without spaces.",
    ),
)  # fmt: skip
"""How a text becomes sentences and tokens, for the group that the command has for texts."""
decoding_options = cloup.option_group(
    "Decoding",
    cloup.option(
        "--decoding", type=click.Choice(DECODINGS),
        help="constrained: the sentence with markup and nothing else. free: plain greedy. "
        "[default: constrained, where the format writes the sentence again; with --engine openai free]",
    ),
    batch_size_option,
    dtype_option,
    quantize_option,
    cloup.option(
        "--min-confidence", type=click.FloatRange(0, 1), help="Leave out entities with a smaller probability."
    ),
)  # fmt: skip


def check_model(adapter: str | None, server: ServerOptions | None, *, tokens: bool) -> None:
    """Refuse options on the command line that do not go together, or name no model.

    Raises:
        click.UsageError: Some do not, or they name none.
    """
    if tokens:
        refuse(
            {"language": "--language"}, "is for finding sentences and tokens; with --tokens, lines and spaces say them"
        )
    if server:
        refuse({"base": "--base"}, "is for --engine local; a server has loaded its model")
        refuse({"template": "--template"}, "is for --engine local; a server has a chat template of its own")
    elif adapter is None:
        raise click.UsageError("which model? --adapter NAME, or --engine openai with --prompt FILE or --corpus CARD")
