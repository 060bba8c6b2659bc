"""Published tables: the files hold what was published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from paths import ROOT

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters import load_card
from llms_meet_ner.data_converters.cards import card_names
from llms_meet_ner.data_converters.mixing.mix import mix_names
from llms_meet_ner.data_converters.yaml_lines import load_schema
from llms_meet_ner.eval.published.results import (
    REFERENCES_FOLDER,
    REFERENCES_SCHEMA,
    PublishedResult,
    PublishedSource,
    load_published,
)

FILES = sorted(REFERENCES_FOLDER.glob("*.yaml"))


RESULTS = [result for published in load_published() for result in published.results]


# As the model card has them: label or scenario, then precision, recall and F1 of testa and of testb.
CARD = """\
LOC 0.98 0.98 0.98 0.95 0.94 0.95
MISC 0.92 0.93 0.93 0.82 0.84 0.83
ORG 0.95 0.96 0.96 0.92 0.95 0.93
PER 0.98 0.99 0.99 0.98 0.97 0.98
micro 0.9660 0.9704 0.9682 0.9350 0.9396 0.9373
strict 0.9660 0.9704 0.9682 0.9350 0.9396 0.9373
exact 0.9782 0.9827 0.9804 0.9639 0.9687 0.9663
partial 0.9834 0.9879 0.9856 0.9716 0.9765 0.9740
ent_type 0.9744 0.9788 0.9766 0.9436 0.9483 0.9460
"""


# As the paper has them, in percent: a format and its averages over eight models on four corpora; a model on two.
AVERAGES = """\
bracketed 93.59 90.23 86.72 78.98
xml 93.36 90.07 86.47 78.87
grouped 92.62 88.93 85.14 78.23
occurrence 93.25 89.10 82.30 77.85
offset 61.62 46.20 34.22 34.84
"""


MODELS = """\
LLaMA3.1-8B 93.85 91.28
LLaMA3.2-3B 93.54 89.19
Qwen2.5-7B 93.73 90.97
Qwen3-4B 93.37 89.30
Granite3.3-8B 93.76 90.31
Granite4-3B 93.15 89.82
Gemma2-9B 93.64 90.91
Gemma3-4B 93.68 90.09
"""


def test_every_file_fits_the_schema_and_names_what_there_is() -> None:
    assert len(FILES) == 5
    schema = load_schema(REFERENCES_SCHEMA)
    jsonschema.Draft202012Validator.check_schema(schema)
    for path in FILES:
        jsonschema.validate(yaml.safe_load(path.read_text(encoding="utf-8")), schema)
    for result in RESULTS:
        assert result.corpus in (*card_names(), *mix_names())
        if result.corpus in card_names():
            assert result.split in (*load_card(result.corpus).splits, None)
        for row in result.rows:
            assert row.number(1 / 3) == f"{1 / 3:.{row.digits}f}"
            assert all(round(value, row.digits) == value for value in row.ratios.values()), result.title


def test_the_files_hold_what_was_published() -> None:
    by_split: dict[Any, PublishedResult] = {result.split: result for result in of("model card")}
    for line in CARD.splitlines():
        name, *numbers = line.split()
        for split, published in (("testa", numbers[:3]), ("testb", numbers[3:])):
            (row,) = [row for row in by_split[split].rows if row.name == name]
            assert [row.number(value) for value in row.ratios.values()] == published
            assert list(row.ratios) == ["precision", "recall", "f1"]
    assert {split: (result.sentences, result.tokens) for split, result in by_split.items()} == {
        "testa": ((3466, 216), 51578), "testb": ((3684, 231), 46666),
    }  # fmt: skip
    averages = {(result.format, result.corpus): result.micro_f1 for result in of("Zhan") if result.is_average}
    models = {(result.model, result.corpus): result.micro_f1 for result in of("Zhan") if not result.is_average}
    corpora = ("conll2003", "ontonotes5", "ace2005", "genia")
    assert percentages(averages) == table(AVERAGES, corpora)
    assert percentages(models) == table(MODELS, corpora[:2])
    assert all(len(result.models) == 8 for result in of("Zhan") if result.is_average)
    (best,) = [result for result in of("Fine-Tuning") if result.rows]
    assert [(row.name, row.ratios) for row in best.rows] == [("B-LOCATION", {"f1": 0.18}), ("B-PERSON", {"f1": 0.18})]
    assert [result.micro_f1 for result in of("estnafinema0")] == [0.8896, 0.47493, 0.65344]
    assert [result.rows[0].ratios for result in of("MultiNERD")] == [
        {"precision": 0.878465, "recall": 0.898261, "f1": 0.888253}
    ]


def of(source: str) -> list[PublishedResult]:
    found = [result for result in RESULTS if result.source.startswith(source)]
    assert found
    return found


def table(text: str, corpora: tuple[str, ...]) -> dict[tuple[str, str], str]:
    rows = [line.split() for line in text.splitlines()]
    return {(name, corpus): value for name, *values in rows for corpus, value in zip(corpora, values, strict=True)}


def percentages(scores: dict[Any, float | None]) -> dict[Any, str]:
    return {key: f"{100 * (value or 0):.2f}" for key, value in scores.items()}


def test_the_runs_of_the_turkish_study_are_those_of_the_recipes() -> None:
    rows = yaml.safe_load((REFERENCES_FOLDER / "turkish_gemma.yaml").read_text(encoding="utf-8"))["results"]
    lines = (ROOT / "recipes/turkish/runs.csv").read_text().splitlines()
    header, *runs = [line.split(",") for line in lines]
    for row, run in zip(rows, runs, strict=True):
        wanted = dict(zip(header, run, strict=True))
        assert row["system"] == f"run {wanted.pop('run')}"
        assert row["models"][0]["id"] == wanted.pop("model_name_or_path")
        assert row["hyperparameters"] == {key: float(value) for key, value in wanted.items()}


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("source: x\nat: {hub: a/b}\nconditions: []\nresults:\n  - {corpus: demo, rows: [{kind: odd}]}\n")
    with pytest.raises(LmnError, match=r"x\.yaml:5: results"):
        PublishedSource.load(path)
