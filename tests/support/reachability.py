"""Checks whether the gold of corpora can be written under the constraint with the tokens of a real tokenizer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from llms_meet_ner import LabelSet, Sentence
from llms_meet_ner.data_converters import load_card, read_corpus
from llms_meet_ner.decoding.constraint import END, Constraint
from llms_meet_ner.decoding.vocabulary import Vocabulary
from llms_meet_ner.formats import get_inline_format

CORPORA = [
    ("demo", ["train", "testb"], "demo"),
    ("wikigold", ["train", "dev", "test"], "wikigold"),
    ("wnut17", ["train", "dev"], "wnut17"),
    ("germeval2014_nested", ["dev", "test"], "germeval2014/official_tsv"),
    ("germeval2014_iob2_nested", ["train", "dev"], "germeval2014/nested_iob2_3col"),
    ("germeval2014_iob2", ["dev"], "germeval2014/nested_iob2_3col"),
    ("bc5cdr", ["devel"], "bc5cdr"),
    ("uner_en_ewt", ["dev"], "uner"),
    ("turkish_wiki_ner", ["train", "dev", "test"], "turkish_wiki_ner"),
]


_loaded: dict[Path, tuple[Any, Vocabulary]] = {}


def unreachable(
    path: Path, card_name: str, split: str, source: Path, step: int = 1, form: str = "bracketed"
) -> tuple[int, list[str]]:
    """Return the number of sentences checked, and the ids of those whose gold the constraint does not allow.

    Args:
        path: Folder of a tokenizer.
        card_name: Name of the corpus's card.
        split: Name of the split.
        source: Folder of the corpus files; ignored for the embedded corpus.
        step: Take every step-th sentence.
        form: Name of the output format.
    """
    card = load_card(card_name)
    sentences = list(read_corpus(card, split, None if card_name == "demo" else source))[::step]
    return len(sentences), unreachable_of(path, sentences, card.labels, nested=card.nested, form=form)


def unreachable_of(
    path: Path, sentences: Sequence[Sentence], labels: LabelSet, *, nested: bool, form: str = "bracketed"
) -> list[str]:
    """Return the ids of the sentences whose gold the constraint does not allow, token by token."""
    from transformers import AutoTokenizer

    if path not in _loaded:
        tokenizer = AutoTokenizer.from_pretrained(path)
        _loaded[path] = tokenizer, Vocabulary(tokenizer, [tokenizer.eos_token_id])
    tokenizer, known = _loaded[path]
    fmt = get_inline_format(form, nested=nested)
    failed = []
    for sentence in sentences:
        allowed = Constraint(sentence.tokens, fmt.markup(labels), known, nested=nested)
        state: int | None = allowed.start
        for token in tokenizer.encode(fmt.write(allowed.tokens, sentence.spans), add_special_tokens=False):
            state = None if state is None else allowed.next_tokens(state).targets.get(token)
        if state is None or not (allowed.is_done(state) or END in allowed.next_tokens(state).targets.values()):
            failed.append(sentence.id)
    return failed
