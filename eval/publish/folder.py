"""The folder that is published: weights, tokenizer, prompt, recipe, log and card."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import LmnError
from ...files import atomic_write, read_json, sha256_of, write_json
from ...prompting.spec import PROMPT_SPEC_FILE
from ...systems.serve_command import CHAT_TEMPLATE_FILE, chat_template
from ...training.logs import LOG_FILE, PLOT_FILE, TrainingLog
from ...training.recipe import ADAPTER_CONFIG_FILE, ADAPTER_FILE, Recipe, recipe_prompt
from .base_model import Licence, base_licence, public_base, read_config
from .card import card_text
from .corpus import training_data
from .hyperparameters import write_recipe
from .loss_plot import save_loss_plot
from .publication import Publication
from .scored import read_scored
from .usage import RECIPE_FILE
from .weights import Weights, write_adapter, write_merged

CARD_FILE = "README.md"
MANIFEST = ".lmn-publish.json"
_TOKENIZER = (
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt",
    "vocab.txt", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "chat_template.jinja",
)  # fmt: skip
_OWN_TEMPLATE = "chat_template.jinja"
_TOKENIZER_CONFIG = "tokenizer_config.json"
_OF_THE_MACHINE = ("is_local", "local_files_only", "name_or_path", "cache_dir", "token", "use_auth_token")


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """What is put into the folder.

    Attributes:
        repo: id on the Hub that the card names, `OWNER/NAME`.
        splits: whose scores the card has; empty for all.
        base: Hub id of the base model, in the place of the recipe's.
        licence: as the Hub lists it, in the place of the base model's.
        keep_float32: do not round the weights to bfloat16.
        merged: the whole model, the adapter merged into it.
        corpus_text: whether the card may show a sentence of the training data.
    """

    repo: str
    splits: tuple[str, ...] = ()
    base: str | None = None
    licence: str | None = None
    keep_float32: bool = False
    merged: bool = False
    corpus_text: bool = True


@dataclass(frozen=True, slots=True)
class Built:
    """A folder that is ready to be published.

    Attributes:
        folder: where it lies.
        files: names of its files, sorted; other files that lie there are none of it.
        published: what the card tells.
    """

    folder: Path
    files: tuple[str, ...]
    published: Publication

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum((self.folder / name).stat().st_size for name in self.files)


def build(recipe: Recipe, options: BuildOptions, out: Path) -> Built:
    """Make the folder of a recipe's adapter. The adapter's own folder gets a `prompt_spec.json` if it lacks one.

    Args:
        recipe: of a trained adapter.
        options: what is wanted.
        out: the folder; it does not exist, is empty, or was made by an earlier call.

    Raises:
        LmnError: no adapter, a file of it is missing or damaged, it was trained on another model or with another prompt than the
            recipe says, or `out` holds files of others.
    """
    if not recipe.has_adapter:
        raise LmnError(
            f"{recipe.output_dir / ADAPTER_FILE}: no adapter there; train it with llamafactory-cli train {recipe.path}"
        )
    base = public_base(recipe, options.base)
    earlier = _earlier_files(out)
    new = out.with_name(f".{out.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        published = _fill(recipe, options, base, new)
        files = tuple(sorted(path.name for path in new.iterdir()))
        write_json(new / MANIFEST, {name: sha256_of(new / name) for name in files})
        out.mkdir(parents=True, exist_ok=True)
        for name in earlier:
            (out / name).unlink(missing_ok=True)
        for path in new.iterdir():
            path.replace(out / path.name)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return Built(out, files, published)


def _earlier_files(out: Path) -> Sequence[str]:
    """Return the names of the files that an earlier call left in a folder.

    Raises:
        LmnError: there are files, and no call left them.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return ()
    if not (out / MANIFEST).is_file():
        raise LmnError(f"{out}: not empty, and not written by lmn-publish; name another folder with --out DIR")
    manifest = read_json(out / MANIFEST, remedy="delete the folder, or name another with --out DIR")
    return [name for name in manifest if "/" not in name and "\\" not in name] if isinstance(manifest, dict) else []


def _fill(recipe: Recipe, options: BuildOptions, base: str, new: Path) -> Publication:
    """Write all files into a folder and return what the card tells."""
    source = recipe.output_dir
    spec = recipe_prompt(recipe, source)
    spec.save(new / PROMPT_SPEC_FILE)
    assert spec.template is not None  # recipe_prompt adds it
    _copy_tokenizer(source, new)
    for name in (CHAT_TEMPLATE_FILE, *([_OWN_TEMPLATE] if options.merged else [])):
        with atomic_write(new / name) as file:
            file.write(chat_template(spec.template))
    weights = _write_weights(recipe, options, base, new)
    write_recipe(new / RECIPE_FILE, recipe, base)
    log = TrainingLog.read(source)
    plot = _copy_log(source, new, log)
    data = training_data(recipe, spec, corpus_text=options.corpus_text)
    scored = read_scored(source, weights.trained_sha256, options.splits, data.other_splits)
    licence = Licence(options.licence, of_base=False) if options.licence else base_licence(base, recipe.model)
    published = Publication(options.repo, recipe, base, spec, data, scored, log, weights, licence, plot)
    with atomic_write(new / CARD_FILE) as file:
        file.write(card_text(published))
    return published


def _write_weights(recipe: Recipe, options: BuildOptions, base: str, new: Path) -> Weights:
    if options.merged:
        trust = bool(recipe.values.get("trust_remote_code"))
        return write_merged(recipe.model, recipe.output_dir, new, keep_float32=options.keep_float32, trust=trust)
    write_json(new / ADAPTER_CONFIG_FILE, {**read_config(recipe), "base_model_name_or_path": base})
    return write_adapter(recipe.output_dir, new, keep_float32=options.keep_float32)


def _copy_tokenizer(source: Path, new: Path) -> None:
    """Copy what training saved of the tokenizer, without what its configuration says of the machine.

    Raises:
        LmnError: there is none.
    """
    there = [name for name in _TOKENIZER if (source / name).is_file()]
    if _TOKENIZER_CONFIG not in there:
        raise LmnError(f"{source / _TOKENIZER_CONFIG}: no such file; training saves the tokenizer beside the adapter")
    for name in there:
        shutil.copyfile(source / name, new / name)
    config: Any = read_json(source / _TOKENIZER_CONFIG, remedy="copy the adapter's folder again")
    if isinstance(config, dict):
        write_json(new / _TOKENIZER_CONFIG, {key: value for key, value in config.items() if key not in _OF_THE_MACHINE})


def _copy_log(source: Path, new: Path, log: TrainingLog) -> bool:
    """Copy the log and the plot of the loss, drawing one if there is none, and return whether there is a plot."""
    if (source / LOG_FILE).is_file():
        shutil.copyfile(source / LOG_FILE, new / LOG_FILE)
    if (source / PLOT_FILE).is_file():
        shutil.copyfile(source / PLOT_FILE, new / PLOT_FILE)
        return True
    return save_loss_plot(new / PLOT_FILE, log)
