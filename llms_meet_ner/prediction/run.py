"""A prediction run: sentences through a system, records in corpus order out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..alignment import Alignment
from ..decoding.requests import CONSTRAINED
from ..errors import LmnError, listed
from ..files import read_json
from ..generation import Generation
from ..locking import locked
from ..reading import PUBLISHED
from ..records import PARTIAL_FILE, PREDICTIONS_FILE, RUN_FILE, Answer, PredictionRecord
from ..sentence import Sentence, tokens_sha1
from ..systems.prompted import READING_KEY, decoding_of
from ..systems.system import DTYPE_KEY, RESOLVED_DTYPE_KEY, System
from ..tags import Repair
from ..terminal import echo, progress_bars
from .resume import PREDICTIONS_KEY, check_predictions, read_stamp, run_batches, same_dtype
from .shards import Shard

REPAIR_KEY = "repair"
"""Key of `run.json` for the policy for invalid tags with which the corpus is read."""
NOTES_KEY = "notes"
"""Key of `run.json` for the notes of the jobs that answered (`Job.notes`)."""
_PREDICT_AGAIN = "--restart predicts again"
_DEVICE_KEY = "device"
PIECES_KEY = "pieces"
"""Key of `run.json` for the number of pieces that long sentences were read in, by their ids; not there without such sentences."""
OTHER_PREDICTIONS = "predictions of other data, another model or other options"


def run_folder(
    system: System, corpus: str, split: str, *, limit: int | None = None, shard: Shard | None = None
) -> Path:
    """Return the folder of a run: `<results>/<corpus>_<split>/<run>`.

    Args:
        system: System that answers.
        corpus: Name of the corpus.
        split: Name of the split.
        limit: Number of sentences, the first of the split; None for all.
        shard: Part of the sentences; None for all.
    """
    return system.results_folder / f"{corpus}_{split}" / run_name(system, limit, shard)


def run_name(system: System, limit: int | None = None, shard: Shard | None = None) -> str:
    """Return the name of a run: what sets its system apart, and which part of the split it is of."""
    name = system.run_name + ("" if limit is None else f"-first{limit}")
    return name + (f"-shard{shard.number}of{shard.of}" if shard else "")


def predict(
    system: System, sentences: Sequence[Sentence], folder: Path, *, shard: Shard | None = None, restart: bool = False,
    repair: Repair | None = None,
) -> Path:  # fmt: skip
    """Let a system answer sentences, and write a record for each. Other processes that predict in the folder wait meanwhile.

    A finished run with the same sentences and the same system is left as it is. An unfinished one continues; its final file is that of an
    undisturbed run, byte for byte where nothing rounds differently. Where the model runs here, rounding may change the last digit of a
    probability, and in 16 bits an output now and then. Document separators need no system: they hold no entity.

    Args:
        system: System that answers.
        sentences: The sentences in corpus order; their entities are not looked at.
        folder: Folder for `predictions.jsonl` and `run.json`.
        shard: Part of the sentences to predict; None for all.
        restart: Discard what is there.
        repair: Policy for invalid tags with which the corpus is read, noted so that scoring reads the gold in the same way; None if it
            is not known.

    Returns:
        The path of `predictions.jsonl`.

    Raises:
        LmnError: The system cannot answer, or predictions of another one lie in the folder.
    """
    stamp = system.stamp(sentences)
    if shard:
        stamp["shard"] = shard.stamp(_identified(sentences))
        sentences = shard.part(sentences)
    stamp["sentences"] = _identified(sentences)
    with locked(folder / RUN_FILE):
        return _predict(system, sentences, folder, stamp, restart=restart, repair=repair)


def _predict(
    system: System, sentences: Sequence[Sentence], folder: Path, stamp: Mapping[str, Any], *, restart: bool,
    repair: Repair | None,
) -> Path:  # fmt: skip
    """Predict under the lock of the folder."""
    final = folder / PREDICTIONS_FILE
    if final.is_file() and not restart:
        if same_run(folder, stamp):
            check_predictions(read_json(folder / RUN_FILE), final, _PREDICT_AGAIN)
            (folder / PARTIAL_FILE).unlink(missing_ok=True)  # an earlier call was killed just before it did
            echo(f"{final}: already there, with the same data, model and options{_made_in(folder)}", err=True)
            return final
        raise _other_run(folder, stamp)
    final.unlink(missing_ok=True)
    notes = {REPAIR_KEY: repair} if repair else {}
    answers = _answers(system, sentences, folder, stamp, notes, restart=restart)
    _write_records(final, system, sentences, answers)
    if replaced := {sentence.id: answer.replaced for sentence, answer in zip(sentences, answers) if answer.replaced}:
        what = f"lone surrogates that became U+FFFD: {sum(replaced.values()):,}, in the outputs of {listed(list(replaced))}"
        echo(f"{final}: {what}", err=True)
    if pieces := _pieces(sentences, answers):
        counts = [f"{name} ({count})" for name, count in pieces.items()]
        echo(
            f"{final}: {len(pieces):,} of {len(sentences):,} sentences were read in pieces: {listed(counts)}", err=True
        )
    if unsure := _without_confidences(system, answers):
        echo(
            f"{final}: {unsure:,} of {len(answers):,} outputs have no confidences: the server does not list the probabilities of allowed "
            "tokens (docs/serving.md)", err=True,
        )  # fmt: skip
    (folder / PARTIAL_FILE).unlink(missing_ok=True)
    return final


def alignments(system: System, sentences: Sequence[Sentence]) -> list[Alignment]:
    """Let a system answer sentences and keep nothing on disk; return what each answer puts on its sentence, in their order.

    Raises:
        LmnError: The system cannot answer.
    """
    asked = _asked(sentences)
    answers = dict(zip(asked, system.prepare([sentences[item] for item in asked]).answers(), strict=True))
    return [
        system.read(answers.get(item) or system.nothing(sentence), sentence) for item, sentence in enumerate(sentences)
    ]


def check_run(folder: Path, system: System, sentences: Sequence[Sentence]) -> None:
    """Make sure that the predictions in a folder are of these sentences, and of the system as it is now.

    What is not known without loading a model or asking a server is not checked.

    Raises:
        LmnError: The predictions are of other sentences or of another system.
    """
    if not (folder / RUN_FILE).is_file():
        return
    check_predictions(read_json(folder / RUN_FILE, _PREDICT_AGAIN), folder / PREDICTIONS_FILE, _PREDICT_AGAIN)
    found = read_stamp(folder, _PREDICT_AGAIN)
    differing = system.differences(found, sentences)
    differing += [] if found.get("sentences") == _identified(sentences) else ["sentences"]
    if differing:
        raise LmnError(
            f"made with a different {', '.join(differing)}", folder / PREDICTIONS_FILE,
            "--restart predicts again, --predictions scores the file as it is",
        )  # fmt: skip


def same_run(folder: Path, stamp: Mapping[str, Any]) -> bool:
    """Return whether a folder's run has a stamp, up to the machine that it ran on."""
    return (folder / RUN_FILE).is_file() and not _differing(folder, stamp)


def _differing(folder: Path, stamp: Mapping[str, Any]) -> list[str]:
    """Return the keys in which a stamp differs from that of a folder's run, up to the machine that the run was made on."""
    found = read_stamp(folder, _PREDICT_AGAIN)
    ignored = {_DEVICE_KEY} | ({DTYPE_KEY} if same_dtype(found, stamp) else set())
    if RESOLVED_DTYPE_KEY not in found or RESOLVED_DTYPE_KEY not in stamp:
        ignored.add(RESOLVED_DTYPE_KEY)  # what auto stands for here is known only when the model is loaded
    keys = {*found, *stamp} - ignored
    return sorted(key for key in keys if found.get(key) != stamp.get(key) or (key in found) != (key in stamp))


def _made_in(folder: Path) -> str:
    """Return the data type that a finished run was made in, where `auto` left it to the machine; else an empty text."""
    found = read_stamp(folder, _PREDICT_AGAIN)
    noted = found.get(RESOLVED_DTYPE_KEY)
    return f", made in {noted}" if isinstance(noted, str) and found.get(DTYPE_KEY) != noted else ""


def _other_run(folder: Path, stamp: Mapping[str, Any]) -> LmnError:
    """Return the error that a folder holds a finished run with another stamp; it names what differs, as far as that is known."""
    differing = _differing(folder, stamp) if (folder / RUN_FILE).is_file() else []
    what = OTHER_PREDICTIONS + (f": another {listed(differing)}" if differing else "")
    remedy = "--restart writes over them"
    if READING_KEY in stamp and differing and {*differing} <= {READING_KEY, "request"}:
        remedy += f"; --reading {PUBLISHED} takes them, which end at their first newline"
    return LmnError(what, folder / PREDICTIONS_FILE, remedy)


def _identified(sentences: Sequence[Sentence]) -> list[list[str]]:
    return [[sentence.id, tokens_sha1(sentence.tokens)] for sentence in sentences]


def _asked(sentences: Sequence[Sentence]) -> list[int]:
    """Return the positions of the sentences that a system is asked: all but the document separators."""
    return [item for item, sentence in enumerate(sentences) if not sentence.is_docstart]


def _answers(
    system: System, sentences: Sequence[Sentence], folder: Path, stamp: Mapping[str, Any], notes: Mapping[str, Any], *,
    restart: bool,
) -> list[Answer]:  # fmt: skip
    """Return an answer for each sentence, with a progress bar on a terminal; `notes` are more keys of `run.json`."""
    asked = _asked(sentences)
    job = system.prepare([sentences[item] for item in asked])
    for line in (*job.remarks, job.description):
        echo(line, err=True)
    noted = dict(job.notes) if restart else _noted(folder, job.notes)
    extra = {"system_sha256": system.sha256, **notes} | ({NOTES_KEY: noted} if noted else {})
    with progress_bars() as progress:
        task = progress.add_task("predicting", total=sum(len(batch.items) for batch in job.batches))
        found = run_batches(
            folder, job.batches, {**stamp, **job.machine}, job.answer, restart=restart, workers=job.workers, extra=extra,
            on_batch=lambda batch: progress.advance(task, len(batch.items)),
        )  # fmt: skip
    by_item = dict(zip(asked, job.joined(found), strict=True))
    return [by_item.get(item) or system.nothing(sentence) for item, sentence in enumerate(sentences)]


def _noted(folder: Path, notes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the notes of a job with those of the unfinished run that it goes on with; say what differs."""
    partial, found = folder / PARTIAL_FILE, None
    if partial.is_file():
        with suppress(LmnError):  # a missing or damaged file is another matter
            found = read_json(folder / RUN_FILE)
    earlier = found.get(NOTES_KEY) if isinstance(found, dict) else None
    if not isinstance(earlier, dict):
        return dict(notes)
    for key in sorted(earlier.keys() & notes.keys()):
        if earlier[key] != notes[key]:
            before = listed([str(value)[:100] for value in _values(earlier[key])])
            echo(f"{partial}: begun with {key} {before}, goes on with {notes[key]}", err=True)
    return joined_notes([earlier, notes])


def joined_notes(several: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the notes of the parts of a run; a key that has several values has the list of them."""
    found: dict[str, list[Any]] = {}
    for notes in several:
        for key, value in notes.items():
            known = found.setdefault(key, [])
            known += [one for one in _values(value) if one not in known]
    return {key: values[0] if len(values) == 1 else values for key, values in found.items()}


def _values(value: Any) -> list[Any]:
    """Return the values that a note has."""
    return value if isinstance(value, list) else [value]


def _without_confidences(system: System, answers: Sequence[Answer]) -> int:
    """Return the number of outputs that were decoded under constraints and have no confidences, as a server may leave them."""
    return sum(answer.confidences is None for answer in answers) if decoding_of(system) == CONSTRAINED else 0


def _pieces(sentences: Sequence[Sentence], answers: Sequence[Answer]) -> dict[str, int]:
    """Return the number of pieces of the sentences that were read in pieces, by their ids."""
    return {sentence.id: len(answer.pieces) for sentence, answer in zip(sentences, answers) if answer.pieces}


def _write_records(final: Path, system: System, sentences: Sequence[Sentence], answers: Sequence[Answer]) -> None:
    """Write the records, and note their hash in the `run.json` beside them, which is there first."""
    decoding = decoding_of(system)
    notes = final.parent / RUN_FILE
    with Generation() as files:
        with files.write(final) as file:
            for sentence, answer in zip(sentences, answers, strict=True):
                sha1, alignment = tokens_sha1(sentence.tokens), system.read(answer, sentence)
                file.write(PredictionRecord.of(sentence.id, answer, sha1, decoding, alignment).line() + "\n")
        pieces = _pieces(sentences, answers)
        more = {PREDICTIONS_KEY: files.sha256(final)} | ({PIECES_KEY: pieces} if pieces else {})
        files.write_json(notes, {**read_json(notes), **more})
        files.put(last=final)
