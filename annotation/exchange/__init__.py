"""Labelled corpora to annotation tools, and corrected ones back."""
