"""Corpora made of other corpora: mixes that join several, and sentences added to a small one."""
