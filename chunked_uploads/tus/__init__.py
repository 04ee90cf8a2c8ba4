"""A second protocol for the same uploads: tus 1.0.0, which many clients speak.

Include `chunked_uploads.tus.urls`; docs/tus.md tells the rest.
"""
