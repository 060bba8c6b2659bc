"""Labels by models: raw text or a split in, a corpus with a card out, with confidences, provenance and cost."""
