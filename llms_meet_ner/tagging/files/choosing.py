"""The choice of what reads a file and what writes the output, by options and by the ends of names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from ...errors import LmnError
from .csv_table import COMMA, TAB, CsvOutput, CsvTable
from .json_lines import JsonLines, JsonLinesOutput
from .lines import Lines, Printed
from .parquet import ParquetOutput, ParquetTable
from .records import DEFAULT_ENTITIES, DEFAULT_FIELD, FileFormat, InputFile, Notes, Output, Source

OutputFormat = Literal["brackets", "conll", "json", "jsonl", "csv", "tsv", "parquet"]
INPUT_FORMATS: tuple[FileFormat, ...] = get_args(FileFormat)
OUTPUT_FORMATS: tuple[OutputFormat, ...] = get_args(OutputFormat)
_ENDS: dict[str, FileFormat] = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl", ".csv": "csv", ".tsv": "tsv", ".parquet": "parquet",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FileOptions:
    """How texts are read and written.

    Attributes:
        input_format: Format of the input; None for what the end of its name says, otherwise lines of text.
        field: Name of the field that holds the text, in tables.
        delimiter: Character between two cells of CSV, read and written; None for a comma, or for a tab in TSV.
        output_format: Format of the output; None for what the end of its name says, otherwise that of a table that was read, or brackets.
        entities_field: Name of the field for the entities.

    Raises:
        LmnError: The delimiter is not one character that can stand between cells.
    """

    input_format: FileFormat | None = None
    field: str = DEFAULT_FIELD
    delimiter: str | None = None
    output_format: OutputFormat | None = None
    entities_field: str = DEFAULT_ENTITIES

    def __post_init__(self) -> None:
        if self.delimiter is not None and (len(self.delimiter) != 1 or self.delimiter in '"\r\n '):
            raise LmnError(
                f"not one character that stands between cells: {self.delimiter!r}", "--delimiter",
                "write for example --delimiter ';'",
            )  # fmt: skip

    def format_of(self, file: InputFile) -> FileFormat:
        """Return the format of the input."""
        if self.input_format:
            return self.input_format
        return _ENDS.get(Path(file.name).suffix.lower(), "text")

    def source(self, file: InputFile) -> Source:
        """Return what reads the input.

        Raises:
            LmnError: A package is missing, or the file has no such field.
        """
        match self.format_of(file):
            case "jsonl":
                return JsonLines(file, self.field)
            case "csv" | "tsv" as name:
                return CsvTable(file, self.field, self._delimiter(name))
            case "parquet":
                return ParquetTable(file, self.field)
        return Lines(file)

    def written(self, file: InputFile, out: Path | None) -> OutputFormat:
        """Return the format of the output.

        Raises:
            LmnError: The fields of a table have no place in it, or it is Parquet and goes to standard output.
        """
        there = self.format_of(file)
        end = out.suffix.lower() if out else ""
        by_name = (
            None if there == "text" and end == ".json" else _ENDS.get(end)
        )  # lines were written there before tables were
        wanted = self.output_format or by_name or there
        found: OutputFormat = "brackets" if wanted == "text" else wanted
        if found in ("brackets", "conll") and there != "text":
            raise LmnError(
                f"{found} have no place for the fields of a table", f"--format {found}",
                "write jsonl, csv, tsv or parquet; or read lines of text: --input-format text",
            )  # fmt: skip
        if found == "parquet" and out is None:
            raise LmnError("Parquet is written to a file", "--format parquet", "name one with --out FILE")
        return found

    def output(self, source: Source, out: Path | None, notes: Notes) -> Output:
        """Return what writes the output.

        Raises:
            LmnError: `written` fails, a package is missing, or a field has the name of the entities already.
        """
        match self.written(source.file, out):
            case "brackets" | "conll" as form:
                return Printed(form)
            case "csv" | "tsv" as name:
                return CsvOutput(source.columns(), self.entities_field, self._delimiter(name), notes, source.file.name)
            case "parquet":
                return ParquetOutput(source, self.entities_field)
        return JsonLinesOutput(self.entities_field, notes)

    def _delimiter(self, name: str) -> str:
        return self.delimiter or (TAB if name == "tsv" else COMMA)
