"""Our scores next to published ones, with every condition that differs.

Nothing here tests whether a difference is significant.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...counts import RATIOS, Counts
from ...labels import describe_origins
from ...prompting.spec import PromptSpec
from ...reading import LENIENT, PUBLISHED
from ...rendering.tables import Table
from ..scored_run.analysis import MICRO, TagAverages
from ..scored_run.run import OtherReferences, OursAndTheirs, Reference, ReferenceRow, References, ScoredRun
from ..scored_run.scores import MICRO_ROW, ScenarioCounts, Size
from .results import UNKNOWN, PublishedResult, PublishedRow, load_published, rounded

_SCORERS = {
    "seqeval": "seqeval",
    "llms4ner": "the paper's own",
    "averaged-tags": "BIO tags, averaged over sentences as it seems",
    "unknown": "one that is not published",
}
"""Names of scorers, by their key in `references/`."""


def find_references(run: ScoredRun, model: str | None, spec: PromptSpec | None) -> References:
    """Return the published results that belong next to a run's scores.

    Args:
        run: Scored run; its own references are not read.
        model: Hub id or folder of the base model; None if it is not known.
        spec: Prompt that the run answers to; None if it is not known.
    """
    on_corpus = [
        result
        for published in load_published()
        for result in published.results
        if result.corpus == run.corpus and result.split in (run.split, None)
    ]
    part = run.limit is not None
    matching = [] if part else _matching(on_corpus, model, run.format)
    others = [result.micro_f1 for result in on_corpus if result not in matching and result.micro_f1]
    return References(
        model,
        tuple(_reference(result, run, model, spec) for result in matching),
        OtherReferences(len(others), min(others), max(others)) if others else None,
        part,
    )


def _matching(results: Sequence[PublishedResult], model: str | None, fmt: str) -> list[PublishedResult]:
    """Return the results of a model, whatever their format.

    If a source has no result of the model alone in our format, its average over several models is used instead.
    """
    of_model = [
        result for result in results if result.rows and any(_is_same(model, known) for known in result.model_ids)
    ]
    alone = {(result.source, result.format) for result in of_model if not result.is_average}
    return [
        result
        for result in of_model
        if not result.is_average or (result.format == fmt and (result.source, fmt) not in alone)
    ]


def _is_same(model: str | None, known: str) -> bool:
    """Return whether a model is the one with a Hub id: by that id, or as a folder of the same name."""
    return model is not None and (model == known or _is_folder_of(model, known))


def _is_folder_of(model: str, known: str) -> bool:
    return Path(model).is_dir() and Path(model).name == known.rsplit("/", maxsplit=1)[-1]


def _reference(result: PublishedResult, run: ScoredRun, model: str | None, spec: PromptSpec | None) -> Reference:
    return Reference(
        result.title,
        result.source,
        tuple(_row(row, run, result.scorer) for row in result.rows),
        tuple(_differing(result, run, model, spec)),
        result.conditions,
    )


def _row(row: PublishedRow, run: ScoredRun, scorer: str) -> ReferenceRow:
    counted = _ours(row, run, scorer)
    cells = []
    for ratio in RATIOS:
        ours: float | None = getattr(counted, ratio) if counted else None
        theirs = row.ratios.get(ratio)
        difference = None if ours is None or theirs is None else round(ours - theirs, row.digits) + 0.0
        cells.append(OursAndTheirs(ours, theirs, difference))
    return ReferenceRow(row.kind, row.name, row.digits, *cells)


def _counts_like(scorer: str, run: ScoredRun) -> bool:
    """Return whether a run was counted by a scorer that is not the one reported first: `--scorer llms4ner`, or single tags."""
    return bool((scorer == "llms4ner" and run.llms4ner) or (scorer == "averaged-tags" and run.analysis.tags))


def _ours(row: PublishedRow, run: ScoredRun, scorer: str) -> Counts | ScenarioCounts | TagAverages | None:
    """Return our counts or ratios for a published row, by its own scorer where we have that; None if we have none."""
    strict = run.llms4ner if run.llms4ner and scorer == "llms4ner" else run.scores.strict
    tags = run.analysis.tags
    if row.kind == "strict":
        return strict.micro if row.name == MICRO else strict.labels.get(row.name)
    if row.kind == "scenario" and run.scores.nervaluate:
        return run.scores.nervaluate.overall.by_name.get(row.name)
    if row.kind == "bio_tag" and tags and _counts_like(scorer, run):
        return tags.averaged_over_sentences.get(row.name)
    return None


def _differing(result: PublishedResult, run: ScoredRun, model: str | None, spec: PromptSpec | None) -> Iterator[str]:
    """Yield the conditions in which a published result differs, or may differ, from ours."""
    if result.is_average:
        yield f"model: theirs averaged over {len(result.models)} models, of which ours is one"
    elif model not in result.model_ids:
        yield f"model: ours {model}, a folder; theirs {result.model_ids[0]}"
    if run.reading == PUBLISHED and run.other_reading and run.other_reading.reading == PUBLISHED:
        yield f"reading: scores above {LENIENT}, ours here {PUBLISHED} as theirs"
    for name, ours, theirs in (
        ("split", run.split, result.split),
        ("decoding", run.decoding, result.decoding),
        ("format", run.format, result.format),
    ):
        if ours != theirs:
            yield f"{name}: ours {ours}, theirs {theirs or UNKNOWN}"
    yield from _differing_prompt(result, run, spec)
    yield from _differing_counts(result, run)


def _differing_prompt(result: PublishedResult, run: ScoredRun, spec: PromptSpec | None) -> Iterator[str]:
    """Yield differences in training, prompt and examples."""
    if (ours := run.shots) and result.shots != ours.number:
        shown = f"{ours.number} examples in the prompt and no training"
        yield f"training: ours {shown}, theirs {'trained' if result.shots is None else f'{result.shots} examples'}"
    elif not ours and result.shots is not None:
        yield f"training: ours trained, theirs {result.shots} examples in the prompt and no training"
    if changes := describe_origins(run.label_origins):
        yield f"labels: ours {changes}, theirs as the corpus has them"
    if spec is None:
        return
    same_words = result.instruction_sha256 == hashlib.sha256(spec.instruction.encode()).hexdigest()
    if spec.variant != result.variant:
        yield f"instruction: ours {spec.variant}, theirs {result.variant or UNKNOWN}"
    elif result.format == spec.format and result.instruction_sha256 and not same_words:
        yield f"instruction: both {spec.variant}, but not in the same words"


def _differing_counts(result: PublishedResult, run: ScoredRun) -> Iterator[str]:
    """Yield differences in the scored data and in the way of counting."""
    by_seqeval = not run.scores.nested and result.scorer == "seqeval"
    if not by_seqeval and not _counts_like(result.scorer, run):
        yield f"scorer: ours {run.scores.scorer}, theirs {_SCORERS[result.scorer]}"
    ours = run.scores.sentences
    theirs = Size(*result.sentences) if result.sentences else ours
    if ours != theirs:
        yield f"sentences: ours {_sized(ours)}, theirs {_sized(theirs)}"
    tokens = run.scores.tokens.all
    if result.tokens and tokens != result.tokens:
        yield f"tokens: ours {tokens:,}, theirs {result.tokens:,}"
    if run.min_confidence is not None:
        yield f"confidence: ours without entities below {run.min_confidence}, theirs with all"


def _sized(size: Size) -> str:
    return f"{size.all:,} ({f'{size.docstart:,}' if size.docstart else 'none'} of them -DOCSTART-)"


def describe_others(run: ScoredRun) -> str:
    """Return in one line that there are other published results, where no result is compared; else an empty text."""
    found, others = run.references, run.references.others
    if found.compared or not others:
        return ""
    results = f"1 result on {run.corpus}, F1 {others.lowest_f1:.4f}"
    if others.results > 1:
        results = f"{others.results} results on {run.corpus}, F1 {others.lowest_f1:.4f} to {others.highest_f1:.4f}"
    why = "none of this model" if found.model else "not compared, because the model is not known"
    why = "not compared, because published scores cover whole splits" if found.part else why
    return f"{why}; {results} (eval/published/references)"


def reference_tables(run: ScoredRun) -> Iterator[Table]:
    """Yield the published results next to ours; ratios that were not published have no columns."""
    for compared in run.references.compared:
        ratios = published_ratios(compared)
        header = ("", *(word for ratio in ratios for word in (ratio, "theirs", "difference")))
        rows = [(row.title, *(text for ratio in ratios for text in _texts(row, ratio))) for row in compared.rows]
        notes = [f"differs in {condition}" for condition in compared.differing]
        notes += [f"theirs: {condition}" for condition in compared.conditions]
        yield Table(header, rows, tuple(notes), title=f"published: {compared.title}")


def published_ratios(compared: Reference) -> tuple[str, ...]:
    """Return the names of the ratios that a source has published."""
    return tuple(ratio for ratio in RATIOS if any(_cell(row, ratio).theirs is not None for row in compared.rows))


def describe_compared(run: ScoredRun) -> Iterator[str]:
    """Yield a line for each published result that is compared: its micro F1 and the difference to ours."""
    for compared in run.references.compared:
        row = next((row for row in compared.rows if row.title == MICRO_ROW), None)
        if row is None or row.f1.theirs is None:
            continue
        _, theirs, difference = _texts(row, "f1")
        conditions = f"; {len(compared.differing)} conditions differ" if compared.differing else ""
        yield f"published: {compared.title}: micro F1 {theirs}, ours {difference}{conditions}"


def _cell(row: ReferenceRow, ratio: str) -> OursAndTheirs:
    cell: OursAndTheirs = getattr(row, ratio)
    return cell


def _texts(row: ReferenceRow, ratio: str) -> tuple[str, str, str]:
    """Return ours with four digits, theirs and the difference with as many as were published; `-` for what is missing."""
    cell = _cell(row, ratio)
    ours = "-" if cell.ours is None else f"{cell.ours:.4f}"
    theirs = "-" if cell.theirs is None else rounded(cell.theirs, row.digits)
    return ours, theirs, "-" if cell.difference is None else rounded(cell.difference, row.digits, "+")
