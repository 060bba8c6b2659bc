"""A split through a system: examples in the prompt, runs, shards and their merge."""
