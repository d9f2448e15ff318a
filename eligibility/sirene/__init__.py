"""Sirene: INSEE's register of all firms of France, loaded from its two stock files, as enrichment of the verdict."""
