"""Everything that a model reads before the sentence: prompt specs and chat templates."""
