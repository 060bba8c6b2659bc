"""From corpus files to instruction data: corpus cards, readers, and the writer of Alpaca records."""

from .alpaca import alpaca_record, prompt_spec_of
from .cards import Card, card_names, load_card
from .corpus import read_corpus
from .problems import Problem, ProblemLog

__all__ = ["Card", "Problem", "ProblemLog", "alpaca_record", "card_names", "load_card", "prompt_spec_of", "read_corpus"]
