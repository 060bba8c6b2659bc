"""What `lmn-convert stats` knows about a corpus: sizes, labels, overlap between splits, and annotations worth a look.

| module | what it does |
|---|---|
| `collect.py` | reads the splits, twice, and hands each sentence to those that count |
| `counts.py` | one split: sentences, tokens, lengths, entities, tags |
| `mentions.py` | the entities' words: which labels they stand with, which of them the training split knows |
| `sentences.py` | sentences that stand more than once, within a split and across splits |
| `occurrences.py` | the second reading: how the words of an entity stand where they are not one |
| `findings.py` | what is worth a look, ranked |
| `document.py` | the mapping that `--json` writes |
| `page.py`, `charts.py` | the page that `--page` writes |
"""

from .collect import CorpusStats, corpus_stats
from .findings import KINDS, Finding, Variant

__all__ = ["KINDS", "CorpusStats", "Finding", "Variant", "corpus_stats"]
