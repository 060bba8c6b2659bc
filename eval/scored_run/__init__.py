"""The one typed document: a scored run as `scores.json` holds it, and the sentences behind its counts."""
