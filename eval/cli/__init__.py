"""The commands `lmn-eval` and `lmn-publish`."""
