"""The BiLSTM head: padding is not read, and what is saved is what comes back."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_encoders import save_tiny_bert

from llms_meet_ner.students.viterbi import tag_names

torch = pytest.importorskip("torch")


def test_padding_is_not_read_and_the_encoder_keeps_its_weights(tmp_path: Path) -> None:
    from transformers import AutoModel, AutoModelForTokenClassification

    from llms_meet_ner.students.encoder import new_model
    from llms_meet_ner.students.heads import BiLstmTagger

    folder = save_tiny_bert(tmp_path / "encoder")
    torch.manual_seed(0)
    model = new_model(str(folder), tag_names(["PER"]), "bilstm", lstm_size=5).eval()
    before = AutoModel.from_pretrained(folder).state_dict()
    assert all(torch.equal(weights, before[name]) for name, weights in model.encoder.state_dict().items())
    ids = torch.tensor([[3, 9, 12, 1]])
    padded = torch.nn.functional.pad(ids, (0, 3), value=2)
    mask = torch.tensor([[1, 1, 1, 1, 0, 0, 0]])
    with torch.inference_mode():
        alone = model(input_ids=ids, attention_mask=torch.ones_like(ids))
        beside = model(input_ids=padded, attention_mask=mask).logits[:, :4]
    torch.testing.assert_close(alone.logits, beside)

    model.save_pretrained(tmp_path / "saved")
    again = BiLstmTagger.from_pretrained(tmp_path / "saved").eval()
    with torch.inference_mode():
        torch.testing.assert_close(again(input_ids=ids, attention_mask=torch.ones_like(ids)).logits, alone.logits)
    with pytest.raises(ValueError, match="lmn-bilstm"):  # no other class takes the encoder and makes up a head
        AutoModelForTokenClassification.from_pretrained(tmp_path / "saved")
