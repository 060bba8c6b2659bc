"""Parquet, read and written by pyarrow, some thousand rows at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby, islice
from typing import IO, Any, TypeVar

from ...errors import LmnError, installing
from ..fields import check_free, no_field, not_a_text
from ..tagger import TaggedText
from .records import InputFile, Kept, Source, TextRecord

T = TypeVar("T")
_ROWS = 10_000
"""Number of rows that are read, and written as a row group, at a time."""


@dataclass(frozen=True, slots=True)
class ParquetRow:
    """A row of a file.

    Attributes:
        batch: Record batch of pyarrow that holds it.
        index: Its position there.
    """

    batch: Any
    index: int

    def values(self) -> Mapping[str, Any]:
        """Return the cells as Python's values."""
        names = self.batch.schema.names
        return {name: self.batch.column(at)[self.index].as_py() for at, name in enumerate(names)}


class ParquetTable:
    """A Parquet file; a `Source`.

    Args:
        file: The file, which has to be one on disk.
        field: Name of the column that holds the text.

    Attributes:
        schema: Schema of pyarrow.

    Raises:
        LmnError: pyarrow is missing, the file cannot be read, or it has no such column of texts.
    """

    def __init__(self, file: InputFile, field: str) -> None:
        if file.path is None:
            raise LmnError("Parquet is read from its end", file.name, "save it as a file first, and name that")
        self.file = file
        self.position = 0
        self._field = field
        with _reading(file) as parquet:
            self.schema = parquet.schema_arrow
            self.total: int | None = parquet.metadata.num_rows
        if field not in self.schema.names:
            raise no_field(field, self.schema.names, file.name)
        self._check_type()

    def records(self) -> Iterator[TextRecord | LmnError]:
        """Yield the rows, which are numbered from 1."""
        self.position = 0
        with _reading(self.file) as parquet:
            for batch in parquet.iter_batches(batch_size=_ROWS):
                for index, text in enumerate(batch.column(self.schema.names.index(self._field)).to_pylist()):
                    self.position += 1
                    where = f"{self.file.name}, row {self.position}"
                    is_text = isinstance(text, str)
                    yield (
                        TextRecord(text, where, ParquetRow(batch, index))
                        if is_text
                        else not_a_text(text, self._field, where)
                    )

    def columns(self) -> Sequence[str]:
        """Return the names of the columns."""
        names: list[str] = self.schema.names
        return names

    def _check_type(self) -> None:
        import pyarrow as pa

        kind = self.schema.field(self._field).type
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)):
            raise LmnError(
                f"column {self._field!r} holds {kind}, not texts", self.file.name,
                "--field NAME names the column with the text",
            )  # fmt: skip


class ParquetOutput:
    """Parquet with the entities as a list of structs in a column; an `Output`.

    The other columns keep their types and metadata if the records come from Parquet. Those of JSON Lines are as pyarrow infers them, for
    which the file is read once more; those of CSV and of lines are texts.

    Args:
        source: File that the records come from.
        field: Name of the column for the entities.

    Raises:
        LmnError: pyarrow is missing, a column of that name is there already, or a column of JSON Lines holds values of several types.
    """

    is_binary = True

    def __init__(self, source: Source, field: str) -> None:
        pa = _pyarrow()
        self._name = source.file.name
        columns = source.columns()
        check_free(field, columns, self._name)
        self._field = field
        if isinstance(source, ParquetTable):
            self._schema = source.schema
        elif _is_typed(source):
            self._schema = _inferred(source, columns)
        else:
            self._schema = pa.schema([(name, pa.string()) for name in columns])

    def keep(self, tagged: TaggedText) -> Kept:
        """Return the entities."""
        return tagged.to_dict()["entities"]

    def write(self, rows: Iterable[tuple[TextRecord, Kept]], file: IO[bytes]) -> None:
        """Write the rows, and the schema even without rows."""
        import pyarrow.parquet as pq

        schema = self._schema.append(self._entities_field())
        try:
            with pq.ParquetWriter(file, schema) as writer:
                for chunk in chunks(rows, _ROWS):
                    writer.write_table(self._table([record for record, _ in chunk], [kept for _, kept in chunk]))
        except _errors() as error:
            raise LmnError(
                f"its columns cannot be written as Parquet: {first_line(error)}", self._name,
                "write JSON Lines: --format jsonl",
            ) from error  # fmt: skip

    def _entities_field(self) -> Any:
        import pyarrow as pa

        struct = pa.struct(
            [
                ("start", pa.int64()),
                ("end", pa.int64()),
                ("label", pa.string()),
                ("text", pa.string()),
                ("confidence", pa.float64()),
            ]
        )
        return pa.field(self._field, pa.list_(struct))

    def _table(self, records: Sequence[TextRecord], entities: Sequence[Kept]) -> Any:
        import pyarrow as pa

        added = self._entities_field()
        if isinstance(records[0].row, ParquetRow):
            found = [record.row for record in records if isinstance(record.row, ParquetRow)]
            groups = [list(group) for _, group in groupby(found, key=lambda row: id(row.batch))]
            batches = [group[0].batch.take(pa.array([row.index for row in group])) for group in groups]
            table = pa.Table.from_batches(batches).cast(self._schema)
        else:
            rows = [record.row.values() for record in records]
            arrays = [pa.array([row.get(field.name) for row in rows], field.type) for field in self._schema]
            table = pa.Table.from_arrays(arrays, schema=self._schema)
        return table.append_column(added, pa.array(entities, added.type))


def _is_typed(source: Source) -> bool:
    """Return whether the fields of a source's records have types besides text."""
    from .json_lines import JsonLines

    return isinstance(source, JsonLines)


def _inferred(source: Source, columns: Sequence[str]) -> Any:
    """Return the schema of JSON Lines.

    Raises:
        LmnError: A field holds values of several types.
    """
    import pyarrow as pa

    types: dict[str, Any] = dict.fromkeys(columns, pa.null())
    good = (record for record in source.records() if isinstance(record, TextRecord))
    for chunk in chunks(good, _ROWS):
        rows = [record.row.values() for record in chunk]
        for name in columns:
            try:
                seen = pa.schema([(name, pa.array([row.get(name) for row in rows]).type)])
                known = pa.schema([(name, types[name])])
                types[name] = pa.unify_schemas([known, seen], promote_options="permissive").field(name).type
            except _errors() as error:
                raise LmnError(
                    f"field {name!r} holds values that a column cannot hold together: {first_line(error)}", source.file.name,
                    "write JSON Lines: --format jsonl",
                ) from error  # fmt: skip
    return pa.schema(list(types.items()))


@contextmanager
def _reading(file: InputFile) -> Iterator[Any]:
    """Open a Parquet file.

    Raises:
        LmnError: pyarrow is missing, or the file is damaged or not Parquet.
    """
    _pyarrow()
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(file.path) as parquet:
            yield parquet
    except _errors(OSError) as error:
        raise LmnError(f"cannot be read as Parquet ({first_line(error)})", file.name, "write it again") from error


def _pyarrow() -> Any:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise LmnError(f"Parquet needs pyarrow ({error})", remedy=installing("parquet")) from error
    return pyarrow


def _errors(*more: type[Exception]) -> tuple[type[Exception], ...]:
    """Return the errors that pyarrow raises at values and damaged files, and more."""
    import pyarrow as pa

    return (pa.ArrowException, OverflowError, *more)


def first_line(error: Exception) -> str:
    """Return the first line of a message."""
    return str(error).strip().split("\n")[0]


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield items in lists of a size; the last may be shorter."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
