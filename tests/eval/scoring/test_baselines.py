"""What counting in the training split gives, next to the scores."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from llms_meet_ner import get_format
from llms_meet_ner.counts import Counts
from llms_meet_ner.data_converters import load_card, read_corpus
from llms_meet_ner.eval import score
from llms_meet_ner.eval.cli.score import main
from llms_meet_ner.eval.scoring.baselines import run_baselines
from llms_meet_ner.eval.scoring.counts import strict_counts
from llms_meet_ner.typed_json import to_json


@pytest.fixture
def perfect(workdir: Path) -> list[str]:
    """The words that score what a perfect model would have written for the embedded corpus."""
    lines = [json.dumps({"output": get_format().render(s)}) for s in read_corpus("demo", "testb")]
    (workdir / "p.jsonl").write_text("\n".join(lines) + "\n")
    return ["--corpus", "demo", "--split", "testb", "--predictions", "p.jsonl"]


def call(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(main, list(words))
    assert result.exit_code == code, result.output
    return result.output


def test_baselines_stand_in_the_table_of_scores(perfect: list[str]) -> None:
    card = load_card("demo")
    train, test = (list(read_corpus(card, name)) for name in ("train", "testb"))
    marked = run_baselines(train, test)
    rows = {name: score(test, found).micro for name, found in marked.items()}
    assert list(rows) == ["gazetteer", "capitalised", "majority"]
    document = json.loads(call(*perfect, "--baselines", "--report", "json").rpartition("\n\n")[0])
    assert document["baselines"]["split"] == "train"
    assert document["baselines"]["micro"] == {name: to_json(counts) for name, counts in rows.items()}
    intervals = document["analysis"]["intervals"]["scores"]
    for name, counts in rows.items():
        low, high = intervals[f"baseline: {name}"]["f1"]
        assert low <= counts.f1 <= high
        assert (low < high) == bool(counts.correct)
        of_sentences = [strict_counts(one.spans, found.spans) for one, found in zip(test, marked[name])]
        assert sum(of_sentences, Counts()) == counts
    table = call(*perfect, "--baselines").splitlines()
    at = next(number for number, line in enumerate(table) if line.startswith("micro avg"))
    for line, (name, counts) in zip(table[at + 1 :], rows.items()):
        figures = f"{counts.precision:.4f}  {counts.recall:.4f}  {counts.f1:.4f}"
        assert line.split() == ["baseline:", name, *figures.split(), str(counts.gold)]
    assert "baselines    count in train" in table
    markdown = call(*perfect, "--baselines", "--report", "markdown")
    majority_row = rows["majority"]
    cells = f"{majority_row.correct} | {majority_row.predicted} | {majority_row.gold} | {majority_row.precision:.4f}"
    assert f"| baseline: majority | {cells} |" in markdown
    assert "baseline" not in call(*perfect)
    assert json.loads(Path("scores.json").read_text())["baselines"] is None


def test_baselines_never_count_in_what_is_scored(perfect: list[str]) -> None:
    assert "--train-split testb: this is the split that is scored; name another of: train, testa\n" in call(
        *perfect, "--baselines", "--train-split", "testb", code=1
    )
    assert "count in testa" in call(*perfect, "--baselines", "--train-split", "testa")
    assert "has no split 'dev'" in call(*perfect, "--baselines", "--train-split", "dev", code=1)
    assert "the split that is scored" in call(*perfect, "--train-split", "testb", code=1)
    assert "(train: testa)" in call(*perfect, "--train-split", "testa", "--details")
