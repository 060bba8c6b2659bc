"""Rows as inputs of a model: the losses of a row are those of its examples."""

from typing import Any

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from small_models import tiny_llama  # noqa: E402

from llms_meet_ner.training.sharing.forward import (  # noqa: E402
    examples_of,
    has_usual_loss,
    keeps_chosen_logits,
    label_losses,
    row_inputs,
)
from llms_meet_ner.training.sharing.masks import RowMasks, ShownRow  # noqa: E402
from llms_meet_ner.training.sharing.rows import UNLABELLED, Example, build_rows  # noqa: E402

EXAMPLES = [
    Example((1, 2, 3, 4, 5), (UNLABELLED, UNLABELLED, UNLABELLED, 4, 5)),
    Example((1, 2, 6), (UNLABELLED, UNLABELLED, 6)),
    Example((1, 2, 3, 7), (UNLABELLED,) * 4),
]


@pytest.fixture(scope="module")
def llama() -> Any:
    return tiny_llama()


@pytest.mark.parametrize("keeps_logits", [True, False])
def test_the_losses_of_a_row_are_those_of_its_examples(llama: Any, keeps_logits: bool) -> None:
    (row,) = build_rows(EXAMPLES, 100)
    inputs = row_inputs(row, "cpu", keeps_logits=keeps_logits)
    masks = RowMasks()
    with torch.no_grad(), masks.installed(), masks.showing(ShownRow.of(row, "cpu")):
        output = llama(**inputs.inputs, num_items_in_batch=3)
    losses = label_losses(output.logits, inputs)
    alone = []
    for example in EXAMPLES[:2]:
        tokens, labels = torch.tensor([example.tokens]), torch.tensor([example.labels])
        with torch.no_grad():
            alone.append(float(llama(input_ids=tokens, labels=labels, num_items_in_batch=1).loss))
    for number, expected in enumerate(alone):
        assert float(losses[inputs.owners == number].sum()) == pytest.approx(expected, rel=1e-5)
    assert float(output.loss) == pytest.approx(sum(alone) / 3, rel=1e-5)


@pytest.mark.parametrize("keeps_logits", [True, False])
def test_a_row_without_labels_has_no_loss_and_no_gradient(llama: Any, keeps_logits: bool) -> None:
    (row,) = build_rows(EXAMPLES[2:], 100)
    inputs = row_inputs(row, "cpu", keeps_logits=keeps_logits)
    masks = RowMasks()
    with masks.installed(), masks.showing(ShownRow.of(row, "cpu")):
        loss = llama(**inputs.inputs, num_items_in_batch=3).loss
    loss.backward()
    assert float(loss.detach()) == 0
    assert all(float(weight.grad.abs().max()) == 0 for weight in llama.parameters())


@pytest.mark.parametrize("left", [False, True])
def test_padding_is_left_out(left: bool) -> None:
    columns = {
        "input_ids": [9, 9, 1, 2],
        "labels": [UNLABELLED, UNLABELLED, UNLABELLED, 2],
        "attention_mask": [0, 0, 1, 1],
    }
    batch = {key: torch.tensor([values if left else values[2:] + values[:2]]) for key, values in columns.items()}
    assert examples_of(batch) == [Example((1, 2), (UNLABELLED, 2))]


def test_what_a_model_can_do_is_read_from_it(llama: Any) -> None:
    assert keeps_chosen_logits(llama)
    assert has_usual_loss(llama)
    encoder = transformers.BertForMaskedLM(
        transformers.BertConfig(
            vocab_size=9, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8
        )
    )
    assert not keeps_chosen_logits(encoder)
    assert not has_usual_loss(encoder)
