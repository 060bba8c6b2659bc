"""Parquet: types, nulls and metadata of the other columns stay."""

from __future__ import annotations

import datetime
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from standins import tagger

from llms_meet_ner import LmnError
from llms_meet_ner.tagging.files import parquet as module
from llms_meet_ner.tagging.files.csv_table import CsvTable
from llms_meet_ner.tagging.files.json_lines import JsonLines
from llms_meet_ner.tagging.files.parquet import ParquetOutput, ParquetTable, chunks
from llms_meet_ner.tagging.files.records import InputFile, Source, TextRecord


def of(path: Path, field: str = "text", kind: Any = ParquetTable) -> Any:
    return kind(InputFile(path.name, io.BytesIO(), path), field)


def written(source: Source, path: Path) -> pa.Table:
    output = ParquetOutput(source, "entities")
    records = [record for record in source.records() if isinstance(record, TextRecord)]
    with path.open("wb") as file:
        output.write([(record, output.keep(tagger(None).tag(record.text))) for record in records], file)
    return pq.read_table(path)


TABLE = pa.table(
    {
        "id": pa.array([1, None, 3], pa.int32()),
        "text": pa.array(["Anna came", None, ""], pa.large_string()),
        "when": pa.array([datetime.datetime(2026, 1, 1), None, None], pa.timestamp("us", "Europe/Berlin")),
        "price": pa.array([None, Decimal("1.10"), None], pa.decimal128(5, 2)),
        "kind": pa.array(["a", "b", "a"]).dictionary_encode(),
        "raw": pa.array([b"\x00", None, b""]),
        "more": pa.array([{"a": [1, None]}, None, {"a": []}], pa.struct([("a", pa.list_(pa.int8()))])),
    }
)


def test_other_columns_keep_types_nulls_and_metadata(workdir: Path) -> None:
    pq.write_table(TABLE.replace_schema_metadata({"who": "we"}), "a.parquet")
    source = of(workdir / "a.parquet")
    assert source.total == 3
    first, bad, last = source.records()
    assert (first.text, first.where, last.text, last.where) == ("Anna came", "a.parquet, row 1", "", "a.parquet, row 3")
    assert str(bad) == "a.parquet, row 2: field 'text' is null; --on-error skip leaves such records out"
    found = written(source, workdir / "b.parquet")
    assert found.drop_columns(["entities"]).equals(pq.read_table("a.parquet").take([0, 2]), check_metadata=True)
    assert found["entities"].to_pylist() == [
        [{"start": 0, "end": 4, "label": "LOC", "text": "Anna", "confidence": 0.5}],
        [],
    ]


def test_rows_are_read_and_written_some_at_a_time(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ROWS", 3)
    pq.write_table(pa.table({"text": [f"Anna {n}" for n in range(8)]}), "a.parquet")
    assert written(of(workdir / "a.parquet"), workdir / "b.parquet").column("text").to_pylist()[7] == "Anna 7"
    metadata = pq.ParquetFile("b.parquet").metadata
    assert [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)] == [3, 3, 2]
    assert list(chunks("abcde", 2)) == [["a", "b"], ["c", "d"], ["e"]]


def test_pandas_reads_what_it_wrote_with_its_index(workdir: Path) -> None:
    pd.DataFrame({"text": ["Anna came", "no"], "n": [1.5, None]}, index=[7, 9]).to_parquet("a.parquet")
    written(of(workdir / "a.parquet"), workdir / "b.parquet")
    frame = pd.read_parquet("b.parquet")
    assert list(frame.index) == [7, 9]
    assert frame.loc[7, "entities"][0]["text"] == "Anna"


def test_columns_of_json_lines_have_the_types_that_they_need(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ROWS", 1)
    (workdir / "a.jsonl").write_text(
        '{"text": "Anna", "n": 1}\n{"text": "b", "n": 2.5, "t": ["x"]}\n{"text": "c", "n": null}\n'
    )
    found = written(of(workdir / "a.jsonl", kind=JsonLines), workdir / "b.parquet")
    assert found.drop_columns(["entities"]).to_pylist() == [
        {"text": "Anna", "n": 1.0, "t": None}, {"text": "b", "n": 2.5, "t": ["x"]}, {"text": "c", "n": None, "t": None},
    ]  # fmt: skip
    (workdir / "a.jsonl").write_text('{"text": "a", "n": 1}\n{"text": "b", "n": "x"}\n')
    with pytest.raises(
        LmnError, match=r"a\.jsonl: field 'n' holds values that a column cannot hold together: .*; write JSON Lines"
    ):
        ParquetOutput(of(workdir / "a.jsonl", kind=JsonLines), "entities")
    (workdir / "a.jsonl").write_text('{"text": "a", "n": {}}\n')
    with pytest.raises(
        LmnError, match=r"its columns cannot be written as Parquet: .*; write JSON Lines: --format jsonl"
    ):
        written(of(workdir / "a.jsonl", kind=JsonLines), workdir / "b.parquet")


def test_cells_of_csv_are_texts(workdir: Path) -> None:
    (workdir / "a.csv").write_text("id,text\n01,Anna\n")
    found = written(of(workdir / "a.csv", kind=CsvTable), workdir / "b.parquet")
    assert found.drop_columns(["entities"]).to_pylist() == [{"id": "01", "text": "Anna"}]


def test_what_is_no_parquet_or_has_no_texts_is_one_line(workdir: Path) -> None:
    (workdir / "bad.parquet").write_bytes(b"PAR1 nonsense")
    with pytest.raises(LmnError, match=r"^bad\.parquet: cannot be read as Parquet \(.*\); write it again$"):
        of(workdir / "bad.parquet")
    pq.write_table(TABLE, "a.parquet")
    with pytest.raises(LmnError, match=r"a\.parquet: no field 'body'; it has: id, text, when"):
        of(workdir / "a.parquet", "body")
    with pytest.raises(
        LmnError, match=r"a\.parquet: column 'id' holds int32, not texts; --field NAME names the column"
    ):
        of(workdir / "a.parquet", "id")
    with pytest.raises(LmnError, match="Parquet is read from its end; save it as a file first, and name that"):
        ParquetTable(InputFile.of(io.BytesIO()), "text")
    assert of(workdir / "a.parquet", "kind").columns()[4] == "kind"
