"""Examples of a training's data sets: the texts that LLaMA-Factory makes of records, and what is not counted."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from small_tokenizers import byte_level

from llms_meet_ner import LmnError
from llms_meet_ner.launching import lengths
from llms_meet_ner.launching.examples import CountedData, count_examples
from llms_meet_ner.training.recipe import Recipe

ROWS = [
    {"instruction": "Mark.", "input": "Ada left", "output": "[Ada | PER] left"},
    {"instruction": "Mark.", "input": "", "output": "x"},
    {"instruction": "Mark.", "input": "Bob", "output": None},
]


def count(entry: Any, rows: Any = ROWS, **keys: Any) -> CountedData:
    Path("data").mkdir(exist_ok=True)
    Path("data/dataset_info.json").write_text(json.dumps({"d": entry}))
    Path("data/d.json").write_text(json.dumps(rows))
    values = {"model_name_or_path": "no/such", "template": "default", "dataset": "d", "output_dir": "o", **keys}
    return count_examples(Recipe(Path("r.yaml"), values))


@pytest.mark.parametrize("columns", [None, {"system": "instruction", "prompt": "input", "response": "output"}])
def test_records_become_the_texts_that_llama_factory_makes_of_them(
    columns: dict[str, str] | None, workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("llamafactory")
    from llamafactory.data.converter import AlpacaDatasetConverter
    from llamafactory.data.parser import DatasetAttr
    from llamafactory.data.template import TEMPLATES

    monkeypatch.setattr(lengths, "_tokenizer_of", lambda recipe, fetch: copy.deepcopy(byte_level()))
    entry = {"file_name": "d.json"} | ({"columns": columns} if columns else {})
    counted = count(entry)
    attributes = DatasetAttr("file", "d")
    attributes.join(entry)
    convert = AlpacaDatasetConverter(attributes, SimpleNamespace(media_dir=None))  # type: ignore[arg-type]
    tokenizer, template, total = copy.deepcopy(byte_level()), copy.copy(TEMPLATES["default"]), 0
    template.fix_special_tokens(tokenizer)
    for row in ROWS[:2]:
        made = convert(row)
        (turn,) = template.encode_multiturn(tokenizer, [*made["_prompt"], *made["_response"]], made["_system"], None)
        total += len(turn[0]) + len(turn[1]) + counted.lengths["d"].cutoff.beside
    assert counted.training is not None
    assert (counted.lengths["d"].tokens, counted.lengths["d"].examples) == (total, 2)
    assert counted.left_out == {"d": 1}


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"hf_hub_url": "a/b"}, "it lies on a Hub or comes from a script"),
        ({"file_name": "d.json", "formatting": "sharegpt"}, "its records are not Alpaca's"),
        ({"file_name": "d.csv"}, "it is not a JSON file"),
        ({"file_name": "d.json", "num_samples": 3}, "num_samples draws from it"),
        ({"file_name": "d.json", "columns": {"history": "h"}}, "its records hold more than texts of one turn"),
    ],
)
def test_what_is_not_counted_is_said(entry: dict[str, Any], why: str, workdir: Path) -> None:
    counted = count(entry)
    assert (counted.uncounted, counted.training, counted.cut) == ({"d": why}, None, 0)


def test_ready_tokens_and_data_on_a_hub_are_not_counted(workdir: Path) -> None:
    assert count({"file_name": "d.json"}, tokenized_path="t").uncounted == {}
    Path("t").mkdir()
    Path("t/x.arrow").touch()
    assert count({"file_name": "d.json"}, tokenized_path="t").uncounted == {
        "d": "tokenized_path holds it ready, as tokens"
    }
    assert count({"file_name": "d.json"}, dataset_dir="ONLINE").uncounted == {"d": "it lies on a Hub"}


@pytest.mark.parametrize(
    ("entry", "rows", "line"),
    [
        ("x", ROWS, "data/dataset_info.json: d is not a mapping"),
        ({"file_name": "no.json"}, ROWS, "data/no.json: no such file"),
        ({"file_name": "d.json"}, {}, "data/d.json: not a JSON list of records"),
        ({"file_name": "d.json"}, [7], "data/d.json: record 1 is not a mapping"),
    ],
)
def test_damaged_data_are_an_error(entry: Any, rows: Any, line: str, workdir: Path) -> None:
    with pytest.raises(LmnError) as caught:
        count(entry, rows)
    assert str(caught.value).startswith(line)


def test_data_sets_that_are_missing_and_evaluation_data(workdir: Path) -> None:
    with pytest.raises(LmnError, match=r"no data set 'e' \(there: d\)"):
        count({"file_name": "d.json"}, eval_dataset="d, e")
    counted = count({"file_name": "d.json"}, eval_dataset="d", max_samples=1)
    assert (counted.train, counted.lengths["d"].examples, counted.left_out) == (("d",), 1, {})
    assert count({"file_name": "d.json"}, dataset="d,d").train == ("d",)


@pytest.mark.parametrize("most", [-1, 0, True, "3"])
def test_a_number_of_records_that_leaves_none_is_refused(most: Any, workdir: Path) -> None:
    with pytest.raises(
        LmnError, match=rf"r\.yaml: max_samples is {most!r}, so LLaMA-Factory would find no record; write"
    ):
        count({"file_name": "d.json"}, max_samples=most)


def test_no_example_and_a_stream_without_workers_are_refused(workdir: Path) -> None:
    with pytest.raises(LmnError, match=r"r\.yaml: d holds no example to train on"):
        count({"file_name": "d.json"}, ROWS[2:])
    for file in ("d.json", "d.csv"):
        with pytest.raises(
            LmnError, match=r"dataloader_num_workers is 0; set dataloader_num_workers=1, or leave streaming"
        ):
            count({"file_name": file}, streaming=True)
    assert count({"file_name": "d.json"}, streaming=True, dataloader_num_workers=1).training
    assert count({"hf_hub_url": "a/b"}, streaming=True).uncounted


def test_the_length_that_cuts_none_is_that_of_the_longest_example(workdir: Path) -> None:
    counted = count({"file_name": "d.json"}, cutoff_len=20)
    assert counted.cut == 1
    assert count({"file_name": "d.json"}, cutoff_len=counted.longest).cut == 0
    assert count({"file_name": "d.json"}, cutoff_len=counted.longest - 1).cut == 1
