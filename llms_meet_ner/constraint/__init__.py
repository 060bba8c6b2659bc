"""What may be written for a sentence, byte by byte and token by token: the sentence itself, well-formed markup, nothing else."""
