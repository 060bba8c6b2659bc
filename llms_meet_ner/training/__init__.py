"""Training: recipes, data set entries, the logs and checkpoints that a training leaves."""
