"""The real files under LMN_CORPORA, each with the card that reads it. Run as a script, it writes docs/corpora.md.

python tests/support/held_corpora.py DIR        render, parse and compare every file in every output format
python tests/support/layouts.py                 only the small files of the layouts
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import layouts
import yaml
from paths import ROOT

PAGE = ROOT / "docs" / "corpora.md"
_GERMEVAL = "germeval2014/official_tsv/NER-de-"
_GERMEVAL3 = "germeval2014/nested_iob2_3col/germ."
_VITAMINS = "vitamins_supplements_ner/"

PACKAGE: dict[str, dict[str, str]] = {
    "demo": {"train": "", "testa": "", "testb": ""},
    "wikigold": dict.fromkeys(("train", "dev", "test"), "wikigold/wikigold.conll.txt"),
    "wnut17": {"train": "wnut17/wnut17train.conll", "dev": "wnut17/emerging.dev.conll"},
    "germeval2014": {"dev": f"{_GERMEVAL}dev.tsv", "test": f"{_GERMEVAL}test.tsv"},
    "germeval2014_nested": {"dev": f"{_GERMEVAL}dev.tsv", "test": f"{_GERMEVAL}test.tsv"},
    "germeval2014_iob2": {"train": f"{_GERMEVAL3}train.iob2", "dev": f"{_GERMEVAL3}dev.iob2"},
    "germeval2014_iob2_nested": {"train": f"{_GERMEVAL3}train.iob2", "dev": f"{_GERMEVAL3}dev.iob2"},
    "turkish_wiki_ner": {split: f"turkish_wiki_ner/{split}.conll" for split in ("train", "dev", "test")},
    "turkish_wiki_ner_reduced": {split: f"turkish_wiki_ner/{split}.conll" for split in ("train", "dev", "test")},
    "bc5cdr": {"devel": "bc5cdr/devel.tsv"},
    "uner_en_ewt": {"dev": "uner/en_ewt-ud-dev.iob2"},
    "uner_zh": {"dev": "uner_zh/zh_gsdsimp-ud-dev.iob2"},
    "nakbaner": {
        "aa": "nakbatr/AA_section-Nakba_narratives.txt",
        "trthaber": "nakbatr/TRTHaber_section-Nakba_narratives.txt",
    },
    "turkish_shrinked_ner": {"train": "turkish_shrinked_ner/train_sample.txt"},
    "turkish_ner_twnertc": {"train": "turkish_ner_twnertc/sample.DUMP"},
    "vitamins_supplements_ner": {
        "train": f"{_VITAMINS}hf_train.json",
        "valid": f"{_VITAMINS}hf_valid.json",
        "test": f"{_VITAMINS}hf_test.json",
    },
    "vitamins_supplements_ner_all": {"all": f"{_VITAMINS}supplements_spans_ents.json"},
}
"""File of each split, by card of the package; empty for the embedded corpus, whose files are in the package."""

_SPANS = {"type": "spans", "language": "en"}
_IOB2 = {"type": "columns", "scheme": "IOB2"}
_LABELS = [
    "PERSON", "ORG", "DATE", "NORP", "LOC", "MISC", "PER", "ANIMAL", "FASHION_BRAND",
    "person", "place", "event", "time", "organization", "abstract", "object",
]  # fmt: skip
_DOCCANO = "doccano/doccano/data_"
_SPACY = "spacy_formats/"
EXPORTS: dict[str, tuple[str, dict[str, Any]]] = {
    "doccano-export": (f"{_DOCCANO}export_pipeline_examples_sequence_labeling_example.jsonl", _SPANS),
    "doccano-relations": (f"{_DOCCANO}export_pipeline_examples_relation_extraction_example.jsonl", _SPANS),
    "doccano-conll": (f"{_DOCCANO}import_tests_data_sequence_labeling_example.conll", _IOB2),
    "doccano-txt": (f"{_DOCCANO}import_pipeline_examples_sequence_labeling_example.txt", _IOB2),
    "prodigy-tweet": (f"{_SPACY}projects_ner_tweets/demo.jsonl", {**_SPANS, "where": {"answer": "accept"}}),
    "prodigy-brands": ("prodigy_fashion_brands/fashion_brands_training_first400.jsonl", {"type": "prodigy"}),
    "webanno-gum": ("gum_webanno", {"type": "webanno", "feature": "entity", "crossing": "longest"}),
    "spacy-docbin": (f"{_SPACY}projects_ner_tweets/demo.spacy", {"type": "docbin", "language": "en"}),
    "spacy-pairs": (f"{_SPACY}projects_ner_demo/train.json", _SPANS),
    "spacy-animals": (f"{_SPACY}projects_ner_demo_replace/train.json", _SPANS),
    "spacy-iob": (f"{_SPACY}spacy_ner_example_data/ner-token-per-line.iob", _IOB2),
    "spacy-lines": (
        f"{_SPACY}spacy_ner_example_data/ner-sent-per-line.iob",
        {"type": "lines", "scheme": "IOB2", "within": "|"},
    ),
}
"""Files that annotation tools wrote, each with its reader."""


class Held(NamedTuple):
    """A split whose file is there, with the folder that its card's file lies in; None for the card's own."""

    card: Any
    split: str
    source: Path | None = None


def held(corpora: Path, names: tuple[str, ...] = ()) -> Iterator[Held]:
    """Yield every split under a folder, or only the splits of some cards."""
    from llms_meet_ner.data_converters import load_card

    for name, files in PACKAGE.items():
        card = load_card(name)
        places = {split: replace(card.splits[split], file=file) for split, file in files.items() if file}
        if not names or name in names:
            yield from (
                Held(replace(card, splits=places), split, corpora) if places else Held(card, split) for split in files
            )
    if names:
        return
    with tempfile.TemporaryDirectory() as folder:
        for name, (file, reader) in EXPORTS.items():
            path = Path(folder) / f"{name}.yaml"
            keys = {
                "name": name, "language": "en", "nested": name == "webanno-gum",
                "splits": {"all": file}, "reader": reader, **({"docstart": "none"} if reader["type"] == "columns" else {}),
                "labels": [{"name": label} for label in _LABELS],
            }  # fmt: skip
            path.write_text(yaml.safe_dump(keys, sort_keys=False), encoding="utf-8")
            yield Held(load_card(path), "all", corpora)


_HEAD = """# Real files, read and written in every output format

Each file is read by its card. Each of its sentences is then rendered in each output format, parsed back and compared with what was read.
`python tests/support/held_corpora.py DIR` writes this page, where DIR is the folder that `LMN_CORPORA` names; `make verify` repeats the
comparison.

The columns of the formats count **failures**: sentences that do not come back although no other annotation of them renders the same way.
There are none. If two annotations of a sentence render the same way, no parser can tell them apart. Such ambiguous sentences are counted in
parentheses, followed by the number of their entities that come back on other tokens. The grouped format writes no positions, so a sentence
is ambiguous if it holds a mention twice and only one of the two is annotated. In nested corpora the tags format writes the outermost
entities only, so a sentence is ambiguous if one of them has room for another inside. The other formats are ambiguous only where tokens look
like markup.

"""


def page(corpora: Path) -> str:
    """Return docs/corpora.md."""
    from llms_meet_ner.data_converters.check import check_split
    from llms_meet_ner.formats import format_names

    names = format_names()
    lines = [
        f"| corpus | split | sentences | tokens | entities | {' | '.join(names)} |",
        "|---|---|---|---|---|" + "---|" * len(names),
    ]
    for card, split, source in held(corpora):
        results = [check_split(card, split, source=source, format_name=name) for name in names]
        first = results[0]
        cells = [
            f"{len(r.not_restored)}" + (f" ({len(r.ambiguous)}, {r.moved})" if r.ambiguous else "") for r in results
        ]
        sizes = f"{first.sentences:,} | {first.tokens:,} | {first.entities.total():,}"
        lines.append(f"| {card.name} | {split} | {sizes} | {' | '.join(cells)} |")
    return _HEAD + "\n".join(lines) + "\n" + _REFUSED + "\n" + layouts.table()


_REFUSED = """
Some files are not in the table because no card should read them: `wnut17/emerging.test.conll` (raw annotations with several labels in one
tag; it is refused with file and line), the records in doccano's import tests that are broken on purpose, and Label Studio's request and
response, which are halves of an export. `tests/data_converters/` tests them.
"""

if __name__ == "__main__":
    PAGE.write_text(page(Path(sys.argv[1])), encoding="utf-8")
