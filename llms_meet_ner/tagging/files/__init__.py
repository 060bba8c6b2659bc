"""Files of texts: lines, JSON Lines, CSV and Parquet, read and written with the entities of the texts."""
