"""Selection: which sentences are worth a label."""
