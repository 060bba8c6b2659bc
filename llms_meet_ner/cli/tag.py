"""The command `lmn-tag`."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any, BinaryIO, cast

import click
import cloup

from ..decoding.pretrained import Quantise
from ..decoding.requests import Decoding
from ..systems.server import ServerOptions
from ..tagging.file_run import STOP, FileRun, OnError
from ..tagging.files.choosing import INPUT_FORMATS, OUTPUT_FORMATS, FileOptions, OutputFormat
from ..tagging.files.records import DEFAULT_ENTITIES, DEFAULT_FIELD, FileFormat, InputFile
from ..tagging.loading import load
from ..terminal import GuardedCommand, echo, write_data
from .engine_options import engine_options
from .model_options import check_model, decoding_options, model_options, text_options
from .options import catch_errors, refuse
from .predict_options import refuse_idle_grammar

_text_options = cloup.option_group(
    "Text",
    *text_options,
    cloup.option(
        "--input-format", type=click.Choice(INPUT_FORMATS),
        help="text: a text a line. The others are tables. [default: by the end of the name, .jsonl, .ndjson, .json, .csv, .tsv, .parquet; "
        "otherwise text]",
    ),
    cloup.option("--field", default=DEFAULT_FIELD, show_default=True, help="Field of a table that holds the text."),
    cloup.option("--delimiter", help="Character between two cells of CSV, read and written. [default: a comma; in TSV a tab]"),
    cloup.option(
        "--on-error", type=click.Choice(["stop", "skip"]), default=STOP, show_default=True,
        help="What to do about a record that cannot be read or has no text. skip: leave it out, count it and name it.",
    ),
)  # fmt: skip
_output_options = cloup.option_group(
    "Output",
    cloup.option(
        "--format", "output", type=click.Choice(OUTPUT_FORMATS),
        help="brackets: the line with [Entity | LABEL]. conll: token TAB IOB2 tag. jsonl (or json), csv, tsv, parquet: all fields, and the "
        "entities with their characters. [default: by the end of --out; otherwise that of a table that is read, or brackets]",
    ),
    cloup.option(
        "--entities-field", default=DEFAULT_ENTITIES, show_default=True, help="Field of a table for the entities."
    ),
    cloup.option(
        "--out", type=click.Path(path_type=Path),
        help="File to write; a run that was killed goes on. [default: standard output]",
    ),
    cloup.option("--restart", is_flag=True, help="Discard what an unfinished run has left beside --out."),
)  # fmt: skip


@cloup.command(cls=GuardedCommand)
@model_options
@_text_options
@decoding_options
@engine_options
@_output_options
@click.argument("file", type=click.File("rb"), default="-")
@click.version_option(package_name="llms-meet-ner")
@catch_errors
def main(
    adapter: str | None, tokens: bool, language: str, input_format: FileFormat | None, field: str, delimiter: str | None,
    on_error: OnError, decoding: Decoding | None, server: ServerOptions | None, output: OutputFormat | None, entities_field: str,
    out: Path | None, restart: bool, file: BinaryIO, quantise: Quantise | None, **model: Any,
) -> None:  # fmt: skip
    """Mark the entities in a file (UTF-8) or in standard input: one text a line, or a table.

    \b
    lmn-tag --adapter outputs/demo_smollm2 news.txt
    echo 'Hussain struck 158 for Essex.' | lmn-tag --adapter outputs/demo_smollm2 --format json
    lmn-tag --adapter outputs/demo_smollm2 --tokens --format conll --out tagged.conll tokenised.txt
    lmn-tag --adapter outputs/demo_smollm2 --field body --out tagged.parquet articles.parquet
    lmn-tag --adapter outputs/demo_smollm2 --min-confidence 0.8 --out tagged.jsonl reviews.csv
    lmn-tag --adapter outputs/demo_smollm2 --engine openai --base-url http://gpu1:8000/v1 news.txt

    A line stays a line in brackets and jsonl, even an empty one; conll has an empty line after each sentence. The start and end of
    an entity are positions of characters (code points) in the text, from 0, end exclusive. A sentence of more than 256 tokens is
    read in pieces, which is said. Output comes in portions of 256 sentences.
    """  # noqa: D301 - click looks for the backspace, which a raw string does not have
    check_model(adapter, server, tokens=tokens)
    if out is None:
        refuse({"restart": "--restart"}, "is for --out")
    refuse_idle_grammar(server, decoding)
    options = FileOptions(input_format, field, delimiter, output, entities_field)
    run = FileRun.of(InputFile.of(file), out, options, on_error, {"language": None if tokens else language})
    tagger = load(
        adapter, decoding=decoding, language=None if tokens else language, server=server, quantize=quantise, **model
    )  # fmt: skip
    if tagger.remark:
        echo(tagger.remark, err=True)
    if out:
        run.to_file(tagger, restart=restart)
    else:
        run.to_stream(tagger, cast(IO[str], _StandardOutput()))


class _StandardOutput:
    """Standard output as a file for results."""

    def write(self, text: str) -> int:
        """Write a text."""
        write_data(text)
        return len(text)

    def flush(self) -> None:
        """Do nothing: what is written is out."""
