"""A prediction run: sentences in, records in corpus order out."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress

from ..decoding.batches import PARTIAL_FILE, RUN_FILE, Batch, plan_batches, read_stamp, run_batches
from ..decoding.bounds import token_bound
from ..decoding.guesser import EntityGuesser
from ..decoding.model import LoadedModel
from ..decoding.requests import Decoding, Request
from ..errors import LmnError
from ..files import atomic_write, sha256_of
from ..formats import get_format
from ..prompting.spec import Example, PromptSpec
from ..prompting.templates import encode_prompt
from ..records import PREDICTIONS_FILE, Generated, PredictionRecord, Uncertainty
from ..sentence import DOCSTART, Sentence, tokens_sha1
from ..systems.engines import make_generator, resolve_decoding
from ..systems.served import Server, ServerOptions, generate_served, served_prompt, served_stamp
from ..training.dataset_info import Record, read_outputs
from ..training.recipe import ADAPTER_FILE, Recipe, continued_differences, recipe_prompt
from .examples import Shots, choose_examples
from .shards import Shard

_MACHINE_KEYS = ("device", "resolved_dtype")
_PRECISION_KEYS = ("bf16", "fp16", "quantization_bit", "quantization_type", "double_quantization")


@dataclass(frozen=True, slots=True)
class PredictOptions:
    """Options of a run, all of which its outputs follow from.

    Attributes:
        decoding: `constrained` writes the sentence with well-formed markup and nothing else; `free` is plain greedy decoding; None
            for what the prompt's format allows.
        batch_size: sentences decoded together.
        max_new_tokens: bound on a free output's tokens; None sets one for each sentence.
        dtype: of the weights: `auto`, `float32`, `bfloat16`, `float16`.
        shots: the base model without the adapter, with so many examples in the prompt; None for the trained model.
        limit: only the first so many sentences; None for all.
        server: generates in the place of the model here; None for that.
        shard: only this part of the sentences; None for all.
    """

    decoding: Decoding | None = None
    batch_size: int = 16
    max_new_tokens: int | None = None
    dtype: str = "auto"
    shots: Shots | None = None
    limit: int | None = None
    server: ServerOptions | None = None
    shard: Shard | None = None

    def __post_init__(self) -> None:
        """Check that the options go together.

        Raises:
            LmnError: a server is to decode under constraints, or an output is bounded that the sentence bounds already.
        """
        if self.max_new_tokens is not None and self.decoding == "constrained":
            raise LmnError(
                "--max-new-tokens bounds free outputs, and a constrained one ends with its sentence; leave it out, or --decoding free"
            )
        if self.server and self.decoding == "constrained":
            raise LmnError("a server decodes freely; --decoding free")

    def for_format(self, name: str) -> PredictOptions:
        """Return the options with a decoding, for prompts in a format.

        Raises:
            LmnError: the format does not allow the decoding that is asked for.
        """
        decoding = self.decoding or ("free" if self.server else None)
        return replace(self, decoding=resolve_decoding(decoding, name))

    @property
    def run_name(self) -> str:
        """The run's folder name: the decoding and what else sets the run apart.

        Raises:
            ValueError: the decoding is still open: `for_format` first.
        """
        if self.decoding is None:
            raise ValueError("a run has a name once its decoding is known")
        name: str = self.decoding
        name += "-openai" if self.server else ""
        name += f"-{self.shots.mark}" if self.shots else ""
        name += "" if self.limit is None else f"-first{self.limit}"
        return name if self.shard is None else f"{name}-shard{self.shard.number}of{self.shard.of}"


def run_folder(recipe: Recipe, corpus: str, split: str, options: PredictOptions) -> Path:
    """Return `<output_dir>/<corpus>_<split>/<run>`."""
    return recipe.output_dir / f"{corpus}_{split}" / options.run_name


def predict(
    recipe: Recipe, records: Sequence[Record], folder: Path, options: PredictOptions, *, restart: bool = False
) -> Path:
    """Predict sentences with a recipe's model and write their records.

    A finished run with the same input, model and options is left as it is. An unfinished one goes on; its final file is
    byte for byte that of an undisturbed run.

    Args:
        recipe: names base model, adapter, training data and template.
        records: the sentences, in corpus order.
        folder: where `predictions.jsonl` and `run.json` go.
        options: of the run.
        restart: discard what is there.

    Returns:
        The path of `predictions.jsonl`.

    Raises:
        LmnError: no adapter, no model, another prompt than the adapter's, a decoding that its format does not allow, examples that
            cannot be chosen or do not fit the model, other predictions in the folder, out of memory; or a server that does not
            answer.
    """
    adapter = _adapter(recipe, options)
    server = Server(options.server) if options.server else None
    if options.shots is None and (changed := continued_differences(recipe)):
        click.echo(
            f"{recipe.continued}: training went on from this adapter with another {', '.join(changed)}; the new prompt is taken",
            err=True,
        )
    spec = served_prompt(recipe, untrained=options.shots is not None) if server else recipe_prompt(recipe, adapter)
    options = options.for_format(spec.format)
    stamp = (
        served_stamp(recipe, spec, server, options.max_new_tokens) if server else _stamp(recipe, adapter, spec, options)
    )
    final = folder / PREDICTIONS_FILE
    records = records[: options.limit]
    chosen = choose_examples(recipe, spec, options.shots or Shots(), records)
    examples: Sequence[tuple[Example, ...]] = chosen.by_sentence
    stamp["shots"] = chosen.stamp() if options.shots else None
    if options.shard:
        stamp["shard"] = options.shard.stamp(_sentences(records))
        records, examples = options.shard.part(records), options.shard.part(examples)
    stamp["sentences"] = _sentences(records)
    if final.is_file() and not restart:
        if same_run(folder, stamp):
            click.echo(f"{final}: already there, with the same data, model and options", err=True)
            return final
        raise LmnError(
            f"{final}: predictions of other data, another model or other options; --restart writes over them"
        )
    final.unlink(missing_ok=True)
    if server:
        outputs = generate_served(server, spec, records, examples, folder, stamp, options.max_new_tokens, restart)
    else:
        outputs = _generate_all(recipe, adapter, spec, records, examples, folder, options, stamp, restart)
    _write_records(final, records, outputs, spec, str(options.decoding))
    (folder / PARTIAL_FILE).unlink(missing_ok=True)
    return final


def _adapter(recipe: Recipe, options: PredictOptions) -> Path | None:
    """Return the folder of the adapter that is loaded here, or None."""
    if options.shots or options.server:
        return None
    if not recipe.has_adapter:
        raise LmnError(
            f"{recipe.output_dir / ADAPTER_FILE}: no adapter there; train it with llamafactory-cli train {recipe.path}, "
            "or say --untrained"
        )
    return recipe.adapter_dir


def _stamp(recipe: Recipe, adapter: Path | None, spec: PromptSpec, options: PredictOptions) -> dict[str, Any]:
    """Return what a run's outputs follow from, sentences and batch plan aside."""
    pulled = recipe.adapter
    return {
        **({"adapter": {"name": pulled.name, "revision": pulled.revision}} if pulled else {}),
        "recipe": None if pulled else recipe.path.name,
        "model": recipe.model,
        "adapter_sha256": sha256_of(adapter / ADAPTER_FILE) if adapter else None,
        "prompt": spec.to_dict(),
        "decoding": options.decoding,
        "batch_size": options.batch_size,
        "max_new_tokens": options.max_new_tokens,
        "dtype": options.dtype,
        "precision": {key: recipe.values.get(key) for key in _PRECISION_KEYS},
    }


def _sentences(records: Sequence[Record]) -> list[list[str]]:
    return [[record.id, tokens_sha1(record.tokens)] for record in records]


def check_run(folder: Path, recipe: Recipe, records: Sequence[Record], options: PredictOptions) -> None:
    """Make sure that the predictions in a folder are of these sentences and of the adapter that is there now.

    Of a server's predictions the name of the served model is checked, where the options have one; of a model without training the
    prompt and its examples.

    Raises:
        LmnError: they are not.
    """
    if not (folder / RUN_FILE).is_file():
        return
    found = read_stamp(folder)
    local_adapter = not options.shots and not options.server
    if local_adapter and not recipe.has_adapter:
        raise LmnError(
            f"{folder / PREDICTIONS_FILE}: predictions lie there, but {recipe.output_dir / ADAPTER_FILE} is gone; "
            "--predictions scores the file as it is"
        )
    now = {
        "model": recipe.model,
        "adapter_sha256": sha256_of(recipe.adapter_dir / ADAPTER_FILE) if local_adapter else None,
        "sentences": _sentences(records),
    }
    if options.server and options.server.model:
        now["served_model"] = options.server.model
    differing = [name for name, value in now.items() if found.get(name) != value]
    if options.shots:
        spec = recipe.train_entry().spec
        differing += _prompt_differences(found, spec, None if options.server else recipe.template)
        chosen = choose_examples(recipe, spec, options.shots, records)
        differing += ["shots"] if found.get("shots") != chosen.stamp() else []
    elif recipe.adapter:
        differing += _prompt_differences(found, recipe.adapter.spec, recipe.template)
    if differing:
        raise LmnError(
            f"{folder / PREDICTIONS_FILE}: made with another {', '.join(differing)} than there is now; --restart predicts anew, "
            "--predictions scores the file as it is"
        )


def _prompt_differences(stamp: dict[str, Any], spec: PromptSpec, template: str | None) -> list[str]:
    """Return in what the prompt of a run differs from one; a template of None is not looked at."""
    try:
        found = PromptSpec.from_dict(stamp["prompt"], RUN_FILE)
    except (LmnError, KeyError):
        return ["prompt"]
    other_template = template and (found.template is None or found.template.name != template)
    return found.differences(spec) + (["template"] if other_template else [])


def same_run(folder: Path, stamp: dict[str, Any]) -> bool:
    """Return whether a folder's run has a stamp, up to the machine that it ran on."""
    if not (folder / RUN_FILE).is_file():
        return False
    found = read_stamp(folder)
    return {key: value for key, value in found.items() if key not in _MACHINE_KEYS} == stamp


def _generate_all(
    recipe: Recipe, adapter: Path | None, spec: PromptSpec, records: Sequence[Record], examples: Sequence[tuple[Example, ...]],
    folder: Path, options: PredictOptions, stamp: dict[str, Any], restart: bool,
) -> dict[int, Generated]:  # fmt: skip
    """Load the model, plan and run the batches; `-DOCSTART-` sentences need no model: they hold no entity."""
    from ..decoding.model import load_model

    loaded = load_model(recipe, spec, adapter, options.dtype)
    click.echo(
        f"{recipe.model}{f' with {adapter}' if adapter else ', untrained'} on {loaded.device_name}, {loaded.dtype}",
        err=True,
    )
    asked = [item for item, record in enumerate(records) if record.tokens != (DOCSTART,)]
    prompts = _prompts(loaded, spec, [records[item] for item in asked], [examples[item] for item in asked])
    limit, tokenizer = options.max_new_tokens, loaded.tokenizer
    bounds = [limit or token_bound(tokenizer, spec, records[item].tokens) for item in asked]
    batches = plan_batches(list(map(len, prompts)), bounds, options.batch_size)
    assert options.decoding is not None  # for_format has seen to it
    guesser = training_guesser(recipe, spec) if options.decoding == "constrained" else None
    generator = make_generator(loaded, spec, options.decoding, guesser)
    generator.prepare(prompts)
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("predicting", total=len(asked))

        def generate(batch: Batch) -> list[Generated]:
            limits = zip(batch.items, batch.max_new_tokens)
            return generator.generate(
                [Request(prompts[item], records[asked[item]].tokens, limit) for item, limit in limits]
            )

        outputs = run_batches(
            folder,
            batches,
            {**stamp, "device": loaded.device_name, "resolved_dtype": loaded.dtype},
            generate,
            restart=restart,
            on_batch=lambda batch: progress.advance(task, len(batch.items)),
        )
    unmarked = get_format(spec.format).render(Sentence("", (DOCSTART,)), spec.labels)
    separator = Generated(unmarked) if options.decoding == "free" else Generated(unmarked, (), Uncertainty(0.0, 0.0))
    by_item = {asked[position]: text for position, text in outputs.items()}
    return {item: by_item.get(item, separator) for item in range(len(records))}


def _prompts(
    loaded: LoadedModel, spec: PromptSpec, records: Sequence[Record], examples: Sequence[tuple[Example, ...]]
) -> list[list[int]]:
    """Return the prompts of sentences.

    Raises:
        LmnError: with its examples a sentence is too long for the model.
    """
    prompts = []
    for record, shown in zip(records, examples, strict=True):
        source = " ".join(record.tokens)
        prompt = encode_prompt(loaded.tokenizer, spec, source, shown)
        length = len(loaded.tokenizer.encode(source, add_special_tokens=False))
        if shown and loaded.window and len(prompt) + length > loaded.window:
            ids = ", ".join(example.id for example in shown)
            raise LmnError(
                f"{record.id}: with {ids} before it the prompt has {len(prompt):,} tokens and its answer at least {length:,}, but the "
                f"model has room for {loaded.window:,}; take fewer examples with --shots, or others with --examples or --shots-seed"
            )
        prompts.append(prompt)
    return prompts


def training_guesser(recipe: Recipe, spec: PromptSpec) -> EntityGuesser:
    """Return a guesser that has seen the training data, if it is there: it speeds decoding up and changes no output."""
    guesser = EntityGuesser.of(spec.labels.names)
    fmt = get_format(spec.format, nested=spec.nested)
    with suppress(LmnError):
        for tokens, output in read_outputs(recipe.dataset_dir, recipe.train_entry()):
            guesser.learn(tokens, fmt.parse(output, tokens, spec.labels).spans)
    return guesser


def _write_records(
    final: Path, records: Sequence[Record], outputs: dict[int, Generated], spec: PromptSpec, decoding: str
) -> None:
    fmt = get_format(spec.format, nested=spec.nested)
    with atomic_write(final) as file:
        for item, record in enumerate(records):
            alignment = fmt.parse(outputs[item].text, record.tokens, spec.labels)
            sha1 = tokens_sha1(record.tokens)
            file.write(PredictionRecord.of(record.id, outputs[item], sha1, decoding, alignment).to_json() + "\n")
