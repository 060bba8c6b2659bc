"""A data set of the package `datasets` with the entities of its texts."""

from __future__ import annotations

import pytest
from datasets import Dataset, DatasetDict, IterableDataset
from standins import tagger

from llms_meet_ner import LmnError
from llms_meet_ner.tagging.dataset_map import map_dataset

ROWS = {"id": [1, 2, 3], "text": ["Anna saw Kent", "nobody", ""]}
ENTITY = {"start": 0, "end": 4, "label": "LOC", "text": "Anna", "confidence": 0.5}


def test_a_column_is_added_and_the_others_stay() -> None:
    dataset = Dataset.from_dict(ROWS)
    found = tagger(None).map(dataset)
    assert found.column_names == ["id", "text", "entities"]
    assert found.remove_columns("entities").to_dict() == ROWS
    assert found[0]["entities"][0] == ENTITY
    assert [len(row["entities"]) for row in found] == [2, 0, 0]
    assert found.features["entities"].feature["start"].dtype == "int64"
    assert dict(found.features) == dict(tagger(None).map(dataset.select([1])).features), "also without any entity"


def test_each_split_and_each_row_of_a_stream() -> None:
    splits = tagger(None).map(DatasetDict(train=Dataset.from_dict(ROWS)), entities_field="found")
    assert splits["train"][0]["found"][0] == ENTITY
    for stream in (
        Dataset.from_dict(ROWS).to_iterable_dataset(),
        IterableDataset.from_generator(lambda: ({"text": t} for t in ROWS["text"])),
    ):
        rows = list(tagger(None).map(stream))
        assert [len(row["entities"]) for row in rows] == [2, 0, 0]
        assert rows[0]["entities"][0] == ENTITY


def test_a_second_tagger_does_not_get_what_the_first_has_found(tmp_path: object) -> None:
    Dataset.from_dict(ROWS).save_to_disk(str(tmp_path))
    dataset = Dataset.load_from_disk(str(tmp_path))
    assert sum(map(len, tagger(None).map(dataset)["entities"])) == 2
    nothing = map_dataset(dataset, lambda texts: [[] for _ in texts], "text", "entities")
    assert list(nothing["entities"]) == [[], [], []]


def test_what_has_no_texts_is_refused() -> None:
    cases = [
        (
            Dataset.from_dict({"body": ["a"]}),
            r"data set: no field 'text'; it has: body; name the column of texts: field=\.\.\.",
        ),
        (Dataset.from_dict({"text": ["a"], "entities": [1]}), r"already; name another column: entities_field=\.\.\."),
        (Dataset.from_dict({"text": ["a", None]}), r"row 1: 'text' is null; leave such rows out: dataset\.filter"),
        (Dataset.from_dict({"text": [7]}), "row 0: 'text' is no text but int"),
        (["Anna"], "not a data set of the package datasets: list; tag texts with tag"),
    ]
    for dataset, message in cases:
        with pytest.raises(LmnError, match=message):
            tagger(None).map(dataset)
    bad = Dataset.from_dict({"text": ["a", None]})
    assert len(tagger(None).map(bad.filter(lambda row: isinstance(row["text"], str)))) == 1
