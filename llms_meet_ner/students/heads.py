"""The head of the published BERT-BiLSTM: encoder, bidirectional LSTM, linear layer."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from transformers import AutoConfig, AutoModel, PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import TokenClassifierOutput

from .student_file import BILSTM_TYPE


class BiLstmConfig(PretrainedConfig):  # type: ignore[misc]
    """Configuration of an encoder with a bidirectional LSTM on it.

    No class of transformers has its `model_type`, so that none loads such a model with a part of it left out.

    Args:
        encoder: Configuration of the encoder; its `model_type` says which one.
        lstm_size: Size of the LSTM's state in one direction.
        dropout: Share of the LSTM's outputs that training leaves out.
    """

    model_type = BILSTM_TYPE

    def __init__(
        self, encoder: dict[str, Any] | None = None, lstm_size: int = 1, dropout: float = 0.1, **others: Any
    ) -> None:
        self.encoder = encoder or {}
        self.lstm_size = lstm_size
        self.dropout = dropout
        super().__init__(**others)


class BiLstmTagger(PreTrainedModel):  # type: ignore[misc]
    """An encoder, a bidirectional LSTM over its subwords, and a linear layer.

    Args:
        config: Configuration.
    """

    config_class = BiLstmConfig
    base_model_prefix = "encoder"

    def __init__(self, config: BiLstmConfig) -> None:
        super().__init__(config)
        values = dict(config.encoder)
        self.encoder = AutoModel.from_config(AutoConfig.for_model(values.pop("model_type"), **values))
        hidden = self.encoder.config.hidden_size
        self.lstm = torch.nn.LSTM(hidden, config.lstm_size, batch_first=True, bidirectional=True)
        self.dropout = torch.nn.Dropout(config.dropout)
        self.classifier = torch.nn.Linear(2 * config.lstm_size, config.num_labels)
        self.post_init()

    def _init_weights(self, module: Any) -> None:
        """Leave the modules of the head as torch makes them."""

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> TokenClassifierOutput:
        """Return the logits of each subword (rows, ids, tags)."""
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        lengths = attention_mask.sum(1).cpu()
        packed = pack_padded_sequence(states, lengths, batch_first=True, enforce_sorted=False)
        read, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True, total_length=input_ids.shape[1])
        return TokenClassifierOutput(logits=self.classifier(self.dropout(read)))
