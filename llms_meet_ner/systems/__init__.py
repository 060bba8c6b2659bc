"""What answers sentences: local adapters, served models, counting baselines."""
