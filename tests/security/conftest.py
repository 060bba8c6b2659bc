"""Attacks on this package, one file for a kind; `docs/security.md` lists them. Tests of single functions lie beside their modules."""
