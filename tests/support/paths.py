"""Paths in the checkout."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests" / "fixtures"
CONLL = FIXTURES / "conll2003"
CARDS = ROOT / "data_converters" / "cards"
DEMO = CARDS / "demo"
