"""Grammars for servers: constrained decoding where the model runs elsewhere, by a grammar in each request.

| module | what it does |
|---|---|
| `rules.py` | the rules of a sentence's grammar, made of the automaton that decodes here |
| `dialects.py` | how servers read a grammar, and where a request carries it |
| `sentence.py` | the grammar of one sentence, and the check of what comes back |
| `logprobs.py` | confidences from the log-probabilities that a server lists |
"""
