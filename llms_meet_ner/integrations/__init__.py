"""Taggers in pipelines that people have: a component for spaCy, and frames of pandas."""
