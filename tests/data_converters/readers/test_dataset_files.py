"""Which files and features of a data set the `datasets` library may open; tests/security/test_data_sets.py attacks them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters.readers.dataset_files import check_files, check_plain, load_file, load_saved

datasets = pytest.importorskip("datasets")


def test_a_split_is_saved_alone_or_among_others(workdir: Path) -> None:
    data = datasets.Dataset.from_dict({"a": [1, 2, 3]})
    data.save_to_disk("one", num_shards=2)
    datasets.DatasetDict(x=data).save_to_disk("several")
    root = Path()
    assert list(load_saved(datasets, root, Path("one"), "any")["a"]) == [1, 2, 3]
    assert list(load_saved(datasets, root, Path("several"), "x")["a"]) == [1, 2, 3]
    assert load_saved(datasets, root, root, "x") is None
    with pytest.raises(LmnError, match=r"^several: no split 'y'; it has: x$"):
        load_saved(datasets, root, Path("several"), "y")
    datasets.Dataset.from_dict({"a": [1]}, split="x").save_to_disk("named")
    with pytest.raises(LmnError, match=r"^named: no split 'y'; it is the split x$"):
        load_saved(datasets, root, Path("named"), "y")


def test_the_name_of_a_file_is_no_pattern(workdir: Path) -> None:
    Path("[ab]*.csv").write_text("x\n1\n")
    Path("a.csv").write_text("x\n2\n")
    assert list(load_file(datasets, Path(), Path("[ab]*.csv"), "train")["x"]) == [1]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"x\n1\n", None), ("a.pkl", b"x", r"a\.pkl: a data file ends in \.parquet, .*; unpack it, or take a copy"),
        ("a.csv", b"\x1f\x8b\x08\x00", r"a\.csv: a packed file, whatever its name says; unpack it, or take a copy"),
        ("../a.csv", b"x", r"\.\./a\.csv: it leads out of \.; --source DIR names another folder"),
    ],
)  # fmt: skip
def test_a_file_is_looked_at_before_the_library_opens_it(
    name: str, content: bytes, message: str | None, workdir: Path
) -> None:
    Path(name).write_bytes(content)
    if message is None:
        check_files([name], Path())
        return
    with pytest.raises(LmnError, match=message):
        check_files([name], Path())


@pytest.mark.parametrize(
    ("feature", "odd"),
    [
        (datasets.Value("string"), None), (datasets.List(datasets.ClassLabel(names=["O"])), None), ([datasets.Value("string")], None),
        ({"a": datasets.LargeList(datasets.Value("string"))}, None), (datasets.Image(), "Image"), (datasets.List(datasets.Audio()), "Audio"),
        ({"a": [datasets.Value("string"), datasets.Array2D((1, 1), "int64")]}, "Array2D"), (SimpleNamespace(), "SimpleNamespace"),
    ],
)  # fmt: skip
def test_a_column_holds_plain_values(feature: Any, odd: str | None) -> None:
    if odd is None:
        check_plain({"x": feature}, {"x"}, "data")
        return
    with pytest.raises(
        LmnError, match=f"^data: column 'x' holds {odd}, and not texts or numbers; name another column$"
    ):
        check_plain({"x": feature}, {"x"}, "data")
