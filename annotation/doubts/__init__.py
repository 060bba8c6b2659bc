"""Gold that is probably wrong: what students that were trained without a sentence, and other systems, say instead of its gold."""
