"""Vectors of sentences: the mean state of a student's encoder."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .encoder import LoadedStudent
from .subwords import ReadSentence
from .viterbi import Floats


def mean_states(student: LoadedStudent, reads: Sequence[ReadSentence], batch_size: int = 32) -> Floats:
    """Return the mean of the last states over the subwords of each sentence, zeros for one without any (sentences, size).

    Args:
        student: The student.
        reads: Sentences as its encoder reads them; the windows of a long one count by their lengths.
        batch_size: Number of windows that are read together.
    """
    import torch

    encoder = getattr(student.model, "encoder", None) or student.model.base_model
    windows = [(number, window.ids) for number, read in enumerate(reads) for window in read.windows]
    windows.sort(key=lambda item: -len(item[1]))
    sums = np.zeros((len(reads), encoder.config.hidden_size))
    counts = np.zeros((len(reads), 1))
    for start in range(0, len(windows), batch_size):
        rows = windows[start : start + batch_size]
        ids = torch.full((len(rows), len(rows[0][1])), student.subwords.padding, dtype=torch.long)
        mask = torch.zeros_like(ids)
        for row, (_, window) in enumerate(rows):
            ids[row, : len(window)] = torch.tensor(window)
            mask[row, : len(window)] = 1
        with torch.inference_mode():
            states = encoder(input_ids=ids.to(student.device), attention_mask=mask.to(student.device)).last_hidden_state
            summed = (states.float().cpu() * mask[:, :, None]).sum(1).double().numpy()
        for row, (number, window) in enumerate(rows):
            sums[number] += summed[row]
            counts[number] += len(window)
    found: Floats = sums / np.maximum(counts, 1)
    return found
