"""Where predictions differ from the gold: pairs of entities, confusion, tags, groups, intervals, and the comparison of two runs."""

from .document import SENTENCES_FILE, Analysis, analyse
from .pairs import ERRORS, KINDS, Kind, Pair, pair_up

__all__ = ["ERRORS", "KINDS", "SENTENCES_FILE", "Analysis", "Kind", "Pair", "analyse", "pair_up"]
