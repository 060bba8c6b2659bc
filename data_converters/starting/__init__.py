"""Start from files without a card: look at them, guess how they are read, count their labels, split them, and write a card and a recipe."""
