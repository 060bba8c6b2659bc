"""Recipes that come with the package: LLaMA-Factory's, those of students, searches, and DeepSpeed configurations.

The files lie here, and the package holds nothing else. `llms_meet_ner.training.packaged` finds them by name.
"""
