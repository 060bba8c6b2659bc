"""The probe finds a model that does not compute rows as it computes each example alone."""

from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from small_models import tiny_llama  # noqa: E402

from llms_meet_ner.training.sharing.masks import RowMasks, ShownRow  # noqa: E402
from llms_meet_ner.training.sharing.probe import Probe  # noqa: E402
from llms_meet_ner.training.sharing.rows import UNLABELLED, Example  # noqa: E402

PROMPT = (1, 2, 3, 4)
EXAMPLES = [Example((*PROMPT, *rest), (*[UNLABELLED] * 5, *rest[1:])) for rest in ((5, 6, 7), (5, 7, 6, 6))]


def problem(made: Any, examples: list[Example] = EXAMPLES) -> str | None:
    masks = RowMasks()
    with torch.no_grad(), masks.installed():
        return Probe(made, masks, "cpu", keeps_logits=True).problem(examples, torch.float32)


def test_a_llama_passes() -> None:
    assert problem(tiny_llama()) is None
    assert problem(tiny_llama(), EXAMPLES[:1]) is None


def test_a_mask_that_lets_one_example_see_another_is_found() -> None:
    def sees(self: ShownRow, alone: Callable[..., Any]) -> Any:
        return alone

    with mock.patch.object(ShownRow, "sees", sees):
        assert problem(tiny_llama()) == "in this model, what one example holds changes the logits of another one"


def test_positions_that_count_in_the_row_are_found() -> None:
    made = tiny_llama()
    forward = made.forward

    def ignoring_positions(*args: Any, position_ids: Any = None, **kwargs: Any) -> Any:
        return forward(*args, **kwargs)

    with mock.patch.object(made, "forward", ignoring_positions):
        assert "sharing changes the loss of an example from" in str(problem(made))


def test_a_model_with_masks_of_its_own_is_found() -> None:
    made = tiny_llama()
    with mock.patch("transformers.models.llama.modeling_llama.create_causal_mask", return_value=None):
        assert problem(made) == "the model makes its masks of attention in its own way"


def test_a_loss_of_its_own_is_found() -> None:
    made = tiny_llama()
    forward = made.forward

    def scaled(**kwargs: Any) -> Any:
        output = forward(**kwargs)
        return output if output.loss is None else type(output)(loss=2 * output.loss, logits=output.logits)

    with mock.patch.object(made, "forward", scaled):
        assert problem(made) == "the model computes its loss in its own way"
