"""Simulations on a corpus with gold: what a budget for labels would have bought."""
