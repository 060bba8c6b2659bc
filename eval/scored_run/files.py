"""The files of a scored run, read and written: `scores.json`, `sentences.jsonl`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO

from ...counts import Counts
from ...errors import LmnError
from ...files import read_json
from ...generation import Generation, check_sha256
from ...locking import locked
from ...records import read_jsonl
from ...typed_json import from_json, to_json, written_as, written_as_list
from .analysis import Analysis, ErrorCounts, ExaminedSentence, Interval, Intervals, Pair, PooledTag, TagTable
from .command import command_of
from .run import SCHEMA, Evaluation, Llms4nerScores, ReferenceRow, ScoredRun
from .scores import ScenarioCounts, SeqevalScores, Size, StrictScores
from .trust import Bin, Calibration, Quarter, Threshold, UncertaintySummary

SCORES_FILE = "scores.json"
SENTENCES_FILE = "sentences.jsonl"
SCORES_PATTERN = "scores*.json"
"""Names of the scores files of a run; one that drops entities below a confidence has it in its name: `scores.min0.9.json`."""
View = Callable[[IO[str]], object]
"""Writes a view of a scored run to an open file."""
_SENTENCES_KEY = "sentences_sha256"
_WRITER = "lmn-eval"
_AGAIN = "score the run again"

written_as(
    ScoredRun,
    "schema corpus split predictions decoding format label_origins repair? repairs? limit recipe adapter model shots min_confidence "
    "below_min_confidence *scores calibration uncertainty baselines analysis llms4ner *provenance references in_pieces? "
    "reading? other_reading? dtype??",
)
written_as(Size, "all docstart without_docstart")
written_as(StrictScores, "labels micro micro_with_ungrounded")
written_as(SeqevalScores, "scheme mode labels micro micro_with_ungrounded")
written_as(ScenarioCounts, "correct incorrect partial missed spurious precision recall f1")
written_as(Bin, "from=low to=high predicted correct confidence_sum confidence accuracy")
written_as(Threshold, "from=least *counts")
written_as(
    Calibration,
    "predicted squared_error expected_calibration_error maximum_calibration_error brier bins thresholds separation?",
)
written_as(Quarter, "from=lowest to=highest sentences with_errors error_share")
written_as(UncertaintySummary, "sentences mean_sum max_sum mean max quarters")
written_as(ErrorCounts, "all labels")
written_as(PooledTag, "accuracy *counts")
written_as(TagTable, "accuracy pooled=tags averaged_over_sentences averaged_over_sentences_with_the_tag confusion")
written_as(Intervals, "level resamples seed over scores")
written_as(Analysis, "errors confusion tags groups train_split intervals given_up?")
written_as(Llms4nerScores, "micro forgiven labels")
written_as(ReferenceRow, "kind name title digits precision recall f1")
for _kind in (Interval, Pair):
    written_as_list(_kind)


def scores_path(path: Path) -> Path:
    """Return the scores file of a run: `scores.json` in a folder; a file is its own."""
    return path / SCORES_FILE if path.is_dir() else path


def load_run(path: Path) -> ScoredRun:
    """Read a scored run from its folder, or from a `scores.json` or `scores.minP.json`.

    Raises:
        LmnError: The file is missing, damaged, or of another schema, or the sentences next to it are those of other scores; the message
            names the command that scores the run again.
    """
    path = scores_path(path)
    row = read_json(path, remedy="lmn-eval writes it")
    found = row.get("schema") if isinstance(row, dict) else None
    if isinstance(row, dict) and found != SCHEMA:
        written = "written without a schema" if found is None else f"written in schema {found!r}"
        how = "" if row.get("recipe") else ", with the same --source and --repair, if any"
        raise LmnError(
            f"{written}, and this version reads schema {SCHEMA}", path, f"{_AGAIN}{how}: {command_of(row, path)}"
        )
    run = replace(from_json(ScoredRun, row, path, writer=_WRITER, remedy=_AGAIN), path=path)
    sentences = sibling(path, SENTENCES_FILE)
    if sentences.exists():  # some delete them, and keep the scores
        check_sha256(sentences, row.get(_SENTENCES_KEY), path.name, f"{_AGAIN}: {command_of(row, path)}")
    return run


def load_evaluation(path: Path) -> Evaluation:
    """Read a scored run as `load_run` does, and the sentences behind its counts.

    Raises:
        LmnError: `load_run` fails, or the sentences are missing, damaged or not those that were counted.
    """
    path = scores_path(path)
    run, rows = load_run(path), sibling(path, SENTENCES_FILE)
    if not rows.is_file():
        raise LmnError("no such file", rows, f"{_AGAIN}, lmn-eval writes it next to {path.name}")
    sentences = tuple(
        from_json(ExaminedSentence, row, f"{rows}:{number}", writer=_WRITER, remedy=_AGAIN)
        for number, row in read_jsonl(rows)
    )
    counts = sum((sentence.counts for sentence in sentences), Counts())
    if (len(sentences), counts) != (run.scores.sentences.all, run.scores.micro):
        raise LmnError(
            f"holds {_counted(len(sentences), counts)}, and {path.name} counts "
            f"{_counted(run.scores.sentences.all, run.scores.micro)}", rows, _AGAIN,
        )  # fmt: skip
    return Evaluation(run, sentences)


def _counted(sentences: int, counts: Counts) -> str:
    """Return the size of a scored run, in words."""
    return f"{sentences:,} sentences with {counts.correct:,} correct of {counts.predicted:,} predicted and {counts.gold:,} gold entities"


def sibling(scores: Path, name: str) -> Path:
    """Return the file of another name that belongs to a scores file: `scores.min0.9.json` has `sentences.min0.9.jsonl`."""
    mark = scores.stem.removeprefix(Path(SCORES_FILE).stem)
    other = Path(name)
    return scores.with_name(f"{other.stem}{mark}{other.suffix}")


def scores_file(run: ScoredRun, folder: Path) -> Path:
    """Return the path of a run's scores in a folder: `scores.json`, or `scores.minP.json` if entities below a confidence P were dropped."""
    name = Path(SCORES_FILE)
    return folder / (name if run.min_confidence is None else f"{name.stem}.min{run.min_confidence}{name.suffix}")


def save_evaluation(evaluation: Evaluation, folder: Path, also: Mapping[Path, View] | None = None) -> Path:
    """Write `scores.json` into a folder, and `sentences.jsonl` and views of them next to it, as one result.

    Where entities below a confidence P were dropped, the names are `scores.minP.json` and `sentences.minP.jsonl`. While files take their
    names, there are neither scores nor views.

    Args:
        evaluation: Scored run and its sentences.
        folder: The folder.
        also: Functions that write a view of the run, such as a page, by the path of the view.

    Returns:
        Path of the scores.
    """
    path = scores_file(evaluation.run, folder)
    rows = sibling(path, SENTENCES_FILE)
    with Generation() as files:
        with files.write(rows) as file:
            file.writelines(f"{sentence_line(sentence)}\n" for sentence in evaluation.sentences)
        files.write_json(path, {**to_json(evaluation.run), _SENTENCES_KEY: files.sha256(rows)}, gone_first=True)
        for view, write in (also or {}).items():
            with files.write(view, gone_first=True) as file:
                write(file)
        with locked(path):
            files.put()
    return path


def sentence_line(sentence: ExaminedSentence) -> str:
    """Return a line of `sentences.jsonl`."""
    return json.dumps(to_json(sentence), ensure_ascii=False)
