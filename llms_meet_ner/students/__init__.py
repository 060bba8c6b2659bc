"""Encoder students: token classifiers that are trained on converted data and run anywhere."""
