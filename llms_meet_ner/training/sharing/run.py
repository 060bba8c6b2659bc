"""Runs LLaMA-Factory's own training in this process, with the examples of a step merged into rows.

Its arguments, data, templates, callbacks, logs, checkpoints and resuming are used as they are; in the place of its trainer stands one
that computes rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from .session import Session, SharingOptions, SharingOutcome

_UNUSED = "stage, use_mca, use_ray or use_hyper_parallel of the recipe asks for another loop than the one of supervised training"


def run_training(
    arguments: Mapping[str, Any] | Sequence[str], options: SharingOptions, callbacks: Sequence[Any] = ()
) -> SharingOutcome:
    """Train as `llamafactory-cli train` does, in this process.

    A training that cannot share exactly is run in LLaMA-Factory's own way, and the outcome says why.

    Args:
        arguments: Keys and values of the recipe, overrides included; or the words of a command line with `--key value`.
        options: How to share.
        callbacks: Callbacks of transformers' trainer, added to those of LLaMA-Factory.

    Raises:
        Exception: Whatever LLaMA-Factory raises.
    """
    from llamafactory.train import tuner

    session = Session(options)
    with _standing_in(tuner, "run_sft", partial(_run_sft, session, tuner.run_sft)):
        tuner.run_exp(dict(arguments) if isinstance(arguments, Mapping) else list(arguments), list(callbacks))
    if not session.began:
        session.fall_back(_UNUSED)
    return session.outcome()


def _run_sft(
    session: Session, original: Callable[..., None], model: Any, data: Any, training: Any, finetuning: Any, *others: Any, **more: Any
) -> None:  # fmt: skip
    """Stand in for LLaMA-Factory's `run_sft`, which gets its parsed arguments."""
    from llamafactory.train.sft import workflow

    from .conditions import broken_by_settings
    from .masks import RowMasks
    from .trainer import SharingTrainer

    session.began = True
    session.speaks = training.process_index == 0
    reason = broken_by_settings({"model": model, "data": data, "training": training, "finetuning": finetuning})
    with ExitStack() as stack:
        if reason is None:
            masks = stack.enter_context(RowMasks().installed())
            trainer = partial(SharingTrainer, session=session, masks=masks, longest=data.cutoff_len)
            stack.enter_context(_standing_in(workflow, "CustomSeq2SeqTrainer", trainer))
        else:
            session.fall_back(reason)
        original(model, data, training, finetuning, *others, **more)


@contextmanager
def _standing_in(module: Any, name: str, other: Any) -> Iterator[None]:
    """Let another object have a name of a module while the block runs."""
    before = getattr(module, name)
    setattr(module, name, other)
    try:
        yield
    finally:
        setattr(module, name, before)
