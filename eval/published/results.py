"""Published results, kept as data in `references/`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from markupsafe import Markup

from ...counts import RATIOS
from ...data_converters.yaml_lines import YamlFile, check_schema, key_error, load_schema
from ...rendering.markdown import markdown
from ...rendering.tables import Table
from ..scored_run.analysis import MICRO

REFERENCES_FOLDER = Path(__file__).parent / "references"
REFERENCES_SCHEMA = Path(__file__).with_name("references.schema.yaml")
UNKNOWN = "not published"
_NEEDED = ("split", "models", "format", "variant", "decoding", "shots", "scorer")
"""Keys that every result has, its own or those of `common`."""


def rounded(value: float, digits: int, sign: Literal["", "+"] = "") -> str:
    """Return a number rounded to some decimals; with `+`, its sign is written too, unless it is 0."""
    shown = round(value, digits) + 0.0  # no negative zero
    return f"{shown:{sign if shown else ''}.{digits}f}"


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """One line of a published table.

    Attributes:
        kind: `strict` (spans with labels), `scenario` (of nervaluate) or `bio_tag`.
        name: A label or `micro`, a scenario, or a tag.
        digits: Number of published decimals.
        ratios: Published ratios by name.
    """

    kind: str
    name: str
    digits: int
    ratios: dict[str, float]

    @classmethod
    def of(cls, row: dict[str, Any]) -> PublishedRow:
        """Read a row of a file in `references/`."""
        return cls(row["kind"], row["name"], row["digits"], {key: float(row[key]) for key in RATIOS if key in row})

    def number(self, value: float) -> str:
        """Return a ratio with the digits of this row."""
        return rounded(value, self.digits)


@dataclass(frozen=True, slots=True)
class PublishedResult:
    """One published result.

    Attributes:
        source: Name of the source in tables.
        corpus: Name of the corpus card.
        split: Split of the corpus; None if it was not published.
        system: Name that distinguishes the system from others of the source; may be empty.
        models: Names of the models as published; several where the scores are their average.
        model_ids: Hub ids of the base models that have one.
        format: Output format; None if the system has none or it was not published.
        variant: Wording of the instruction, named as in corpus cards; None if it is not known to be one of these.
        instruction_sha256: Hash of the exact instruction; None if it is not known.
        decoding: `free` or `constrained`; None if it was not published.
        shots: Number of examples shown to a model without training; None for a trained model.
        scorer: Scorer that was used: `seqeval`, `llms4ner`, `averaged-tags` or `unknown`.
        sentences: Published number of sentences of the split, and of `-DOCSTART-` lines among them; None if not published.
        tokens: Published number of tokens of the split; None if not published.
        conditions: Further conditions of the numbers, in words.
        rows: Lines of the table.
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
        """Read a result of a file in `references/`, with the keys of `common` among its own."""
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
        """Name of the model, or the number of models that the scores are the average of."""
        return f"average of {len(self.models)} models" if self.is_average else self.models[0]

    @property
    def title(self) -> str:
        """Source, system, model and format in one line."""
        return "; ".join(part for part in (self.source, self.system, self.model, self.format) if part)

    @property
    def micro_f1(self) -> float | None:
        """F1 of the strict micro average; None if it was not published."""
        return next((row.ratios.get("f1") for row in self.rows if (row.kind, row.name) == ("strict", MICRO)), None)


@dataclass(frozen=True, slots=True)
class KnownAdapter:
    """A published adapter and the prompt that it answers to.

    Attributes:
        id: Hub id.
        card: Corpus card whose instruction it was trained with.
        format: Output format.
        variant: Wording of the instruction.
        template: LLaMA-Factory's name for the chat template.
        source: Source that says so.
    """

    id: str
    card: str
    format: str
    variant: str
    template: str
    source: str


@dataclass(frozen=True, slots=True)
class PublishedSource:
    """Contents of a file in `references/`.

    Attributes:
        source: Name of the source in tables.
        conditions: Conditions that hold for all results of the source, in words.
        results: Results, in the order of the file.
        adapter: Adapter that the source publishes, or None.
    """

    source: str
    conditions: tuple[str, ...]
    results: tuple[PublishedResult, ...]
    adapter: KnownAdapter | None

    @classmethod
    def load(cls, path: Path) -> PublishedSource:
        """Read a file.

        Raises:
            LmnError: The file cannot be read or does not fit the schema; the message names file and line.
        """
        file = YamlFile(path)
        check_schema(file.value, load_schema(REFERENCES_SCHEMA), [file], kind="reference")
        keys = file.value
        source, conditions = keys["source"], tuple(keys["conditions"])
        rows = [{**keys.get("common", {}), **row} for row in keys["results"]]
        for number, row in enumerate(rows):
            if missing := [key for key in _NEEDED if key not in row]:
                what = f"the key {missing[0]!r} is missing, here and under common"
                raise key_error([file], ("results", number), what, kind="reference")
        results = [PublishedResult.of(source, conditions, row) for row in rows]
        adapter = KnownAdapter(**keys["adapter"], source=source) if "adapter" in keys else None
        return cls(source, conditions, tuple(results), adapter)


@cache
def load_published() -> tuple[PublishedSource, ...]:
    """Return the contents of all files in `references/`, in the order of their names."""
    return tuple(map(PublishedSource.load, sorted(REFERENCES_FOLDER.glob("*.yaml"))))


def known_adapter(name: str) -> KnownAdapter | None:
    """Return the published adapter with a Hub id, or None."""
    known = (published.adapter for published in load_published())
    return next((adapter for adapter in known if adapter and adapter.id == name), None)


class _Section(NamedTuple):
    """The part of a page that belongs to one source: its name, a row for each micro average, and its conditions."""

    name: str
    rows: Table
    conditions: list[str]

    @classmethod
    def of(cls, published: PublishedSource) -> _Section | None:
        """Return the section of a source, or None if it has no micro average."""
        found = [(result, row) for result in published.results for row in result.rows if row.name == MICRO]
        if not found:
            return None
        header = ("corpus", "split", "system", "format", "precision", "recall", "F1")
        cells = [_cells(result, row) for result, row in found]
        conditions = dict.fromkeys(condition for result, _ in found for condition in result.conditions)
        return cls(published.source, Table(header, cells, numbers=False), list(conditions))


def published_page() -> Markup:
    """Return the section of `RESULTS.md` about published results: micro averages and their conditions."""
    sources = [section for section in map(_Section.of, load_published()) if section]
    return Markup(markdown("eval.published/results.md.jinja", sources=sources))


def _cells(result: PublishedResult, row: PublishedRow) -> tuple[str, ...]:
    ratios = [row.number(row.ratios[ratio]) if ratio in row.ratios else "" for ratio in RATIOS]
    system = ", ".join(part for part in (result.model, result.system) if part)
    return (result.corpus, result.split or UNKNOWN, system, result.format or "", *ratios)
