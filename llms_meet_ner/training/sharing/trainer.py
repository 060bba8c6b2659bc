"""LLaMA-Factory's trainer of supervised examples, which computes the examples of a step in rows.

Everything but the passes through the model stays as it is there: the loader and its order, the steps, the schedule, the logs, the
checkpoints and how a training resumes from one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import product
from typing import Any

import torch
from accelerate.utils import DistributedType
from llamafactory.train.sft.trainer import CustomSeq2SeqTrainer

from .attention import choose_attention, default_tokens_per_row
from .conditions import broken_by_model, evaluation_apart
from .forward import RowInputs, examples_of, has_usual_loss, keeps_chosen_logits, label_losses, row_inputs
from .looking_ahead import LookingAhead, WindowBatch
from .masks import RowMasks, ShownRow
from .probe import Probe
from .rows import Example, Row, build_rows
from .session import Session

EXAMPLES_AHEAD = 32
"""Examples that an evaluation merges into rows at a time."""
_KEYS = {"input_ids", "attention_mask", "labels"}


@dataclass(frozen=True, slots=True)
class Merged:
    """What stands for a batch of a step: the last one of a step has the rows of them all.

    Attributes:
        batch: The batch.
        rows: Rows of the step, or none.
    """

    batch: Mapping[str, torch.Tensor]
    rows: tuple[Row, ...] = ()


class SharingTrainer(CustomSeq2SeqTrainer):  # type: ignore[misc]
    """The trainer; it behaves as the one of LLaMA-Factory if its session has a reason to fall back."""

    def __init__(
        self, *args: Any, session: Session, masks: RowMasks, processor: Any = None, longest: int = 0, **kwargs: Any
    ) -> None:
        super().__init__(*args, processor=processor, **kwargs)
        self._session = session
        self._masks = masks
        self._probed = False
        session.speaks = self.is_world_process_zero()
        self._bare = self.model.get_base_model() if hasattr(self.model, "get_base_model") else self.model
        self._keeps_logits = keeps_chosen_logits(self._bare)
        reason = broken_by_model(self._bare, processor, longest)
        if reason is None and not (self.model_accepts_loss_kwargs and has_usual_loss(self._bare)):
            reason = "the loss of this model is not the cross entropy of all labels of a step"
        if reason is None and self.compute_loss_func is not None:
            reason = "the training has a loss of its own"
        if reason is not None:
            session.fall_back(reason)

    def get_batch_samples(self, epoch_iterator: Iterator[Any], num_batches: int, device: Any) -> tuple[list[Any], Any]:
        """Return one entry for each batch of the step, and the number of its labels."""
        batches, labels = super().get_batch_samples(epoch_iterator, num_batches, device)
        if not batches or not self._shares(self.model_wrapped, batches):
            return batches, labels
        examples = [example for batch in batches for example in examples_of(batch)]
        rows = self._rows(examples)
        apart = sum(len(example.tokens) for example in examples)
        self._session.count_step(len(examples), len(rows), sum(map(len, rows)), apart)
        return [*(Merged(batch) for batch in batches[:-1]), Merged(batches[-1], tuple(rows))], labels

    def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> torch.Tensor:
        """Compute the gradients of the rows of the step; without rows, do nothing."""
        if not isinstance(inputs, Merged):
            return super().training_step(model, inputs, num_items_in_batch)
        loss = torch.zeros((), device=self.args.device)
        for number, row in enumerate(inputs.rows, 1):
            with nullcontext() if number == len(inputs.rows) else self._adding_up(model):
                loss = loss + self._row_step(model, row, num_items_in_batch)
        return loss

    def floating_point_ops(self, inputs: Any) -> int:
        """Count the operations of the rows."""
        if not isinstance(inputs, Merged):
            return int(super().floating_point_ops(inputs))
        tokens = sum(map(len, inputs.rows))
        return int(super().floating_point_ops({"input_ids": torch.empty((1, tokens), device="meta")}))

    def _track_num_input_tokens(self, inputs: Any) -> None:
        super()._track_num_input_tokens(inputs.batch if isinstance(inputs, Merged) else inputs)

    def evaluation_loop(self, dataloader: Any, *args: Any, **kwargs: Any) -> Any:
        """Evaluate as LLaMA-Factory does, with some batches computed in one pass."""
        if self._session.fallback is None:
            apart = evaluation_apart(self.finetuning_args, self.args)
            if apart is None and self.compute_metrics is None:
                dataloader = LookingAhead(dataloader, max(1, EXAMPLES_AHEAD // self.args.per_device_eval_batch_size))
            else:
                self._session.evaluate_apart(apart or "the training computes metrics of its own")
        return super().evaluation_loop(dataloader, *args, **kwargs)

    def prediction_step(
        self, model: Any, inputs: Any, prediction_loss_only: bool, ignore_keys: Any = None, **others: Any
    ) -> Any:
        """Return the loss of a batch, as LLaMA-Factory counts it."""
        window = inputs.window if isinstance(inputs, WindowBatch) and prediction_loss_only else None
        if window is None or not self._shares(model, window.batches):
            return super().prediction_step(model, inputs, prediction_loss_only, ignore_keys, **others)
        if window.sums is None:
            window.sums = self._sums(model, window.batches)
        labels = self._get_num_items_in_batch([inputs], self.args.device)
        processes = self.accelerator.num_processes if self.args.average_tokens_across_devices else 1
        return window.sums[inputs.number] / labels * processes, None, None

    def _row_step(self, model: Any, row: Row, labels: Any) -> torch.Tensor:
        shown = ShownRow.of(row, self.args.device)
        with self._masks.showing(shown):
            inputs = row_inputs(row, self.args.device, keeps_logits=self._keeps_logits).inputs
            return super().training_step(model, inputs, labels)

    @contextmanager
    def _adding_up(self, model: Any) -> Iterator[None]:
        """Let gradients of the block add up in each process, until a pass outside of it exchanges them and ends the step."""
        state = self.accelerator.gradient_state
        before = state.sync_gradients
        deepspeed = self.accelerator.distributed_type == DistributedType.DEEPSPEED
        state._set_sync_gradients(False)
        try:
            with nullcontext() if deepspeed else self.accelerator.no_sync(model=model):
                yield
        finally:
            state._set_sync_gradients(before)

    def _sums(self, model: Any, batches: Sequence[Mapping[str, torch.Tensor]]) -> torch.Tensor:
        """Return the sum of the losses of the labels of each batch, a float32 tensor of shape [batches]."""
        numbered = [(number, example) for number, batch in enumerate(batches) for example in examples_of(batch)]
        batch_of = torch.tensor([number for number, _ in numbered], device=self.args.device)
        sums = torch.zeros(len(batches), device=self.args.device)
        for row in self._rows([example for _, example in numbered]):
            inputs = row_inputs(row, self.args.device, keeps_logits=self._keeps_logits)
            losses = label_losses(self._logits(model, row, inputs), inputs)
            sums.index_add_(0, batch_of[inputs.owners], losses)
        return sums

    def _logits(self, model: Any, row: Row, inputs: RowInputs) -> torch.Tensor:
        asked = {key: value for key, value in inputs.inputs.items() if key not in ("labels", "shift_labels")}
        shown = ShownRow.of(row, self.args.device)
        with torch.no_grad(), self._masks.showing(shown), self.compute_loss_context_manager():
            logits: torch.Tensor = model(**asked).logits
        return logits

    def _rows(self, examples: Sequence[Example]) -> list[Row]:
        """Merge examples into rows, as many in every process: all of them take part in each pass."""
        assert self._session.tokens_per_row is not None
        rows = build_rows(examples, self._session.tokens_per_row)
        most = self._most(len(rows))
        return rows if most == len(rows) else build_rows(examples, self._session.tokens_per_row, most)

    def _most(self, number: int) -> int:
        """Return the largest of the numbers of all processes."""
        if self.args.world_size == 1:
            return number
        return int(self.accelerator.gather(torch.tensor([number], device=self.args.device)).max())

    def _shares(self, model: Any, batches: Sequence[Mapping[str, Any]]) -> bool:
        """Return whether examples are shared; at the first batches, see that the model does it right."""
        if self._session.fallback is None and not self._probed:
            self._probed = True
            self._prepare(model, batches)
        return self._session.fallback is None

    def _prepare(self, model: Any, batches: Sequence[Mapping[str, Any]]) -> None:
        """Choose the attention and the length of rows that pass the probe, or fall back."""
        others = sorted({key for batch in batches for key in batch} - _KEYS)
        if others:
            self._session.fall_back(f"batches hold more than tokens and labels: {', '.join(others)}")
            return
        before = self._bare.config._attn_implementation
        chosen = choose_attention(
            before, supports_flex=getattr(self._bare, "_supports_flex_attn", False), device=self.args.device.type
        )
        examples = [example for batch in batches for example in examples_of(batch)]
        problem = None
        for attention, keeps_logits in product(
            dict.fromkeys((chosen, before)), dict.fromkeys((self._keeps_logits, False))
        ):
            self._use(attention)
            self._keeps_logits = keeps_logits
            problem = self._problem(model, examples)
            if problem is None:
                break
        if problem is not None:
            self._session.fall_back(problem)
            return
        self._session.attention = attention
        default = default_tokens_per_row(self._bare, attention, self.args.device)
        self._session.tokens_per_row = self._session.options.tokens_per_row or default

    def _use(self, attention: str | None) -> None:
        if attention != self._bare.config._attn_implementation:
            self._bare.set_attn_implementation(attention)

    def _problem(self, model: Any, examples: Sequence[Example]) -> str | None:
        """Return why rows are not computed exactly in some process, or None."""
        probe = Probe(model, self._masks, self.args.device, keeps_logits=self._keeps_logits)
        was_training = model.training
        model.eval()  # what is random in training is found by the conditions
        try:
            with torch.no_grad(), self.compute_loss_context_manager():
                problem = probe.problem(examples, self._dtype())
        except Exception as error:  # whatever a model that is not made for rows may raise
            lines = str(error).strip().splitlines()
            problem = f"the model computes no rows: {': '.join([type(error).__name__, *lines[:1]])}"
        finally:
            model.train(was_training)
        if self._most(problem is not None) and problem is None:
            problem = "another process found that this model does not compute rows exactly"
        return problem

    def _dtype(self) -> Any:
        if self.args.bf16 or self.args.fp16:
            return torch.bfloat16
        return self._bare.dtype
