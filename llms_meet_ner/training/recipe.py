"""LLaMA-Factory recipes as this package reads them: which data, which model, which adapter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ..errors import LmnError
from ..files import yaml_errors
from ..prompting.spec import PROMPT_SPEC_FILE, PromptSpec
from .dataset_info import DatasetEntry, load_entry, sibling

if TYPE_CHECKING:
    from ..systems.adapters import Adapter

ADAPTER_FILE = "adapter_model.safetensors"
_NEEDED = ("model_name_or_path", "template", "dataset", "output_dir")


@dataclass(frozen=True, slots=True)
class Recipe:
    """A training configuration, with overrides applied.

    Attributes:
        path: the YAML file.
        values: its keys as LLaMA-Factory names them.
        adapter: one that is used without the recipe of its training, in the place of what lies in `output_dir`; then `path` is its
            name, and there is no training data. None for a recipe of a file.
    """

    path: Path
    values: dict[str, Any]
    adapter: Adapter | None = None

    @property
    def name(self) -> str:
        """The last part of `output_dir`, under which results are kept."""
        return self.output_dir.name

    @property
    def model(self) -> str:
        """Hub id or folder of the base model."""
        return str(self.values["model_name_or_path"])

    @property
    def template(self) -> str:
        """Name of LLaMA-Factory's chat template."""
        return str(self.values["template"])

    @property
    def output_dir(self) -> Path:
        """The folder of adapter and results, relative to the working directory."""
        return Path(self.values["output_dir"])

    @property
    def adapter_dir(self) -> Path:
        """The folder of the adapter: `output_dir`, unless one is used without its recipe."""
        return self.adapter.folder if self.adapter else self.output_dir

    @property
    def dataset_dir(self) -> Path:
        """The folder of `dataset_info.json`."""
        return Path(self.values.get("dataset_dir", "data"))

    @property
    def dataset(self) -> str:
        """The (first) training data set."""
        return str(self.values["dataset"]).split(",")[0].strip()

    @property
    def eval_dataset(self) -> str | None:
        """The (first) data set that training is evaluated on; None where there is none."""
        names = str(self.values.get("eval_dataset") or "").split(",")
        return names[0].strip() or None

    @property
    def continued(self) -> Path | None:
        """The folder (or Hub id) of the adapter that training goes on with; None where it starts a new one."""
        name = self.values.get("adapter_name_or_path")
        return Path(str(name)) if name else None

    @property
    def seed(self) -> int:
        """The training seed; LLaMA-Factory's default is 42."""
        seed: int = self.values.get("seed", 42)
        return seed

    @property
    def has_adapter(self) -> bool:
        """Whether training has left a finished adapter."""
        return (self.adapter_dir / ADAPTER_FILE).is_file()

    def at(self, folder: Path) -> Recipe:
        """Return the recipe with the adapter in another folder, such as a checkpoint's."""
        return replace(self, values={**self.values, "output_dir": str(folder)})

    def train_entry(self) -> DatasetEntry:
        """Return what `dataset_info.json` says of the training data.

        Raises:
            LmnError: it was not converted, or not by lmn-convert; or there is an adapter without its recipe.
        """
        if self.adapter:
            raise LmnError(
                f"{self.path}: an adapter without its recipe has no training data; name the recipe with --recipe FILE"
            )
        return load_entry(self.dataset_dir, self.dataset)

    def dev_entry(self, split: str | None = None) -> DatasetEntry:
        """Return what `dataset_info.json` says of a split's data, by default of the data that training is evaluated on.

        Raises:
            LmnError: no split is named and the recipe evaluates on none; or it was not converted, or not by lmn-convert.
        """
        if split:
            return sibling(self.dataset_dir, self.train_entry(), split)
        if self.eval_dataset is None:
            raise LmnError(
                f"{self.path}: which split? it has no eval_dataset; --split names one of corpus {self.train_entry().corpus}"
            )
        return load_entry(self.dataset_dir, self.eval_dataset)


def load_recipe(path: Path, overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe.

    Args:
        path: a YAML file for `llamafactory-cli train`.
        overrides: `key=value` words, as LLaMA-Factory takes them.

    Raises:
        LmnError: the file cannot be read, is no mapping, lacks a key, or an override has no `=`.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise LmnError(f"{path}: no such recipe ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise LmnError(f"{path}: not UTF-8 ({error.reason})") from error
    with yaml_errors(path):
        values = yaml.safe_load(text)
    if not isinstance(values, dict):
        raise LmnError(f"{path}:1: a recipe is a mapping of LLaMA-Factory's keys")
    for override in overrides:
        key, equals, value = override.partition("=")
        if not equals or not key:
            raise LmnError(f"{override!r} is no override; write key=value, as for llamafactory-cli")
        with yaml_errors(override):
            values[key] = yaml.safe_load(value)
    _check_values(path, values)
    return Recipe(path, values)


def _check_values(path: Path, values: dict[str, Any]) -> None:
    missing = [key for key in _NEEDED if key not in values]
    if missing:
        raise LmnError(f"{path}:1: the recipe lacks {', '.join(missing)}")
    for key in (*_NEEDED, "dataset_dir"):
        if not isinstance(values.get(key, "data"), str) or not values.get(key, "data"):
            raise LmnError(f"{path}: {key} is {values[key]!r}, and not a word; put it in quotes if it is one")
    if not isinstance(values.get("seed", 42), int):
        raise LmnError(f"{path}: seed is {values['seed']!r}, and not a whole number")


def choose_recipe(path: Path | None, overrides: Sequence[str] = ()) -> Recipe:
    """Return the recipe at a path; without one, the only recipe under `recipes/` whose output holds an adapter.

    Raises:
        LmnError: as `load_recipe` and `find_recipe`; or overrides are given for no recipe.
    """
    if path:
        return load_recipe(path, overrides)
    if overrides:
        raise LmnError(
            f"{' '.join(overrides)}: KEY=VALUE overrides a key of a recipe; name the recipe with --recipe FILE"
        )
    return find_recipe()


def find_recipe(folder: Path = Path("recipes")) -> Recipe:
    """Return the only recipe of a folder whose output holds an adapter.

    Raises:
        LmnError: there is none, or more than one; the message lists them.
    """
    recipes = []
    for path in sorted(folder.rglob("*.yaml")):
        try:
            recipes.append(load_recipe(path))
        except LmnError:
            continue  # YAML that is no recipe may lie there
    trained = [recipe for recipe in recipes if recipe.has_adapter]
    if len(trained) == 1:
        return trained[0]
    if not recipes:
        raise LmnError(f"{folder}: no recipe there; name one with --recipe FILE")
    if not trained:
        listed = ", ".join(f"{recipe.path} ({recipe.output_dir})" for recipe in recipes)
        raise LmnError(f"no recipe has a trained adapter yet; train one, or name one with --recipe FILE: {listed}")
    raise LmnError(
        f"several recipes have an adapter; name one with --recipe FILE: {', '.join(str(recipe.path) for recipe in trained)}"
    )


def known_prompt(recipe: Recipe, adapter: Path | None) -> PromptSpec:
    """Return the prompt beside an adapter, with its template, or that of the training data, without one.

    An adapter that is used without its recipe brings its own.

    Args:
        recipe: names the training data and the template.
        adapter: the adapter's folder, or None for the untrained model.

    Raises:
        LmnError: the data was converted with another prompt than the adapter was trained with, or the adapter answers only on top
            of another one.
    """
    if recipe.adapter:
        return recipe.adapter.spec
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
            f"{kept}: the adapter was trained with another {', '.join(differences)} than {recipe.dataset} in "
            f"{recipe.dataset_dir} now has; convert the corpus with the options of then, or train anew"
        )
    return trained


def _check_stands_alone(recipe: Recipe) -> None:
    """Refuse an adapter that LLaMA-Factory trained on a base model with other adapters merged into it.

    Its `adapter_config.json` names the plain base model all the same, so that whoever loads it gets another model than was trained.
    """
    if recipe.continued is None:
        return
    several = "," in str(recipe.values["adapter_name_or_path"])
    if recipe.values.get("create_new_adapter") or several:
        key = "names several adapters" if several else "comes with create_new_adapter"
        raise LmnError(
            f"{recipe.path}: adapter_name_or_path {key}: LLaMA-Factory merges the old ones into the base model and saves the new one "
            "without them, so it answers only on top of them; go on with one adapter and without create_new_adapter, or merge with "
            "llamafactory-cli export first and name the merged model in model_name_or_path"
        )


def continued_differences(recipe: Recipe) -> list[str]:
    """Return in what the prompt of the adapter that a recipe goes on with differs from that of its training data.

    Nothing where the recipe starts a new adapter, no `prompt_spec.json` lies beside the old one, or the training data is not there.

    Raises:
        LmnError: that file is damaged.
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
    """Return the prompt that a recipe's model answers to, with its template, and leave a copy beside its adapter.

    Args:
        recipe: names the training data and the template.
        adapter: the adapter's folder, or None for the untrained model.

    Raises:
        LmnError: as `known_prompt`; or the template has to be read from LLaMA-Factory, which is not installed.
    """
    spec = known_prompt(recipe, adapter)
    if spec.template:
        return spec
    from ..prompting.templates import pieces_of

    spec = replace(spec, template=pieces_of(recipe.template))
    if adapter and (adapter / ADAPTER_FILE).is_file():
        spec.save(adapter / PROMPT_SPEC_FILE)
    return spec
