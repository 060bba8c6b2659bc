"""Statistics of a corpus, for `lmn-convert stats`: sizes, labels, overlap between splits, and annotations worth a look.

| module | what it does |
|---|---|
| `collect.py` | reads the splits twice and hands each sentence to the counters |
| `counts.py` | counts one split: sentences, tokens, lengths, entities, tags |
| `mentions.py` | counts the words of entities: their labels, and which of them the training split knows |
| `sentences.py` | finds sentences that occur more than once, within a split and across splits |
| `occurrences.py` | finds, in the second reading, the words of an entity where they are not annotated as one |
| `findings.py` | ranks annotations that are worth a look |
| `tables.py` | arranges the counts in tables, for the terminal and the page |
| `document.py` | makes the mapping that `--json` writes |
| `page.py` | makes the page that `--page` writes |
"""

from .collect import CorpusStats, corpus_stats
from .findings import FINDING_KINDS, Annotation, Finding

__all__ = ["FINDING_KINDS", "Annotation", "CorpusStats", "Finding", "corpus_stats"]
