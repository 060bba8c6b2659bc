"""What a model is told before it reads a sentence: prompt specs and chat templates."""
