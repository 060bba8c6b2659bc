"""Tiny random encoders with tokenizers of the three large families, and converted data to train them on."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner

from llms_meet_ner.data_converters import load_card, read_corpus
from llms_meet_ner.data_converters.cli.convert import main as lmn_convert
from llms_meet_ner.students.student_file import StudentFile
from llms_meet_ner.students.viterbi import tag_names

_WORDS = "Hussain considered surplus to England one day struck Essex New York the match in near won left with 1996 - 08 30 , . ' s"
_MARKS = {
    "unk_token": "[UNK]",
    "sep_token": "[SEP]",
    "pad_token": "[PAD]",
    "cls_token": "[CLS]",
    "mask_token": "[MASK]",
}


@lru_cache
def word_piece(longest: int = 512) -> Any:
    """Return a WordPiece tokenizer, as BERT has it: lower case, and single characters where it knows no word."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    letters = [chr(code) for code in range(33, 127)] + list("ışğü東京½")
    known = [
        token.lower()
        for split in ("testa", "testb")
        for one in read_corpus(load_card("demo"), split)
        for token in one.tokens
    ]
    pieces = [*_MARKS.values(), *letters, *(f"##{letter}" for letter in letters), *_WORDS.lower().split(), *known]
    vocabulary = {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
    backend = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer(lowercase=True)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    numbers = [(mark, vocabulary[mark]) for mark in ("[CLS]", "[SEP]")]
    backend.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=numbers
    )
    return PreTrainedTokenizerFast(tokenizer_object=backend, model_max_length=longest, **_MARKS)


@lru_cache
def metaspace() -> Any:
    """Return a Unigram tokenizer whose words begin with a mark for a space, as XLM-R and DeBERTa-v3 have it."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    letters = [chr(code) for code in range(33, 127)]
    words = [f"▁{word}" for word in dict.fromkeys(_WORDS.split())]
    pieces = [
        *((mark, 0.0) for mark in _MARKS.values()),
        ("▁", -2.0),
        *((word, -3.0) for word in words),
        *((one, -9.0) for one in letters),
    ]
    vocabulary = [*dict(pieces).items()]
    backend = Tokenizer(models.Unigram(vocabulary, unk_id=0, byte_fallback=False))
    backend.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    numbers = {piece: number for number, (piece, _) in enumerate(vocabulary)}
    backend.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[(mark, numbers[mark]) for mark in ("[CLS]", "[SEP]")]
    )
    return PreTrainedTokenizerFast(tokenizer_object=backend, **_MARKS)


def save_tiny_bert(folder: Path, window: int = 64) -> Path:
    """Save a random BERT of two layers that reads so many subwords at once; return its folder."""
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(3)
    tokenizer = word_piece(window)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=window, pad_token_id=tokenizer.pad_token_id, initializer_range=0.2,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def save_tiny_onnx(folder: Path, name: str = "model.onnx") -> Path:
    """Save an exported student of one table: a word's own id says its tag, and capitals of the demo corpus are entities; return its file.

    It takes milliseconds to write, where an export by torch takes many seconds.
    """
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    labels = load_card("demo").labels
    tokenizer, tags = word_piece(64), tag_names(labels.names)
    table = np.zeros((len(tokenizer), len(tags)), dtype=np.float32)
    table[:, 0] = 4
    for sentence in read_corpus(load_card("demo"), "testb"):
        for span in sentence.spans:
            for at in range(span.start, span.end):
                word = tokenizer.convert_tokens_to_ids(sentence.tokens[at].lower())
                table[word, tags.index(f"{'B' if at == span.start else 'I'}-{span.label}")] = 8
    sizes = ["batch", "length"]
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "input_ids"], ["logits"])], "tiny",
        [helper.make_tensor_value_info(one, TensorProto.INT64, sizes) for one in ("input_ids", "attention_mask")],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [*sizes, len(tags)])], [numpy_helper.from_array(table, "table")],
    )  # fmt: skip
    folder.mkdir(parents=True)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), str(folder / name))
    tokenizer.save_pretrained(folder)
    (folder / "config.json").write_text(json.dumps({"model_type": "bert", "id2label": dict(enumerate(tags))}))
    StudentFile(labels, "linear", 64, 16, " ", False, "demo", ("demo.short_testa",), "encoder", "tiny.yaml", 7).save(
        folder
    )
    return folder / name


def save_tiny_student(folder: Path, head: Any = "linear", window: int = 24) -> Path:
    """Save an untrained student that is sure of some entities; return its folder."""
    import torch

    from llms_meet_ner import LabelSet
    from llms_meet_ner.students.encoder import new_model, new_tokenizer
    from llms_meet_ner.students.student_file import StudentFile
    from llms_meet_ner.students.viterbi import tag_names

    base, labels = str(save_tiny_bert(folder / "base", window)), LabelSet.of("PER", "LOC")
    torch.manual_seed(5)
    model = new_model(base, tag_names(labels.names), head, 7 if head == "bilstm" else None)
    with torch.no_grad():
        model.classifier.weight.mul_(200 if head == "linear" else 30)
    model.save_pretrained(folder / head)
    new_tokenizer(base).save_pretrained(folder / head)
    StudentFile(labels, head, window, 6, " ", False, "demo", ("d",), base, "r.yaml", 1).save(folder / head)
    return folder / head


def student_recipe(folder: Path, **changes: Any) -> Path:
    """Save a tiny encoder, convert the demo corpus and write a recipe into the working directory; return the recipe.

    Args:
        folder: Working directory.
        **changes: Keys of the recipe; one that is None is taken out.
    """
    save_tiny_bert(folder / "encoder")
    result = CliRunner().invoke(lmn_convert, ["demo", "--variant", "short"])
    assert result.exit_code == 0, result.output
    values = {
        "task": "token-classification", "model_name_or_path": "encoder", "dataset": "demo.short_testa", "eval_dataset": "demo.short_testb",
        "dataset_dir": "data/alpaca", "output_dir": "outputs/tiny", "num_train_epochs": 2, "learning_rate": 2e-3,
        "per_device_train_batch_size": 8, "device": "cpu", "seed": 7, **changes,
    }  # fmt: skip
    recipe = folder / "tiny.yaml"
    recipe.write_text(
        yaml.safe_dump({key: value for key, value in values.items() if value is not None}, sort_keys=False)
    )
    return Path(recipe.name)
