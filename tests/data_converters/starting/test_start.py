"""From files without a card to a card that reads what the files hold: every layout, and the real corpora."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest
from held_corpora import PACKAGE
from paths import FIXTURES

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters import Card, load_card, read_corpus
from llms_meet_ner.data_converters.mixing.join import sentence_key
from llms_meet_ner.data_converters.starting.start import start

LAYOUTS = sorted(path.parent.name for path in (FIXTURES / "layouts").glob("*/card.yaml"))
OTHER_READER = {"datasets": "tokens"}
"""Layouts whose file another reader reads as well: a folder of JSON Lines is taken for what it is."""

NO_LABEL = {"columns-bare": "ENTITY"}
"""Layouts whose files name no label, with the name that stands for it."""
NOT_FOUND = {"columns-documents": "seven words are too few to tell documents from sentences"}
"""Layouts whose sentences are not found, with the reason."""


def counts(card: Card, folder: Path) -> Counter[str]:
    """Return the numbers of sentences, tokens, and entities by label of all splits."""
    found: Counter[str] = Counter()
    for split in card.splits:
        for sentence in read_corpus(card, split, folder):
            found["sentences"] += 1
            found["tokens"] += len(sentence.tokens)
            found.update(card.labels.corpus_names[card.labels.names.index(span.label)] for span in sentence.spans)
    return found


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_found(layout: str, tmp_path: Path) -> None:
    folder = tmp_path / layout
    shutil.copytree(FIXTURES / "layouts" / layout, folder)
    own = load_card(folder)
    meant = counts(own, folder)
    (folder / "card.yaml").unlink()
    found = start([str(folder)])
    (folder / "card.yaml").write_text(found.text())
    card = load_card(folder)
    got = counts(card, found.folder)
    if layout in NO_LABEL:
        meant[NO_LABEL[layout]] = meant.pop("PER")
    if layout in NOT_FOUND:
        meant["sentences"] = got["sentences"]
    assert got == meant
    meant_type = OTHER_READER.get(layout, type(own.reader).__name__)
    assert found.keys["reader"]["type"] == meant_type or type(card.reader) is type(own.reader)
    assert found.trial.sureness in {"sure", "likely"}


def split_texts(card: Card, folder: Path) -> dict[str, list[bytes]]:
    return {split: [sentence_key(sentence) for sentence in read_corpus(card, split, folder)] for split in card.splits}


def test_one_file_is_split_without_a_sentence_in_two_splits(tmp_path: Path) -> None:
    rows = [
        f"-DOCSTART-\tO\n\n{''.join(f'w{n % 90}{d}x{k % 7}{chr(9)}B-{label}{chr(10)}{chr(10)}' for k, label in enumerate('ABA'))}"
        for d in range(30)
        for n in [d]
    ]
    (tmp_path / "all.conll").write_text("".join(rows) + "Same\tO\n\n" * 5)
    found = start([str(tmp_path / "all.conll")])
    (tmp_path / "card.yaml").write_text(found.text())
    card = load_card(tmp_path)
    keys = split_texts(card, tmp_path)
    assert {split: len(texts) for split, texts in keys.items()} == found.sentences
    assert sum(found.sentences.values()) == 95
    assert all(not set(keys[a]) & set(keys[b]) for a in keys for b in keys if a != b)
    documents = {split: {s.tokens[0].split("x")[0] for s in read_corpus(card, split, tmp_path)} for split in keys}
    assert not documents["train"] & documents["dev"]
    assert all("documents" in guess.why for guess in found.guesses if guess.what == "splits")
    first = next(read_corpus(card, "dev", tmp_path))
    assert str(first.where).rpartition(":")[0].endswith("all.conll")
    assert start([str(tmp_path / "all.conll")], seed=1).keys["splits"] != found.keys["splits"]


def test_labels_that_no_output_can_write_get_another_name(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("flu\tB-Disease or Syndrome\nhit\tO\nAnn\tB-PER\n")
    found = start([str(tmp_path / "a.tsv")])
    (tmp_path / "card.yaml").write_text(found.text())
    assert load_card(tmp_path).labels.names == ("Disease_or_Syndrome", "PER")
    assert "'Disease or Syndrome' is Disease_or_Syndrome" in next(g.value for g in found.guesses if g.what == "labels")


def test_a_language_that_is_written_without_spaces_joins_so(tmp_path: Path) -> None:
    (tmp_path / "a.conll").write_text("安娜\tB-PER\n去\tO\n北京\tB-LOC\n")
    found = start([str(tmp_path / "a.conll")])
    (tmp_path / "card.yaml").write_text(found.text())
    assert (load_card(tmp_path).language, load_card(tmp_path).join) == ("zh", "")
    assert "join" in [guess.what for guess in found.guesses]


def test_names_of_corpora(tmp_path: Path) -> None:
    for name in ("My Export (1).conll", "train.conll"):
        (tmp_path / name).write_text("Ann\tB-PER\nleft\tO\n")
    assert start([str(tmp_path / "My Export (1).conll")]).name == "my_export_1"
    assert start([str(tmp_path / "train.conll")]).name == tmp_path.name.lower()
    assert start([str(tmp_path / "train.conll")], name="x").name == "x"


def test_a_file_without_a_sentence_says_what_is_wrong_in_it(tmp_path: Path) -> None:
    (tmp_path / "old.conll").write_bytes(b"Ann B-PER\rleft O\r")
    with pytest.raises(
        LmnError, match=r"old\.conll:1: read as columns, it holds no sentence: .* carriage return; mend the file"
    ):
        start([str(tmp_path / "old.conll")])


SAME = ("wikigold", "uner_en_ewt", "turkish_shrinked_ner", "turkish_ner_twnertc")
"""Cards of the package whose corpora are read alike; docs/corpora.md says what differs in others."""


@pytest.mark.parametrize("name", SAME)
def test_real_corpora_are_read_as_by_their_own_cards(name: str, corpora: Path) -> None:
    from dataclasses import replace

    card = load_card(name)
    files = PACKAGE[name]
    own = replace(card, splits={split: replace(card.splits[split], file=file) for split, file in files.items()})
    found = start([str(corpora / file) for file in dict.fromkeys(files.values())])
    trial = found.trial
    meant: Counter[str] = Counter()
    for split in own.splits:
        for sentence in read_corpus(own, split, corpora, repair="conlleval"):
            meant["sentences"] += 1
            meant["tokens"] += len(sentence.tokens)
            meant["entities"] += len(sentence.spans)
    assert (trial.sentences.total(), trial.tokens, trial.labels.total()) == tuple(meant.values())
