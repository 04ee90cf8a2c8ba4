"""Digests of files, computed while their bytes arrive."""
