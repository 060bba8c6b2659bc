"""The scores of an evaluation are those of the answers, by counters that someone else wrote."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tiny_encoders import save_tiny_bert

from llms_meet_ner.data_converters import load_card, read_corpus
from llms_meet_ner.students.examples import gold_tags, read_all
from llms_meet_ner.students.subwords import ReadingNotes, Subwords
from llms_meet_ner.students.viterbi import tag_names

pytest.importorskip("torch")


def test_dev_scores_are_those_of_seqeval_and_the_loss_that_of_torch(tmp_path: Path) -> None:
    import torch
    from seqeval.metrics import accuracy_score, f1_score, precision_score, recall_score
    from seqeval.scheme import IOB2

    from llms_meet_ner.students.encoder import new_model, new_tokenizer
    from llms_meet_ner.students.marking import tag_scores
    from llms_meet_ner.students.trainer import DevSet
    from llms_meet_ner.students.viterbi import Lattice

    torch.manual_seed(1)
    card = load_card("demo")
    sentences = tuple(read_corpus(card, "testa"))[:25]
    labels, names = card.labels.names, tag_names(card.labels.names)
    folder = str(save_tiny_bert(tmp_path))
    model = new_model(folder, names, "linear").eval()
    subwords = Subwords.of(new_tokenizer(folder), 64)
    reads = tuple(read_all(subwords, sentences, ReadingNotes()))
    dev = DevSet(sentences, reads, subwords.padding, labels)
    found = dev.scores(model, 8)

    rows = tag_scores(model, reads, subwords.padding, 8)
    golds = [gold_tags(sentence, read, labels) for sentence, read in zip(sentences, reads)]
    best = [Lattice.of([row]).best().tags[0].tolist() for row in rows]
    gold_names, best_names = ([[names[tag] for tag in tags] for tags in each] for each in (golds, best))
    options = {"mode": "strict", "scheme": IOB2, "zero_division": 0}
    assert found["precision"] == pytest.approx(precision_score(gold_names, best_names, **options))
    assert found["recall"] == pytest.approx(recall_score(gold_names, best_names, **options))
    assert found["f1"] == pytest.approx(f1_score(gold_names, best_names, **options))
    assert found["accuracy"] == pytest.approx(accuracy_score(gold_names, best_names))
    loss = torch.nn.functional.nll_loss(
        torch.tensor(np.concatenate(rows)), torch.tensor([tag for tags in golds for tag in tags])
    )
    assert found["loss"] == pytest.approx(float(loss))
