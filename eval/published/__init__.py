"""Papers' tables as data, and our scores beside them."""
