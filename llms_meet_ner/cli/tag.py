"""The command `lmn-tag`."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any, BinaryIO

import click
import cloup

from ..decoding.requests import DECODINGS, Decoding
from ..errors import LmnError
from ..files import atomic_write
from ..systems.server import ServerOptions
from ..tagging.loading import load
from ..tagging.splitting import AUTO_LANGUAGE
from ..tagging.tagger import TaggedText
from ..terminal import GuardedCommand, echo, write_data
from .engine_options import engine_options
from .options import catch_errors, refuse, trust_option
from .predict_options import batch_size_option, dtype_option, refuse_idle_grammar

_WRITERS: dict[str, Callable[[TaggedText], str]] = {
    "brackets": lambda tagged: tagged.brackets() + "\n",
    "json": lambda tagged: json.dumps(tagged.to_dict(), ensure_ascii=False) + "\n",
    "conll": TaggedText.conll,
}


_model_options = cloup.option_group(
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
_text_options = cloup.option_group(
    "Text",
    cloup.option("--tokens", is_flag=True, help="A line is one sentence; spaces separate its tokens."),
    cloup.option(
        "--language", default=AUTO_LANGUAGE, show_default=True,
        help="Language of the text, a code of spaCy's: en, de, tr, ...; xx for any. auto: en, or one token a character where the "
        "prompt joins tokens without spaces.",
    ),
)  # fmt: skip
_decoding_options = cloup.option_group(
    "Decoding",
    cloup.option(
        "--decoding", type=click.Choice(DECODINGS),
        help="constrained: the sentence with markup and nothing else. free: plain greedy. "
        "[default: constrained, where the format writes the sentence again; with --engine openai free]",
    ),
    batch_size_option,
    dtype_option,
)  # fmt: skip
_output_options = cloup.option_group(
    "Output",
    cloup.option(
        "--format", "output", type=click.Choice(list(_WRITERS)), default="brackets", show_default=True,
        help="brackets: the line with [Entity | LABEL]. json: text, entities, their characters. conll: token TAB IOB2 tag.",
    ),
    cloup.option("--out", type=click.Path(path_type=Path), help="File to write. [default: standard output]"),
)  # fmt: skip


@cloup.command(cls=GuardedCommand)
@_model_options
@_text_options
@_decoding_options
@engine_options
@_output_options
@click.argument("file", type=click.File("rb"), default="-")
@click.version_option(package_name="llms-meet-ner")
@catch_errors
def main(
    adapter: str | None, tokens: bool, output: str, language: str, decoding: Decoding | None, server: ServerOptions | None,
    out: Path | None, file: BinaryIO, **model: Any,
) -> None:  # fmt: skip
    """Mark the entities in a text file (UTF-8) or in standard input, one text a line.

    \b
    lmn-tag --adapter outputs/demo_smollm2 news.txt
    echo 'Hussain struck 158 for Essex.' | lmn-tag --adapter outputs/demo_smollm2 --format json
    lmn-tag --adapter outputs/demo_smollm2 --tokens --format conll --out tagged.conll tokenised.txt
    lmn-tag --adapter outputs/demo_smollm2 --engine openai --base-url http://gpu1:8000/v1 news.txt

    A line stays a line in brackets and json, even an empty one; conll has an empty line after each sentence. In json, start and
    end are positions of characters (code points) in the line, from 0, end exclusive. A sentence of more than 256 tokens is read in
    pieces; pieces says in how many. Output comes in portions of 256 sentences.
    """  # noqa: D301 - click looks for the backspace, which a raw string does not have
    if tokens:
        refuse(
            {"language": "--language"}, "is for finding sentences and tokens; with --tokens, lines and spaces say them"
        )
    if server:
        refuse({"base": "--base"}, "is for --engine local; a server has loaded its model")
        refuse({"template": "--template"}, "is for --engine local; a server has a chat template of its own")
    elif adapter is None:
        raise click.UsageError("which model? --adapter NAME, or --engine openai with --prompt FILE or --corpus CARD")
    refuse_idle_grammar(server, decoding)
    tagger = load(adapter, decoding=decoding, language=None if tokens else language, server=server, **model)
    if tagger.remark:
        echo(tagger.remark, err=True)
    _write(map(_WRITERS[output], tagger.stream(_lines(file))), out)


def _write(texts: Iterable[str], out: Path | None) -> None:
    """Write texts as they come, to a file or to standard output."""
    with atomic_write(out) if out else nullcontext() as target:
        for text in texts:
            if target:
                target.write(text)
                target.flush()
            else:
                write_data(text)


def _lines(file: BinaryIO) -> Iterator[str]:
    r"""Yield the lines of a file without their ends (`\n` or `\r\n`), and without a byte order mark.

    Raises:
        LmnError: A line is not UTF-8.
    """
    name = getattr(file, "name", "<stdin>")
    for number, line in enumerate(file, start=1):
        content = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
        try:
            yield content.decode("utf-8").removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError as error:
            raise LmnError(
                f"not UTF-8 ({error.reason} at byte {error.start + 1})", f"{name}:{number}",
                "convert it first: iconv -f LATIN1 -t UTF-8",
            ) from error  # fmt: skip
