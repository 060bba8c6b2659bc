"""Analysis of predictions: pairs of entities, confusion, tags, groups, intervals, and the comparison of runs."""

from .examine import analyse, examine
from .pairs import pair_up

__all__ = ["analyse", "examine", "pair_up"]
