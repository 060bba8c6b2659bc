"""A search file: the recipe, the keys with their bounds, the number of trials, and what they are scored on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ...data_converters.paths import inner_path
from ...data_converters.yaml_lines import YamlFile, check_schema, key_error, load_schema
from ...decoding.requests import Decoding
from ...errors import LmnError
from ...training.packaged import remedy_for, resolve_recipe
from ...training.recipe import Recipe, load_recipe, refuse_student
from ...typed_json import to_json

Scalar = str | int | float | bool
_RESERVED = ("output_dir", "dataset", "eval_dataset", "dataset_dir")


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from `low` to `high`, both inclusive; whole numbers where both are whole.

    Raises:
        ValueError: The range is empty, or logarithmic and not above 0.
    """

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError(f"low {self.low} is above high {self.high}")
        if self.log and self.low <= 0:
            raise ValueError(f"low {self.low} has no logarithm; it has to be above 0")


@dataclass(frozen=True, slots=True)
class Tie:
    """A key that is `times` the searched key `of`; a whole number if that key's value and the product are whole."""

    times: float
    of: str

    def value(self, parameters: Mapping[str, Scalar]) -> Scalar:
        """Return the value that follows from a trial's parameters."""
        product = self.times * float(parameters[self.of])
        return int(product) if product.is_integer() and isinstance(parameters[self.of], int) else product


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """A checked plan of a search.

    Attributes:
        path: Search file.
        recipe: Recipe that every trial trains, with `overrides` applied.
        out: Folder of trials, logs and tables.
        trials: Number of trials in all.
        space: Values to choose from, or a range, by key of the recipe.
        tie: Keys that follow from searched ones.
        overrides: Keys that are the same in every trial.
        split: Split to score on; None for that of the recipe's `eval_dataset`.
        source: Folder of the corpus files; None for the card's.
        seed: Seed of the sampler.
        sampler: Optuna's tree-structured Parzen estimator, or random.
        prune: Whether to end a trial early if its evaluation loss is worse than the median of the others'.
        decoding: Decoding of the predictions that are scored; None for what their format allows.
        batch_size: Number of sentences decoded together.
        limit: Number of first sentences of the split that are scored; None for all.
        trust_remote_code: Whether code that comes with the base model may run when a trial is scored.
        allow_cut: Whether a trial trains although its `cutoff_len` cuts examples.
    """

    path: Path
    recipe: Recipe
    out: Path
    trials: int
    space: dict[str, tuple[Scalar, ...] | Range]
    tie: dict[str, Tie] = field(default_factory=dict)
    overrides: dict[str, Scalar] = field(default_factory=dict)
    split: str | None = None
    source: Path | None = None
    seed: int = 42
    sampler: Literal["tpe", "random"] = "tpe"
    prune: bool = True
    decoding: Decoding | None = None
    batch_size: int = 16
    limit: int | None = None
    trust_remote_code: bool = False
    allow_cut: bool = False

    def values(self, parameters: Mapping[str, Scalar]) -> dict[str, Scalar]:
        """Return the keys that a trial changes in the recipe: the searched ones, those tied to them, and those of every trial."""
        tied = {key: tie.value(parameters) for key, tie in self.tie.items()}
        return {**self.overrides, **parameters, **tied}

    def definition(self) -> dict[str, Any]:
        """Return what all trials of one table must have in common, for JSON."""
        return {
            "recipe": self.recipe.values, "space": to_json(self.space), "tie": to_json(self.tie), "overrides": self.overrides,
            "split": self.split, "seed": self.seed, "sampler": self.sampler, "prune": self.prune, "decoding": self.decoding,
            "limit": self.limit,
        }  # fmt: skip


def word(key: str, value: Scalar) -> str:
    """Return `key=value` so that both LLaMA-Factory and YAML 1.1 read the value's own type back."""
    if isinstance(value, bool):
        return f"{key}={str(value).lower()}"
    text = str(value)
    if isinstance(value, float) and "e" in text and "." not in text:
        text = text.replace("e", ".0e")  # YAML 1.1 reads 1e-05 as a word
    return f"{key}={text}"


def load_plan(path: Path, source: Path | None = None) -> SearchPlan:
    """Read a search file and the recipe that it names.

    Args:
        path: The file, or the name of a packaged search. The recipe, the folder to write to and the folder of the corpus files that it
            names lie in the working directory; a recipe may be a packaged one.
        source: Folder of the corpus files; None for what the file says.

    Raises:
        LmnError: Either cannot be read; or a key is missing, unknown or makes no sense; with file and line.
    """
    path, found = resolve_recipe(path)
    file = YamlFile(found, remedy_for(path))
    keys = file.value
    if not isinstance(keys, dict):
        raise LmnError("a search is a mapping with the keys recipe, trials and space", f"{path}:1")
    check_schema(keys, load_schema(Path(__file__).with_name("search.schema.yaml")), [file], kind="search")
    overrides = keys.get("overrides", {})
    space: dict[str, tuple[Scalar, ...] | Range] = {}
    for key, values in keys["space"].items():
        try:
            space[key] = tuple(values) if isinstance(values, list) else Range(**values)
        except ValueError as error:
            raise key_error([file], ("space", key), str(error)) from error
    tie = {key: Tie(**row) for key, row in keys.get("tie", {}).items()}
    _check_names(file, space, tie, overrides)
    recipe = load_recipe(
        _inner(keys["recipe"], "name a recipe below the working directory, or a packaged one"),
        [word(key, value) for key, value in overrides.items()],
    )
    refuse_student(recipe, "a search scores the outputs of adapters")
    plain = {
        key: keys[key]
        for key in ("trials", "split", "seed", "sampler", "prune", "decoding", "batch_size", "limit")
        if key in keys
    }
    out = _inner(keys.get("out", f"outputs/search_{path.stem}"), "name a folder below the working directory")
    if source is None and "source" in keys:
        source = _inner(keys["source"], "--source DIR names a folder elsewhere")
    return SearchPlan(path, recipe, out, space=space, tie=tie, overrides=overrides, source=source, **plain)


def _inner(value: str, remedy: str) -> Path:
    """Return a path that lies in the working directory, as it was given."""
    inner_path(Path(), value, remedy)
    return Path(value)


def _check_names(
    file: YamlFile, space: Mapping[str, object], tie: Mapping[str, Tie], overrides: Mapping[str, object]
) -> None:  # fmt: skip
    for section, names in (("space", space), ("tie", tie), ("overrides", overrides)):
        for name in names:
            if name == "output_dir" or (name in _RESERVED and section != "overrides"):
                raise key_error([file], (section, name), f"{name} is set by the search itself; take it out")
            places = [other for other in ("space", "tie", "overrides") if name in file.value.get(other, {})]
            if len(places) > 1:
                raise key_error(
                    [file], (section, name), f"{name} is under {' and '.join(places)}; keep it under one of them"
                )
    for name, row in tie.items():
        numbers = space.get(row.of)
        values = numbers if isinstance(numbers, tuple) else (0,)
        if numbers is None or any(isinstance(value, str | bool) for value in values):
            raise key_error(
                [file], ("tie", name, "of"), f"{row.of} is not a number that is searched; name a key of space"
            )
