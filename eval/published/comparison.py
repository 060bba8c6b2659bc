"""Published results, kept as data in `references/`, and ours beside theirs, with every condition named that differs.

A difference is a difference of two numbers and no more: nothing here says whether it means anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ...data_converters.yaml_lines import YamlFile, check_schema, load_schema
from ...labels import describe_origins
from ...prompting.spec import PromptSpec
from ...rendering.tables import Table

REFERENCES_FOLDER = Path(__file__).parent / "references"
REFERENCES_SCHEMA = Path(__file__).with_name("references.schema.yaml")
RATIOS = ("precision", "recall", "f1")
MICRO = "micro"
_SCORERS = {
    "seqeval": "seqeval",
    "llms4ner": "the paper's own",
    "averaged-tags": "BIO tags, averaged over sentences as it seems",
    "unknown": "one that is not published",
}
"""What scorers are called, by their key in `references/`."""
_UNKNOWN = "not published"


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """One line of a published table.

    Attributes:
        kind: `strict` (spans with labels), `scenario` (of nervaluate) or `bio_tag`.
        name: a label or `micro`; a scenario; a tag.
        digits: decimals that were published.
        ratios: those of precision, recall and f1 that were published.
    """

    kind: str
    name: str
    digits: int
    ratios: dict[str, float]

    @classmethod
    def of(cls, row: dict[str, Any]) -> PublishedRow:
        """Read a row of a file in `references/`."""
        return cls(row["kind"], row["name"], row["digits"], {key: float(row[key]) for key in RATIOS if key in row})

    @property
    def title(self) -> str:
        """What the row is called in a table."""
        if self.kind == "strict":
            return "micro avg" if self.name == MICRO else self.name
        return f"nervaluate {self.name}" if self.kind == "scenario" else self.name

    def number(self, value: float, sign: str = "") -> str:
        """Return a ratio with the digits of this row; of a difference also its sign, `+` or `-`."""
        rounded = round(value, self.digits) + 0.0  # no negative zero
        return f"{rounded:{sign if rounded else ''}.{self.digits}f}"


@dataclass(frozen=True, slots=True)
class PublishedResult:
    """One published result.

    Attributes:
        source: what tables call it by.
        corpus: name of the corpus card.
        split: of it; None where it is not published which.
        system: what tells it from other results of the source; may be empty.
        models: as published; several where the scores are their average.
        model_ids: Hub ids of their base models, as far as they have one.
        format: of the outputs; None where there is no such thing, or it is not published.
        variant: wording of the instruction as the corpus's card has it; None where it is not known to be one of them.
        instruction_sha256: of the exact instruction; None where that is not known.
        decoding: `free`, `constrained`, or None where it is not published.
        shots: examples shown to a model without training; None for a trained one.
        scorer: what counted: `seqeval`, `llms4ner`, `averaged-tags` or `unknown`.
        sentences: of the split as published, and how many of them are `-DOCSTART-` lines; None where it is not.
        tokens: likewise.
        conditions: what else is to be known of the numbers.
        rows: the table.
    """

    source: str
    corpus: str
    split: str | None
    system: str
    models: tuple[str, ...]
    model_ids: tuple[str, ...]
    format: str | None
    variant: str | None
    instruction_sha256: str | None
    decoding: str | None
    shots: int | None
    scorer: str
    sentences: tuple[int, int] | None
    tokens: int | None
    conditions: tuple[str, ...]
    rows: tuple[PublishedRow, ...]

    @classmethod
    def of(cls, source: str, conditions: Sequence[str], row: dict[str, Any]) -> PublishedResult:
        """Read a result of a file in `references/`, the keys of `common` among its own."""
        size = row.get("sentences")
        return cls(
            source, row["corpus"], row["split"], row.get("system", ""),
            tuple(model["name"] for model in row["models"]),
            tuple(model["id"] for model in row["models"] if model["id"]),
            row["format"], row["variant"], row.get("instruction_sha256"), row["decoding"], row["shots"], row["scorer"],
            (size["all"], size["docstart"]) if size else None, row.get("tokens"),
            (*row.get("conditions", ()), *conditions), tuple(map(PublishedRow.of, row["rows"])),
        )  # fmt: skip

    @property
    def is_average(self) -> bool:
        """Whether the scores are the average of several models'."""
        return len(self.models) > 1

    @property
    def model(self) -> str:
        """The model's name, or how many models the scores are the average of."""
        return f"average of {len(self.models)} models" if self.is_average else self.models[0]

    @property
    def title(self) -> str:
        """Source, system, model and format in one line."""
        return "; ".join(part for part in (self.source, self.system, self.model, self.format) if part)

    @property
    def micro_f1(self) -> float | None:
        """The strict micro average; None where it was not published."""
        return next((row.ratios.get("f1") for row in self.rows if (row.kind, row.name) == ("strict", MICRO)), None)


@dataclass(frozen=True, slots=True)
class KnownAdapter:
    """A published adapter and the prompt that it answers to.

    Attributes:
        id: on the Hub.
        card: corpus card whose instruction it was trained with.
        format: of the outputs.
        variant: wording of the instruction.
        template: LLaMA-Factory's name of the chat template.
        source: that says so.
    """

    id: str
    card: str
    format: str
    variant: str
    template: str
    source: str


@dataclass(frozen=True, slots=True)
class PublishedSource:
    """What a file in `references/` holds.

    Attributes:
        source: what tables call it by.
        conditions: what is to be known of all its results.
        results: in its order.
        adapter: that it publishes, or None.
    """

    source: str
    conditions: tuple[str, ...]
    results: tuple[PublishedResult, ...]
    adapter: KnownAdapter | None

    @classmethod
    def load(cls, path: Path) -> PublishedSource:
        """Read a file.

        Raises:
            LmnError: it cannot be read, or does not fit the schema; with file and line.
        """
        file = YamlFile(path)
        check_schema(file.value, load_schema(REFERENCES_SCHEMA), [file], kind="reference")
        keys = file.value
        source, conditions = keys["source"], tuple(keys["conditions"])
        results = [PublishedResult.of(source, conditions, {**keys.get("common", {}), **row}) for row in keys["results"]]
        adapter = KnownAdapter(**keys["adapter"], source=source) if "adapter" in keys else None
        return cls(source, conditions, tuple(results), adapter)


@cache
def load_published() -> tuple[PublishedSource, ...]:
    """Return what the files in `references/` hold, by file name."""
    return tuple(map(PublishedSource.load, sorted(REFERENCES_FOLDER.glob("*.yaml"))))


def known_adapter(name: str) -> KnownAdapter | None:
    """Return what is published of an adapter by its Hub id; None for any other."""
    known = (published.adapter for published in load_published())
    return next((adapter for adapter in known if adapter and adapter.id == name), None)


def compare(document: dict[str, Any], model: str | None, spec: PromptSpec | None) -> dict[str, Any]:
    """Return what `scores.json` says of published results, under `references`; eval/README.md describes it.

    Args:
        document: what `scores.json` holds beside.
        model: Hub id or folder of the base model; None where it is not known.
        spec: the prompt; None likewise.
    """
    on_corpus = [
        reference
        for published in load_published()
        for reference in published.results
        if reference.corpus == document["corpus"] and reference.split in (document["split"], None)
    ]
    part = document["limit"] is not None
    matching = [] if part else _matching(on_corpus, model, document["format"])
    others = [reference.micro_f1 for reference in on_corpus if reference not in matching and reference.micro_f1]
    return {
        "model": model,
        "compared": [_compared(reference, document, model, spec) for reference in matching],
        "others": {"results": len(others), "lowest_f1": min(others), "highest_f1": max(others)} if others else None,
        "part": part,
    }


def _matching(references: Sequence[PublishedResult], model: str | None, fmt: str) -> list[PublishedResult]:
    """Return the results of a model, whatever their format.

    An average over it and others stands in where its source has no result of the model alone in our format.
    """
    of_model = [
        reference
        for reference in references
        if reference.rows and any(_is_same(model, known) for known in reference.model_ids)
    ]
    alone = {(reference.source, reference.format) for reference in of_model if not reference.is_average}
    return [
        reference
        for reference in of_model
        if not reference.is_average or (reference.format == fmt and (reference.source, fmt) not in alone)
    ]


def _is_same(model: str | None, known: str) -> bool:
    """Whether a model is the one with a Hub id: by that id, or as a folder that is called like it."""
    return model is not None and (model == known or _is_folder_of(model, known))


def _is_folder_of(model: str, known: str) -> bool:
    return Path(model).is_dir() and Path(model).name == known.rsplit("/", maxsplit=1)[-1]


def _compared(
    reference: PublishedResult, document: dict[str, Any], model: str | None, spec: PromptSpec | None
) -> dict[str, Any]:
    return {
        "title": reference.title,
        "source": reference.source,
        "rows": [_row(row, document, reference.scorer) for row in reference.rows],
        "differing": list(_differing(reference, document, model, spec)),
        "conditions": list(reference.conditions),
    }


def _row(row: PublishedRow, document: dict[str, Any], scorer: str) -> dict[str, Any]:
    """Put a published row beside ours: null where we have none, and for what was not published."""
    counted = _ours(row, document, scorer)
    cells: dict[str, Any] = {}
    for ratio in RATIOS:
        ours, theirs = counted[ratio] if counted else None, row.ratios.get(ratio)
        difference = None if ours is None or theirs is None else round(ours - theirs, row.digits) + 0.0
        cells[ratio] = {"ours": ours, "theirs": theirs, "difference": difference}
    return {"kind": row.kind, "name": row.name, "title": row.title, "digits": row.digits, **cells}


def _counts_like(scorer: str, document: dict[str, Any]) -> bool:
    """Whether a document has counts of a scorer that is not what we report first: `--scorer llms4ner`, or single tags."""
    tags = (document.get("analysis") or {}).get("tags")
    return bool((scorer == "llms4ner" and document.get("llms4ner")) or (scorer == "averaged-tags" and tags))


def _ours(row: PublishedRow, document: dict[str, Any], scorer: str) -> dict[str, Any] | None:
    """Return our counts and ratios for a published row, by its own scorer where we have that; None where there are none."""
    like = _counts_like(scorer, document)
    strict = document["llms4ner"] if like and scorer == "llms4ner" else document["seqeval"] or document["spans"]
    if row.kind == "strict":
        found = strict["micro"] if row.name == MICRO else strict["labels"].get(row.name)
    elif row.kind == "scenario" and document["nervaluate"]:
        found = document["nervaluate"]["overall"].get(row.name)
    elif row.kind == "bio_tag" and like:
        found = document["analysis"]["tags"]["averaged_over_sentences"].get(row.name)
    else:
        found = None
    ours: dict[str, Any] | None = found
    return ours


def _differing(
    reference: PublishedResult, document: dict[str, Any], model: str | None, spec: PromptSpec | None
) -> Iterator[str]:
    """Yield the conditions in which a published result differs from ours, or may."""
    if reference.is_average:
        yield f"model: theirs averaged over {len(reference.models)} models, of which ours is one"
    elif model not in reference.model_ids:
        yield f"model: ours {model}, a folder; theirs {reference.model_ids[0]}"
    for name, ours, theirs in (
        ("split", document["split"], reference.split),
        ("decoding", document["decoding"], reference.decoding),
        ("format", document["format"], reference.format),
    ):
        if ours != theirs:
            yield f"{name}: ours {ours}, theirs {theirs or _UNKNOWN}"
    yield from _differing_prompt(reference, document, spec)
    yield from _differing_counts(reference, document)


def _differing_prompt(reference: PublishedResult, document: dict[str, Any], spec: PromptSpec | None) -> Iterator[str]:
    """Yield what differs in what the model was taught, told and shown."""
    if (ours := document["shots"]) and reference.shots != ours["number"]:
        shown = f"{ours['number']} examples in the prompt and no training"
        yield f"training: ours {shown}, theirs {'trained' if reference.shots is None else f'{reference.shots} examples'}"
    elif not ours and reference.shots is not None:
        yield f"training: ours trained, theirs {reference.shots} examples in the prompt and no training"
    if changes := describe_origins(document["label_origins"]):
        yield f"labels: ours {changes}, theirs as the corpus has them"
    if spec is None:
        return
    same_words = reference.instruction_sha256 == hashlib.sha256(spec.instruction.encode()).hexdigest()
    if spec.variant != reference.variant:
        yield f"instruction: ours {spec.variant}, theirs {reference.variant or _UNKNOWN}"
    elif reference.format == spec.format and reference.instruction_sha256 and not same_words:
        yield f"instruction: both {spec.variant}, but not in the same words"


def _differing_counts(reference: PublishedResult, document: dict[str, Any]) -> Iterator[str]:
    """Yield what differs in what was counted, and how."""
    by_seqeval = document["seqeval"] and reference.scorer == "seqeval"
    if not by_seqeval and not _counts_like(reference.scorer, document):
        ours = "seqeval" if document["seqeval"] else "sets of spans"
        yield f"scorer: ours {ours}, theirs {_SCORERS[reference.scorer]}"
    size = (document["sentences"]["all"], document["sentences"]["docstart"])
    if reference.sentences and size != reference.sentences:
        yield f"sentences: ours {_sized(*size)}, theirs {_sized(*reference.sentences)}"
    tokens = document["tokens"]["all"]
    if reference.tokens and tokens != reference.tokens:
        yield f"tokens: ours {tokens:,}, theirs {reference.tokens:,}"
    if (least := document["min_confidence"]) is not None:
        yield f"confidence: ours without entities below {least}, theirs with all"


def _sized(number: int, docstarts: int) -> str:
    return f"{number:,} ({docstarts:,} of them -DOCSTART-)" if docstarts else f"{number:,} (none of them -DOCSTART-)"


def told_others(document: dict[str, Any]) -> str:
    """Return in one line that there are other published results, where none is compared; empty otherwise."""
    references = document["references"]
    others = references["others"]
    if references["compared"] or not others:
        return ""
    number, lowest, highest = others["results"], others["lowest_f1"], others["highest_f1"]
    found = f"1 result on {document['corpus']}, F1 {lowest:.4f}"
    if number > 1:
        found = f"{number} results on {document['corpus']}, F1 {lowest:.4f} to {highest:.4f}"
    why = "none of this model" if references["model"] else "not compared, for the model is not known"
    why = "not compared, for it is of whole splits" if references["part"] else why
    return f"{why}; {found} (eval/published/references)"


def comparisons(document: dict[str, Any]) -> Iterator[Table]:
    """Yield the comparisons that a document holds; of ratios that were not published there are no columns."""
    for compared in document["references"]["compared"]:
        ratios = [ratio for ratio in RATIOS if any(row[ratio]["theirs"] is not None for row in compared["rows"])]
        header = ("", *(word for ratio in ratios for word in (ratio, "theirs", "difference")))
        rows = [(row["title"], *(cell for ratio in ratios for cell in _cells(row, ratio))) for row in compared["rows"]]
        notes = [f"differs in {condition}" for condition in compared["differing"]]
        notes += [f"theirs: {condition}" for condition in compared["conditions"]]
        yield Table(header, rows, tuple(notes), title=f"published: {compared['title']}")


def _cells(row: dict[str, Any], ratio: str) -> tuple[str, str, str]:
    """Return ours with four digits, theirs and the difference with as many as were published; `-` for what there is not."""
    cell, shape = row[ratio], PublishedRow(row["kind"], row["name"], row["digits"], {})
    ours = "-" if cell["ours"] is None else f"{cell['ours']:.4f}"
    theirs = "-" if cell["theirs"] is None else shape.number(cell["theirs"])
    return ours, theirs, "-" if cell["difference"] is None else shape.number(cell["difference"], "+")


def published_page() -> str:
    """Return the section of `RESULTS.md` with what others published: micro averages, and what is to be known of them."""
    lines = [
        "## PublishedSource, not run by us", "",
        "From the files in `eval/published/references/`, which have the scores of labels, of nervaluate's scenarios and of tags too. The",
        "numbers of one source were not made under the conditions of another, nor of ours; `lmn-eval` puts a run beside those of its",
        "model and names what differs.",
    ]  # fmt: skip
    for published in load_published():
        rows = [(result, row) for result in published.results for row in result.rows if row.name == MICRO]
        if not rows:
            continue
        lines += [
            "", f"**{published.source}**", "",
            "| corpus | split | system | format | precision | recall | F1 |", "|---|---|---|---|---|---|---|",
            *(_listed(result, row) for result, row in rows), "",
        ]  # fmt: skip
        notes = dict.fromkeys(note for result, _ in rows for note in result.conditions)
        lines += [f"- {note}" for note in notes]
    return "\n".join(lines) + "\n"


def _listed(result: PublishedResult, row: PublishedRow) -> str:
    ratios = [row.number(row.ratios[ratio]) if ratio in row.ratios else "" for ratio in RATIOS]
    system = ", ".join(part for part in (result.model, result.system) if part)
    return f"| {' | '.join((result.corpus, result.split or _UNKNOWN, system, result.format or '', *ratios))} |"
