"""Corpora made of other corpora: the plan of a mix, its sentences, and augmented copies."""
