"""Training with LLaMA-Factory where the examples of a step share the tokens that they begin with, computed once.

It is exact: every step has the same examples, loss and gradients as LLaMA-Factory's own training
(docs/decisions/19-shared-prefix-training.md).
"""
