"""The command `lmn-annotate`."""
