"""The model card: the text of `README.md`, all of it from files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ... import __version__
from ...formats import is_inline
from ...labels import describe_origins
from ...rendering.markdown import escaped, fenced, linked, table, without_folders
from ...rendering.tables import Table
from ...training.logs import PLOT_FILE, LogPoint
from .hyperparameters import hyperparameters
from .metadata import metadata_yaml
from .publication import Publication
from .scored import Counted, ScoredRun
from .usage import RECIPE_FILE, commands, python_snippet, tag_command

_SCENARIOS = {
    "strict": "span and label are right",
    "exact": "the span is right",
    "partial": "spans that overlap count half",
    "ent_type": "the label is right and the spans overlap",
}


def card_text(published: Publication) -> str:
    """Return a model card: metadata, then Markdown. What others wrote in it is escaped."""
    blocks = [
        f"---\n{metadata_yaml(published)}\n---",
        f"# {escaped(published.name)}",
        *_summary(published),
        *_scores(published),
        *_prompt(published),
        *_usage(published),
        *_training(published),
        *_limitations(published),
        *_reproduction(published),
        *_sources(published),
    ]
    return "\n\n".join(blocks) + "\n"


def _bullets(lines: list[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _reason(text: str) -> str:
    """Return why something is not in the card, without what the publisher could do about it."""
    return escaped(without_folders(text.partition(";")[0]))


def _hub_link(base: str) -> str:
    return linked(base, f"https://huggingface.co/{base}")


def _corpus_link(published: Publication) -> str:
    data = published.data
    return linked(data.title, data.card.homepage if data.card else "")


def _summary(published: Publication) -> Iterator[str]:
    labels = ", ".join(escaped(name) for name in published.spec.labels.names)
    yield (
        f"A {published.kind} of {_hub_link(published.base)} that marks named entities ({labels}), trained on "
        f"{_corpus_link(published)} with [LLaMA-Factory](https://github.com/hiyouga/LLaMA-Factory). This card was written by "
        f"`lmn-publish` of llms-meet-ner {escaped(__version__)} from the files of the training and of its evaluation."
    )


def _scores(published: Publication) -> Iterator[str]:
    scored = published.scored
    yield "## Scores"
    if scored.runs:
        yield _run_table(scored.runs)
        scorers = ", ".join(dict.fromkeys(run.scorer for run in scored.runs))
        yield (
            f"Micro averages over all labels ({scorers}). Intervals: {_intervals(scored.runs)}. "
            "`exact`, `repaired`, `failed`: outputs that were the sentence with well-formed markup, that could be read all the same, "
            "that could not; the last count as no entities."
        )
        yield _about_weights(published)
    else:
        yield "There are no scores of these weights."
    if scored.missing:
        yield f"Not scored: {', '.join(f'split {escaped(split)}' for split in scored.missing)}."
    if scored.left_out:
        yield "Scores that lay beside the adapter and are left out here:"
        yield _bullets([f"{escaped(left.run)}: {_reason(left.reason)}" for left in scored.left_out])
    for run in scored.headline:
        yield from _run_details(run)


def _run_table(runs: tuple[ScoredRun, ...]) -> str:
    header = (
        "corpus",
        "split",
        "run",
        "sentences",
        "precision",
        "recall",
        "F1",
        "interval of F1",
        "exact",
        "repaired",
        "failed",
    )
    rows = [
        (
            run.corpus, run.split, run.run, _sentences(run), *run.micro.cells, f"{run.interval.low:.4f} to {run.interval.high:.4f}",
            *(f"{count:,}" for count in run.statuses),
        )
        for run in runs
    ]  # fmt: skip
    return table(Table(header, rows, numbers=False))


def _intervals(runs: tuple[ScoredRun, ...]) -> str:
    """Return how the intervals came about."""
    found = [
        f"{run.interval.level:.0%}, percentile bootstrap over sentences, {run.interval.resamples:,} resamples, seed {run.interval.seed}"
        for run in runs
    ]
    return "; ".join(dict.fromkeys(found))


def _sentences(run: ScoredRun) -> str:
    return f"{run.sentences:,} ({run.docstart:,} -DOCSTART- lines among them)" if run.docstart else f"{run.sentences:,}"


def _about_weights(published: Publication) -> str:
    weights = published.weights
    text = f"The scores are those of the adapter as it was trained (SHA-256 `{weights.trained_sha256}`)."
    if weights.merged:
        text += " The files here are that adapter merged into its base model"
        text += " and rounded to bfloat16:" if weights.rounded else ", in float32:"
    elif weights.rounded:
        text += " The file here is the same adapter rounded to bfloat16:"
    else:
        return f"{text} The file here is the very same."
    return f"{text} {', '.join(f'{escaped(name)} (SHA-256 `{sha256}`)' for name, sha256 in weights.files)}."


def _run_details(run: ScoredRun) -> Iterator[str]:
    yield f"### {escaped(run.corpus)} {escaped(run.split)}, {escaped(run.run)}"
    header = (run.scorer, "precision", "recall", "F1", "entities in the gold")
    baselines = [_row(f"baseline: {row.name}", row) for row in run.baselines]
    yield table(Table(header, [*(_row(row.name, row) for row in (*run.labels, run.micro)), *baselines]))
    if run.scenarios:
        names = [
            f"{row.name} ({_SCENARIOS[row.name]})" if row.name in _SCENARIOS else row.name for row in run.scenarios
        ]
        yield table(Table(("nervaluate", *header[1:]), [_row(name, row) for name, row in zip(names, run.scenarios)]))
    told = [f"{run.ungrounded:,} predicted entities touch no token of their sentence and are not counted."] * (
        run.ungrounded > 0
    )
    told += [f"Labels: {escaped(run.changes)}."] * bool(run.changes)
    told.append(f"SHA-256 of the predictions: `{run.predictions_sha256}`")
    told += [f"SHA-256 of the corpus file: `{run.corpus_sha256}`"] * bool(run.corpus_sha256)
    yield _bullets(told)


def _row(name: str, row: Counted) -> tuple[str, ...]:
    return (name, *row.cells, f"{row.gold:,}")


def _prompt(published: Publication) -> Iterator[str]:
    spec, example = published.spec, published.data.example
    yield "## Format"
    where = "an example of the training data" if example.is_real else "made of the labels' names; no text of the corpus"
    yield f"Output format `{spec.format}` ({where}):"
    yield fenced(f"{example.source}\n{example.output}", "text")
    yield "## Instruction"
    place = {
        "user": "The user's turn is this text, a line break and the sentence, its tokens apart by spaces",
        "system": "This text is the system message; the user's turn is the sentence, its tokens apart by spaces",
    }[spec.instruction_as]
    template = f" Chat template: LLaMA-Factory's `{spec.template.name}`" if spec.template else ""
    yield f"{place}.{template}; `prompt_spec.json` holds both." if template else f"{place}."
    yield fenced(spec.instruction, "text")
    yield table(
        Table(
            ("label", "name", "definition"),
            [(label.name, label.long, label.definition) for label in spec.labels],
            numbers=False,
        )
    )
    if changes := describe_origins(dict(spec.labels.origins)):
        yield f"Labels of the corpus that count as others: {escaped(changes)}."


def _usage(published: Publication) -> Iterator[str]:
    yield "## Use"
    yield fenced("pip install 'llms-meet-ner[tag]'", "sh")
    yield fenced(python_snippet(published), "python")
    if command := tag_command(published):
        yield fenced(command, "sh")
    if is_inline(published.spec.format):
        yield (
            "Decoding is constrained: nothing but the sentence with well-formed markup can be written, and every entity has a "
            "confidence."
        )
    yield (
        "`serving_template.jinja` is the chat template for servers (vLLM, llama.cpp) that writes the prompts of the training; outputs end "
        "at their first line break."
    )


def _training(published: Publication) -> Iterator[str]:
    data = published.data
    yield "## Training"
    facts = [f"data set: {escaped(data.dataset)}" + (f", {data.records:,} examples" if data.records else "")]
    if data.entry:
        facts.append(f"corpus: {escaped(data.title)}, split {escaped(data.entry.split)}")
        if added := data.entry.augmented:
            facts.append(
                f"{added.sentences:,} of the examples are added ones with replaced mentions (seed {added.seed})"
            )
    if published.recipe.continued:
        facts.append("training went on from another adapter")
    facts += [f"not known: {_reason(reason)}" for reason in data.unknown]
    facts.append(f"weights here: {published.weights.parameters:,} parameters, {published.weights.dtype}")
    yield _bullets(facts)
    yield "### Hyperparameters"
    parameters = hyperparameters(published.recipe)
    yield table(
        Table(
            ("key of the recipe", "value"),
            [(key, _value(value)) for key, value in parameters.values.items()],
            numbers=False,
        )
    )
    if parameters.left_out:
        yield f"Left out, as they concern one machine or account: {', '.join(map(escaped, parameters.left_out))}."
    yield "### Log"
    yield from _log(published)
    if published.plot:
        yield f"![Loss against step]({PLOT_FILE})"
    else:
        yield "There is no plot of the loss."


def _value(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "null" if value is None else str(value)


def _log(published: Publication) -> Iterator[str]:
    log = published.log
    if not log.points:
        yield "There is no log of the training."
        return
    header = ("step", "epoch", "training loss", "evaluation loss", "learning rate")
    yield table(Table(header, [_point(point) for point in log.shown]))
    told = [f"{len(log.shown)} of {len(log.points)} lines of the log."] if len(log.shown) < len(log.points) else []
    told += [f"Mean training loss {log.train_loss:.4f}."] if log.train_loss is not None else []
    told += [f"Training took {log.seconds:,.0f} s."] if log.seconds is not None else []
    if told:
        yield " ".join(told)


def _point(point: LogPoint) -> tuple[str, ...]:
    numbers = [(point.epoch, ".2f"), (point.loss, ".4f"), (point.eval_loss, ".4f"), (point.learning_rate, ".2e")]
    return (f"{point.step:,}", *("" if value is None else format(value, spec) for value, spec in numbers))


def _limitations(published: Publication) -> Iterator[str]:
    spec, data = published.spec, published.data
    yield "## Limitations"
    told = [
        f"It knows {len(spec.labels)} labels and answers to the instruction above; other labels need other training."
    ]
    if data.card:
        told.append(
            f"It was trained on {escaped(data.title)} (language {escaped(data.card.language)}); what other texts give was not measured"
            + (" beyond the tables above." if published.scored.runs else ".")
        )
    if not spec.nested:
        told.append("It marks no entity inside another.")
    if not is_inline(spec.format):
        told.append("Its format does not write the sentence again: decoding is free, and outputs can be malformed.")
    told += [
        f"{run.statuses[1] + run.statuses[2]:,} of {sum(run.statuses):,} outputs of {escaped(run.corpus)} {escaped(run.split)} "
        f"({escaped(run.run)}) were not the sentence with well-formed markup."
        for run in published.scored.runs
        if run.statuses[1] + run.statuses[2]
    ]
    if not published.weights.merged:
        told.append(f"It is of no use without its base model, {_hub_link(published.base)}, whose limits it has.")
    if bits := published.recipe.values.get("quantization_bit"):
        told.append(f"It was trained on the base model quantised to {escaped(bits)} bits.")
    yield _bullets(told)


def _reproduction(published: Publication) -> Iterator[str]:
    yield "## Reproduce"
    yield fenced(commands(published), "sh")
    seeds = sorted({run.seed for run in published.scored.runs if run.seed is not None}) or [published.recipe.seed]
    yield f"`{RECIPE_FILE}` is here; the seed is {', '.join(map(str, seeds))}."
    yield "### Versions"
    columns: dict[tuple[tuple[str, str | None], ...], list[str]] = {}
    for run in published.scored.runs:
        stamp = (*run.versions, ("commit", run.commit))
        columns.setdefault(stamp, []).append(f"{run.corpus} {run.split} {run.run}")
    if not columns:
        yield "Versions are noted with scores, and there are none."
        return
    names = list(dict.fromkeys(name for stamp in columns for name, _ in stamp))
    rows = [(name, *(dict(stamp).get(name) or "not known" for stamp in columns)) for name in names]
    yield table(Table(("scored with", *("; ".join(runs) for runs in columns.values())), rows, numbers=False))


def _sources(published: Publication) -> Iterator[str]:
    licence, card = published.licence, published.data.card
    yield "## Licences"
    told = ["this model: not known; no licence was named, and the base model's card names none or was not within reach"]
    if licence:
        whose = ", that of the base model" if licence.of_base else ""
        told = [f"this model: {escaped(licence.name or licence.id)}{whose}"]
    told.append(f"{_corpus_link(published)}: {escaped(card.licence) if card else 'not known'}")
    yield _bullets(told)
    yield "## Citation"
    cited = [f"The corpus: {escaped(card.citation)}"] if card else ["The corpus: not known"]
    yield _bullets(
        [*cited, f"The base model: {_hub_link(published.base)}", f"llms-meet-ner, version {escaped(__version__)}"]
    )
