"""Recipes as this package reads them: which data, which model, where what was trained goes.

A recipe is a LLaMA-Factory configuration, or, with `task: token-classification`, one of an encoder student.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from ..characters import harmful_in
from ..errors import LmnError, listed
from ..locking import locked
from ..prompting.spec import PROMPT_SPEC_FILE, PromptSpec
from ..yaml_text import parse_yaml, read_yaml_text
from .dataset_info import DatasetEntry, check_data_sets, load_entry, names_of, sibling
from .packaged import FOLDER, packaged_names, remedy_for, resolve_recipe, with_found_deepspeed

HalfPrecision = Literal["bfloat16", "float16"]
HALF_PRECISION: dict[str, HalfPrecision] = {"bf16": "bfloat16", "fp16": "float16"}
"""Data types with 16 bits, by LLaMA-Factory's key for them."""
ADAPTER_FILE = "adapter_model.safetensors"
ADAPTER_CONFIG_FILE = "adapter_config.json"
_LONGEST_NAME = 255
"""Bytes of the longest name that a file system takes."""
MODEL_FILE = "model.safetensors"
"""File of a student's weights, as of any whole model that is not in parts."""
TASK_KEY = "task"
TOKEN_CLASSIFICATION: Final = "token-classification"
"""Value of that key in the recipe of a student; LLaMA-Factory's recipes have no such key."""
_NEEDED = ("model_name_or_path", "dataset", "output_dir")
_TEMPLATE = "template"


@dataclass(frozen=True, slots=True)
class Recipe:
    """A training configuration, with overrides applied.

    Attributes:
        path: YAML file of the recipe, or name of a packaged one.
        values: Keys of the recipe, as LLaMA-Factory names them.
    """

    path: Path
    values: dict[str, Any]

    @property
    def name(self) -> str:
        """Last part of `output_dir`, under which results are kept."""
        return self.output_dir.name

    @property
    def file(self) -> Path:
        """File that the recipe was read from, also if it is a packaged one that was called by its name."""
        return resolve_recipe(self.path)[1]

    @property
    def model(self) -> str:
        """Hub id or folder of the base model."""
        return str(self.values["model_name_or_path"])

    @property
    def is_student(self) -> bool:
        """Whether it trains an encoder student; otherwise it is LLaMA-Factory's."""
        return self.values.get(TASK_KEY) == TOKEN_CLASSIFICATION

    @property
    def template(self) -> str:
        """Name of LLaMA-Factory's chat template; a student has none."""
        return str(self.values[_TEMPLATE])

    @property
    def output_dir(self) -> Path:
        """Folder of adapter and results, relative to the working directory."""
        return Path(self.values["output_dir"])

    @property
    def dataset_dir(self) -> Path:
        """Folder of `dataset_info.json`."""
        return Path(self.values.get("dataset_dir", "data"))

    @property
    def dataset(self) -> str:
        """Name of the first training data set."""
        return next(iter(names_of(self.values["dataset"])), "")

    @property
    def eval_dataset(self) -> str | None:
        """Name of the first data set that training is evaluated on; None if there is none."""
        return next(iter(names_of(self.values.get("eval_dataset"))), None)

    @property
    def continued(self) -> Path | None:
        """Folder or Hub id of the adapter that training continues; None if it starts a new one."""
        name = self.values.get("adapter_name_or_path")
        return Path(str(name)) if name else None

    @property
    def half_precision(self) -> HalfPrecision | None:
        """Data type with 16 bits that the training uses; None if it uses none."""
        return next((dtype for key, dtype in HALF_PRECISION.items() if self.values.get(key)), None)

    @property
    def seed(self) -> int:
        """Training seed; LLaMA-Factory's default is 42."""
        seed: int = self.values.get("seed", 42)
        return seed

    @property
    def weights_name(self) -> str:
        """Name of the file of what is trained: an adapter's, or a student's."""
        return MODEL_FILE if self.is_student else ADAPTER_FILE

    @property
    def weights_file(self) -> Path:
        """File of the weights that training ends with."""
        return self.output_dir / self.weights_name

    @property
    def is_trained(self) -> bool:
        """Whether training has left its weights: an adapter's, or a student's."""
        return self.weights_file.is_file()

    def check_data(self) -> None:
        """Make sure that the data sets of the training are what lmn-convert wrote, as `check_data_sets` does.

        Raises:
            LmnError: The data of a set are missing, or not those of its entry.
        """
        names = [*names_of(self.values.get("dataset")), *names_of(self.values.get("eval_dataset"))]
        check_data_sets(self.dataset_dir, names)

    def train_entry(self) -> DatasetEntry:
        """Return what `dataset_info.json` says of the training data.

        Raises:
            LmnError: The data set was not converted, or not by lmn-convert.
        """
        return load_entry(self.dataset_dir, self.dataset)

    def dev_entry(self, split: str | None = None) -> DatasetEntry:
        """Return what `dataset_info.json` says of a split's data.

        Args:
            split: Name of the split; None for the data that training is evaluated on.

        Raises:
            LmnError: No split is named and the recipe has no `eval_dataset`; or the data was not converted, or not by lmn-convert.
        """
        if split:
            return sibling(self.dataset_dir, self.train_entry(), split)
        if self.eval_dataset is None:
            raise LmnError(
                "it has no eval_dataset, so the split is unknown", self.path,
                f"name one of corpus {self.train_entry().corpus} with --split",
            )  # fmt: skip
        return load_entry(self.dataset_dir, self.eval_dataset)


def load_recipe(path: Path, overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe.

    Args:
        path: YAML file for `lmn-train`, or name of a packaged one (`resolve_recipe`).
        overrides: `key=value` words, as LLaMA-Factory takes them.

    Raises:
        LmnError: The file cannot be read, is not a mapping, or lacks a key; or an override has no `=`.
    """
    path, file = resolve_recipe(path)
    values = parse_yaml(read_yaml_text(file, remedy_for(path)), path)
    if not isinstance(values, dict):
        raise LmnError("a recipe is a mapping of keys", f"{path}:1")
    for override in overrides:
        key, equals, value = override.partition("=")
        if not equals or not key:
            raise LmnError(f"{override!r} is not an override", remedy="write key=value, as for lmn-train")
        values[key] = parse_yaml(value, override)
    return checked_recipe(path, values)


def checked_recipe(path: Path, values: dict[str, Any]) -> Recipe:
    """Return a recipe with values that were read from its file.

    Raises:
        LmnError: A key that every recipe needs is missing, or its value is not a word.
    """
    _check_values(path, values)
    return Recipe(path, with_found_deepspeed(values))


def _check_values(path: Path, values: dict[str, Any]) -> None:
    for key in values:
        if not isinstance(key, str) or harmful_in(key):
            raise LmnError(f"the key {key!r} is not a word", path, "put it in quotes if it is one")
    task = values.get(TASK_KEY, TOKEN_CLASSIFICATION)
    if task != TOKEN_CLASSIFICATION:
        raise LmnError(
            f"{TASK_KEY} is {task!r:.60}", path,
            f"{TASK_KEY}: {TOKEN_CLASSIFICATION} trains an encoder student; a recipe for LLaMA-Factory has no such key",
        )  # fmt: skip
    needed = _NEEDED if TASK_KEY in values else (*_NEEDED[:1], _TEMPLATE, *_NEEDED[1:])
    missing = [key for key in needed if key not in values]
    if missing:
        raise LmnError(f"the recipe lacks {', '.join(missing)}", f"{path}:1")
    for key in (*needed, "dataset_dir"):
        if not isinstance(values.get(key, "data"), str) or not values.get(key, "data"):
            raise LmnError(f"{key} is {values[key]!r}, and not a word", path, "put it in quotes if it is one")
        if harmful := harmful_in(values.get(key, "data")):
            raise LmnError(f"{key} holds {harmful}, which is not a printed character", path)
        if any(len(part.encode()) > _LONGEST_NAME for part in values.get(key, "data").split("/")):
            raise LmnError(f"{key} is too long for the name of a file", path)
    if type(values.get("seed", 42)) is not int:
        raise LmnError(f"seed is {values['seed']!r}, and not a whole number", path)


def choose_recipe(path: Path | None, overrides: Sequence[str] = (), split: str | None = None) -> Recipe:
    """Return the recipe at a path; without a path, the only recipe whose output holds an adapter, as `find_recipe` does.

    Args:
        path: File of the recipe, or name of a packaged one; None for neither.
        overrides: `key=value` words for it.
        split: Split that it is wanted for, which tells the likely recipe among several; None for any.

    Raises:
        LmnError: `load_recipe` or `find_recipe` fails, or there are overrides but no path.
    """
    if path:
        return load_recipe(path, overrides)
    refuse_overrides(overrides)
    return find_recipe(split=split)


def refuse_overrides(overrides: Sequence[str]) -> None:
    """Refuse words that override keys of a recipe where none is named.

    Raises:
        LmnError: There are such words.
    """
    if overrides:
        raise LmnError(
            "KEY=VALUE overrides a key of a recipe", " ".join(overrides), "name the recipe with --recipe FILE"
        )


def refuse_student(recipe: Recipe, what: str) -> None:
    """Refuse the recipe of a student where LLaMA-Factory's is needed.

    Args:
        recipe: The recipe.
        what: What needs LLaMA-Factory's recipe, as the beginning of a sentence.

    Raises:
        LmnError: It is the recipe of a student.
    """
    if recipe.is_student:
        raise LmnError(f"trains a student, and {what}", recipe.path, "name a recipe of LLaMA-Factory")


def find_recipe(folder: Path = Path("recipes"), split: str | None = None) -> Recipe:
    """Return the only recipe of a folder whose output holds an adapter; without any adapter, the only one of a trained student.

    Packaged recipes count as well if they are trained and none of the folder has the same output.

    Args:
        folder: Folder of the recipes.
        split: Split that it is wanted for; None for any.

    Raises:
        LmnError: There is no such recipe, or more than one; the message lists them, the likely one first.
    """
    recipes = []
    for path in sorted(folder.rglob("*.yaml")):
        try:
            recipes.append(load_recipe(path))
        except LmnError:
            continue  # other YAML files may lie there
    outputs = {recipe.output_dir for recipe in recipes}
    packaged = [] if folder.resolve() == FOLDER.resolve() else packaged_recipes()
    recipes += [recipe for recipe in packaged if recipe.is_trained and recipe.output_dir not in outputs]
    trained = [recipe for recipe in recipes if recipe.is_trained]
    trained = [recipe for recipe in trained if not recipe.is_student] or trained
    if len(trained) == 1:
        return trained[0]
    if not recipes:
        raise LmnError("no recipe there", folder, "name one with --recipe FILE")
    ranked, likely = _ranked(trained or recipes, split)
    if not trained:
        found = listed([f"{recipe.path} ({recipe.output_dir})" for recipe in ranked])
        what, remedy = "no recipe has a trained adapter yet", "train one, or name one with --recipe FILE"
    else:
        found = listed([str(recipe.path) for recipe in ranked])
        what, remedy = "several recipes have an adapter", "name one with --recipe FILE"
    raise LmnError(what, folder, f"{remedy}: {likely}{found}")


def packaged_recipes() -> list[Recipe]:
    """Return all recipes of the package; searches are none."""
    recipes = []
    for name in packaged_names():
        with suppress(LmnError):
            recipes.append(load_recipe(Path(name)))
    return recipes


class _Hints(NamedTuple):
    """What makes a recipe a likely one, the strongest hint first."""

    has_checkpoints: bool
    has_split: bool
    is_converted: bool
    written: float

    @property
    def reason(self) -> str:
        """The strongest hint in words; empty if there is none."""
        if self.has_checkpoints:
            return "its output folder holds checkpoints"
        if self.has_split:
            return "its corpus was converted with that split"
        if self.is_converted:
            return "its data set was converted"
        return "its output is the newest" if self.written else ""


def _ranked(recipes: Sequence[Recipe], split: str | None) -> tuple[list[Recipe], str]:
    """Return recipes, the likely ones first, and words that say so of the first; none if nothing sets it apart."""
    hints = {recipe.path: _hints(recipe, split) for recipe in recipes}
    ranked = sorted(recipes, key=lambda recipe: hints[recipe.path], reverse=True)
    first = hints[ranked[0].path]
    if not first.reason or any(hints[recipe.path] == first for recipe in ranked[1:]):
        return ranked, ""
    return ranked, f"most likely the first, for {first.reason}: "


def _hints(recipe: Recipe, split: str | None) -> _Hints:
    folder = recipe.output_dir
    try:
        written = folder.stat().st_mtime if folder.is_dir() else 0.0
        checkpoints = written > 0 and any(folder.glob(f"checkpoint-*/{recipe.weights_name}"))
    except OSError:
        written, checkpoints = 0.0, False
    has_split = is_converted = False
    with suppress(LmnError):
        entry = recipe.train_entry()
        is_converted = True
        has_split = split is not None and bool(sibling(recipe.dataset_dir, entry, split))
    return _Hints(checkpoints and not recipe.is_trained, has_split, is_converted, written)


def known_prompt(recipe: Recipe, adapter: Path | None) -> PromptSpec:
    """Return the prompt next to an adapter, with its template; without such a file, the prompt of the training data, which has no template.

    Args:
        recipe: Recipe with the training data and the template.
        adapter: Folder of the adapter, or None for the untrained model.

    Raises:
        LmnError: The data was converted with another prompt than the adapter was trained with, or the adapter answers only on top
            of another one.
    """
    if adapter:
        _check_stands_alone(recipe)
    kept = adapter / PROMPT_SPEC_FILE if adapter else None
    trained = PromptSpec.load(kept) if kept and kept.is_file() else None
    try:
        spec = recipe.train_entry().spec
    except LmnError:
        if trained:
            return trained
        raise
    if trained is None:
        return spec
    differences = trained.differences(spec)
    if trained.template and trained.template.name != recipe.template:
        differences.append("template")
    if differences:
        raise LmnError(
            f"the adapter was trained with another {', '.join(differences)} than {recipe.dataset} in {recipe.dataset_dir} now has",
            kept, "convert the corpus with the same options as before, or train again",
        )  # fmt: skip
    return trained


def _check_stands_alone(recipe: Recipe) -> None:
    """Refuse an adapter that LLaMA-Factory trained on a base model with other adapters merged into it.

    Its `adapter_config.json` still names the plain base model, so whoever loads it gets another model than the one that was trained.
    """
    if recipe.continued is None:
        return
    several = "," in str(recipe.values["adapter_name_or_path"])
    if recipe.values.get("create_new_adapter") or several:
        key = "names several adapters" if several else "comes with create_new_adapter"
        raise LmnError(
            f"adapter_name_or_path {key}: LLaMA-Factory merges the old ones into the base model and saves the new one "
            "without them, so it answers only on top of them",
            recipe.path,
            "continue one adapter without create_new_adapter, or merge with "
            "llamafactory-cli export first and name the merged model in model_name_or_path",
        )


def continued_differences(recipe: Recipe) -> list[str]:
    """Return the differences between the prompt of the adapter that a recipe continues and the prompt of its training data.

    The list is empty if the recipe starts a new adapter, the old one has no `prompt_spec.json`, or the training data is
    missing.

    Raises:
        LmnError: That file is damaged.
    """
    kept = recipe.continued / PROMPT_SPEC_FILE if recipe.continued else None
    if kept is None or not kept.is_file():
        return []
    old = PromptSpec.load(kept)
    try:
        differences = old.differences(recipe.train_entry().spec)
    except LmnError:
        return []
    if old.template and old.template.name != recipe.template:
        differences.append("template")
    return differences


def recipe_prompt(recipe: Recipe, adapter: Path | None) -> PromptSpec:
    """Return the prompt that a recipe's model answers to, with its template.

    Args:
        recipe: Recipe with the training data and the template.
        adapter: Folder of the adapter, or None for the untrained model.

    Raises:
        LmnError: `known_prompt` fails, or the template must be read from LLaMA-Factory, which is not installed.
    """
    spec = known_prompt(recipe, adapter)
    if spec.template:
        return spec
    from ..prompting.templates import pieces_of

    return replace(spec, template=pieces_of(recipe.template))


def keep_prompt(spec: PromptSpec, adapter: Path) -> None:
    """Save the prompt that an adapter answers to next to it, unless a prompt with a template is there already."""
    kept = adapter / PROMPT_SPEC_FILE
    if _keeps_template(kept):
        return  # also where the folder cannot be written
    with locked(kept):
        if not _keeps_template(kept):
            spec.save(kept)


def _keeps_template(kept: Path) -> bool:
    return kept.is_file() and PromptSpec.load(kept).template is not None
