"""The metadata at the head of a model card, as the Hub reads it."""

from __future__ import annotations

from typing import Any

from ...counts import RATIOS
from ...data_converters.cards import load_card
from ...errors import LmnError
from ..scored_run.run import ScoredRun
from ..scoring.predictions import NO_DECODING
from .publication import Publication
from .scored import scorer_of

TASK = "token-classification"


def metadata_yaml(published: Publication) -> str:
    """Return the YAML of a card, without the lines of dashes around it; what is unknown has no key."""
    from huggingface_hub import ModelCardData

    licence = published.licence
    data = ModelCardData(
        language=published.data.card.language if published.data.card else None,
        license=licence.id if licence else None,
        license_name=licence.name if licence else None,
        license_link=licence.link if licence else None,
        library_name=_library(published),
        base_model=published.base,
        base_model_relation="finetune" if published.weights.merged else "adapter",
        pipeline_tag=TASK,
        datasets=[published.data.hub_id],
        tags=_tags(published),
        model_name=published.name,
        eval_results=[result for run in published.scored.headline for result in _results(published, run)] or None,
    )
    text: str = data.to_yaml()
    return text.strip()


def _library(published: Publication) -> str:
    """Return the library that loads the weights, as the Hub calls it."""
    if published.is_exported:
        return "onnx"
    return "transformers" if published.weights.merged else "peft"


def _tags(published: Publication) -> list[str]:
    if published.student:
        return ["named-entity-recognition", "ner", TASK, "llms-meet-ner", *(["onnx"] if published.is_exported else [])]
    tags = ["named-entity-recognition", "ner", "llama-factory", "llms-meet-ner", f"format:{published.spec.format}"]
    return tags if published.weights.merged else [*tags, published.method.lower()]


def _results(published: Publication, run: ScoredRun) -> list[Any]:
    """Return precision, recall and F1 of a split."""
    from huggingface_hub import EvalResult

    id_, title = _dataset(published, run.corpus)
    counts = run.scores.micro
    decoding = "tags that BIO allows" if run.decoding == NO_DECODING else f"{run.decoding} decoding"
    metrics: dict[str, float] = {name: getattr(counts, name) for name in RATIOS}
    return [
        EvalResult(
            task_type=TASK,
            task_name="Named Entity Recognition",
            dataset_type=id_,
            dataset_name=title,
            dataset_split=run.split,
            metric_type=name,
            metric_name=f"{name} (micro; {scorer_of(run)}; {decoding})",
            metric_value=value,
        )
        for name, value in metrics.items()
    ]


def _dataset(published: Publication, corpus: str) -> tuple[str, str]:
    """Return the id and the title of a corpus that was scored on."""
    data = published.data
    if data.card and data.card.name == corpus:
        return data.hub_id, data.title
    try:
        return corpus, load_card(corpus).title
    except LmnError:
        return corpus, corpus
