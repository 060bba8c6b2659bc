"""Systems, which answer sentences: local adapters, served models, counting baselines."""
