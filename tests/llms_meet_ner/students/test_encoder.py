"""Encoders: how much they read at once, and students whose files do not fit together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from tiny_encoders import save_tiny_bert, word_piece

from llms_meet_ner import LmnError
from llms_meet_ner.labels import LabelSet
from llms_meet_ner.students.encoder import load_student, new_model, new_tokenizer, origin_of, window_of
from llms_meet_ner.students.student_file import StudentFile
from llms_meet_ner.students.viterbi import tag_names


def save_student(folder: Path, *labels: str) -> Path:
    """Save a tiny student without training."""
    base = str(save_tiny_bert(folder / "base"))
    new_model(base, tag_names(labels), "linear").save_pretrained(folder)
    new_tokenizer(base).save_pretrained(folder)
    StudentFile(LabelSet.of(*labels), "linear", 32, 8, " ", False, "demo", ("d",), base, "r.yaml", 1).save(folder)
    return folder


def test_a_student_comes_back_with_its_reading(tmp_path: Path) -> None:
    loaded = load_student(save_student(tmp_path, "PER", "LOC"))
    assert (loaded.subwords.window, loaded.subwords.overlap, loaded.dtype) == (32, 8, "float32")
    assert not loaded.model.training
    assert loaded.model.config.id2label == dict(enumerate(["O", "B-PER", "B-LOC", "I-PER", "I-LOC"]))


def test_files_that_do_not_fit_together_are_one_error(tmp_path: Path) -> None:
    folder = save_student(tmp_path, "PER", "LOC")
    row = json.loads((folder / "student.json").read_text())
    (folder / "student.json").write_text(json.dumps({**row, "labels": {"labels": row["labels"]["labels"][::-1]}}))
    with pytest.raises(LmnError, match="id2label are not the tags of the labels"):
        load_student(folder)
    (folder / "model.safetensors").unlink()
    with pytest.raises(LmnError, match=r"model\.safetensors: no such file, so there is no student"):
        load_student(folder)


HEADS = pytest.mark.parametrize("head", ["linear", "bilstm"])


def save_headed(folder: Path, head: Any, *labels: str) -> Path:
    """Save an untrained student with a head; return its folder."""
    torch.manual_seed(1)
    model = new_model(str(save_tiny_bert(folder / "base")), tag_names(labels), head, 6 if head == "bilstm" else None)
    model.save_pretrained(folder / "student")
    return folder / "student"


@HEADS
def test_a_student_trained_further_keeps_its_head_if_its_tags_are_the_same(tmp_path: Path, head: Any) -> None:
    folder = save_headed(tmp_path, head, "PER", "LOC")
    further = new_model(str(folder), tag_names(["PER", "LOC"]), head)
    before = load_file(folder / "model.safetensors")
    assert all(torch.equal(weights, before[name]) for name, weights in further.state_dict().items())
    note = origin_of(str(folder), tag_names(["PER", "LOC"]), head).note("student")
    assert note == "student marks these labels already: its head is trained further"


@HEADS
@pytest.mark.parametrize(
    ("labels", "wanted"), [(["PER", "ORG"], None), (["LOC", "PER"], None), (["PER", "LOC"], "other"), (["PER"], None)]
)
def test_a_student_of_other_labels_or_another_head_gives_its_encoder_alone(
    tmp_path: Path, head: Any, labels: list[str], wanted: str | None
) -> None:
    folder = save_headed(tmp_path, head, "PER", "LOC")
    new: Any = head if wanted is None else {"linear": "bilstm", "bilstm": "linear"}[head]
    further = new_model(str(folder), tag_names(labels), new)
    before = load_file(folder / "model.safetensors")
    encoder, heads = {}, {}
    for name, weights in further.state_dict().items():
        (encoder if name.startswith(("bert.", "encoder.")) else heads)[name.partition(".")[2]] = weights
    old = {name.partition(".")[2]: weights for name, weights in before.items()}
    assert encoder
    assert all(torch.equal(weights, old[name]) for name, weights in encoder.items() if "pooler" not in name)
    assert not any(
        name in old and torch.equal(weights, old[name]) for name, weights in heads.items() if "weight" in name
    )
    assert further.config.id2label == dict(enumerate(tag_names(labels)))
    note = origin_of(str(folder), tag_names(labels), new).note("student")
    assert note is not None
    assert "only its encoder is trained further, under a new head" in note


def test_an_encoder_alone_has_no_note(tmp_path: Path) -> None:
    assert origin_of(str(save_tiny_bert(tmp_path)), tag_names(["PER"]), "linear").note("encoder") is None


def test_a_classifier_of_texts_does_not_lend_its_last_layer(tmp_path: Path) -> None:
    from transformers import AutoModelForSequenceClassification

    base = str(save_tiny_bert(tmp_path / "base"))
    AutoModelForSequenceClassification.from_pretrained(base, num_labels=3).save_pretrained(tmp_path / "texts")
    model = new_model(str(tmp_path / "texts"), tag_names(["PER"]), "linear")
    assert not torch.equal(
        model.classifier.weight, load_file(tmp_path / "texts/model.safetensors")["classifier.weight"]
    )


def roberta(positions: int) -> Any:
    from transformers import RobertaConfig, RobertaModel

    sizes = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
    return RobertaModel(RobertaConfig(vocab_size=9, max_position_embeddings=positions, pad_token_id=1, **sizes))


def modern_bert() -> Any:
    from transformers import ModernBertConfig, ModernBertModel

    sizes = {
        "hidden_size": 8,
        "intermediate_size": 8,
        "num_hidden_layers": 3,
        "num_attention_heads": 1,
        "vocab_size": 9,
    }
    marks = dict.fromkeys(["pad_token_id", "cls_token_id", "sep_token_id", "bos_token_id", "eos_token_id"], 1)
    return ModernBertModel(ModernBertConfig(max_position_embeddings=8192, **sizes, **marks))


def test_a_window_is_no_longer_than_the_encoder_reads(tmp_path: Path) -> None:
    bert = new_model(str(save_tiny_bert(tmp_path, 64)), ["O"], "linear")
    assert window_of(bert, word_piece(64), None) == 64
    assert window_of(bert, word_piece(10**30), 20) == 20
    with pytest.raises(LmnError, match="window: 65: the encoder reads 64 subwords at once; write window: 64, or less"):
        window_of(bert, word_piece(10**30), 65)
    assert window_of(roberta(130), word_piece(10**30), None) == 128  # its first two positions are none of a text
    assert window_of(modern_bert(), word_piece(10**30), None) == 512
    assert window_of(modern_bert(), word_piece(10**30), 4000) == 4000


def test_an_encoder_that_is_not_there_is_one_error(workdir: Path) -> None:
    with pytest.raises(LmnError, match="nothere: cannot be loaded"):
        new_tokenizer("nothere")
