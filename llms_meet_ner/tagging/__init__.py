"""Raw text through a system: splitting into sentences and tokens, and the tagger."""
