"""Published results as data, and our scores next to them."""
