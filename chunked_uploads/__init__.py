"""Receive large files in chunks, in any network weather, and finish by a rename."""

__version__ = "1.0.0"
